"""Routers of a document among all others: at the ranks that they had, or beside those of other providers. Pure.

What there is here keeps its name, and nothing that routers of one's own lead to is changed.
"""

from collections.abc import Collection, Mapping
from typing import Final, TypeVar

from provider.declarations import Declaration
from provider.errors import Invalid
from provider.imports.findings import Cause
from provider.imports.objects import Key, ReadObject
from provider.imports.pieces import Piece
from provider.imports.ranks import Ranked, fitted, settle
from provider.imports.routers import priority_place, refuse_priority
from provider.nouns import NOUNS, Named, Noun, Router
from provider.nouns.beside import BesideOther, TCPBesideOther, beside_of
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.udp_router import UDPRouter
from provider.nouns.udp_service import UDPService

R = TypeVar("R", Router, TCPRouter)

STANDING: Final = (Router.kind, TCPRouter.kind)
"""The kinds of routers that can stand beside others: those of UDP have no rank."""

UNRANKED: Final = (UDPRouter.kind, UDPService.kind)
NO_RANK: Final = (
    "if an entry point has several UDP routers, only the last by name gets packets: none can stand beside it"
)


class BesideState:
    """A state in which routers shall stand beside those of other providers, without their requests."""

    def __init__(self, state: Declaration) -> None:
        self._state = state
        self._own = _led_to(state)
        self._beside: dict[str, dict[str, Noun]] = {kind: {} for kind in STANDING}
        for kind, known in self._beside.items():
            for item in state.objects[kind].values():
                if (found := beside_of(item)) is not None:
                    known[found.router] = item

    def names(self, kind: str) -> tuple[Mapping[str, str], Collection[str]]:
        """Return the names here of routers of other providers, by theirs, and those that stand for something else."""
        if kind in STANDING:
            known = {full: item.name for full, item in self._beside[kind].items()}
            return known, self._state.objects[kind].keys() - {*known.values()}
        return {}, {name for found, name in self._own if found == kind}

    def placed(self, router: R, full: str, rank: int, part: Piece) -> R | None:
        """Return a router beside the one of this full name, which has this rank; None, and refused, where it cannot be.

        One that is there already, and was adopted, stays so.
        """
        known = self._beside[router.kind].get(full)
        former = None if known is None else beside_of(known)
        if former is not None and former.adopted:
            return router.copy(beside=former)
        model = TCPBesideOther if router.kind == TCPRouter.kind else BesideOther
        try:
            return router.copy(beside=model.read({"router": full, "rank": rank}))
        except Invalid as error:
            for wrong in error.fields:
                part.refuse(f"nothing can stand beside it: {wrong.detail}", Cause.OURS, wrong.code)
            return None


def _led_to(state: Declaration) -> set[Named]:
    """Return all that routers lead to which stand by themselves."""
    found: set[Named] = set()
    waiting: list[Noun] = [
        item
        for kind, noun in NOUNS.items()
        if noun.takes_in()
        for item in state.objects[kind].values()
        if kind not in STANDING or beside_of(item) is None
    ]
    while waiting:
        for use in waiting.pop().uses():
            key = use.kind, use.name
            if key not in found and (item := state.find(*key)) is not None:
                found.add(key)
                waiting.append(item)
    return found


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
