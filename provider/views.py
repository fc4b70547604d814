"""Routers as the edges have them: edges that treat requests alike have one view. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from provider import nearby, rules, traffic
from provider.declarations import Declaration
from provider.listening import Listening
from provider.messages import Message
from provider.ranking import Route, Routes
from provider.rules import Request, Rule
from provider.surroundings import Apart, KnownEdge, KnownEdges

S = TypeVar("S")
T = TypeVar("T")


@cache
def _everything() -> Rule:
    """Return the rule of such a redirection. The library that reads regular expressions is loaded for it."""
    return rules.read("HostRegexp(`^.+$`)")


@dataclass(frozen=True, slots=True)
class EdgeView:
    """The edges whose entry points agree about which routers have TLS, and the routers as these edges have them."""

    edges: KnownEdges
    adding: Mapping[str, str]
    """The entry points that make every router one with TLS, with the options."""
    routes: Routes


def together(
    sides: Iterable[tuple[Iterable[str], S]], look: Callable[[S], Iterable[T]], add: Callable[[T, Message], T]
) -> list[T]:
    """Return what is found on all sides, once, and what is found on some of them, with the names of their edges."""
    found = [(edges, list(look(side))) for edges, side in sides]
    (_edges, first), *others = found
    told = [each for each in first if all(each in listed for _of, listed in others)]
    for edges, listed in found if others else ():
        where = Message("on edge {edge}", edge=", ".join(edges))
        told += [add(each, where) for each in listed if each not in told]
    return told


def add_to_words(words: str, where: Message) -> str:
    """Return a sentence with where that is so."""
    return Message("{where}: {detail}", where=where, detail=words)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a request that comes in somewhere meets on an edge: routers of ours, and those of the edge itself."""

    routes: Routes
    own: Sequence[Route] = ()

    def able(self, request: Request, entry_point: str) -> list[Route]:
        """Return the routers that match it, the one that takes it first."""
        return self.routes.able(request, entry_point, self.own)


def see(views: Sequence[EdgeView], edge: str, entry_point: str) -> Arrival:
    """Return what a request meets at an entry point of an edge. Of one that is not known, what it meets on the first.

    Traefik (3.7.15, measured) makes a router without TLS for each entry point that redirects: `web-to-websecure`.
    """
    view = next((view for view in views if edge in view.edges), views[0])
    redirection = view.edges.get(edge, KnownEdge()).redirecting.get(entry_point)
    if redirection is None:
        return Arrival(view.routes)
    name = f"{_normal(f'{entry_point}-to-{redirection.to}')}@internal"
    return Arrival(view.routes, [Route(name, _everything(), redirection.rank, "", (entry_point,), to=redirection.to)])


def _normal(name: str) -> str:
    """Return a name as Traefik makes names of its own from those that people give: letters, digits and hyphens."""
    words = "".join(each if each.isalnum() else " " for each in name).split()
    return "-".join(words)


Side = tuple[Declaration, Listening]
"""A state, with what tells where its routers listen."""


def tell_moves(names: Sequence[str], before: Side, after: Side, edges: Apart) -> list[str]:
    """Say which requests move to other routers as some change, on all edges and on some."""

    def tell(points: Iterable[tuple[str, str]]) -> Sequence[str]:
        (state, once), (changed, now), adding = before, after, dict(points)
        sides = (state, replace(once, adding=adding)), (changed, replace(now, adding=adding))
        return traffic.tell(*nearby.between(names, *sides), names)

    return together(edges, tell, add_to_words) if names else []
