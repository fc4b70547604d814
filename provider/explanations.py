"""Explanations: which router takes a request and why, and what kept the others from it. Pure.

Traefik (3.7.15) asks the routers of an entry point in the order of their priorities, the highest first, and
the first that matches takes the request. A request over TLS is only for routers with TLS, and one without for those
without, whatever the entry point (measured). Among equal priorities the order is that of one of Go's maps, and
so another one at each reload: which of them takes the request is chance.
"""

from bisect import insort
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from heapq import nsmallest
from itertools import chain
from types import MappingProxyType
from typing import Final

from provider.messages import Message
from provider.nouns.router import HIGHEST_PRIORITY
from provider.rules import Mismatch, Request, Rule, hosts

MATCHED: Final = 100
"""How many routers that matched are told at most, those that rank highest."""

NEARLY: Final = 10
"""How many routers that nearly matched are told at most, those that came nearest."""

_LOOKED_AT: Final = 1_000
"""Among how many routers one that nearly matched is looked for, those of the host and that rank highest first."""


@dataclass(frozen=True, slots=True)
class Route:
    """A router as Traefik has it; `priority` is the rank, the one that is set or that of its rule.

    `part` tells those apart that Traefik has of one router, such as for exact domains and for wildcards. `is_plain`:
    its rank was made from its domains and path prefix, and neither set nor that of a rule. One that `redirects` leads
    visitors to the secure entry point.
    """

    name: str
    rule: Rule
    priority: int
    service: str
    entry_points: Sequence[str] = ("web",)
    enabled: bool = True
    part: str = ""
    is_plain: bool = False
    tls_options: str | None = None
    """The TLS options that it names or that hold for it else; None where it takes requests without TLS."""
    redirects: bool = False
    beside: str = ""
    """The router of another provider that takes its requests; `priority` is the rank of that, then."""
    to: str = ""
    """Where an entry point itself redirects, by an edge's static configuration: this is no router of ours, then."""

    @property
    def is_secure(self) -> bool:
        """Whether it takes requests over TLS alone; else it takes those without TLS alone."""
        return self.tls_options is not None

    def hears(self, request: Request, entry_point: str) -> bool:
        """Tell whether requests that come in like one, at an entry point, reach it at all."""
        return entry_point in self.entry_points and self.is_secure == request.secure

    def shared_places(self, other: "Route") -> list[str]:
        """Return the entry points on which the same requests reach both, in order."""
        if self.is_secure != other.is_secure:
            return []
        return sorted(set(self.entry_points) & set(other.entry_points))

    def is_within(self, other: "Route") -> bool:
        """Tell whether all requests that reach it reach another too."""
        return self.is_secure == other.is_secure and set(self.entry_points) <= set(other.entry_points)

    @property
    def takes(self) -> bool:
        """Whether it takes requests, and no other for it."""
        return self.enabled and not self.beside and not self.to

    @property
    def taker(self) -> str:
        """The name of the router that takes the requests."""
        return self.beside or self.name

    @property
    def key(self) -> tuple[str, str]:
        """What no other route has."""
        return self.name, self.part


class Verdict(StrEnum):
    """What happened to a router."""

    TAKES = "takes"
    TIED = "tied"
    """It matches, and has the same rank as the one that takes the request: chance decides between them."""

    OUTRANKED = "outranked"
    ELSEWHERE = "elsewhere"
    """It matches, and listens on other entry points only, or with TLS where the request has none, or without."""

    DISABLED = "disabled"
    BESIDE = "beside"
    """It matches, and stands beside a router of another provider, which takes the request."""

    REFUSED = "refused"
    """It matches, and no edge serves it."""

    NEARLY = "nearly"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A router that matched, or nearly did: `behind` is by how much its rank is lower than the winner's."""

    route: Route
    verdict: Verdict
    why: str
    behind: int | None = None
    failures: Sequence[Mismatch] = ()


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

    @property
    def refused(self) -> list[Candidate]:
        """The routers that would take the request if an edge served them."""
        return [candidate for candidate in self.candidates if candidate.verdict is Verdict.REFUSED]


