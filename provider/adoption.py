"""Adopting: routers that stand beside those of other providers take over their requests, and give them back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from provider import neighbours
from provider.database.sessions import Session
from provider.errors import FieldError, Invalid, pointer
from provider.inventory import OfParts
from provider.late import Late
from provider.messages import Message, listed
from provider.models import Change
from provider.neighbours import KINDS, Rival
from provider.nouns import NOUNS, Named, Noun, Router, called
from provider.nouns.beside import BesideOther, beside_of
from provider.nouns.tcp_router import TCPRouter
from provider.parts import Parts
from provider.ranking import Routes
from provider.store import nouns, writes
from provider.summaries import Summarise
from provider.surroundings import KnownEdges

if TYPE_CHECKING:
    from provider.imports import ranks
else:
    ranks = Late("provider.imports.ranks")

_NAMED: Final = 3
_TOLD: Final = 10


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around the routers that are adopted: what the edges have of others, and all that is here."""

    edges: KnownEdges
    parts: Parts
    routes: Routes

    def rivals(self, kind: str, known: Collection[Named], adopted: Collection[str]) -> list[Rival]:
        """Return all that take requests but the routers that are `known`, and those from which such were adopted."""
        own = neighbours.own_rivals(kind, self.routes, OfParts(self.parts))
        foreign = neighbours.foreign_rivals(self.edges, kind)
        alone = (each for each in own if (kind, each.name) not in known)
        return [*alone, *(each for each in foreign if each.name not in adopted)]


@dataclass(frozen=True, slots=True)
class Adoption:
    """Who takes over, or gives back: routers by kind and name, or `every` one that stands beside another.

    With `for_good` those here stand by themselves from now on, since the others are gone.
    """

    adopts: bool
    named: Mapping[str, Sequence[str]] = field(default_factory=dict)
    every: bool = False
    for_good: bool = False

    def change(self, session: Session, around: Around) -> Sequence[Noun]:
        """Let them take over, or give back. Returns them as they were. Raises `Invalid`.

        The priorities and rules of all that were adopted before are brought in step with that.
        """
        known = {(kind, item.name): item for kind in KINDS for item in self._read(session, kind, around)}
        chosen = self._choose(known, around.edges)
        wanted = {**known, **{key: self._placed(known[key], around.edges) for key in chosen}}
        for kind in KINDS:
            beside = [item for (of, _name), item in wanted.items() if of == kind and beside_of(item) is not None]
            rivals = around.rivals(kind, known, _adopted(beside))
            if not neighbours.told(around.edges):
                rivals += map(_former, beside)  # as they were when they were imported
            for key in [key for key in wanted if key[0] == kind]:
                wanted[key] = _sparing(wanted[key], rivals)
            if self.for_good:
                alone = [key for key in chosen if key[0] == kind]
                wanted |= _settled(kind, {key: known[key] for key in alone}, wanted, rivals)
        for key, item in wanted.items():
            if item != known[key]:
                writes.put(session, item)
        return [known[key] for key in chosen]

    @property
    def says(self) -> Summarise:
        """What says in words what was done."""
        return partial(_summarise, self.adopts)

    def tell(self, chosen: Sequence[Noun]) -> list[Message]:
        """Say who takes the requests of whom from now on."""
        words = [self._words_of(item) for item in chosen[:_TOLD]]
        if len(chosen) > _TOLD:
            words.append(Message("and {count} more", count=len(chosen) - _TOLD))
        return words

    def _words_of(self, item: Noun) -> Message:
        beside = beside_of(item)
        told = {"router": item.name, "other": "" if beside is None else beside.router}
        if self.for_good:
            return Message("{router} is now an ordinary router, no longer beside {other}", **told)
        if self.adopts:
            return Message("{router} takes the requests of {other}", **told)
        return Message("{other} takes the requests of {router} again", **told)

    def _read(self, session: Session, kind: str, around: Around) -> list[Noun]:
        names = dict.fromkeys([*around.parts.section(kind).beside, *self.named.get(kind, ())])
        return [*nouns.find_all(session, NOUNS[kind], list(names))]

    def _choose(self, known: Mapping[Named, Noun], edges: KnownEdges) -> list[Named]:
        """Return who is meant. Raises `Invalid`."""
        if self.every:
            return [key for key, item in known.items() if self._is_meant(item, edges)]
        places = {
            (kind, name): pointer(NOUNS[kind].plural, index)
            for kind, names in self.named.items()
            for index, name in enumerate(names)
        }
        refused = {key: self._refusal(key, known, edges) for key in places}
        wrong = [FieldError(places[key], *refusal) for key, refusal in refused.items() if refusal is not None]
        if wrong:
            raise Invalid(wrong)
        return list(places)

    def _is_meant(self, item: Noun, edges: KnownEdges) -> bool:
        """Tell whether a router is among all, of which those are left as they are that cannot be meant."""
        beside = beside_of(item)
        key = item.kind, item.name
        if beside is None or self._refusal(key, {key: item}, edges) is not None:
            return False
        return self.for_good or self.adopts or beside.adopted

    def _refusal(self, key: Named, known: Mapping[Named, Noun], edges: KnownEdges) -> tuple[str, Message] | None:
        (kind, name), item = key, known.get(key)
        if item is None:
            return f"{kind}.unknown", _words_of_none(kind, name, known)
        beside = beside_of(item)
        if beside is None:
            told = {"kind": called(kind), "name": name}
            return "beside.none", Message("the {kind} {name} does not stand beside another provider's router", **told)
        return self._why_not_yet(name, kind, beside, edges)

    def _why_not_yet(self, name: str, kind: str, beside: BesideOther, edges: KnownEdges) -> tuple[str, Message] | None:
        """Say why that cannot be done to a router as the edges are now."""
        told, is_there = {"other": beside.router, "name": name}, neighbours.others_of(edges, kind, beside.router)
        if self.for_good and is_there:
            return "beside.there", Message("{other} is still there: remove it there first", **told)
        if self.for_good and neighbours.is_unread(edges):
            return "beside.unread", Message(
                "an edge has not reported yet whether {other} is gone: try again in a moment", **told
            )
        if not self.adopts and neighbours.is_gone(edges, kind, beside.router):
            return "beside.gone", Message("no edge has {other} any more: it cannot take the requests of {name}", **told)
        if self.adopts and not self.for_good and neighbours.find_rank(edges, kind, beside) is None:
            return "beside.rank", Message("no edge's API reports the priority of {other}: set it first", **told)
        return None

    def _placed(self, item: Noun, edges: KnownEdges) -> Noun:
        beside = beside_of(item)
        if beside is None or self.for_good:
            return item.copy(beside=None)
        rank = neighbours.find_rank(edges, item.kind, beside)
        return item.copy(beside=beside.copy(adopted=self.adopts, rank=rank))


