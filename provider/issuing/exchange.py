"""Requests to a CA that speaks ACME, by certbot's library. What fails is said in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import requests
from acme import errors, messages
from acme.client import ClientNetwork, ClientV2
from cryptography.hazmat.primitives import serialization
from josepy.errors import Error as JosepyError
from josepy.jwa import ES256
from josepy.jwk import JWKEC
from requests.utils import parse_header_links

from provider.issuing.failures import AccountGoneError, AwayError, FailureKind, NoCertificateError
from provider.issuing.ordered import host_of
from provider.messages import Message
from provider.unreached import reason
from provider.version import VERSION

_TIMEOUT_SECONDS: Final = 20
QUICK_SECONDS: Final = 5
"""Where a person waits."""

_LONGEST_WORDS: Final = 2_000
"""Let's Encrypt ends some of its refusals with a long link, at which they are lifted."""

_MOST_NONCES: Final = 5
_OUT_OF_TIME: Final = ("has expired", "is not yet valid")
"""What OpenSSL says of certificates that are not good now."""

BROKEN: Final = 500
"""From this status on, a CA does not work for a moment."""

_ACTION: Final = "userActionRequired"
"""Somebody has to visit a page of the CA first (RFC 8555, 7.3.3): the library does not know that code."""


class Exchange:
    """What is asked of one CA with one account, and the last answer."""

    def __init__(self, directory: str, key: str, url: str | None, ca_file: Path | None = None) -> None:
        self.directory = directory
        self.url = url
        self._key = key
        self._ca_file = ca_file
        self._client: Any = None
        self._last: Any = None

    @property
    def name(self) -> str:
        """What the CA is called."""
        return host_of(self.directory)

    @property
    def last_status(self) -> int:
        """The status of the last answer; 0 where there was none."""
        return 0 if self._last is None else int(self._last.status_code)

    def find_last(self, header: str) -> str | None:
        """Return a header of the last answer."""
        return None if self._last is None else self._last.headers.get(header)

    def post(self, url: str, content: Any) -> Any:
        """Send something that is signed, and return the answer."""
        client = self.connect()
        return client.net.post(url, content, new_nonce_url=client.directory["newNonce"])

    def connect(self, seconds: int = _TIMEOUT_SECONDS) -> Any:
        """Return the library's client, with the CA's directory."""
        if self._client is None:
            network = self._make_network(seconds)
            if self.url is not None:
                network.account = messages.RegistrationResource(body=messages.Registration(), uri=self.url)
            self._client = ClientV2(ClientV2.get_directory(self.directory, network), network)
        return self._client

    def disconnect(self) -> None:
        """Begin anew with the next request: with its directory, and the account as it is by now."""
        self._client = None

    def _make_network(self, seconds: int) -> ClientNetwork:
        owner = self

        class Network(ClientNetwork):
            def post(self, *args: Any, **kwargs: Any) -> Any:
                for _attempt in range(_MOST_NONCES):  # the library gives up after two
                    try:
                        return self._post_once(*args, **kwargs)
                    except messages.Error as error:
                        if error.code != "badNonce":
                            raise
                return self._post_once(*args, **kwargs)

            def _send_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
                answer = super()._send_request(method, url, *args, **kwargs)
                owner._last = answer
                return answer

        private = serialization.load_pem_private_key(self._key.encode(), None)
        agent = f"wayshub-provider/{VERSION}"
        made = Network(JWKEC(key=private), alg=ES256, user_agent=agent, timeout=seconds)
        if self._ca_file is not None:
            made.verify_ssl = str(self._ca_file)  # type: ignore[assignment]  # requests takes a path, too
        return made

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say in words what fails."""
        self._last = None
        try:
            yield
        except messages.Error as error:
            raise self.refused(error) from error
        except requests.RequestException as error:
            raise self._failed(self._unreached(error), is_away=True) from error
        except (
            errors.Error,
            JosepyError,
            ValueError,
            LookupError,
            AttributeError,
            TypeError,
            ArithmeticError,
        ) as error:
            told = Message("the CA {ca} sent an unexpected response: {why}", ca=self.name, why=shortened(str(error)))
            raise self._failed(told) from error
        except OSError as error:  # the file with CAs
            told = Message("the request to the CA {ca} failed: {why}", ca=self.name, why=shortened(str(error)))
            raise self._failed(told) from error

    def _unreached(self, error: Exception) -> Message:
        """Say why the CA cannot be reached. Where its certificate is too old or too new, the clock may be wrong."""
        why = reason(error)
        why = why if isinstance(why, Message) else shortened(why)
        if any(f"certificate {words}" in why for words in _OUT_OF_TIME):
            now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            return Message(
                "the CA {ca} cannot be reached: {why} (the clock here says {now})", ca=self.name, why=why, now=now
            )
        return Message("the CA {ca} cannot be reached: {why}", ca=self.name, why=why)

    def refused(self, error: Any) -> NoCertificateError:
        """Say in words what the CA refuses."""
        why = shortened(error.detail or error.title or error.typ)
        told = Message("the CA {ca} refuses: {why}", ca=self.name, why=why)
        if error.code == "externalAccountRequired":
            told = Message("the CA {ca} requires an external account: give its key ID and its key (EAB)", ca=self.name)
        elif str(error.typ).endswith(f":{_ACTION}") and (link := self._find_link()) is not None:
            told = Message(
                "the CA {ca} requires you to act first ({why}): open {link}, do what that page says, then retry",
                ca=self.name,
                why=why,
                link=link,
            )
        if error.code == "accountDoesNotExist":
            return AccountGoneError(FailureKind.AUTHORITY, told)
        return self._failed(told, is_away=error.code == "badNonce")

    def _failed(self, why: Message, *, is_away: bool = False) -> NoCertificateError:
        made = AwayError if is_away or self.last_status >= BROKEN else NoCertificateError
        return made(FailureKind.AUTHORITY, why, _wait(self.find_last("Retry-After")))

    def _find_link(self) -> str | None:
        """Return the page at which somebody has to do something, or else that of the terms, as the last answer says."""
        links = parse_header_links(self.find_last("Link") or "")
        terms = next((each["url"] for each in links if each.get("rel") == "terms-of-service"), None)
        found = self._last.json().get("instance") or terms
        return None if found is None else shortened(urljoin(self._last.url, str(found)))


def _wait(asked: str | None) -> timedelta | None:
    """Read `Retry-After`: seconds, or a date."""
    if asked is None:
        return None
    try:
        return timedelta(seconds=int(asked))
    except (ValueError, OverflowError):
        pass
    until = date(asked)
    return None if until is None else max(until - datetime.now(UTC), timedelta(0))


def date(text: str | None) -> datetime | None:
    """Read a date in a header."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def shortened(text: object) -> str:
    """Return what a CA says on one line, and not too long."""
    found = " ".join(str(text).split())
    return found if len(found) <= _LONGEST_WORDS else found[: _LONGEST_WORDS - 1] + "…"
