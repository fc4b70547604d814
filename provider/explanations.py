"""Explanations: which router takes a request and why, and what kept the others from it. Pure.

Traefik (3.7.15) asks the routers of an entry point in the order of their priorities, the highest first, and
the first that matches takes the request. Among equal priorities the order is that of one of Go's maps, and
so another one at each reload: which of them takes the request is chance.
"""

from bisect import insort
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from heapq import nsmallest
from typing import Final

from provider.messages import Message
from provider.rules import Failure, Request, Rule, hosts

MATCHED: Final = 100
"""How many routers that matched are told at most, those that rank highest."""

NEARLY: Final = 10
"""How many routers that nearly matched are told at most, those that came nearest."""

_LOOKED_AT: Final = 1_000
"""Among how many routers one that nearly matched is looked for, those of the host and that rank highest first."""


@dataclass(frozen=True, slots=True)
class Route:
    """A router as Traefik has it; `priority` is the rank, the one that is set or that of its rule."""

    name: str
    rule: Rule
    priority: int
    service: str
    entry_points: Sequence[str] = ("web",)
    enabled: bool = True


class Verdict(StrEnum):
    """What became of a router."""

    TAKES = "takes"
    TIED = "tied"
    """It matches, and has the same rank as the one that takes the request: chance decides between them."""

    OUTRANKED = "outranked"
    ELSEWHERE = "elsewhere"
    """It matches, and listens on other entry points only."""

    DISABLED = "disabled"
    NEARLY = "nearly"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A router that matched, or nearly did: `behind` is by how much its rank is lower than the winner's."""

    route: Route
    verdict: Verdict
    why: str
    behind: int | None = None
    failures: Sequence[Failure] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Who takes a request: no route means 404.

    The candidates are those that matched, the highest rank first, and then those that nearly did, the nearest
    first. `matched` is how many match and could take the request: more than are told, perhaps.
    """

    route: Route | None
    why: str
    candidates: Sequence[Candidate]
    matched: int


class Routes:
    """Routers, found by the hosts that they are for. Never changed: `replaced` makes others, which share what stays."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_name: dict[str, Route] = {}
        # Each list is in order of rank.
        self._by_host: dict[str, list[Route]] = {}
        self._elsewhere: list[Route] = []
        for route in sorted(routes, key=_rank):
            self._by_name[route.name] = route
            for place in self._places(route):
                place.append(route)

    def replaced(self, changed: Mapping[str, Route | None]) -> "Routes":
        """Return the routers with these set, or taken out where the value is None."""
        made = Routes(())
        made._by_name = dict(self._by_name)
        made._by_host = dict(self._by_host)
        made._elsewhere = list(self._elsewhere)
        for name, route in changed.items():
            made._replace(name, route)
        return made

    def _replace(self, name: str, route: Route | None) -> None:
        before = self._by_name.pop(name, None)
        for key in hosts.keys(before.rule.condition) or () if before else ():
            self._by_host[key] = [other for other in self._by_host[key] if other.name != name]
        if before and hosts.keys(before.rule.condition) is None:
            self._elsewhere = [other for other in self._elsewhere if other.name != name]
        if route is not None:
            self._by_name[name] = route
            for key in hosts.keys(route.rule.condition) or ():
                self._by_host[key] = list(self._by_host.get(key, ()))
            for place in self._places(route):
                insort(place, route, key=_rank)

    def _places(self, route: Route) -> list[list[Route]]:
        """Return the lists in which a router has to be."""
        keys = hosts.keys(route.rule.condition)
        return [self._elsewhere] if keys is None else [self._by_host.setdefault(key, []) for key in keys]

    def find(self, name: str) -> Route | None:
        """Find a route."""
        return self._by_name.get(name)

    def __iter__(self) -> Iterator[Route]:
        """Give all routes, the highest rank first, and by name among equals."""
        return iter(sorted(self._by_name.values(), key=_rank))

    def of_host(self, host: str) -> list[Route]:
        """Return the routes that are for a host and for no other than are told by the rule."""
        exact, wildcard = map(self.of_key, hosts.asked_keys(host))
        if not exact or not wildcard:
            return list(exact or wildcard)
        return list({route.name: route for route in [*exact, *wildcard]}.values())

    def of_key(self, key: str) -> Sequence[Route]:
        """Return the routes that stand under a key of `hosts`, the highest rank first."""
        return self._by_host.get(key, ())

    @property
    def of_any_host(self) -> Sequence[Route]:
        """The routes whose rule does not tell the hosts."""
        return self._elsewhere

    def explain(self, request: Request, entry_point: str = "web") -> Explanation:
        """Tell who takes a request, and what became of the others that are near it."""
        near = self.of_host(request.host)
        matching = sorted((route for route in [*near, *self._elsewhere] if route.rule.matches(request)), key=_rank)
        able = [route for route in matching if route.enabled and entry_point in route.entry_points]
        unable = [route for route in matching if not route.enabled or entry_point not in route.entry_points]
        candidates = [
            *(_of_able(route, able[0]) for route in able[:MATCHED]),
            *(_of_unable(route, entry_point) for route in unable[:MATCHED]),
            *self._nearly(request, near, {route.name for route in matching}),
        ]
        return Explanation(able[0] if able else None, _why(able, entry_point), candidates, len(able))

    def _nearly(self, request: Request, near: Sequence[Route], matching: Collection[str]) -> list[Candidate]:
        """Return those of the host, and of related hosts, that something kept away, and others with one that is met."""
        looked_at = {route.name: (route, 1) for route in self._elsewhere[:_LOOKED_AT]}
        for host in hosts.related(request.host):
            looked_at |= {route.name: (route, 0) for route in self.of_host(host)[:_LOOKED_AT]}
        looked_at |= {route.name: (route, 0) for route in near[:_LOOKED_AT]}
        found = [
            (len(failures), _rank(route), route, failures)
            for name, (route, least) in looked_at.items()
            if name not in matching
            for failures, met in [route.rule.condition.way(request)]
            if met >= least
        ]
        return [
            Candidate(route, Verdict.NEARLY, _why_not(failures), failures=failures)
            for _count, _rank, route, failures in nsmallest(NEARLY, found, key=lambda each: each[:2])
        ]


