"""What happened to objects, for people: in words, and field by field. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provider.messages import recognise, template, thaw
from provider.models import Change
from provider.web.paths import object_path

MOST: Final = 20
"""The most objects of a change that a list shows. One revision can change everything."""

_BETWEEN: Final = "; "
# What earlier versions kept as text alone.
_SUMMARIES: Final = (
    template("the stored state gives another document"),
    template("{kind} {name} added"),
    template("{kind} {name} removed"),
    template("and {count} more"),
)
_PLURALS: Final[Mapping[str, str]] = {"domain": "domains", "service": "services", "router": "routers"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field that changed. A field of an object within the object has a name such as `healthCheck.path`."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """What happened to one object. `path` leads to its page, if it can still be there."""

    change: Change
    fields: Sequence[Field]
    path: str | None

    @property
    def is_new(self) -> bool:
        """Whether it was made."""
        return self.change.before is None

    @property
    def is_gone(self) -> bool:
        """Whether it was removed."""
        return self.change.after is None


def shown(change: Change) -> ObjectChange:
    """Return a change as it is shown."""
    return ObjectChange(change, compare(change.before, change.after), _find_path(change))


def compare(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Field]:
    """Return the fields in which an object differs, in its own order.

    Of one that is new or gone, those in which something stands, without the name, which is said anyhow.
    """
    old, new = _flat(before or {}), _flat(after or {})
    is_whole = before is None or after is None
    return [
        Field(name, old.get(name), new.get(name))
        for name in {**old, **new}
        if old.get(name) != new.get(name)
        and not (is_whole and (name == "name" or _is_empty(old.get(name, new.get(name)))))
    ]


def summary(words: Sequence[Any] | None, stored: str) -> list[str]:
    """Say what a revision did, as messages: from its words as they are kept, or else from its text."""
    if words is None:
        return [recognise(part, _SUMMARIES) for part in stored.split(_BETWEEN)]
    return [thaw(told) for told in words]


def _is_empty(value: Any) -> bool:
    return value in ("", [], {})


def _flat(members: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return an object's fields, with those of the objects in it; without those that have no value."""
    fields: dict[str, Any] = {}
    for name, value in members.items():
        if isinstance(value, Mapping):
            fields |= _flat(value, f"{prefix}{name}.") or {f"{prefix}{name}": {}}
        elif value is not None:
            fields[f"{prefix}{name}"] = value
    return fields


def _find_path(change: Change) -> str | None:
    if change.after is None:
        return None
    if change.kind == "server":
        service, _slash, server = change.name.partition("/")
        return object_path("services", service, "servers", server)
    if change.kind == "account":
        return object_path("accounts", change.name)
    if change.kind == "token":
        return f"/tokens?q={change.name}"
    return object_path(_PLURALS[change.kind], change.name)
