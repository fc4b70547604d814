"""What is known of the edges by their own APIs, and is not of our doing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

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


class Redirection(NamedTuple):
    """What an entry point does with requests without TLS: it redirects those that no router above a rank takes."""

    to: str
    """An entry point, or a port such as `:443`."""
    rank: int


ForeignRouters = Mapping[str, Mapping[str, ForeignRouter]]
"""The routers of other providers, by kind and full name (`shop@docker`)."""


@dataclass(frozen=True, slots=True)
class KnownEdge:
    """One edge: the names of its entry points, and the middlewares that each adds to every router (`login@file`).

    Those of `tls` make every router one with TLS, of these options, and those of `redirecting` lead elsewhere
    (`http.tls` and `http.redirections` of their static configuration).
    `others` are what it has of all providers but us, by kind and full name, and `routers` those that it serves, which
    are known while routers here stand beside such. What is empty or None is not known.
    """

    entry_points: frozenset[str] = frozenset()
    added: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tls: Mapping[str, str] | None = None
    redirecting: Mapping[str, Redirection] = field(default_factory=dict)
    others: Mapping[str, frozenset[str]] | None = None
    routers: ForeignRouters | None = None


KnownEdges = Mapping[str, KnownEdge]
"""The edges by name."""


Apart = tuple[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], ...]
"""The names of edges, apart where they disagree about which entry points make every router one with TLS.

Each come with those, and their TLS options, in pairs.
"""


def apart(edges: KnownEdges) -> Apart:
    """Take the edges apart. Those of which nothing is known are with the first."""
    found: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, edge in sorted(edges.items()):
        if edge.tls is not None:
            found.setdefault(tuple(sorted(edge.tls.items())), []).append(name)
    (tls, names), *others = found.items() or [((), [])]
    unknown = (name for name, edge in sorted(edges.items()) if edge.tls is None)
    return ((*names, *unknown), tls), *((tuple(each), pairs) for pairs, each in others)
