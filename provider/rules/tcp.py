"""The matchers of the rules of TCP routers: what a client shows before anything of its protocol is read.

From the source of Traefik 3.7, and held by tests against a real Traefik 3.7.15.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from provider.messages import Message
from provider.patterns import pattern
from provider.rules.matcher import BadArgument, Matcher
from provider.rules.matchers import ClientIP, Host, HostRegexp, spelled
from provider.rules.parse import Rule, parse_with
from provider.rules.requests import Request

_CHALLENGE: Final = "acme-tls/1"
_NAME: Final = pattern(r"\*|(\*\.)?[A-Za-z0-9_.:-]+")
"""What Traefik 3.7.15 takes for a name (measured): it disables a router that asks for another."""


class HostSNI(Host):
    """The name that a client asks for in its TLS handshake; `*` for all, also without TLS."""

    name = "HostSNI"
    form = "HostSNI(`db.alvin.xyz`)"

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        if not _NAME.fullmatch(arguments[0]):
            raise BadArgument("rule.host", "this is not a host name: letters, digits, '.', '-' and '_', or '*.' first")


class HostSNIRegexp(HostRegexp):
    """An expression for the name that a client asks for in its TLS handshake."""

    name = "HostSNIRegexp"
    form = "HostSNIRegexp(`^db[0-9]\\.alvin\\.xyz$`)"


class ALPN(Matcher):
    """A protocol that a client offers in its TLS handshake."""

    name = "ALPN"
    form = "ALPN(`h2`)"

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(arguments)
        if arguments[0] == _CHALLENGE:
            raise BadArgument("rule.alpn", f"Traefik keeps {_CHALLENGE} for itself: it cannot be matched")

    def matches(self, request: Request) -> bool:
        """Tell that it never matches a request of HTTP, of which this is not known."""
        return False

    @property
    def wanted(self) -> str:
        """What a connection needs."""
        return Message("the protocol {name} in the TLS handshake", name=self.arguments[0])

    def got(self, request: Request) -> str:
        """Return what a request of HTTP has there."""
        return Message("an HTTP request")


TCP_MATCHERS: Final[Mapping[str, type[Matcher]]] = {
    matcher.name: matcher for matcher in (HostSNI, HostSNIRegexp, ALPN, ClientIP)
}
"""All that Traefik knows in the rule of a TCP router, by the name as it is documented."""

_NAMES: Final = spelled(TCP_MATCHERS)


@lru_cache(maxsize=1_000)
def parse_tcp(text: str) -> Rule:
    """Read the rule of a TCP router that is given. Raises `BadRule`."""
    return parse_with(text, TCP_MATCHERS, _NAMES)
