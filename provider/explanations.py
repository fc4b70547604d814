"""Explanations: which router takes a request and why, and what kept the others from it. Pure.

Traefik (3.7.15) asks the routers of an entry point in the order of their priorities, the highest first, and
the first that matches takes the request. Among equal priorities the order is that of one of Go's maps, and
so another one at each reload: which of them takes the request is chance.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provider.rules import Failure, Request, Rule, hosts

NEARLY: Final = 10
"""How many routers that nearly matched are told at most, those that came nearest."""

_LOOKED_AT: Final = 1_000
"""Among how many routers without a host one that nearly matched is looked for, those that rank highest."""


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
    """Who takes a request: no route means 404. The candidates are in the order in which they came near."""

    route: Route | None
    why: str
    candidates: Sequence[Candidate]


class Routes:
    """Routers, found by the hosts that they are for. Made once, and asked often."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._all = sorted(routes, key=_rank)
        self._by_host: dict[str, list[Route]] = {}
        self._elsewhere: list[Route] = []
        for route in self._all:
            keys = hosts.keys(route.rule.condition)
            for key in keys or ():
                self._by_host.setdefault(key, []).append(route)
            if keys is None:
                self._elsewhere.append(route)

    def __iter__(self) -> Iterator[Route]:
        """Give all routes, the highest rank first, and by name among equals."""
        return iter(self._all)

    def of_host(self, host: str) -> list[Route]:
        """Return the routes that are for a host and for no other than are told by the rule."""
        found = {route.name: route for key in hosts.asked_keys(host) for route in self._by_host.get(key, ())}
        return list(found.values())

    @property
    def of_any_host(self) -> Sequence[Route]:
        """The routes whose rule does not tell the hosts."""
        return self._elsewhere

    def explain(self, request: Request, entry_point: str = "web") -> Explanation:
        """Tell who takes a request, and what became of the others that are near it."""
        near = self.of_host(request.host)
        matching = sorted((route for route in [*near, *self._elsewhere] if route.rule.matches(request)), key=_rank)
        able = [route for route in matching if route.enabled and entry_point in route.entry_points]
        winner = able[0] if able else None
        candidates = [_of_able(route, able) for route in able]
        candidates += [_of_unable(route, entry_point) for route in matching if route not in able]
        candidates += self._nearly(request, near, {route.name for route in matching})
        return Explanation(winner, _why(able, entry_point), candidates)

    def _nearly(self, request: Request, near: Sequence[Route], matching: Collection[str]) -> list[Candidate]:
        related = [route for host in hosts.related(request.host) for route in self.of_host(host)]
        looked_at = {route.name: route for route in [*near, *self._elsewhere[:_LOOKED_AT]]}
        found = [
            (len(failures), _rank(route), route, failures)
            for route in looked_at.values()
            if route.name not in matching
            for failures, met in [route.rule.condition.way(request)]
            if met
        ]
        found += [
            (len(failures), _rank(route), route, failures)
            for route in {route.name: route for route in related}.values()
            if route.name not in matching and route.name not in looked_at
            for failures, _met in [route.rule.condition.way(request)]
        ]
        found.sort(key=lambda each: each[:2])
        return [
            Candidate(route, Verdict.NEARLY, _why_not(failures), failures=failures)
            for _count, _rank, route, failures in found[:NEARLY]
        ]


def _rank(route: Route) -> tuple[int, str]:
    return -route.priority, route.name


def _of_able(route: Route, able: Sequence[Route]) -> Candidate:
    winner = able[0]
    behind = winner.priority - route.priority
    if route is winner:
        return Candidate(route, Verdict.TAKES, f"it matches, and ranks highest with {route.priority}", 0)
    if not behind:
        why = f"it matches, and ranks as high as {winner.name}: which of them takes the request is chance"
        return Candidate(route, Verdict.TIED, why, 0)
    why = f"it matches, but its rank {route.priority} is {behind} lower than that of {winner.name}"
    return Candidate(route, Verdict.OUTRANKED, why, behind)


def _of_unable(route: Route, entry_point: str) -> Candidate:
    if not route.enabled:
        return Candidate(route, Verdict.DISABLED, "it would match, but is disabled")
    listens = ", ".join(route.entry_points)
    return Candidate(route, Verdict.ELSEWHERE, f"it would match, but listens on {listens}, not on {entry_point}")


def _why(able: Sequence[Route], entry_point: str) -> str:
    if not able:
        return f"no router on {entry_point} matches: Traefik answers 404"
    winner, *others = able
    tied = [route.name for route in others if route.priority == winner.priority]
    if tied:
        names = ", ".join([winner.name, *tied])
        return f"{names} match with the same rank {winner.priority}: chance decides at each reload of Traefik"
    if others:
        ahead = winner.priority - others[0].priority
        return f"it matches, and its rank {winner.priority} is {ahead} higher than that of the next, {others[0].name}"
    return "it matches, and no other router does"


def _why_not(failures: Sequence[Failure]) -> str:
    return "; ".join(f"it wants {failure.wanted}, not {failure.got}" for failure in failures)