def _summarise(adopts: bool, changes: Sequence[Change]) -> Sequence[str]:  # as `partial` gives it
    names = listed([change.name for change in changes], _NAMED) if changes else ""
    return [Message("Adopted {names}", names=names) if adopts else Message("Handed back {names}", names=names)]


def _words_of_none(kind: str, name: str, known: Mapping[Named, Noun]) -> Message:
    told = {"kind": called(kind), "name": name}
    for other in KINDS:
        if (other, name) in known:
            return Message("there is no {kind} {name}, only a {other} with that name", other=called(other), **told)
    if "@" in name:
        for (of, own), item in known.items():
            if of == kind and (beside := beside_of(item)) is not None and beside.router == name:
                return Message(
                    "the {kind} {name} belongs to another provider: name {own} instead, which stands beside it here",
                    own=own,
                    **told,
                )
        return Message("the {kind} {name} belongs to another provider, and no {kind} here stands beside it", **told)
    return Message("there is no {kind} {name}", **told)


def _adopted(beside: Iterable[Noun]) -> set[str]:
    """Return the routers of other providers that were adopted."""
    return {each.router for each in map(beside_of, beside) if each is not None and each.adopted}


def _former(item: Noun) -> Rival:
    """Return the router of another provider beside which one stands, as it was."""
    beside, own = beside_of(item), neighbours.as_rival(item)
    rank = 0 if beside is None or beside.adopted else beside.rank or 0
    return Rival("", rank, own.rule, own.entry_points)


def _sparing(item: Noun, rivals: Iterable[Rival]) -> Noun:
    """Return a router that spares those that rank where it was put, and may match the same.

    Without TLS a TCP router can ask for no name, and so spares none.
    """
    beside = beside_of(item)
    if beside is None:
        return item
    can_spare = beside.adopted and not (isinstance(item, TCPRouter) and item.tls is None)
    spared = neighbours.find_spared(neighbours.as_rival(item), rivals) if can_spare else []
    return item if spared == beside.spared else item.copy(beside=beside.copy(spared=spared))


def _settled(
    kind: str, former: Mapping[Named, Noun], wanted: Mapping[Named, Noun], rivals: Sequence[Rival]
) -> dict[Named, Noun]:
    """Return routers that stand by themselves now, with a priority where one goes first only with it."""
    others = [
        *rivals,
        *(neighbours.as_rival(item) for item in wanted.values() if item.kind == kind and beside_of(item)),
    ]
    if kind == TCPRouter.kind:
        return {key: _settled_tcp(item, others) for key, item in former.items()}
    around = {
        f"/{number}": ranks.Ranked(Router(name="", rule=each.rule.text, service="", priority=each.rank), each.rank)
        for number, each in enumerate(others)
        if each.rank  # none is known of those that were adopted, where no edge tells
    }
    own = {
        item.name: ranks.Ranked(item.copy(beside=None, priority=None), _rank_of(item))
        for item in former.values()
        if isinstance(item, Router)
    }
    found = ranks.settle({**around, **own})
    return {(kind, name): found[name] for name in own if name in found}


def _settled_tcp(item: Noun, others: Iterable[Rival]) -> Noun:
    rank, alone = _rank_of(item), item.copy(beside=None, priority=0)
    if isinstance(alone, TCPRouter) and not any(min(alone.rank, rank) <= each.rank <= rank for each in others):
        return alone
    return alone.copy(priority=rank)


def _rank_of(item: Noun) -> int:
    """Return the rank of a router once it is adopted."""
    beside = beside_of(item)
    return 0 if beside is None else beside.copy(adopted=True).priority
