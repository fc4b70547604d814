"""Plans: which state a declaration leads to from another, and which changes lead there. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from graphlib import CycleError
from itertools import islice
from typing import Any, Final

from provider.declarations import Declaration, place
from provider.errors import FieldError, InUse, Invalid, pointer
from provider.messages import Message, joined
from provider.models import Change
from provider.nouns import NOUNS, Named, Noun, Server, called, titled
from provider.nouns.health import needed, unchecked
from provider.nouns.reading import Reading, Where
from provider.nouns.references import GUARD, cycles, exposed, guarded, guards, is_made_once, missing, reached, tangled
from provider.nouns.references import refused as refused_for

Spellings = Mapping[Named, str]
"""How people typed the names of objects, of those that are kept under other names."""

_MOST_ERRORS: Final = 100
_MOST_NAMED: Final = 10


def is_leased(item: Noun) -> bool:
    """Tell whether an object is a server that comes and goes by itself, by the heartbeats that it sends."""
    return isinstance(item, Server) and item.ttl is not None


@dataclass(frozen=True, slots=True)
class Prune:
    """What goes that a declaration does not have: all of it, or what has all of these labels.

    `only` keeps it to some objects, as kind and name. Servers with a lease go with that, or with their service: who
    does not name them knows nothing of them.
    """

    labels: Sequence[tuple[str, str]] = ()
    only: Collection[Named] | None = None

    def takes(self, kind: str, name: str, item: Noun) -> bool:
        if self.only is None and is_leased(item):
            return False
        if self.only is not None and (kind, name) not in self.only:
            return False
        return all(item.labels.get(key) == value for key, value in self.labels)


@dataclass(frozen=True, slots=True)
class Fixed:
    """Which objects become something whatever they are, and which become something that depends on what they are."""

    declared: frozenset[Named]
    bound: frozenset[Named]


@dataclass(frozen=True, slots=True)
class Transition:
    """What leads from one whole state to another: both, the changes, and what went as nothing declared it.

    Where `fixed` is None, all of it depends on the state before.
    """

    before: Declaration
    after: Declaration
    changes: Sequence[Change]
    prune: Prune | None = None
    fixed: Fixed | None = None


def find_fixed(sent: Declaration, wanted: Declaration, prune: Prune | None, *, are_kept: bool) -> Fixed | None:
    """Return which objects a declaration sets, as it was sent and with secrets in place of masks.

    Servers that come and go by themselves are not set by what was kept once.
    """
    if prune is not None and prune.only is not None:
        return None
    declared = frozenset((kind, name) for kind, name, item in wanted if not (are_kept and is_leased(item)))
    return Fixed(declared, frozenset((kind, name) for kind, name, item in wanted if sent.find(kind, name) != item))


def kept(current: Declaration, wanted: Declaration) -> Declaration:
    """Return a declaration that somebody sent as it is kept: with the secrets for which masks stand.

    Raises `Invalid` for masks that stand for nothing.
    """
    reading = Reading()
    objects = {
        kind: {name: _kept(current, reading, kind, name, item) for name, item in section.items()}
        for kind, section in wanted.objects.items()
        if NOUNS[kind].has_secrets()
    }
    if reading.wrong:
        raise Invalid(reading.wrong[:_MOST_ERRORS])
    return Declaration({**wanted.objects, **objects})


def _kept(current: Declaration, reading: Reading, kind: str, name: str, item: Noun) -> Noun:
    return item.kept_of(current.find(kind, name), reading, where(kind, name, item))


def target(current: Declaration, wanted: Declaration, prune: Prune | None = None) -> Declaration:
    """Return the state that a declaration leads to. Raises `Invalid` and `InUse` where it would not hold.

    What is declared becomes as it says. What is not stays, or with `prune` goes; what belongs to an object goes
    with that.
    """
    objects: dict[str, Mapping[str, Noun]] = {}
    for kind, noun in NOUNS.items():
        merged = _taken_over(noun, _merged(kind, current.objects[kind], wanted.objects[kind], prune), wanted)
        objects[kind] = _within(noun, merged, wanted, objects[noun.within]) if noun.within else merged
    following = Declaration(_spelled(objects, current, wanted))
    _check(current, wanted, following)
    return following


def changes(current: Declaration, following: Declaration) -> list[Change]:
    """Return what leads from one state to another: what is made and changed first, and then what goes."""
    pairs = [(kind, current.objects[kind], following.objects[kind]) for kind in NOUNS]
    made = [
        Change(kind, name, _json(before.get(name)), item.json())
        for kind, before, after in pairs
        for name, item in after.items()
        if before.get(name) != item
    ]
    gone = [
        Change(kind, name, _json(before[name]), None)
        for kind, before, after in reversed(pairs)
        for name in sorted(before.keys() - after.keys())
    ]
    return made + gone


def ordered(changes: Iterable[Change]) -> list[Change]:
    """Return changes in the order in which a plan has them: what is made and changed first, and then what goes."""
    order = {kind: place for place, kind in enumerate(NOUNS)}

    def place_of(change: Change) -> tuple[bool, int, str]:
        is_gone = change.after is None
        return is_gone, -order[change.kind] if is_gone else order[change.kind], change.name

    return sorted(changes, key=place_of)


def refused(following: Declaration, changes: Sequence[Change]) -> Iterator[FieldError]:
    """Give what only admins may change, as it leads to what Traefik makes itself."""

    def find(kind: str, names: Collection[str]) -> Iterator[Noun]:
        section = following.objects[kind]
        return (section[name] for name in names if name in section)

    for change in changes:
        item = None if change.after is None else following.find(change.kind, change.name)
        if item is not None:
            for at, name in exposed(item, find):
                yield refused_for(item, (*where(change.kind, change.name, item), *at), name)
    yield from _guarding(following, changes, find)


def _guarding(
    following: Declaration, changes: Iterable[Change], find: Callable[[str, Collection[str]], Iterator[Noun]]
) -> Iterator[FieldError]:
    """Give what only admins may change, as it decides who gets past a router that leads there."""
    changed = {each.name for each in changes if each.kind == GUARD and each.before and each.after}
    for name, router in following.objects["router"].items() if changed else ():
        if any(True for _found in exposed(router, find)):
            for item in find(GUARD, sorted(changed & guards(router, find))):
                yield guarded(item, where(GUARD, item.name, item), name)


def _merged(kind: str, current: Mapping[str, Noun], wanted: Mapping[str, Noun], prune: Prune | None) -> dict[str, Noun]:
    stay = {
        name: item
        for name, item in current.items()
        if name in wanted or prune is None or not prune.takes(kind, name, item)
    }
    return {**stay, **wanted}


def _taken_over(noun: type[Noun], merged: dict[str, Noun], wanted: Declaration) -> dict[str, Noun]:
    """Return objects of which at most one has each flag of that sort: a declared one takes it from another.

    Raises `Invalid` where two that are declared have it.
    """
    for each in (noun.fields[key] for key in noun.exclusive()):
        claiming = {name: item for name, item in wanted.objects[noun.kind].items() if getattr(item, each.name)}
        if len(claiming) > 1:
            (first, _item), (name, item), *_more = claiming.items()
            at = pointer(*where(noun.kind, name, item), each.key)
            detail = Message("only one can have this, and {name} already does", name=first)
            raise Invalid([FieldError(at, f"{each.key}.many", detail)])
        losing = {name: item for name, item in merged.items() if claiming and getattr(item, each.name)}
        merged |= {name: item.copy(**{each.name: False}) for name, item in losing.items() if name not in claiming}
    return merged


def _within(
    noun: type[Noun], merged: Mapping[str, Noun], wanted: Declaration, owners: Mapping[str, Noun]
) -> dict[str, Noun]:
    """Return objects that belong to others: those whose owner stays, or that are declared, by their owners' order."""
    order = {owner: position for position, owner in enumerate(owners)}
    stay = {
        name: item for name, item in merged.items() if noun.split(name)[0] in order or name in wanted.objects[noun.kind]
    }
    return dict(sorted(stay.items(), key=lambda pair: order.get(noun.split(pair[0])[0], len(order))))


