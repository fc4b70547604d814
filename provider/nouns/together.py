"""What JSON Schema can say of fields beside one another. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from provider.nouns.types import Schema

EMPTY: Final[Mapping[str, Any]] = {"enum": ["", [], {}, None]}
"""Nothing is given, or what is as good as nothing."""

GIVEN: Final[Mapping[str, Any]] = {"not": EMPTY}


def all_of(schemas: Iterable[Schema]) -> Schema:
    """Return a schema that says what each of some says."""
    found = list(schemas)
    return {} if not found else found[0] if len(found) == 1 else {"allOf": found}


def either(*schemas: Schema) -> Schema:
    """Return a schema of which one holds at least."""
    return {"anyOf": list(schemas)}


def may(**fields: Mapping[str, Any]) -> Schema:
    """Return a schema by which fields, as far as they are there, are like this."""
    return {"properties": {key: dict(schema) for key, schema in fields.items()}}


def has(**fields: Mapping[str, Any]) -> Schema:
    """Return a schema by which fields are there, and like this."""
    return {"required": list(fields), **may(**fields)}


def not_both(one: str, other: str) -> Schema:
    """Return a schema by which two fields do not both have something."""
    return either(may(**{one: EMPTY}), may(**{other: EMPTY}))


def both(one: Schema, other: Schema) -> Schema:
    """Return a schema that says what two say of different fields."""
    required = [*one.get("required", ()), *other.get("required", ())]
    return {**({"required": required} if required else {}), "properties": {**one["properties"], **other["properties"]}}


def differs(defaults: Mapping[str, Any]) -> Schema:
    """Return a schema by which a field at least is there, and neither empty nor at its default."""
    unset = {key: {"enum": ["", None, *([] if value in ("", None) else [value])]} for key, value in defaults.items()}
    return {"not": {"properties": unset}}
