"""Middlewares of Traefik, as middlewares of ours: read by the declarations of their kinds. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from provider import durations
from provider.errors import Invalid
from provider.imports.observed import read_observed
from provider.imports.pieces import Piece
from provider.nouns import Middleware, Nested, Object
from provider.nouns.free import FreeObject
from provider.nouns.middlewares import KINDS
from provider.nouns.types import Flag, ListOf, MapOf, Reference, Text, Type, Whole

OBSERVED: Final = ("status", "error", "usedBy", "name", "provider", "type")
"""What Traefik's API tells of a middleware beside its configuration."""

Find = Callable[[Piece, str, str], str | None]
"""Gives our name of the object of a kind that a reference means, or refuses the part that has it."""


def find_kind(part: Piece) -> str | None:
    """Return the kind of a middleware, if it is one that is held here."""
    value = part.value if isinstance(part.value, dict) else {}
    by_lower = {kind.lower(): kind for kind in KINDS}
    found = [by_lower[str(name).lower()] for name in value if str(name).lower() in by_lower]
    others = [name for name in value if str(name).lower() not in by_lower and name not in OBSERVED]
    return found[0] if len(found) == 1 and not others else None


def read_middleware(part: Piece, kind: str, name: str, find: Find, *, from_api: bool) -> Middleware | None:
    """Read a middleware, or say in its ledger why it cannot be held."""
    fields = part.fields((kind, *(OBSERVED if from_api else ())))
    read_observed(fields, OBSERVED)
    own = fields.find(kind)
    if own is None:
        part.refuse("it has no kind: Traefik disables such a middleware")
        return None
    places: dict[str, Piece] = {}
    document = _value(Middleware.fields[kind].type, own, find, places, f"/{kind}")
    if part.ledger.refused:
        return None
    try:
        return Middleware.read({"name": name, kind: document})
    except Invalid as error:
        for wrong in error.fields:
            where = wrong.pointer
            while where and where not in places:
                where = where.rpartition("/")[0]
            places.get(where, own).refuse(f"{wrong.pointer.lstrip('/')}: {wrong.detail}")
        return None


def _object(model: type[Object], part: Piece, find: Find, places: dict[str, Piece], where: str) -> Mapping[str, Any]:
    """Read the fields of an object as they would be given here."""
    places[where] = part
    if not isinstance(part.value, dict):
        part.is_on()
        return {}
    found = {}
    for key, each in part.fields(model.fields).parts.items():
        value = _value(model.fields[key].type, each, find, places, f"{where}/{key}")
        if value is not None:
            found[key] = value
    return found


def _value(type_: Type, part: Piece, find: Find, places: dict[str, Piece], where: str) -> Any:
    places[where] = part
    found: Any
    match type_:
        case Nested():
            found = _object(type_.model, part, find, places, where)
        case ListOf(item=Reference(kind=kind)):
            found = [name for text in part.texts() if (name := find(part, kind, text)) is not None]
        case Reference(kind=kind):
            found = find(part, kind, part.text() or "")
        case ListOf(item=Nested() as item):
            found = [_value(item, each, find, places, f"{where}/{index}") for index, each in enumerate(part.items())]
        case ListOf():
            found = _texts(type_.item, part)
        case MapOf():
            found = {
                name: _value(type_.value, each, find, places, f"{where}/{name}")
                for name, each in part.members().items()
            }
        case FreeObject():
            part.hold()
            found = part.value
        case Whole():
            found = part.whole()
        case Flag():
            found = part.flag()
        case _:
            found = _text(type_, part)
    return found


def _texts(item: Type, part: Piece) -> list[str]:
    found = part.texts()
    if isinstance(item, Text) and not all(_is_kept(item, text) for text in found):
        part.refuse("Traefik expects a hash here and does not know this one: it would let nobody in")
    return found


def _text(type_: Type, part: Piece) -> str | None:
    found = part.text()
    if isinstance(type_, Text) and type_.word == "DURATION" and found is not None:
        return durations.with_unit(found)
    return found


def _is_kept(type_: Text, text: str) -> bool:
    """Tell whether a text means the same here: a password that is hashed here is taken for a hash by Traefik."""
    return type_.secret is None or type_.secret.keep(text, None) == text