class Routes:
    """Routers, found by the hosts that they are for. Never changed: `replaced` makes others, which share what stays."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_name: dict[str, tuple[Route, ...]] = {}
        # Each list is in order of rank.
        self._by_host: dict[str, list[Route]] = {}
        self._elsewhere: list[Route] = []
        for route in sorted(routes, key=_rank):
            self._by_name[route.name] = (*self._by_name.get(route.name, ()), route)
            for place in self._places(route):
                place.append(route)

    def replaced(self, changed: Mapping[str, Sequence[Route]]) -> "Routes":
        """Return the routers with the routes of these set, or taken out where there are none."""
        made = Routes(())
        made._by_name = dict(self._by_name)
        made._by_host = dict(self._by_host)
        made._elsewhere = list(self._elsewhere)
        for name, routes in changed.items():
            made._remove(name)
            made._add(name, routes)
        return made

    def _remove(self, name: str) -> None:
        for before in self._by_name.pop(name, ()):
            keys = hosts.keys(before.rule.condition)
            if keys is None:
                self._elsewhere = [other for other in self._elsewhere if other.name != name]
            for key in keys or ():
                self._by_host[key] = [other for other in self._by_host[key] if other.name != name]

    def _add(self, name: str, routes: Sequence[Route]) -> None:
        if routes:
            self._by_name[name] = tuple(sorted(routes, key=_rank))
        for route in routes:
            for key in hosts.keys(route.rule.condition) or ():
                self._by_host[key] = list(self._by_host.get(key, ()))
            for place in self._places(route):
                insort(place, route, key=_rank)

    def _places(self, route: Route) -> list[list[Route]]:
        """Return the lists in which a router has to be."""
        keys = hosts.keys(route.rule.condition)
        return [self._elsewhere] if keys is None else [self._by_host.setdefault(key, []) for key in keys]

    def of_router(self, name: str) -> Sequence[Route]:
        """Return the routes of a router, the highest rank first: none if it is not there."""
        return self._by_name.get(name, ())

    def __iter__(self) -> Iterator[Route]:
        """Give all routes, the highest rank first, and by name among equals."""
        return iter(sorted(chain.from_iterable(self._by_name.values()), key=_rank))

    @property
    def unsorted(self) -> Iterator[Route]:
        """All routes, in no order."""
        return chain.from_iterable(self._by_name.values())

    def of_host(self, host: str) -> list[Route]:
        """Return the routes that are for a host and for no other than are told by the rule."""
        exact, wildcard = map(self.of_key, hosts.asked_keys(host))
        if not exact or not wildcard:
            return list(exact or wildcard)
        return list({route.key: route for route in [*exact, *wildcard]}.values())

    def of_key(self, key: str) -> Sequence[Route]:
        """Return the routes that stand under a key of `hosts`, the highest rank first."""
        return self._by_host.get(key, ())

    @property
    def of_any_host(self) -> Sequence[Route]:
        """The routes whose rule does not tell the hosts."""
        return self._elsewhere

    def able(self, request: Request, entry_point: str = "web", own: Sequence[Route] = ()) -> list[Route]:
        """Return the routers that match a request and listen there, the one that takes it first.

        `own` are those that an edge has by its static configuration.
        """
        return _able(self._matching(request, own), request, entry_point)

    def explain(
        self,
        request: Request,
        entry_point: str = "web",
        refused: Mapping[str, str] = MappingProxyType({}),
        own: Sequence[Route] = (),
    ) -> Explanation:
        """Tell who takes a request, and what became of the others that are near it.

        `refused` are routers that no edge serves, each with why: they take nothing. `own` are those that an edge has
        by its static configuration.
        """
        matching = self._matching(request, own)
        able = [route for route in _able(matching, request, entry_point) if route.name not in refused]
        out = [route for route in _able(matching, request, entry_point) if route.name in refused]
        taken = {route.name for route in [*able, *out]}
        unable = _once(
            route
            for route in matching
            if route.name not in taken and (not route.enabled or not route.hears(request, entry_point))
        )
        candidates = [
            *(_of_able(route, able[0]) for route in able[:MATCHED]),
            *(_of_refused(route, refused[route.name]) for route in out[:MATCHED]),
            *(_of_unable(route, request, entry_point) for route in unable[:MATCHED]),
            *self._nearly(request, self.of_host(request.host), {route.name for route in matching}),
        ]
        told = [refused[route.name] for route in out[:1]]
        other = _why_other(able[0], entry_point) if able else None
        why = other or _why(able, _where(unable, request, entry_point), out[:1], told)
        return Explanation(able[0] if able else None, why, candidates, len(able))

    def _matching(self, request: Request, own: Sequence[Route]) -> list[Route]:
        near = self.of_host(request.host)
        return sorted((route for route in [*near, *self._elsewhere, *own] if route.rule.matches(request)), key=_rank)

    def _nearly(self, request: Request, near: Sequence[Route], matching: Collection[str]) -> list[Candidate]:
        """Return those of the host, and of related hosts, that something kept away, and others with one that is met."""
        looked_at = {route.key: (route, 1) for route in self._elsewhere[:_LOOKED_AT]}
        for host in hosts.related(request.host):
            looked_at |= {route.key: (route, 0) for route in self.of_host(host)[:_LOOKED_AT]}
        looked_at |= {route.key: (route, 0) for route in near[:_LOOKED_AT]}
        found: dict[str, tuple[int, Route, Sequence[Mismatch]]] = {}
        for route, least in sorted(looked_at.values(), key=lambda each: _rank(each[0])):
            failures, met = ((), -1) if route.name in matching else route.rule.condition.way(request)
            if met >= least and (route.name not in found or len(failures) < found[route.name][0]):
                found[route.name] = (len(failures), route, failures)
        return [
            Candidate(route, Verdict.NEARLY, _why_not(failures), failures=failures)
            for _count, route, failures in nsmallest(NEARLY, found.values(), key=lambda each: (each[0], _rank(each[1])))
        ]


def _able(matching: Iterable[Route], request: Request, entry_point: str) -> list[Route]:
    return _once(route for route in matching if route.enabled and route.hears(request, entry_point))


def _where(unable: Iterable[Route], request: Request, entry_point: str) -> str:
    """Say where a request comes in: with TLS or without, where that keeps routers from it."""
    if not any(route.enabled and entry_point in route.entry_points for route in unable):
        return entry_point
    if request.secure:
        return Message("{entry_point} over TLS", entry_point=entry_point)
    return Message("{entry_point} without TLS", entry_point=entry_point)


def _once(routes: Iterable[Route]) -> list[Route]:
    """Return the first route of each router."""
    found: dict[str, Route] = {}
    for route in routes:
        found.setdefault(route.name, route)
    return list(found.values())


def _rank(route: Route) -> tuple[int, str, str]:
    return -route.priority, route.name, route.part


def _of_able(route: Route, winner: Route) -> Candidate:
    behind = winner.priority - route.priority
    if route.beside:
        return Candidate(route, Verdict.BESIDE, _words_of_beside(route), behind)
    if route is winner:
        return Candidate(
            route,
            Verdict.TAKES,
            Message("it matches, and has the highest priority, {priority}", priority=route.priority),
            0,
        )
    if not behind:
        why = Message("it matches, and has the same priority as {winner}: which one wins is random", winner=winner.name)
        return Candidate(route, Verdict.TIED, why, 0)
    why = Message(
        "it matches, but its priority {priority} is {behind} lower than that of {winner}",
        priority=route.priority,
        behind=behind,
        winner=winner.taker,
    )
    return Candidate(route, Verdict.OUTRANKED, why, behind)


def _of_refused(route: Route, why: str) -> Candidate:
    return Candidate(route, Verdict.REFUSED, Message("it matches, but takes no requests: {why}", why=why))


def _of_unable(route: Route, request: Request, entry_point: str) -> Candidate:
    if not route.enabled:
        return Candidate(route, Verdict.DISABLED, Message("it would match, but is disabled"))
    if entry_point in route.entry_points:
        return Candidate(route, Verdict.ELSEWHERE, _words_of_tls(request, entry_point))
    listens = ", ".join(route.entry_points)
    why = Message(
        "it would match, but listens on {listens}, not on {entry_point}", listens=listens, entry_point=entry_point
    )
    return Candidate(route, Verdict.ELSEWHERE, why)


def _words_of_tls(request: Request, entry_point: str) -> Message:
    if request.secure:
        return Message(
            "it would match, but the request comes over TLS, and the router has none (as far as is known, "
            "{entry_point} adds none either)",
            entry_point=entry_point,
        )
    return Message("it would match, but the router has TLS, and the request comes without it")


def _words_of_beside(route: Route) -> Message:
    return Message(
        "{router} matches, and stands beside {other}, which takes its requests", router=route.name, other=route.beside
    )


def _why_other(route: Route, where: str) -> Message | None:
    """Say why a router takes a request that is not ours, if it is none."""
    if route.to and route.priority > HIGHEST_PRIORITY:
        return Message(
            "{where} redirects everything to {to}: that is in Traefik's static configuration (http.redirections)",
            where=where,
            to=route.to,
        )
    if route.to:
        return Message(
            "{where} redirects to {to} what no router with a priority above {priority} takes: that is in Traefik's "
            "static configuration (http.redirections)",
            where=where,
            to=route.to,
            priority=route.priority,
        )
    return _words_of_beside(route) if route.beside else None


def _why(able: Sequence[Route], where: str, out: Sequence[Route], told: Sequence[str]) -> str:
    """Say why; `where` the request comes in.

    `out` is the first router that would take the request if an edge served it, `told` why none does.
    """
    if out and not able:
        return Message(
            "{router} matches, but {why}; no other router on {entry_point} matches: Traefik answers 404",
            router=out[0].name,
            why=told[0],
            entry_point=where,
        )
    if out:
        return Message(
            "it matches, and {router}, which has a higher priority, takes no requests: {why}",
            router=out[0].name,
            why=told[0],
        )
    if not able:
        return Message("no router on {entry_point} matches: Traefik answers 404", entry_point=where)
    winner, *others = able
    tied = [route.name for route in others if route.priority == winner.priority]
    if tied:
        names = ", ".join([winner.name, *tied[:MATCHED]])
        return Message(
            "{names} match with the same priority {priority}: Traefik picks one at random whenever it reloads",
            names=names,
            priority=winner.priority,
        )
    if others:
        ahead = winner.priority - others[0].priority
        return Message(
            "it matches, and its priority {priority} is {ahead} higher than that of the next, {name}",
            priority=winner.priority,
            ahead=ahead,
            name=others[0].taker,
        )
    return Message("it matches, and no other router does")


def _why_not(failures: Sequence[Mismatch]) -> str:
    told = [Message("it requires {wanted}, not {got}", wanted=failure.wanted, got=failure.got) for failure in failures]
    return reduce(lambda one, other: Message("{one}; {other}", one=one, other=other), told)
