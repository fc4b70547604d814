"""Explanations: which router takes a request and why, and what kept the others from it. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from heapq import nsmallest
from types import MappingProxyType
from typing import Final

from provider.messages import Message
from provider.nouns.router import HIGHEST_PRIORITY
from provider.ranking import Route, Routes, find_able, once, rank
from provider.rules import Mismatch, Request, hosts

MATCHED: Final = 100
"""How many routers that matched are told at most, those that rank highest."""

NEARLY: Final = 10
"""How many routers that nearly matched are told at most, those that came nearest."""

_LOOKED_AT: Final = 1_000
"""Among how many routers one that nearly matched is looked for, those of the host and that rank highest first."""


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


def explain(
    routes: Routes,
    request: Request,
    entry_point: str = "web",
    refused: Mapping[str, str] = MappingProxyType({}),
    own: Sequence[Route] = (),
) -> Explanation:
    """Tell who takes a request, and what became of the others that are near it.

    `refused` are routers that no edge serves, each with why: they take nothing. `own` are those that an edge has
    by its static configuration.
    """
    matching = routes.matching(request, own)
    able = [route for route in find_able(matching, request, entry_point) if route.name not in refused]
    out = [route for route in find_able(matching, request, entry_point) if route.name in refused]
    taken = {route.name for route in [*able, *out]}
    unable = once(
        route
        for route in matching
        if route.name not in taken and (not route.enabled or not route.hears(request, entry_point))
    )
    candidates = [
        *(_of_able(route, able[0]) for route in able[:MATCHED]),
        *(_of_refused(route, refused[route.name]) for route in out[:MATCHED]),
        *(_of_unable(route, request, entry_point) for route in unable[:MATCHED]),
        *_nearly(routes, request, {route.name for route in matching}),
    ]
    told = [refused[route.name] for route in out[:1]]
    other = _why_other(able[0], entry_point) if able else None
    why = other or _why(able, _where(unable, request, entry_point), out[:1], told)
    return Explanation(able[0] if able else None, why, candidates, len(able))


def _nearly(routes: Routes, request: Request, matching: Collection[str]) -> list[Candidate]:
    """Return those of the host, and of related hosts, that something kept away, and others with one that is met."""
    looked_at = {route.key: (route, 1) for route in routes.of_any_host[:_LOOKED_AT]}
    for host in hosts.related(request.host):
        looked_at |= {route.key: (route, 0) for route in routes.of_host(host)[:_LOOKED_AT]}
    looked_at |= {route.key: (route, 0) for route in routes.of_host(request.host)[:_LOOKED_AT]}
    found: dict[str, tuple[int, Route, Sequence[Mismatch]]] = {}
    for route, least in sorted(looked_at.values(), key=lambda each: rank(each[0])):
        failures, met = ((), -1) if route.name in matching else route.rule.condition.way(request)
        if met >= least and (route.name not in found or len(failures) < found[route.name][0]):
            found[route.name] = (len(failures), route, failures)
    return [
        Candidate(route, Verdict.NEARLY, _why_not(failures), failures=failures)
        for _count, route, failures in nsmallest(NEARLY, found.values(), key=lambda each: (each[0], rank(each[1])))
    ]


def _where(unable: Iterable[Route], request: Request, entry_point: str) -> str:
    """Say where a request comes in: with TLS or without, where that keeps routers from it."""
    if not any(route.enabled and entry_point in route.entry_points for route in unable):
        return entry_point
    if request.secure:
        return Message("{entry_point} over TLS", entry_point=entry_point)
    return Message("{entry_point} without TLS", entry_point=entry_point)


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
            "{where} redirects everything to {to}, as set in Traefik's static configuration (http.redirections)",
            where=where,
            to=route.to,
        )
    if route.to:
        return Message(
            "{where} redirects to {to} everything that no router with a priority above {priority} takes, as set in "
            "Traefik's static configuration (http.redirections)",
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
