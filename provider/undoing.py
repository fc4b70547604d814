"""Taking back what one change did, whatever came since: a merge of three states, field by field. Pure.

Of each object there are the one before the change, the one after it, and the one that there is now. What the
change did and nobody has touched since goes back; what was changed since clashes, and somebody has to choose.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from provider.errors import pointer
from provider.models import Change
from provider.nouns import Named, Noun, comparable, owners, within
from provider.nouns.comparison import JsonObject

_ABSENT: Final = object()

ALL: Final = "true"
"""Chooses for whatever clashes."""


class Resolution(StrEnum):
    """What becomes of something that clashes."""

    OLDER = "older"
    """It becomes what it was before the change."""
    NEWER = "newer"
    """It stays as it is now."""


Choose = Callable[[str], Resolution | None]
"""Chooses for the pointer of a clash; None where nobody has chosen."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Something that was changed since: a field (names from the outside inwards), or without one the whole object.

    `now` is what there is; None also where the object is there no more.
    """

    kind: str
    name: str
    field: Sequence[str]
    before: Any
    now: Any

    @property
    def child(self) -> type[Noun] | None:
        """Of which noun others gave it objects since, if that is what clashes: `now` are the names of these."""
        return next((noun for noun in within(self.kind) if tuple(self.field) == (noun.plural,)), None)

    @property
    def pointer(self) -> str:
        """Where it is: `/KIND/NAME/FIELD`, as a JSON pointer."""
        return pointer(self.kind, self.name, *self.field)


@dataclass(frozen=True, slots=True)
class Undoing:
    """What taking a change back comes to: the objects as they become, None for those that go, and what clashes."""

    objects: Mapping[Named, dict[str, Any] | None]
    clashes: Sequence[Clash]


def chooser(older: Collection[str], newer: Collection[str]) -> Choose:
    """Choose by the pointers of clashes, or of objects that clash; `ALL` stands for each that is not named."""
    return partial(_choose, older, newer)


def _choose(older: Collection[str], newer: Collection[str], place: str) -> Resolution | None:
    for choice, places in ((Resolution.OLDER, older), (Resolution.NEWER, newer)):
        if any(place == one or place.startswith(f"{one}/") for one in places):
            return choice
    return Resolution.OLDER if ALL in older else Resolution.NEWER if ALL in newer else None


def undo(changes: Sequence[Change], now: Mapping[Named, JsonObject], choose: Choose = lambda _pointer: None) -> Undoing:
    """Take changes back. `now` are the objects that there are: those that were changed, and servers of services.

    An object stands in `objects` only where it becomes another than it is. What clashes stays as it is now, unless
    the older was chosen; it stands in `clashes` unless anything was.
    """
    objects: dict[Named, dict[str, Any] | None] = {}
    clashes: list[Clash] = []
    others = now.keys() - {(change.kind, change.name) for change in changes}
    for change in changes:
        named = change.kind, change.name
        found = now.get(named)
        merged = _merge(change, found, others, _Choices(choose, clashes))
        if merged != found:
            objects[named] = None if merged is None else dict(merged)
    return Undoing(objects, clashes)


@dataclass(frozen=True, slots=True)
class _Choices:
    """What was chosen, and what has to be."""

    choose: Choose
    clashes: list[Clash]

    def older(self, clash: Clash) -> bool:
        """Tell whether the older was chosen; where nothing was, the clash is noted."""
        choice = self.choose(clash.pointer)
        if choice is None:
            self.clashes.append(clash)
        return choice is Resolution.OLDER


def _merge(change: Change, found: JsonObject | None, others: Collection[Named], choices: _Choices) -> JsonObject | None:
    """Return what one object becomes."""
    before, after = change.before, change.after
    old, new, now = (None if side is None else comparable(change.kind, side) for side in (before, after, found))
    if before is not None and after is not None and found is not None:
        return _merge_fields(change, (), (before, after, found), (old, new, now), choices)
    if now == old:
        return found
    if now != new:
        clash = Clash(change.kind, change.name, (), before, found)
    elif before is None and (added := _added(change, others)):
        clash = Clash(change.kind, change.name, *added)
    else:
        return before
    return before if choices.older(clash) else found


def _merge_fields(
    change: Change, where: tuple[str, ...], states: Sequence[Any], comparables: Sequence[Any], choices: _Choices
) -> JsonObject:
    """Return what an object becomes, or one within it, of which there are the states before, after and now.

    They are compared in the form in which the same looks the same.
    """
    before, after, now = states
    merged = dict(now)
    for name in dict.fromkeys([*before, *after]):
        field = (*where, name)
        old, new, found = (state.get(name, _ABSENT) for state in states)
        forms = [state.get(name, _ABSENT) for state in comparables]
        if forms[0] in (forms[1], forms[2]):
            continue
        if forms[2] == forms[1]:
            becomes = old
        elif isinstance(old, Mapping) and isinstance(new, Mapping) and isinstance(found, Mapping):
            becomes = _merge_fields(change, field, (old, new, found), forms, choices)
        else:
            clash = Clash(change.kind, change.name, field, _shown(old), _shown(found))
            becomes = old if choices.older(clash) else found
        if becomes is _ABSENT:
            merged.pop(name, None)
        else:
            merged[name] = becomes
    return merged


def _added(change: Change, others: Collection[Named]) -> tuple[Sequence[str], None, list[str]] | None:
    """Return what others gave since to an object that was made: the field of the clash, and the names."""
    for noun in within(change.kind):
        named = (change.kind, change.name)
        names = sorted(name for kind, name in others if kind == noun.kind and named in owners(kind, name))
        if names:
            return (noun.plural,), None, names
    return None


def _shown(value: Any) -> Any:
    return None if value is _ABSENT else value
