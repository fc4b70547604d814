"""Fields of objects and their values, as people read them: by the titles and words of their declarations. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from provider.nouns import NOUNS, Nested, Object, certificate
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.types import Choice, Type


class Words(NamedTuple):
    """A text for people. `is_ours`: it is a message, to be translated; else somebody typed it."""

    text: str
    is_ours: bool = False


class ToldField(NamedTuple):
    """A field: its titles, from the outermost part inwards, and its type where that is known."""

    titles: tuple[Words, ...]
    type: Type | None = None


def find(kind: str, name: str) -> ToldField:
    """Return a field of a kind of object by its name, such as `healthCheck.path`; one that is unknown is its name."""
    noun = NOUNS.get(kind)
    return ToldField((Words(name),)) if noun is None else _within(noun, name)


def _within(model: type[Object], name: str) -> ToldField:
    first, dot, rest = name.partition(".")
    each = model.fields.get(first)
    if each is None:
        return ToldField((Words(name),))
    title = Words(each.title, is_ours=True) if each.title else Words(first)
    if not dot:
        return ToldField((title,), each.type)
    if isinstance(each.type, Nested):
        inner = _within(each.type.model, rest)
    elif isinstance(each.type, MapOf):
        inner = ToldField((Words(rest),), each.type.value)
    else:
        inner = ToldField((Words(rest),))
    return ToldField((title, *inner.titles), inner.type)


def told(type_: Type | None, value: Any) -> Any:
    """Return a value as it is told.

    That is the words of a choice, the parts of an object, what a certificate says, and all else as it is.
    """
    if isinstance(value, list):
        item = type_.item if isinstance(type_, ListOf) else None
        return [told(item, each) for each in value]
    if isinstance(value, Mapping):
        model = type_.model if isinstance(type_, Nested) else None
        return {_part(model, key): told(_type(model, key), each) for key, each in value.items() if each is not None}
    if isinstance(type_, Choice) and (word := type_.named.get(value)) is not None:
        return Words(word.title, is_ours=True)
    return certificate.told(value) if isinstance(value, str) else value


def _part(model: type[Object] | None, key: str) -> Words:
    each = None if model is None else model.fields.get(key)
    return Words(key) if each is None or not each.title else Words(each.title, is_ours=True)


def _type(model: type[Object] | None, key: str) -> Type | None:
    each = None if model is None else model.fields.get(key)
    return None if each is None else each.type
