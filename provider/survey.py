"""What objects do to one another beyond the rules of routers: looked for in one place, whoever tells it. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from pydantic import AwareDatetime

from provider.conflicts import find_doubts
from provider.dependents import find_disabled
from provider.findings import Finding
from provider.foreigners import find_dangling, find_doubled
from provider.handshakes import find_disagreeing
from provider.inventory import Inventory, SoughtText
from provider.listeners import find_taken, find_unheard
from provider.neighbours import find_changed
from provider.nouns import NOUNS, Named, Router
from provider.parts import PLACES
from provider.ranking import Routes
from provider.surroundings import KnownEdges
from provider.unheeded import find_unheeded
from provider.validity import find_invalid

KINDS: Final = frozenset(
    {"router", "service", "middleware", "tcpRouter", "tcpService", "udpRouter", "udpService", "certificate"}
)
"""The kinds of objects of which there may be something to be told; of servers, there is `unheeded` alone."""

_IN_A_RULE: Final = re.compile(rb"[^:,\[]\{")
"""A brace within a text: those of compact JSON itself follow other characters."""

_DOUBTED: Final[Mapping[str, Sequence[SoughtText]]] = {
    "router": (b'"tls":', b"@internal", _IN_A_RULE),
    "service": (b'"sticky":', b'"passiveHealthCheck":', b'"status":', b"@internal", b'"idle":{"'),
}
"""What stands in the JSON of objects of which anything may be doubted, of the kinds of which there are many."""


def look(
    inventory: Inventory,
    routes: Routes,
    edges: KnownEdges,
    now: AwareDatetime,
    about: Collection[Named] | None = None,
) -> Iterator[Finding]:
    """Find what there is to be told: all, or what some objects are in."""
    routers = None if about is None else [name for kind, name in about if kind == Router.kind]
    yield from find_disagreeing(routes, routers)
    yield from find_taken(inventory, routes, about)
    yield from find_unheard(inventory, edges, about)
    yield from find_disabled(inventory, about)
    yield from find_dangling(inventory, edges, about)
    yield from find_doubled(inventory, routes, edges, about)
    yield from find_changed(inventory, edges, about)
    yield from find_invalid(inventory, now, about)
    yield from find_unheeded(inventory, about)


def find_doubted(inventory: Inventory, about: Collection[Named] | None = None) -> Iterator[Finding]:
    """Find what is set of objects that Traefik takes and that may not be meant: of all, or of some."""
    kinds = [kind for kind in PLACES if NOUNS[kind].is_doubted()]
    named = () if about is None else ((kind, name) for kind, name in sorted(about) if kind in kinds)
    some = (item for kind, name in named if (item := inventory.find(kind, name)) is not None)
    every = chain.from_iterable(inventory.having(kind, *_DOUBTED.get(kind, (b"",))) for kind in kinds)
    for item in every if about is None else some:
        yield from find_doubts(item, item.name)
