"""What is known of the edges by their own APIs, and is not of our doing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from provider.nouns import Noun
from provider.nouns.middleware import Middleware
from provider.nouns.service import Service
from provider.nouns.tcp_middleware import TCPMiddleware
from provider.nouns.tcp_service import TCPService
from provider.nouns.udp_service import UDPService

TOLD: Sequence[type[Noun]] = (Service, Middleware, TCPService, TCPMiddleware, UDPService)
"""The nouns of which Traefik's API tells which it has, of all providers. Of transports and TLS options it does not."""


@dataclass(frozen=True, slots=True)
class ForeignRouter:
    """A router of another provider: `rank` is the priority that is set, or that of its rule."""

    rule: str
    rank: int
    entry_points: Sequence[str]


ForeignRouters = Mapping[str, Mapping[str, ForeignRouter]]
"""The routers of other providers, by kind and full name (`shop@docker`)."""


@dataclass(frozen=True, slots=True)
class KnownEdge:
    """One edge: the names of its entry points, and the middlewares that each adds to every router (`login@file`).

    Those of `tls` make every router one with TLS, of these options (`http.tls` of their static configuration).
    `others` are what it has of all providers but us, by kind and full name, and `routers` those that it serves, which
    are known while routers here stand beside such. What is empty or None is not known.
    """

    entry_points: frozenset[str] = frozenset()
    added: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tls: Mapping[str, str] | None = None
    others: Mapping[str, frozenset[str]] | None = None
    routers: ForeignRouters | None = None


KnownEdges = Mapping[str, KnownEdge]
"""The edges by name."""


def find_secured(edges: KnownEdges) -> dict[str, str]:
    """Return the entry points that make every router one with TLS, on each edge of which that is known."""
    told = [edge.tls for _name, edge in sorted(edges.items()) if edge.tls is not None]
    return {point: options for tls in told[:1] for point, options in tls.items() if all(point in each for each in told)}
