"""Routers of a document among all others: at the ranks that they had, or beside those of other providers. Pure."""

from collections.abc import Mapping

from provider.imports.objects import Key, ReadObject
from provider.imports.ranks import Ranked, fitted, settle
from provider.imports.routers import priority_place, refuse_priority
from provider.imports.standing import BesideState
from provider.nouns import Router
from provider.nouns.tcp_router import TCPRouter


def settled(objects: Mapping[Key, ReadObject], lost: set[Key]) -> dict[str, Router]:
    """Return the routers that are held, by name. One that cannot have its rank here is lost as well."""
    held = {key: each.item for key, each in objects.items() if isinstance(each.item, Ranked)}
    fitting = fitted({each.router.name: each for key, each in held.items() if key not in lost})
    for key, each in held.items():
        rank = fitting[each.router.name].rank if each.router.name in fitting else each.rank
        if rank != each.rank:
            part = priority_place(objects[key].part)
            part.change(f"its priority {each.rank} becomes {rank:,}: its place among the others stays")
    routers = settle(fitting)
    for key, each in held.items():
        if key not in lost and each.router.name not in routers:
            refuse_priority(objects[key].part)
            lost.add(key)
    return routers


def stand(beside: BesideState, objects: Mapping[Key, ReadObject], routers: dict[str, Router], lost: set[Key]) -> None:
    """Place the routers that are held beside the others. One that cannot be is lost as well."""
    for key, each in objects.items():
        placed: Router | TCPRouter | None = None
        if isinstance(each.item, Ranked) and each.name in routers:
            placed = beside.placed(routers[each.name], each.full, each.item.rank, each.part)
            if placed is not None:
                routers[each.name] = placed
        elif isinstance(each.item, TCPRouter):
            each.item = placed = beside.placed(each.item, each.full, each.item.rank, each.part)
        else:
            continue
        if placed is None:
            routers.pop(each.name, None)
            lost.add(key)
