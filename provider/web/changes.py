"""What happened to objects, for people: in words, and field by field. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provider.declarations import place
from provider.messages import recognise, template, thaw
from provider.models import Change
from provider.nouns import NOUNS, called
from provider.nouns.comparison import FieldChange, compare
from provider.web import told_fields
from provider.web.paths import object_path
from provider.web.told_fields import Words

MOST: Final = 20
"""The most objects of a change that a list shows. One revision can change everything."""

_BETWEEN: Final = "; "
# What earlier versions kept as text alone.
_SUMMARIES: Final = (
    template("the stored state renders a different document"),
    template("{kind} {name} added"),
    template("{kind} {name} removed"),
    template("and {count} more"),
)


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """What happened to one object. `path` leads to its page, if it can still be there."""

    change: Change
    fields: Sequence[FieldChange]
    path: str | None

    @property
    def called(self) -> str:
        """What an object of its kind is called in a sentence."""
        return called(self.change.kind)

    @property
    def told(self) -> Iterator[tuple[FieldChange, Sequence[Words], Any, Any]]:
        """Give its fields, each with its titles, and with its value before and after in words."""
        for each in self.fields:
            found = told_fields.find(self.change.kind, each.name)
            yield (
                each,
                found.titles,
                told_fields.told(found.type, each.before),
                told_fields.told(found.type, each.after),
            )

    @property
    def is_new(self) -> bool:
        return self.change.before is None

    @property
    def is_gone(self) -> bool:
        return self.change.after is None


def shown(change: Change) -> ObjectChange:
    return ObjectChange(change, _fields(change), _find_path(change))


def _fields(change: Change) -> Sequence[FieldChange]:
    """Return what differs; of an object that is new or gone what stands in it, without the name, known anyhow."""
    found = compare(change.kind, change.before, change.after, is_deep=True)
    if change.before is not None and change.after is not None:
        return found
    empty: tuple[Any, ...] = ("", [], {}, None)
    return [each for each in found if each.name != "name" and (each.before not in empty or each.after not in empty)]


def summary(words: Sequence[Any] | None, stored: str) -> list[str]:
    """Say what a revision did, as messages: from its words as they are kept, or else from its text."""
    if words is None:
        return [recognise(part, _SUMMARIES) for part in stored.split(_BETWEEN)]
    return [thaw(told) for told in words]


def _find_path(change: Change) -> str | None:
    if change.after is None:
        return None
    if change.kind in NOUNS:
        return object_path(*map(str, place(change.kind, change.name)))
    return object_path("accounts", change.name) if change.kind == "account" else f"/tokens?q={change.name}"