def _rank(route: Route) -> tuple[int, str]:
    return -route.priority, route.name


def _of_able(route: Route, winner: Route) -> Candidate:
    behind = winner.priority - route.priority
    if route is winner:
        return Candidate(
            route, Verdict.TAKES, Message("it matches, and ranks highest with {priority}", priority=route.priority), 0
        )
    if not behind:
        why = Message("it matches, and ranks as high as {winner}: which of them takes it is chance", winner=winner.name)
        return Candidate(route, Verdict.TIED, why, 0)
    why = Message(
        "it matches, but its rank {priority} is {behind} lower than that of {winner}",
        priority=route.priority,
        behind=behind,
        winner=winner.name,
    )
    return Candidate(route, Verdict.OUTRANKED, why, behind)


def _of_unable(route: Route, entry_point: str) -> Candidate:
    if not route.enabled:
        return Candidate(route, Verdict.DISABLED, Message("it would match, but is disabled"))
    listens = ", ".join(route.entry_points)
    why = Message(
        "it would match, but listens on {listens}, not on {entry_point}", listens=listens, entry_point=entry_point
    )
    return Candidate(route, Verdict.ELSEWHERE, why)


def _why(able: Sequence[Route], entry_point: str) -> str:
    if not able:
        return Message("no router on {entry_point} matches: Traefik answers 404", entry_point=entry_point)
    winner, *others = able
    tied = [route.name for route in others if route.priority == winner.priority]
    if tied:
        names = ", ".join([winner.name, *tied[:MATCHED]])
        return Message(
            "{names} match with the same rank {priority}: chance decides at each reload of Traefik",
            names=names,
            priority=winner.priority,
        )
    if others:
        ahead = winner.priority - others[0].priority
        return Message(
            "it matches, and its rank {priority} is {ahead} higher than that of the next, {name}",
            priority=winner.priority,
            ahead=ahead,
            name=others[0].name,
        )
    return Message("it matches, and no other router does")


def _why_not(failures: Sequence[Failure]) -> str:
    told = [Message("it wants {wanted}, not {got}", wanted=failure.wanted, got=failure.got) for failure in failures]
    return reduce(lambda one, other: Message("{one}; {other}", one=one, other=other), told)
