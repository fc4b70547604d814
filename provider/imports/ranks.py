"""The ranks of routers that are taken over: who takes a request stays as it was. Pure.

Traefik ranks a router without a priority by the length of its rule; one that is held here with domains and a
path prefix is ranked by these. Where that would let another router go first, the rank that it had is set.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from provider import configuration, rules
from provider.listening import Listening
from provider.nouns import Router
from provider.nouns.router import HIGHEST_PRIORITY
from provider.rules import hosts

_COMPARED_EACH: Final = 500
"""With how many others of one host a router is compared. It keeps the rank that it had if there are more."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A router as it was read, and the rank that it had."""

    router: Router
    rank: int


def fitted(read: Mapping[str, Ranked]) -> dict[str, Ranked]:
    """Return routers with ranks that can be set here. Those beyond keep their order, and go next to the end.

    One that has no place there, between others that stay, keeps the rank that it had.
    """
    ranks = {each.rank for each in read.values()}
    high = sorted((rank for rank in ranks if rank > HIGHEST_PRIORITY), reverse=True)
    low = sorted(rank for rank in ranks if rank < -HIGHEST_PRIORITY)
    places = {
        **{rank: HIGHEST_PRIORITY - index for index, rank in enumerate(high)},
        **{rank: index - HIGHEST_PRIORITY for index, rank in enumerate(low)},
    }
    if ranks & {*places.values()}:
        return dict(read)
    return {name: each if each.rank not in places else _placed(each, places[each.rank]) for name, each in read.items()}


def _placed(read: Ranked, rank: int) -> Ranked:
    return Ranked(Router.read({**read.router.json(), "priority": rank}), rank)


def settle(read: Mapping[str, Ranked]) -> dict[str, Router]:
    """Return the routers, by name, with a priority where one goes first only with it.

    One whose priority cannot be set here is not among them.
    """
    ranks = {name: _rank_here(each.router) if _is_free(each.router) else each.rank for name, each in read.items()}
    kept = {name for name, each in read.items() if ranks[name] != each.rank}
    near = {name: list(others) for name, others in _near(read, kept)}
    todo = [name for name in kept if ranks[name] is None or len(near[name]) > _COMPARED_EACH]
    while todo or (todo := [name for name in kept if _goes_elsewhere(name, near[name], read, ranks)]):
        for name in todo:
            ranks[name] = read[name].rank
        kept.difference_update(todo)
        todo = []
    ranked = {name: _with_rank(each, ranks[name]) for name, each in read.items()}
    return {name: router for name, router in ranked.items() if router is not None}


def _is_free(router: Router) -> bool:
    return not router.priority and router.rule is None


def _rank_here(router: Router) -> int | None:
    """Return the rank that Traefik gives a router of ours, or None for one that has two there."""
    described = list(configuration.describe_router(router, Listening()).values())
    if len(described) > 1:
        return None
    return described[0].priority or len(described[0].rule.encode())


def _with_rank(read: Ranked, rank: int | None) -> Router | None:
    if rank == _rank_here(read.router):
        return read.router
    if abs(read.rank) > HIGHEST_PRIORITY:
        return None
    return Router.read({**read.router.json(), "priority": read.rank})


def _goes_elsewhere(name: str, near: list[str], read: Mapping[str, Ranked], ranks: Mapping[str, int | None]) -> bool:
    """Tell whether a router goes before or after another, or as they come, otherwise than it did."""
    own, was = ranks[name], read[name].rank
    for other in near:
        rank = ranks[other]
        if own is not None and rank is not None and _order(own, rank) != _order(was, read[other].rank):
            return True
    return False


def _order(one: int, other: int) -> int:
    return (one > other) - (one < other)


def _near(read: Mapping[str, Ranked], names: set[str]) -> Iterator[tuple[str, set[str]]]:
    """Give for each of these the others that may match the same requests."""
    keys = {name: _keys(each.router) for name, each in read.items()}
    by_key: dict[str, set[str]] = {}
    for name, found in keys.items():
        for key in found or ():
            by_key.setdefault(key, set()).add(name)
            if not key.startswith("*"):
                by_key.setdefault(f"<{hosts.asked_keys(key)[1]}", set()).add(name)  # the exact hosts below a wildcard
    anywhere = {name for name, found in keys.items() if found is None}
    for name in names:
        own = keys[name]
        if own is None:
            yield name, set(read) - {name}
            continue
        others = set(anywhere)
        for key in own:
            asked = (key, f"<{key}") if key.startswith("*") else hosts.asked_keys(key)
            others.update(*(by_key.get(each, ()) for each in asked))
        yield name, others - {name}


def _keys(router: Router) -> frozenset[str] | None:
    if router.rule is None:
        return frozenset(router.ascii_domains) or None
    return hosts.keys(rules.read(router.rule).condition)
