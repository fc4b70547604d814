"""Routers of other providers beside which routers here stand: who is in the way, and what has changed there. Pure.

An adopted router ranks one above the other, so that the order among all third ones stays. Where one of those has just
that rank, and could match the same requests, it stays the first: the adopted one spares what it matches.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from provider import configuration, rules
from provider.findings import Finding
from provider.inventory import Inventory
from provider.messages import Message, shown
from provider.models import Conflict
from provider.nouns import Named, Noun, Router
from provider.nouns.beside import BesideOther, beside_of
from provider.nouns.tcp_router import TCPRouter
from provider.ranking import Routes
from provider.rules import BadRule, Rule, hosts
from provider.rules.conditions import all_of
from provider.rules.implications import find_shared, is_apart
from provider.rules.tcp import parse_tcp
from provider.surroundings import ForeignRouter, ForeignRouters, KnownEdges

KINDS: Final = (Router.kind, TCPRouter.kind)
"""The kinds of routers that can stand beside others."""

_RULE_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Rival:
    """A router that may match the same requests as another; one without entry points listens everywhere."""

    name: str
    rank: int
    rule: Rule
    entry_points: Sequence[str]


def told(edges: KnownEdges) -> list[ForeignRouters]:
    """Return the routers of other providers, of each edge of which they are known."""
    return [edge.routers for _name, edge in sorted(edges.items()) if edge.routers is not None]


def others_of(edges: KnownEdges, kind: str, name: str) -> list[ForeignRouter]:
    """Return the router of a name of another provider, as each edge has it that has it."""
    return [found for routers in told(edges) if (found := routers.get(kind, {}).get(name)) is not None]


def is_gone(edges: KnownEdges, kind: str, name: str) -> bool:
    """Tell whether no edge has it any more. False where no edge's API tells."""
    return bool(told(edges)) and not others_of(edges, kind, name)


def is_unread(edges: KnownEdges) -> bool:
    """Tell whether an edge whose API is read has not said yet which routers of other providers it serves."""
    return any(edge.routers is None and (edge.others is not None or edge.entry_points) for edge in edges.values())


def find_rank(edges: KnownEdges, kind: str, beside: BesideOther) -> int | None:
    """Return the rank of the router beside which another stands: as the edges have it now, or as it was."""
    found = others_of(edges, kind, beside.router)
    return max((each.rank for each in found), default=beside.rank)


def foreign_rivals(edges: KnownEdges, kind: str) -> Iterator[Rival]:
    """Give the routers of other providers."""
    for routers in told(edges):
        for name, other in routers.get(kind, {}).items():
            try:
                yield Rival(name, other.rank, _read(kind, other.rule), other.entry_points)
            except BadRule:
                continue


def own_rivals(kind: str, routes: Routes, inventory: Inventory) -> Iterator[Rival]:
    """Give the routers here, as Traefik has them."""
    if kind == Router.kind:
        for route in routes.unsorted:
            if route.enabled:
                yield Rival(route.name, route.priority, route.rule, route.entry_points)
    else:
        yield from (as_rival(item) for item in inventory.having(kind, b"") if isinstance(item, TCPRouter))


def as_rival(item: Noun) -> Rival:
    """Return a router that stands beside another, or one of TCP, as Traefik has it but for what it spares."""
    beside = beside_of(item)
    rank = item.rank if isinstance(item, TCPRouter) else beside.priority if beside is not None else 0
    return Rival(item.name, rank, _read(item.kind, _rule_of(item)), vars(item)["entry_points"] or ())


def find_spared(own: Rival, rivals: Iterable[Rival]) -> list[str]:
    """Return the rules of those that have just the rank of an adopted router, and may match the same."""
    return sorted({str(each.rule.condition) for each in rivals if each.rank == own.rank and _may_meet(own, each)})


def _may_meet(one: Rival, other: Rival) -> bool:
    if one.entry_points and other.entry_points and not set(one.entry_points) & set(other.entry_points):
        return False
    mine, theirs = one.rule.condition, other.rule.condition
    asked = [keys for keys in (hosts.keys(mine), hosts.keys(theirs)) if keys and not any("*" in key for key in keys)]
    if len(asked) == 2 and asked[0].isdisjoint(asked[1]):
        return False
    return not is_apart(mine, theirs)


def find_changed(inventory: Inventory, edges: KnownEdges, about: Collection[Named] | None = None) -> Iterator[Finding]:
    """Find routers that stand beside others which are not what they were: of all, or of some."""
    for kind in KINDS if told(edges) else ():
        for item in inventory.beside(kind):
            beside = beside_of(item)
            if beside is not None and (about is None or (kind, item.name) in about):
                yield from _changed_of(item, beside, edges)


def _changed_of(item: Noun, beside: BesideOther, edges: KnownEdges) -> Iterator[Finding]:
    objects, named = ((item.kind, item.name),), {"other": beside.router, "router": item.name}
    if is_gone(edges, item.kind, beside.router):
        yield Finding(Conflict.OTHER_GONE, objects, _words_of_gone(beside, named["router"]))
    for name, edge in sorted(edges.items()):
        other = (edge.routers or {}).get(item.kind, {}).get(beside.router)
        if other is None:
            continue
        if beside.adopted and other.rank >= beside.priority:
            detail = Message(
                "{other} now has the priority {rank} on edge {edge}, and takes the requests of {router}, which was "
                "adopted at {own}: adopt it again",
                edge=name,
                rank=other.rank,
                own=beside.priority,
                **named,
            )
            yield Finding(Conflict.OTHER_HIGHER, objects, detail)
        if _differs(item, beside, other.rule):
            rule = shown(other.rule)[:_RULE_SHOWN]
            detail = Message(
                "on edge {edge}, {other} has a different rule from {router} here: {rule}", edge=name, rule=rule, **named
            )
            yield Finding(Conflict.OTHER_RULE, objects, detail)


def _words_of_gone(beside: BesideOther, router: str) -> Message:
    if beside.adopted:
        return Message(
            "no edge has {other} any more: {router} takes its requests, and can be adopted for good",
            other=beside.router,
            router=router,
        )
    return Message(
        "no edge has {other} any more: {router}, which stood beside it, only gets what no other router takes",
        other=beside.router,
        router=router,
    )


def _differs(item: Noun, beside: BesideOther, text: str) -> bool:
    """Tell whether a router surely matches what a rule does not, or the other way round, but for what it spares."""
    try:
        spared = [_read(item.kind, each).condition.inverted() for each in beside.spared]
        own, other = (all_of([_read(item.kind, each).condition, *spared]) for each in (_rule_of(item), text))
    except BadRule:
        return False
    return any(find_shared(one, two.inverted()) is not None for one, two in ((own, other), (other, own)))


def _rule_of(item: Noun) -> str:
    return configuration.rule(item) if isinstance(item, Router) else str(vars(item)["rule"])


def _read(kind: str, rule: str) -> Rule:
    return parse_tcp(rule) if kind == TCPRouter.kind else rules.read(rule)
