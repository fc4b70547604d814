"""REST, as the commands speak it: one call, one answer, and each failure is one of our errors."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Self
from urllib.parse import quote

from provider.cli import inflating, replies
from provider.cli.replies import Item, Reply
from provider.errors import ProviderError, SettingsError
from provider.late import httpx
from provider.version import VERSION

PREFIX: Final = "/api/v1"
DEFAULT_URL: Final = "http://127.0.0.1:8000"
TIMEOUT_SECONDS: Final = 30.0

_CONNECT_SECONDS: Final = 5.0
_LONGEST_PAGE: Final = 1000
_NOT_TEXT: Final = "an argument has bytes that are not UTF-8 text"

Parameters = Mapping[str, str | int | Sequence[str]]
"""The parameters of a request; one with several values stands there several times."""


class Unreachable(ProviderError):
    """The service does not answer, or something else answers in its place."""

    code = "unreachable"
    title = "The service cannot be reached"


def check_url(text: str) -> str:
    """Check the service's address, and return it without a slash at the end. Raises `SettingsError`."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.userinfo:
        raise SettingsError("leave the user and password out of the service's URL: put a token into PROVIDER_TOKEN")
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.fragment:
        raise SettingsError(f"{text!r} is not the service's URL: write --url (or PROVIDER_URL) as {DEFAULT_URL}")
    return text.rstrip("/")


def check_token(text: str) -> str:
    """Check a token, which is never shown. Raises `SettingsError`."""
    token = text.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError("PROVIDER_TOKEN has a character that cannot be in a token")
    return token


def path(*parts: str) -> str:
    """Build the path of an object from the names that lead to it."""
    try:
        return "".join("/" + quote(part, safe="") for part in parts)
    except UnicodeEncodeError:
        raise ProviderError(_NOT_TEXT) from None


