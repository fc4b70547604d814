"""What Traefik gets of an object, and a strict reader of that: both follow from the declaration. Pure.

What is at Traefik's default is left out, so that older versions take the document; so is what is empty, since `{}`
rejects the whole document nearly everywhere, and `[]` is the same as nothing (measured on 3.7.15). The name and the
labels of an object are ours, and no part of it.
"""

from collections.abc import Callable
from functools import cache, partial
from types import GenericAlias
from typing import Annotated, Any, Final, Literal

import msgspec

from provider.errors import Unverified
from provider.messages import Message
from provider.nouns.containers import LONGEST_KEY_BYTES, ListOf, MapOf
from provider.nouns.fields import Field
from provider.nouns.free import FreeObject
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.texts import Reference, Text
from provider.nouns.types import Choice, Flag, Type, Whole
from provider.texts import IN_A_LIST, find_trap

_KEY: Final = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_KEY_BYTES)]

_OURS: Final = r"^provider\.[a-z0-9.-]{1,150}$"
"""The names of objects that are laid over what is desired. Users' names have no dot."""

_encode = msgspec.json.Encoder(order="sorted").encode


def write(item: Object) -> dict[str, Any]:
    """Return the JSON that Traefik gets of an object. Raises `Unverified` for a mask in place of a secret."""
    values = item.__dict__
    written = {}
    for key, name, default, is_explicit, writer in _plan(type(item)):  # type: ignore[arg-type]  # a class has a hash
        value = values[name]
        if value is None or (value == default and not is_explicit):
            continue
        found = writer(value)
        if found or found not in ({}, []) or (value.is_empty_meant if isinstance(value, Object) else is_explicit):
            written[key] = found
    return written


_Writer = Callable[[Any], Any]


@cache
def _plan(model: type[Object]) -> list[tuple[str, str, Any, bool, _Writer]]:
    """Return what is to be known of the fields of an object to write them: it is found once, for all objects."""
    return [
        (key, each.name, each.default, each.is_explicit, _writer(each.type)) for key, each in _fields(model).items()
    ]


def _writer(type_: Type) -> _Writer:
    """Return what writes values of a type."""
    if isinstance(type_, Nested):
        return write
    if isinstance(type_, ListOf):
        item = _writer(type_.item)
        return lambda value: [item(each) for each in value]
    if isinstance(type_, MapOf):
        return lambda value: {name: _writer(type_.member(name))(member) for name, member in value.items()}
    return partial(_reveal, type_) if type_.is_secret else type_.json


def _reveal(type_: Type, value: Any) -> Any:
    if value and type_.masked(value) == value:
        raise Unverified(Message("there is a mask instead of a secret"))
    return type_.json(value)


def encode(item: Object) -> bytes:
    """Return what `write` does as JSON, read again as strictly as Traefik does. Raises `Unverified`."""
    document = write(item)
    content = _encode(document)
    try:
        decoded = _decoder(type(item)).decode(content)  # type: ignore[arg-type]  # a class has a hash
    except msgspec.MsgspecError as error:
        raise Unverified(Message("the document cannot be decoded: {error}", error=str(error))) from error
    if trap := find_trap(content):
        raise Unverified(Message("the document cannot be decoded: {error}", error=trap))
    if _encode(decoded) != content:
        what = type(item).__name__
        raise Unverified(Message("{what} changes when it is written and read back", what=what))
    return content


def read(model: type[Object], content: bytes | msgspec.Raw) -> dict[str, Any]:
    """Read what Traefik gets of an object, as strictly as it does. Raises `msgspec.MsgspecError`."""
    found: dict[str, Any] = msgspec.to_builtins(_decoder(model).decode(content))  # type: ignore[arg-type]  # a class has a hash
    return found


@cache
def struct(model: type[Object]) -> type[msgspec.Struct]:
    """Return the class of which msgspec reads what Traefik gets of an object. It is made when it is asked for first."""
    fields = _fields(model)
    declared = [
        (each.name, _strict(each.type, may_be_empty=each.is_explicit))
        if _is_always_there(each)
        else (each.name, _strict(each.type) | msgspec.UnsetType, msgspec.UNSET)
        for each in fields.values()
    ]
    names = {each.name: key for key, each in fields.items()}
    return msgspec.defstruct(
        model.__name__, declared, rename=names, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True
    )


@cache
def _decoder(model: type[Object]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(struct(model))  # type: ignore[arg-type]  # a class has a hash


def _fields(model: type[Object]) -> dict[str, Field]:
    return {key: each for key, each in model.fields.items() if not each.is_ours}


def _is_always_there(each: Field) -> bool:
    return each.is_required or (each.is_explicit and not each.is_nullable)


def _strict(type_: Type, *, may_be_empty: bool = False) -> Any:
    """Return the type of a value as msgspec has it."""
    plain: Any
    bounds: msgspec.Meta | None = None
    match type_:
        case Nested():
            plain = struct(type_.model)  # type: ignore[arg-type]  # a class has a hash, its objects have none
        case Choice():
            plain = Literal[tuple(word.value for word in type_.words)]
        case Whole():
            plain, bounds = int, msgspec.Meta(ge=type_.lowest, le=type_.highest)
        case Flag():
            plain = bool
        case ListOf():
            plain, bounds = GenericAlias(list, (_item(type_.item),)), msgspec.Meta(min_length=0 if may_be_empty else 1)
        case MapOf():
            plain, bounds = GenericAlias(dict, (_KEY, _strict(type_.value))), msgspec.Meta(min_length=1)
        case FreeObject():
            plain = dict[str, Any]
        case Reference() if (pattern := type_.described.get("pattern")) is not None:
            plain, bounds = str, msgspec.Meta(max_length=type_.most, pattern=f"{pattern}|{_OURS}")
        case Text():
            plain, bounds = str, msgspec.Meta(max_length=type_.most, pattern=type_.described.get("pattern"))
        case _:
            raise TypeError(f"Traefik gets no {type(type_).__name__}")
    return plain if bounds is None else Annotated[plain, bounds]


def _item(type_: Type) -> Any:
    return Annotated[str, msgspec.Meta(pattern=IN_A_LIST)] if isinstance(type_, Text) else _strict(type_)
