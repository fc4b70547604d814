"""What differs between two forms of an object, field by field. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from provider.nouns.containers import ListOf
from provider.nouns.nested import Nested
from provider.nouns.registry import NOUNS, masked
from provider.nouns.types import Type

JsonObject = Mapping[str, Any]
"""An object as JSON, whole."""


class FieldChange(NamedTuple):
    """One field of an object that is changed, with masks in place of secrets; None where there is nothing."""

    name: str
    before: Any
    after: Any


def compare(
    kind: str, before: JsonObject | None, after: JsonObject | None, *, is_deep: bool = False
) -> list[FieldChange]:
    """Return the fields in which an object differs, in its own order; all that it has where it was made or removed.

    `is_deep`: the fields of an object within it stand by themselves, with names such as `healthCheck.path`; those that
    have no value are left out, and of one that was made or removed what few set and nobody did.
    """
    if before is None and not is_deep:  # as most objects of a large change are
        return [FieldChange(name, None, value) for name, value in masked(kind, after or {}).items()]
    shape = flat if is_deep else dict
    old, new = shape(before or {}), shape(after or {})
    shown_old, shown_new = shape(masked(kind, before or {})), shape(masked(kind, after or {}))
    is_whole = before is None or after is None
    names = {**old, **new}
    return [
        FieldChange(name, shown_old.get(name), shown_new.get(name))
        for name in names
        if (is_whole or old.get(name) != new.get(name)) and not (is_deep and _is_told_within(name, names))
        if not (is_deep and is_whole and is_unset(kind, name, {**old, **new}[name]))
    ]


def given(kind: str, name: str, value: Any) -> Any:
    """Return the value of a field of an object without what nobody set in it."""
    each = NOUNS[kind].fields.get(name) if kind in NOUNS else None
    return value if each is None else _given(each.type, value)


def _given(type_: Type, value: Any) -> Any:
    if isinstance(type_, ListOf) and isinstance(value, list):
        return [_given(type_.item, each) for each in value]
    if not isinstance(type_, Nested) or not isinstance(value, Mapping):
        return value
    found = {}
    for key, member in value.items():
        each = type_.model.fields.get(key)
        if each is None or each.is_required or member != each.json(each.default):
            found[key] = member if each is None else _given(each.type, member)
    return found


def is_default(kind: str, name: str, value: Any) -> bool:
    """Tell whether a field of an object is as it is where nobody sets it."""
    each = NOUNS[kind].fields.get(name) if kind in NOUNS else None
    return each is not None and not each.is_required and value == each.json(each.default)


def is_unset(kind: str, name: str, value: Any) -> bool:
    """Tell whether a field of an object is one that few set, and nobody did."""
    return is_default(kind, name, value) and NOUNS[kind].fields[name].is_rare


def _is_told_within(name: str, names: Iterable[str]) -> bool:
    """Tell whether what came or went within a field stands by itself: a map that was empty, and has a label now."""
    return any(other.startswith(f"{name}.") for other in names)


def flat(members: JsonObject, prefix: str = "") -> dict[str, Any]:
    """Return an object's fields, with those of the objects in it; without those that have no value."""
    fields: dict[str, Any] = {}
    for name, value in members.items():
        if isinstance(value, Mapping):
            fields |= flat(value, f"{prefix}{name}.") or {f"{prefix}{name}": {}}
        elif value is not None:
            fields[f"{prefix}{name}"] = value
    return fields