class Client:
    """Speaks REST to one service. Every method raises `Unreachable`, or the error that the service answers.

    A write waits for the edges to run it, for at most `wait_seconds`, has the parameters of `query` too, and says
    why in `message`.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        timeout_seconds: float = TIMEOUT_SECONDS,
        wait_seconds: int = 0,
        query: Parameters | None = None,
        message: str = "",
    ) -> None:
        self.url = check_url(url)
        self._timeout_seconds = timeout_seconds
        self._wait_seconds = wait_seconds
        self._query = query or {}
        self._message = _encoded(message)
        self.deadline: tuple[str, str] | None = None
        """The revision of the last write and when it is rolled back unless somebody confirms it, if that is so."""

        headers = {"User-Agent": f"wayshub-provider/{VERSION}", "Accept": "application/json", **inflating.PLAIN}
        if token:
            headers["Authorization"] = f"Bearer {check_token(token)}"
        self._http = httpx.Client(
            headers=headers,
            verify=_tls(self.url),
            # A proxy from the environment is for other machines: it would look for the service on its own.
            mounts=dict.fromkeys(["all://127.0.0.1", "all://[::1]", "all://localhost"]),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    @property
    def is_confirmed(self) -> bool:
        """Whether each write is confirmed with a number."""
        return "confirm" in self._query

    def get(self, where: str) -> Reply:
        answer = self._read("GET", PREFIX + where)
        if not answer.etag:
            raise self._foreign("an object without an ETag")
        return answer

    def get_edge(self, name: str) -> Item:
        """Read an edge, which has no tag: it is observed, and not stored."""
        edge = self._read("GET", PREFIX + path("edges", name)).item
        if "state" not in edge:
            raise self._foreign("an edge without a state")
        return edge

    def ask(self, where: str, query: Mapping[str, str | list[str]]) -> Item:
        """Read what the service finds out, which is no object and has no tag."""
        return self._read("GET", PREFIX + where, query=query).item

    def post(
        self,
        where: str,
        document: Item | None,
        query: Parameters | None = None,
        if_match: str | None = None,
        timeout_seconds: float | None = None,
    ) -> Reply:
        """Make an object, or do what the path says, if the whole is at the given tag.

        `timeout_seconds` is for what may take longer than other calls.
        """
        return self._read("POST", PREFIX + where, document, if_match, query, timeout_seconds)

    def put(self, where: str, document: Item) -> Reply:
        """Set what there is one of."""
        return self._read("PUT", PREFIX + where, document)

    def patch(self, where: str, document: Item, if_match: str | None = None) -> Reply:
        """Change some fields of an object, if it is at the given tag."""
        return self._read("PATCH", PREFIX + where, document, if_match)

    def delete(
        self,
        where: str,
        *,
        cascade: bool = False,
        if_match: str | None = None,
        is_trial: bool = False,
        of_service: str | None = None,
    ) -> Reply:
        """Remove an object, if it is at the given tag; as a trial, only tell what that would do.

        `of_service` narrows what is removed to one service, where it belongs to several.
        """
        query = ({"cascade": "true"} if cascade else {}) | ({"dryRun": "true"} if is_trial else {})
        query |= {"service": of_service} if of_service is not None else {}
        return self._read("DELETE", PREFIX + where, if_match=if_match, query=query)

    def ready(self) -> Item:
        """Ask which revision is served."""
        ready = self._read("GET", "/readyz").item
        if "revision" not in ready:
            raise self._foreign("no revision")
        return ready

    def items(
        self, where: str, q: str | None = None, limit: int | None = None, wanted: Parameters | None = None
    ) -> Iterator[Item]:
        """Go through a list, page by page, to its end or to the limit; `wanted` are filters of its own."""
        query: dict[str, str | int | Sequence[str]] = {**(wanted or {}), **({"q": q} if q else {})}
        left = limit if limit is not None else -1
        while left:
            size = _LONGEST_PAGE if left < 0 else min(left, _LONGEST_PAGE)
            page = self._read("GET", PREFIX + where, query={**query, "limit": size}).item
            items = page.get("items")
            if not isinstance(items, list):
                raise self._foreign("a list without items")
            yield from items
            left -= len(items)
            if not items or not page.get("next"):
                return
            query["cursor"] = page["next"]

    def _read(
        self,
        method: str,
        where: str,
        document: Item | None = None,
        if_match: str | None = None,
        query: Parameters | None = None,
        timeout_seconds: float | None = None,
    ) -> Reply:
        response = self._send(method, where, document, if_match, query, timeout_seconds or self._timeout_seconds)
        if before := response.headers.get("Confirm-Before", ""):
            self.deadline = response.headers.get("Config-Revision", ""), before
        try:
            return replies.read(response)
        except replies.ForeignError as error:
            raise self._foreign(str(error)) from None

    def _send(
        self,
        method: str,
        where: str,
        document: Item | None,
        if_match: str | None,
        query: Parameters | None,
        timeout_seconds: float,
    ) -> "httpx.Response":
        unsure = "" if method == "GET" else "; the change may have been made: check before you repeat it"
        wait_seconds = 0 if method == "GET" else self._wait_seconds
        timeout_seconds += wait_seconds
        sent = {b"If-Match": if_match.encode()} if if_match else {}
        if method != "GET":
            query = {**(query or {}), **self._query}
            sent |= {b"Config-Message": self._message} if self._message else {}
        if wait_seconds:
            sent[b"Prefer"] = b"wait=%d" % wait_seconds
        try:
            with self._http.stream(
                method,
                self.url + where,
                params=query,
                json=document,
                headers=sent,
                timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, _CONNECT_SECONDS)),
            ) as response:
                return inflating.read_whole(response)
        except inflating.TooLongError as error:
            raise Unreachable(f"the answer from {self.url} {error}{unsure}") from None
        except UnicodeEncodeError:
            raise ProviderError(_NOT_TEXT) from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(
                f"no answer from {self.url} ({_reason(error)}): start the service with "
                "`wayshub-provider up` or `wayshub-provider serve`, or set --url or PROVIDER_URL to its address"
            ) from error
        except httpx.TimeoutException as error:
            raise Unreachable(f"{self.url} did not answer within {timeout_seconds:g} s{unsure}") from error
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise Unreachable(f"the connection to {self.url} failed: {_reason(error)}{unsure}") from error

    def _foreign(self, told: str) -> Unreachable:
        return Unreachable(f"{self.url} is not a wayshub-provider ({told}): set --url or PROVIDER_URL to its address")


def _encoded(message: str) -> bytes:
    """Write a message as its header wants it. Raises `ProviderError` for bytes that are no text."""
    try:
        return message.strip().encode()
    except UnicodeEncodeError:
        raise ProviderError(_NOT_TEXT) from None


def _tls(url: str) -> ssl.SSLContext:
    """Trust what this machine trusts; reading its certificates takes 20 ms, so only where they are needed."""
    return ssl.create_default_context() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _reason(error: Exception) -> str:
    """Say what httpx met, without the number that the system gives it."""
    text = str(error)
    return (text.partition("] ")[2] or text) if text.startswith("[Errno ") else text or type(error).__name__
