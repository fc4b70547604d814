"""What keeps other people's pages out: the names under which this service answers, and where a request comes from.

A page of anybody's can make the browser of somebody who may change things send requests here: across
origins, or, by a name that it lets lead to this machine, as if from this service itself (DNS rebinding).
So a request is refused when its `Host` is no name of this service, and one that changes anything when the
browser says, in `Sec-Fetch-Site` or `Origin`, that another origin sent it. What is no browser sends neither.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette import types
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from provider.addresses import find_address
from provider.api import problems
from provider.api.proxies import PORT
from provider.errors import Forbidden
from provider.messages import Message

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FROM_HERE: Final = frozenset({"same-origin", "none"})
"""`none` is a person: an address that was typed, a bookmark."""

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:/?#@\s]+)(?::[0-9]{1,5})?")
_MOST_NAMES_KNOWN: Final = 1000
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+|null")
_LONGEST_ORIGIN: Final = 300
_LONGEST_HOST: Final = 300
"""The longest name that DNS knows has 253 characters; a port stands behind it."""
_PUBLIC: Final = "/static/"

_PROBED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""What orchestrators, balancers and Prometheus ask by the address of a machine, or by none at all."""

_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = [
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    # Not no-referrer: with that, browsers send `Origin: null` with the forms of our own pages.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_PRIVATE: Final = (b"cache-control", b"no-store")


class Hosts:
    """The names under which this service answers. `*.example.com` stands for all names below example.com."""

    def __init__(self, names: Iterable[str]) -> None:
        listed = [name.lower() for name in names]
        self._exact = {name for name in listed if not name.startswith("*.")}
        self._below = tuple(name[1:] for name in listed if name.startswith("*."))
        self._known: dict[bytes, bool] = {}

    def check(self, scope: Scope) -> None:
        """Raise `Forbidden` unless a request was sent to one of them, whatever the port."""
        found = [value for name, value in scope["headers"] if name == b"host"]
        if len(found) != 1 or not self._allows(found[0]):
            if not found:
                raise Forbidden(Message("the request has no Host header: send one that PROVIDER_ALLOWED_HOSTS allows"))
            name = found[0][:_LONGEST_HOST].decode("ascii", "backslashreplace")
            raise Forbidden(
                Message("{name} is not an allowed host: to allow it, add its name to PROVIDER_ALLOWED_HOSTS", name=name)
            )

    def _allows(self, value: bytes) -> bool:
        if len(value) > _LONGEST_HOST:
            return False
        known = self._known.get(value)
        if known is None:
            if len(self._known) >= _MOST_NAMES_KNOWN:
                self._known.clear()
            known = self._known[value] = self._finds(value)
        return known

    def _finds(self, value: bytes) -> bool:
        read = _HOST.fullmatch(value.decode("latin-1"))
        name = read[1].lower().rstrip(".") if read else ""
        return name in self._exact or name.endswith(self._below)


def is_unnamed(scope: Scope) -> bool:
    """Tell whether a request is for an address, or, by HTTP/1.0, for no host at all.

    No browser can be made to send such a one by a name that leads here: it sends the name.
    """
    found = [value for name, value in scope["headers"] if name == b"host"]
    if not found:
        return bool(scope["http_version"] == "1.0")
    read = _HOST.fullmatch(found[0].decode("latin-1"))
    return len(found) == 1 and read is not None and find_address(read[1]) is not None


class Browsers:
    """Middleware that refuses what other people's pages send, and tells browsers what a page of ours may do."""

    def __init__(self, app: ASGIApp, hosts: Hosts, public_url: str | None = None) -> None:
        self._app = app
        self._public_url = public_url
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_public = scope["path"].startswith(_PUBLIC)

        async def send_guarded(message: types.Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *_HEADERS]
                if not is_public and not any(name.lower() == b"cache-control" for name, _value in headers):
                    headers.append(_PRIVATE)
                message["headers"] = headers
            await send(message)

        try:
            if not (scope["path"] in _PROBED and is_unnamed(scope)):
                self._hosts.check(scope)
            if scope["method"] not in _SAFE:
                check_origin(scope, self._public_url)
        except Forbidden as error:
            await problems.from_error(error, scope["path"])(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)


def _named(origin: str) -> str:
    """Return an origin as it is told: nothing that is none, which may be anything, a secret too."""
    return origin if len(origin) <= _LONGEST_ORIGIN and _ORIGIN.fullmatch(origin) else "…"


def check_origin(scope: Scope, public_url: str | None) -> None:
    """Raise `Forbidden` if a browser says that a page of another origin sent a request."""
    headers = Headers(scope=scope)
    strange = [origin for origin in headers.getlist("origin") if not _is_ours(origin, scope, public_url)]
    if strange:
        raise Forbidden(
            Message(
                "another site's page cannot change anything here: the page is from {origin}, but this service was "
                "addressed as {here}; if both are this service, have the proxy in front pass on the requested host "
                "and port, or set PROVIDER_PUBLIC_URL",
                origin=_named(strange[0]),
                here=_named(f"{scope['scheme']}://{headers.get('host', '')}"),
            )
        )
    if any(site not in _FROM_HERE for site in headers.getlist("sec-fetch-site")):
        raise Forbidden(Message("another site's page cannot change anything here"))


def _is_ours(origin: str, scope: Scope, public_url: str | None) -> bool:
    """Tell whether an origin is where the request was sent. Whether it was by TLS only a proxy in front knows."""
    if origin == public_url:
        return True
    headers = Headers(scope=scope)
    try:
        parts = urlsplit(origin)
        port = parts.port
        # A `Host` without a port leaves open whether the usual one is meant with TLS or without.
        asked = urlsplit(f"//{headers.get('host', '')}")
        asked_port = asked.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or parts.path or parts.query or parts.fragment:
        return False
    usual = {"http": 80, "https": 443}[parts.scheme]
    return parts.hostname == asked.hostname and (port or usual) in {asked_port or usual, scope.get(PORT)}
