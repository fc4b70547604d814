"""What a trusted proxy in front says of a request: from where it came, by which scheme, and to which host.

`X-Forwarded-For`, `-Proto`, `-Host` and `-Port` count, or `Forwarded` (RFC 7239) where there is none of them. What
anybody else says does not. Where the proxy says nothing of scheme and host, the public URL of the settings does.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from provider.addresses import Network, find_address
from provider.logs import printable

logger = logging.getLogger(__name__)

PORT: Final = "provider.port"
"""Where in the scope the port is to which a proxy was asked, if it said that."""

_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_SAID: Final = ("for", "proto", "host", "port")
_ELEMENT: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PAIR: Final = re.compile(r'\s*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))\s*(?:;|$)')
_LONGEST: Final = 2000
_LONGEST_TOLD: Final = 100


class Proxies:
    """Middleware around all that sets right what is known of a request. `public_url` has no path."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network], public_url: str | None = None) -> None:
        self._trusted = trusted
        self._public = urlsplit(public_url) if public_url else None
        # Who asks is the last in the list that is no proxy of ours: Uvicorn finds that one.
        self._app: Any = ProxyHeadersMiddleware(app, ",".join(map(str, trusted)))  # type: ignore[arg-type]  # ASGI too
        self._warned: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client is not None and self._trusts(client[0]):
            self._set_right(scope)
        await self._app(scope, receive, send)

    def _set_right(self, scope: Scope) -> None:
        said = self._read(scope["headers"])
        replaced = {b"x-forwarded-for", b"x-forwarded-proto"} | ({b"host"} if "host" in said else set())
        headers = [(name, value) for name, value in scope["headers"] if name not in replaced]
        headers += [(name, said[key].encode("latin-1")) for name, key in _REWRITTEN.items() if key in said]
        scope["headers"] = headers
        scope["scheme"] = self._find_scheme(said.get("proto"), scope["scheme"])
        if scope["scheme"] == "http" and _joined(headers, "origin").startswith("https://"):
            self._warn(
                "a trusted proxy was asked over https but does not say so, so cookies are not Secure: "
                "let it send X-Forwarded-Proto"
            )
        port = said.get("port", "")
        if port.isascii() and port.isdecimal() and len(port) <= 5:
            scope[PORT] = int(port)

    def _read(self, headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
        """Return what is said: of several values the first, which is that of the proxy that people ask."""
        said = {key: _joined(headers, f"x-forwarded-{key}") for key in _SAID}
        found = {key: value for key, value in said.items() if value}
        if not found:
            found = self._read_forwarded(_joined(headers, "forwarded"))
        said = {key: value if key == "for" else value.partition(",")[0].strip() for key, value in found.items()}
        if self._public is not None:
            said = {"host": self._public.netloc} | said
            if said["host"] in {self._public.netloc, self._public.hostname}:
                said = {"proto": self._public.scheme} | said
        return said

    def _read_forwarded(self, value: str) -> dict[str, str]:
        """Read `Forwarded`: the element counts that the outermost of our proxies added."""
        elements = list(_elements(value)) if len(value) <= _LONGEST else []
        if not elements:
            return {}
        index = len(elements) - 1
        while index > 0 and self._trusts(elements[index].get("for", "")):
            index -= 1
        addresses = ", ".join(element.get("for", "unknown") for element in elements)
        return {key: elements[index][key] for key in ("proto", "host") if key in elements[index]} | {"for": addresses}

    def _find_scheme(self, told: str | None, scheme: str) -> str:
        if told is None:
            return scheme
        found = _SCHEMES.get(told.lower())
        if found is None:
            shown = printable(told[:_LONGEST_TOLD])
            self._warn("a trusted proxy says that it was asked over %r, which is neither http nor https", shown)
        return found or scheme

    def _warn(self, words: str, *values: object) -> None:
        if words not in self._warned:
            self._warned.add(words)
            logger.warning(words, *values)

    def _trusts(self, host: str) -> bool:
        address = find_address(host)
        return address is not None and any(address in network for network in self._trusted)


def find_privacy(trusted: Sequence[Network]) -> Callable[[Scope], bool]:
    """Return what tells whether a request came over TLS, or without leaving this machine and those networks."""

    @lru_cache(maxsize=1024)
    def is_near(host: str) -> bool:
        address = find_address(host)
        return address is not None and (address.is_loopback or any(address in network for network in trusted))

    def is_private(scope: Scope) -> bool:
        client = scope.get("client")
        return scope["scheme"] == "https" or client is None or is_near(client[0])

    return is_private


_REWRITTEN: Final = {b"x-forwarded-for": "for", b"host": "host"}


def _joined(headers: Sequence[tuple[bytes, bytes]], name: str) -> str:
    wanted = name.encode()
    return b",".join(value for found, value in headers if found == wanted).decode("latin-1").strip()


def _elements(value: str) -> Iterator[Mapping[str, str]]:
    for element in _ELEMENT.findall(value):
        pairs = {}
        for name, quoted, plain in _PAIR.findall(element):
            pairs[name.lower()] = re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
        yield pairs
