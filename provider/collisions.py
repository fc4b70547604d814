"""Collisions: routers whose rules stand in one another's way, pair by pair. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import chain, islice
from typing import Final, TypeVar

from provider import rules
from provider.findings import MOST_NAMED, Finding, PairFinding
from provider.messages import Message, listed, template
from provider.models import Conflict
from provider.ranking import Route, Routes
from provider.rivals import COMPARED_EACH, find_near, list_above, list_highest, list_mixed, list_ranked, list_tied
from provider.rules.conditions import Condition
from provider.rules.effort import Effort
from provider.rules.implications import find_shared, implies

T = TypeVar("T")

_COMPARED: Final = 20_000
"""How many pairs of routers are compared at most for each kind of conflict, the highest ranks first."""

STEPS: Final = 300_000
"""How many steps may be made for all conflicts together: see `effort`. Then it is said that not all was compared."""

_EASY: Final = 100
"""Up to so many pairs of matchers two rules are easy to compare, and come before harder ones."""

_EVERYTHING: Final = ("PathPrefix(`/`)", *(f"HostRegexp(`{each}`)" for each in (".+", ".*", "^.+$", "^.*$")))
"""What people write for all that no other router takes."""

_ONE_RULE: Final = template(
    "{names} have the same rule and the same priority {rank} on {where}: which one wins is random"
)
_TAKING_FROM: Final = template(
    "{ruled} takes requests that {names} match too, such as {asked} on {where}: the priority of {ruled} is the length "
    "of its rule ({rule_rank}), the others' follow from their domains and path prefixes"
)
_TAKEN_FROM: Final = template(
    "{names} take requests that {ruled} matches too, such as {asked} on {where}: the priority of {ruled} is the length "
    "of its rule ({rule_rank}), the others' follow from their domains and path prefixes"
)


def find_among(routes: Routes, effort: Effort) -> list[Finding]:
    """Find the conflicts of routers with one another."""
    drawn: Sequence[tuple[Iterator[tuple[Route, Route]], Callable[[Route, Route, Effort], Finding | None]]] = (
        (list_tied(routes), _tie),
        (list_ranked(routes), partial(_hiding, routes, set())),
        (list_mixed(routes), _meeting),
    )
    return _compare([(*pair, look) for pairs, look in drawn for pair in islice(pairs, _COMPARED)], effort)


def _compare(
    pairs: Sequence[tuple[Route, Route, Callable[[Route, Route, Effort], T | None]]], effort: Effort
) -> list[T]:
    """Look at pairs, the easy ones first, until the effort is spent; what is found is in their order."""

    def cost(index: int) -> int:
        one, other, _look = pairs[index]
        return max(_EASY, effort.weight(one.rule.condition) * effort.weight(other.rule.condition))

    found: dict[int, T] = {}
    for index in sorted(range(len(pairs)), key=cost):
        if effort.is_spent:
            break
        one, other, look = pairs[index]
        if (told := look(one, other, effort)) is not None:
            found[index] = told
    return [found[index] for index in sorted(found)]


def find_between(routes: Routes, names: Collection[str], effort: Effort) -> list[Finding]:
    """Find the conflicts of some routers with others, pair by pair; of what hides a router, the highest rank."""

    def look(one: Route, other: Route, effort: Effort) -> list[Finding]:
        # All that Traefik has of both: a router is hidden only if all of it is.
        both = (*routes.of_router(one.name), *routes.of_router(other.name))
        effort.spend(sum(effort.weight(route.rule.condition) for route in both))
        return find_among(Routes(both), effort)

    highest = cache(partial(list_highest, routes))
    own = [route for name in sorted(names) for route in routes.of_router(name) if not route.beside]
    pairs = [(route, other, look) for route in own for other in find_near(routes, route, highest)]
    found: dict[tuple[Conflict, object], Finding] = {}
    for one in chain.from_iterable(_compare(pairs, effort)):
        key = one.objects[0] if one.conflict is Conflict.HIDDEN else one.objects
        found.setdefault((one.conflict, key), one)
    return list(found.values())


def _tie(one: Route, other: Route, effort: Effort) -> Finding | None:
    """Tell that two routers of one rank match the same request: Traefik takes any of them."""
    shared = one.shared_places(other)
    if not shared:
        return None
    objects = (("router", one.name), ("router", other.name))
    told = {"rank": one.priority, "where": ", ".join(shared)}
    names = (one.name, other.name)
    effort.spend(effort.weight(one.rule.condition))
    if one.rule.condition == other.rule.condition:
        same = (repr(one.rule.condition), *told.values())
        detail = Message(_ONE_RULE, **told, names=listed(names, MOST_NAMED))
        return PairFinding(Conflict.SAME_RULE, objects, detail, same, names, _ONE_RULE, told)
    request = find_shared(one.rule.condition, other.rule.condition, effort)
    if request is None:
        return None
    asked = f"{request.method} {request.host}{request.path}"
    detail = Message(
        "{one} and {other} have the same priority {rank} on {where}, and both match {asked}: which one wins is random",
        **told,
        one=one.name,
        other=other.name,
        asked=asked,
    )
    return Finding(Conflict.SAME_RANK, objects, detail)


def _hiding(routes: Routes, hidden: set[tuple[str, str]], route: Route, other: Route, effort: Effort) -> Finding | None:
    """Tell that a router never takes a request, since another that ranks higher matches all of its.

    `hidden` are the keys of those that are, and gets more of them.
    """
    if route.key in hidden or not _takes_all(other, route, effort):
        return None
    hidden.add(route.key)
    if not all(part.key in hidden for part in routes.of_router(route.name)):
        return None
    detail = Message(
        "{one} never takes a request: {other} matches everything it does and has a higher priority, {above} to {below}",
        one=route.name,
        other=other.name,
        above=other.priority,
        below=route.priority,
    )
    return Finding(Conflict.HIDDEN, (("router", route.name), ("router", other.name)), detail)


def find_hidden(routes: Routes, names: Iterable[str], refused: Collection[str] = ()) -> dict[str, str]:
    """Find which of these routers never take a request, each with the router that takes all of them in its place.

    `refused` are routers that no edge serves: they hide none.
    """
    effort = Effort(STEPS)
    own = {name: [route for route in routes.of_router(name) if route.takes] for name in names}
    found: dict[str, str] = {}
    # The easy ones first, so that a hard one costs the others nothing.
    for name in sorted(own, key=lambda name: sum(effort.weight(route.rule.condition) for route in own[name])):
        hiding = [_find_hiding(routes, route, refused, effort) for route in own[name]]
        if hiding and hiding[0] is not None and None not in hiding:
            found[name] = hiding[0]
    return found


def _find_hiding(routes: Routes, route: Route, refused: Collection[str], effort: Effort) -> str | None:
    above = islice(list_above(routes, route), COMPARED_EACH)
    able = (
        other.name
        for other in above
        if other.name != route.name and other.name not in refused and _hides(other, route, effort)
    )
    return next(able, None)


def _hides(other: Route, route: Route, effort: Effort) -> bool:
    return not effort.is_spent and _takes_all(other, route, effort)


def _takes_all(other: Route, route: Route, effort: Effort) -> bool:
    """Tell whether a router matches everything that another does, wherever that listens."""
    return route.is_within(other) and implies(route.rule.condition, other.rule.condition, effort)


@cache
def _everything() -> Collection[Condition]:
    """Return the conditions of `_EVERYTHING`. The library that reads regular expressions is loaded for them."""
    return [rules.read(text).condition for text in _EVERYTHING]


def _meeting(route: Route, other: Route, effort: Effort) -> Finding | None:
    """Tell that a router ranked by its rule's length shares requests with one ranked by its domains and prefix.

    Where one of them matches only requests that the other does too, and takes them, that is what people mean by
    it, and is not told.
    """
    shared = route.shared_places(other)
    if not shared or route.priority == other.priority:
        return None
    winner, loser = (route, other) if route.priority > other.priority else (other, route)
    if loser.rule.condition in _everything():
        return None
    if _takes_all(loser, winner, effort) or _takes_all(winner, loser, effort):
        return None
    request = find_shared(route.rule.condition, other.rule.condition, effort)
    if request is None:
        return None
    told = {
        "ruled": route.name,
        "rule_rank": route.priority,
        "asked": f"{request.method} {request.host}{request.path}",
        "where": ", ".join(shared),
    }
    detail = Message(
        "{winner} takes {asked} on {where}, which {loser} matches too: the priority of {ruled} is the length "
        "of its rule ({rule_rank}), that of {plain} follows from its domains and path prefix ({plain_rank})",
        **told,
        winner=winner.name,
        loser=loser.name,
        plain=other.name,
        plain_rank=other.priority,
    )
    objects = (("router", winner.name), ("router", loser.name))
    several = _TAKING_FROM if winner is route else _TAKEN_FROM
    return PairFinding(Conflict.MIXED_RANKS, objects, detail, (route.name, several), (other.name,), several, told)
