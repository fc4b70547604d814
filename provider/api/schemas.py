"""Schemas of the OpenAPI document: nouns as they are given, replaced, patched, shown and listed."""

from collections.abc import Iterable
from typing import Any, Final

from provider.models import AdoptInput, ExposeInput, HandBackInput
from provider.nouns import NOUNS, Nested, Noun, Object
from provider.nouns.containers import MapOf
from provider.nouns.noun import NAME
from provider.observations import OBSERVED

SCHEMAS: Final = "#/components/schemas/"


def shown_as(noun: type[Noun]) -> type[Object]:
    """Return what a noun's objects are shown as."""
    return OBSERVED[noun.kind].output if noun.kind in OBSERVED else noun


def page_name(shown: type[Object]) -> str:
    """Return the name of the schema of a part of a list."""
    return f"Page_{shown.__name__}_"


def replacement_name(noun: type[Object]) -> str:
    """Return the name of the schema of an object that is named by the path."""
    return f"{noun.__name__}Replacement"


def patch_name(noun: type[Object]) -> str:
    """Return the name of the schema of an object's merge patch."""
    return f"{noun.__name__}Patch"


def of_all(shown: Iterable[type[Object]], listed: Iterable[type[Object]]) -> dict[str, Any]:
    """Return the schemas of what is given, replaced and patched, and of all that is shown and listed."""
    ref, found = SCHEMAS + "{model}", dict[str, Any]()
    for noun in NOUNS.values():
        found[noun.__name__] = noun.schema(ref, found)
        found[replacement_name(noun)] = _without_name(noun, found[noun.__name__])
        found[patch_name(noun)] = _patch_schema(noun, ref, found)
    models: list[type[Object]] = [*shown, ExposeInput, AdoptInput, HandBackInput]
    for model in models:
        found[model.__name__] = model.schema(ref, found)
    return found | {page_name(model): _page_schema(model) for model in listed}


def _page_schema(model: type[Object]) -> dict[str, Any]:
    return {
        "title": page_name(model),
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"$ref": SCHEMAS + model.__name__}},
            "next": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "description": "Cursor of the next page, for the parameter `cursor`; null on the last page.",
            },
        },
        "required": ["items", "next"],
    }


def _without_name(noun: type[Noun], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object whose name may be left out, since the path has it."""
    described = schema["properties"][NAME]
    name = {"anyOf": [{key: value for key, value in described.items() if key != "description"}, {"type": "null"}]}
    return {
        **schema,
        "title": replacement_name(noun),
        "description": f"{noun.title}, named in the path.",
        "properties": {
            **schema["properties"],
            NAME: {**name, "description": described["description"], "default": None},
        },
        "required": [field for field in schema.get("required", ()) if field != NAME],
        "example": {field: value for field, value in schema["example"].items() if field != NAME},
    }


def _patch_of_map(described: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what a patch says of a map: null takes a member away, so there may be any number of them."""
    if "anyOf" in described:
        one, *others = described["anyOf"]
        return {**described, "anyOf": [_patch_of_map(one), *others]}
    members = {"anyOf": [described["additionalProperties"], {"type": "null"}]}
    bounds = ("minProperties", "maxProperties")
    return {key: each for key, each in described.items() if key not in bounds} | {"additionalProperties": members}


def _patch_schema(model: type[Object], ref: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object's merge patch: nothing is required, null takes the default."""
    schema = model.schema(ref, found)
    is_noun = issubclass(model, Noun)
    properties = {}
    for key, declared in model.fields.items():
        described = {name: value for name, value in schema["properties"][key].items() if name != "default"}
        if isinstance(declared.type, Nested):
            within = declared.type.model
            if patch_name(within) not in found:
                found[patch_name(within)] = _patch_schema(within, ref, found)
            reference = {"$ref": ref.format(model=patch_name(within))}
            described = {**described, "anyOf": [reference, {"type": "null"}]} if declared.is_nullable else reference
        if isinstance(declared.type, MapOf):
            described = _patch_of_map(described)
        if not declared.is_required and not declared.is_nullable:
            described = {"anyOf": [described, {"type": "null"}]}
        properties[key] = described
    return {
        "title": patch_name(model),
        "description": "A JSON merge patch (RFC 7396): only the fields to change; null sets the default.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "example": {field: value for field, value in model.example.items() if not (is_noun and field == NAME)},
    }
