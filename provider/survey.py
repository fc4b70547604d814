"""What objects do to one another beyond the rules of routers: looked for in one place, whoever tells it. Pure."""

from collections.abc import Collection, Iterator
from typing import Final

from pydantic import AwareDatetime

from provider.conflicts import Finding
from provider.dependents import find_disabled
from provider.explanations import Routes
from provider.foreigners import find_dangling, find_doubled
from provider.handshakes import find_disagreeing
from provider.inventory import Inventory
from provider.listeners import find_taken
from provider.nouns import Named, Router
from provider.surroundings import KnownEdges
from provider.validity import find_invalid

KINDS: Final = frozenset(
    {"router", "service", "middleware", "tcpRouter", "tcpService", "udpRouter", "udpService", "certificate"}
)
"""The kinds of objects of which there may be something to be told."""


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
    yield from find_disabled(inventory, about)
    yield from find_dangling(inventory, edges, about)
    yield from find_doubled(inventory, routes, edges, about)
    yield from find_invalid(inventory, now, about)