def _spelled(
    objects: Mapping[str, Mapping[str, Noun]], current: Declaration, wanted: Declaration
) -> dict[str, Mapping[str, Noun]]:
    """Return objects with references as these are shown; the one that is there, if only their spelling differs."""
    names = _spellings(objects)
    found: dict[str, Mapping[str, Noun]] = dict(objects)
    for kind in _spelling():
        spelled = {
            name: _find_alike(current.find(kind, name), item) or _respelled(item, names)
            for name, item in wanted.objects[kind].items()
        }
        found[kind] = {**objects[kind], **spelled}
    return found


def alike(before: Declaration, after: Declaration) -> Declaration:
    """Return the state after with the objects before in place of those in which references are only spelled anew."""
    objects = {
        kind: {name: _find_alike(before.find(kind, name), item) or item for name, item in after.objects[kind].items()}
        for kind in _spelling()
    }
    return Declaration({**after.objects, **objects})


def _spelling() -> list[str]:
    """Return the kinds of objects in which references stand as people typed them."""
    renamed = {kind for kind, noun in NOUNS.items() if noun.is_renamed}
    return [kind for kind, noun in NOUNS.items() if not renamed.isdisjoint(noun.kinds())]


def _spellings(objects: Mapping[str, Mapping[str, Noun]]) -> Spellings:
    """Return how the names of objects were typed, of those that are kept under other names."""
    renamed = [kind for kind, noun in NOUNS.items() if noun.is_renamed]
    return {(kind, name): item.name for kind in renamed for name, item in objects[kind].items()}


def _find_alike(former: Noun | None, item: Noun) -> Noun | None:
    """Return the former object where at most the spelling of its references differs."""
    return former if former is not None and (former == item or former.stored() == item.stored()) else None


