"""Rivals: which routers may get in one another's way, so that of all pairs only few are compared. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import chain, combinations, groupby, islice, product, takewhile
from typing import Final

from provider.ranking import Route, Routes
from provider.rules import hosts

_DRAWN: Final = 100_000
"""Among how many pairs routers are looked for of which one ranks by its rule and one by its domains."""

COMPARED_EACH: Final = 100
"""With how many others of no host a router is compared at most, the highest ranks first."""

_NEAR: Final = 1_000
"""Among how many routers conflicts are looked for with one that is for any host, the highest ranks first."""


def list_taking(routes: Iterable[Route]) -> Iterator[Route]:
    """Give those that take requests."""
    return (route for route in routes if route.takes)


def list_tied(routes: Routes) -> Iterator[tuple[Route, Route]]:
    """Give pairs of one rank that may match the same request."""
    groups = groupby(list_taking(routes), key=lambda route: route.priority)
    return (pair for _priority, group in groups for pair in _near_pairs(list(group)))


def _near_pairs(group: Sequence[Route]) -> Iterator[tuple[Route, Route]]:
    """Give pairs that may match the same request: of one host, of a host and its wildcard, or of any host."""
    by_key: dict[str, list[Route]] = {}
    anywhere = []
    for route in group:
        told = hosts.keys(route.rule.condition)
        for key in told or ():
            by_key.setdefault(key, []).append(route)
        if told is None:
            anywhere.append(route)
    seen: set[frozenset[str]] = set()
    for one, other in _drawn_pairs(group, by_key, anywhere):
        names = frozenset({one.name, other.name})
        if len(names) == 2 and names not in seen:
            seen.add(names)
            yield (one, other) if one.name < other.name else (other, one)


def _drawn_pairs(
    group: Sequence[Route], by_key: Mapping[str, Sequence[Route]], anywhere: Sequence[Route]
) -> Iterator[tuple[Route, Route]]:
    for key, bucket in by_key.items():
        yield from combinations(bucket, 2)
        yield from product(bucket, () if key.startswith("*") else by_key.get(f"*.{key.partition('.')[2]}", ()))
    yield from product(group, anywhere[:COMPARED_EACH])


def list_ranked(routes: Routes) -> Iterator[tuple[Route, Route]]:
    """Give routers, each with those that rank higher and may match all that it does."""
    pairs = ((route, other) for route in list_taking(routes) for other in list_above(routes, route))
    return ((route, other) for route, other in pairs if other.name != route.name)


def list_above(routes: Routes, route: Route) -> Iterator[Route]:
    """Give routers that rank higher and may match all that a router does: of one of its hosts, and of any host."""
    keys = hosts.keys(route.rule.condition)
    one = min(keys) if keys else None
    found = [] if one is None else [one] if one.startswith("*") else hosts.asked_keys(one)
    places = [*map(routes.of_key, found), routes.of_any_host[:COMPARED_EACH]]
    ranked = chain.from_iterable(takewhile(lambda other: other.priority > route.priority, place) for place in places)
    return (other for other in ranked if other.takes)


def list_mixed(routes: Routes) -> Iterator[tuple[Route, Route]]:
    """Give routers ranked by their rule's length with such near them as are ranked by their domains and prefix."""
    highest = cache(partial(list_highest, routes))
    ruled = (route for route in list_taking(routes) if route.priority == route.rule.priority and not route.is_plain)
    near = ((route, other) for route in ruled for other in find_near(routes, route, highest))
    return ((route, other) for route, other in islice(near, _DRAWN) if other.is_plain)


def list_highest(routes: Routes) -> list[Route]:
    """Return those of the highest ranks: with them a router for any host is compared."""
    return list(islice(routes, _NEAR))


def find_near(routes: Routes, route: Route, highest: Callable[[], Sequence[Route]]) -> list[Route]:
    """Return routers that may be in conflict with one: of its hosts and of any, of its rank, above and below it.

    `highest` gives those of the highest ranks: see `list_highest`. Only who is for many hosts is compared with them.
    """
    keys = set(hosts.keys(route.rule.condition) or ())
    is_wide = hosts.keys(route.rule.condition) is None or any(key.startswith("*") for key in keys)
    keys |= {f"*.{key.partition('.')[2]}" for key in keys if not key.startswith("*")}
    places: list[Iterable[Route]] = [*map(routes.of_key, sorted(keys)), routes.of_any_host]
    if is_wide:
        places.append(highest())
    found: dict[str, Route] = {}
    for place in places:
        left = dict.fromkeys((-1, 0, 1), COMPARED_EACH)
        for other in place:
            side = (other.priority > route.priority) - (other.priority < route.priority)
            if other.takes and other.name != route.name and left[side]:
                left[side] -= 1
                found[other.name] = other
    return list(found.values())
