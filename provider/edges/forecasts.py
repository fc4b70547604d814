"""Who takes a request on the edges that poll: what is desired, but for what an edge does not serve. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from provider.edges.standings import Standing, Standings
from provider.explanations import Explanation, explain
from provider.messages import Message
from provider.models import DeviationOutput
from provider.ranking import Route
from provider.rules import Request
from provider.views import Arrival, EdgeView, see


@dataclass(frozen=True, slots=True)
class Forecast:
    """Who takes a request. What no edge serves is out of the running; what some do not serve is told of those."""

    explanation: Explanation
    edges: Sequence[DeviationOutput] = ()
    is_polled: bool = True
    """Whether any edge polls; if none does, the explanation is of what one would do."""
    unknown: Sequence[str] = ()
    """The edges that poll, and of which nobody can tell what they run."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one edge does with a request, and what is amiss with the first router that would take it."""

    edge: str
    route: Route | None
    amiss: str | None
    is_refused: bool


def forecast(views: Sequence[EdgeView], request: Request, entry_point: str, edges: Sequence[Standings]) -> Forecast:
    """Tell who takes a request: on the first edge that polls, and on the others where they differ from it."""
    awaited = [edge for edge in edges if edge.awaited]
    sights = [see(views, edge.edge, entry_point) for edge in awaited]
    first = sights[0] if sights else Arrival(views[0].routes)
    alike = [edge for edge, sight in zip(awaited, sights, strict=True) if sight == first]
    able = first.able(request, entry_point)
    refused = _refused(able, alike, entry_point)
    explanation = explain(first.routes, request, entry_point, refused, first.own)
    told = explanation.route
    deviations = []
    for edge, sight in zip(awaited, sights, strict=True):
        is_alike = sight == first
        each = _take(edge, able if is_alike else sight.able(request, entry_point), entry_point)
        taker = None if each.route is None else each.route.taker
        if each.amiss is not None and (each.route is not told or not each.is_refused or not is_alike):
            deviations.append(DeviationOutput(edge=edge.edge, router=taker, why=_words(each)))
        elif not is_alike and taker != (None if told is None else told.taker):
            why = explain(sight.routes, request, entry_point, own=sight.own).why
            words = _words_of(edge.edge, taker, why)
            deviations.append(DeviationOutput(edge=edge.edge, router=taker, why=words))
    unknown = [edge.edge for edge in awaited if edge.is_unknown]
    return Forecast(explanation, deviations, bool(awaited), unknown)


def _refused(able: Sequence[Route], awaited: Sequence[Standings], entry_point: str) -> dict[str, str]:
    """Return the routers that take the request on no edge, each with why."""
    refused = {}
    for route in able:
        found = [_find(edge, route, entry_point) for edge in awaited]
        why = [standing.why for standing in found if standing is not None and standing.is_refused]
        if not awaited or len(why) < len(awaited):
            break  # what ranks lower does not take it anyway
        refused[route.name] = why[0]
    return refused


def _take(edge: Standings, able: Sequence[Route], entry_point: str) -> _Taken:
    first: Standing | None = None
    for route in able:
        found = _find(edge, route, entry_point)
        first = first or found
        if found is None or not found.is_refused:
            amiss = None if first is None else first.why
            return _Taken(edge.edge, route, amiss, is_refused=first is not None and first.is_refused)
    return _Taken(edge.edge, None, None if first is None else first.why, is_refused=first is not None)


def _find(edge: Standings, route: Route, entry_point: str) -> Standing | None:
    """Find what is amiss with a router for a request that comes in by an entry point.

    Nothing where the router of another provider takes it, or one that the edge has itself.
    """
    if route.beside or route.to:
        return None
    found = edge.find(route.name)
    return found if found is not None and found.is_refused else edge.find_missing(entry_point) or found


def _words(taken: _Taken) -> str:
    if not taken.is_refused or taken.amiss is None:
        return taken.amiss or ""
    if taken.route is None:
        return Message("{why}; no other router takes the request there, so the answer is 404", why=taken.amiss)
    return Message("{why}; {router} takes the request there", why=taken.amiss, router=taken.route.taker)


def _words_of(edge: str, taker: str | None, why: str) -> Message:
    """Say who takes a request on an edge whose entry points differ from those of others."""
    if taker is None:
        return Message("on the edge {edge}, {why}", edge=edge, why=why)
    return Message("on the edge {edge}, {router} takes it: {why}", edge=edge, router=taker, why=why)