def shown(objects: Mapping[str, Mapping[str, Noun]]) -> dict[str, Mapping[str, Noun]]:
    """Return all objects with their references as these are shown: that is kept with what they lead to."""
    names = _spellings(objects)
    anew = {kind: {name: _respelled(item, names) for name, item in objects[kind].items()} for kind in _spelling()}
    return {**objects, **anew}


def _respelled(item: Noun, names: Spellings) -> Noun:
    """Return an object with its references as these are shown."""
    typed = {(use.kind, use.typed): names.get((use.kind, use.name), use.typed) for use in item.uses()}
    return item.spelled(typed) if any(name != spelling for (_kind, name), spelling in typed.items()) else item


def _check(current: Declaration, wanted: Declaration, following: Declaration) -> None:
    if wrong := list(islice(_find_wrong(wanted, following), _MOST_ERRORS)):
        raise Invalid(wrong)
    users = _find_users(current, wanted, following)
    if users:
        (kind, used), using = min(users.items())
        listed = sorted(using, key=lambda named: (list(NOUNS).index(named[0]), named[1]))
        told = joined([titled(*user) for user in listed[:_MOST_NAMED]])
        detail = Message(
            "{kind} {name} would be removed, but is used by {users}", kind=called(kind), name=used, users=told
        )
        raise InUse(detail, listed)


def _find_wrong(wanted: Declaration, following: Declaration) -> Iterator[FieldError]:
    """Find to what declared objects belong, or refer, that there will not be."""
    for kind, noun in NOUNS.items():
        if noun.within:
            owners = dict.fromkeys(noun.split(name)[0] for name in wanted.objects[kind])
            for owner in owners:
                if following.find(noun.within, owner) is None:
                    yield missing(place(noun.within, owner), noun.within, owner)
    for kind in _referring():
        for name in wanted.objects[kind]:
            item = following.objects[kind][name]
            for use in item.uses():
                if following.find(use.kind, use.name) is None:
                    yield missing((*where(kind, name, item), *use.where), use.kind, use.typed)
        yield from _find_cycles(kind, wanted, following)
        yield from _find_tangled(kind, wanted, following)
        yield from _find_unchecked(kind, wanted, following)


def _find_unchecked(kind: str, wanted: Declaration, following: Declaration) -> Iterator[FieldError]:
    """Find declared services without the health check that they, or others that stay as they are, need for it."""
    held = following.objects[kind] if kind in NOUNS[kind].kinds() else {}
    for name, item in held.items():
        for other, wrong in unchecked(item, held.get):
            if name in wanted.objects[kind]:
                yield replace(wrong, pointer=pointer(*where(kind, name, item)) + wrong.pointer)
            elif other.key in wanted.objects[kind]:
                missed = needed(other, item)
                yield replace(missed, pointer=pointer(*where(kind, other.key, other)) + missed.pointer)


def _find_cycles(kind: str, wanted: Declaration, following: Declaration) -> Iterator[FieldError]:
    """Find declared objects that lead back to themselves. What was there before does not: nothing else can."""
    if wanted.objects[kind] and kind in NOUNS[kind].kinds():
        for item, wrong in cycles(following.objects[kind]):
            if item.key in wanted.objects[kind]:
                yield replace(wrong, pointer=pointer(*where(kind, item.key, item)) + wrong.pointer)


def _find_tangled(kind: str, wanted: Declaration, following: Declaration) -> Iterator[FieldError]:
    """Find a declared object that leads to others in too many ways, or by which another does."""
    held = following.objects[kind]
    if not wanted.objects[kind] or kind not in NOUNS[kind].kinds() or is_made_once(kind):
        return
    with suppress(CycleError):  # which is told by itself
        for item, wrong in tangled(held):
            below = reached(item, held.get)
            name = next((name for name in below if name in wanted.objects[kind]), None)
            if name is not None:
                yield replace(wrong, pointer=pointer(*where(kind, name, held[name])))
                return


def _referring() -> list[str]:
    """Return the kinds of objects that refer to others at all."""
    return [kind for kind, noun in NOUNS.items() if any(noun.kinds())]


def _find_users(current: Declaration, wanted: Declaration, following: Declaration) -> Mapping[Named, Sequence[Named]]:
    """Find what would go and is used by what is not declared, with its users."""
    users: dict[Named, list[Named]] = {}
    gone = {kind: current.objects[kind].keys() - following.objects[kind].keys() for kind in NOUNS}
    for user, noun in NOUNS.items():
        if any(gone[kind] for kind in noun.kinds()):
            for name in following.objects[user].keys() - wanted.objects[user].keys():
                for use in following.objects[user][name].uses():
                    if use.name in gone[use.kind]:
                        shown = current.objects[use.kind][use.name].name
                        users.setdefault((use.kind, shown), []).append((user, name))
    return users


def where(kind: str, name: str, item: Noun) -> Where:
    """Return where an object stands in the document, by its name as it was typed."""
    return (*place(kind, name)[:-1], item.name)


def _json(item: Noun | None) -> dict[str, Any] | None:
    return None if item is None else item.json()
