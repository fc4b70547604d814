"""An object as its page shows it, field by field, as the fields are declared. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from provider.messages import Message
from provider.nouns import NOUNS, Field, Nested, Noun, Object, certificate
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.free import FreeObject, written
from provider.nouns.noun import LABELS, NAME
from provider.nouns.texts import Reference, Text
from provider.nouns.types import Choice, Flag, Type, Whole, Word
from provider.web.paths import object_path


@dataclass(frozen=True, slots=True)
class Fact:
    """A field and its value. `title` is a message; `shape` says how the value is shown: a macro of `macros/facts.html`.

    A part is the facts in it; of a list, each item is a fact without a title; of a map, with its name.
    """

    key: str
    title: str
    shape: str
    value: Any = None
    path: str = ""
    word: Word | None = None
    parts: Sequence["Fact"] = ()


def facts(item: Object) -> list[Fact]:
    """Return what there is to know of an object, in the order of its layout, without its name.

    What is not set says nothing, unless it is always sent. Of one that is sparse only what is set. The kind of an
    object, where its noun has some, has its facts among the others.
    """
    names = [name for line in item.layout for name in ((line,) if isinstance(line, str) else line)]
    keys = [*names, *(key for key in item.fields if key not in names)]
    own = set(item.changed()) if item.is_sparse else set(keys) - ({NAME} if isinstance(item, Noun) else set())
    kinds = item.alternatives() if isinstance(item, Noun) else []
    found: list[Fact] = []
    if isinstance(item, Noun) and any(getattr(item, item.fields[key].name) is not None for key in kinds):
        own -= set(item.alone)
    for each in (item.fields[key] for key in keys if key in own and not _is_left(item.fields[key], item)):
        if each.key not in kinds:
            one = _of_field(each, item)
            found += [one] if one.shape != "nothing" or each.is_explicit else []
        elif (part := getattr(item, each.name)) is not None:
            found += facts(part) if isinstance(part, Object) else [_of_field(each, item)]
    return found


def _is_left(each: Field, item: Object) -> bool:
    """Tell whether a field is shown apart, or is one that few set, and that is not: a line that says nothing."""
    return each.is_apart or (each.is_rare and each.key != LABELS and getattr(item, each.name) == each.default)


def listed(noun: type[Noun]) -> list[Field]:
    """Return the fields that a list shows besides the name: what others refer to, and what is searched or counted."""
    fields = (each for each in noun.fields.values() if each.key != NAME)
    return [each for each in fields if each.is_column or _refers(each.type)]


def fact(item: Object, key: str) -> Fact:
    return _of_field(item.fields[key], item)


def _refers(type_: Type) -> bool:
    return isinstance(type_.item if isinstance(type_, ListOf) else type_, Reference)


def _of_field(each: Field, item: Object) -> Fact:
    return _of(each.type, getattr(item, each.name), each.key, each.title)


def _of(type_: Type, value: Any, key: str = "", title: str = "") -> Fact:
    if value is None or value in ([], {}, ""):
        return Fact(key, title, "nothing")
    if isinstance(type_, Nested):
        parts = facts(value)
        return Fact(key, title, "part", parts=parts) if parts else Fact(key, title, "flag", value=True)
    if isinstance(type_, ListOf):
        return Fact(key, title, "items", parts=[_of(type_.item, each) for each in value])
    if isinstance(type_, MapOf):
        return Fact(
            key, title, "pairs", parts=[_of(type_.member(name), each, name, name) for name, each in value.items()]
        )
    return _of_one(type_, value, key, title)


def _of_one(type_: Type, value: Any, key: str, title: str) -> Fact:
    if isinstance(type_, Choice):
        return Fact(key, title, "choice", word=type_.named.get(value) or Word(str(value)))
    if isinstance(type_, Reference) and not type_.leads_elsewhere(value):
        return Fact(key, title, "link", value, object_path(NOUNS[type_.kind].plural, type_.name_of(value)))
    if isinstance(type_, Flag | Whole):
        return Fact(key, title, "flag" if isinstance(type_, Flag) else "number", value)
    if isinstance(type_, FreeObject):
        return Fact(key, title, "text", written(type_.masked(value)))
    if isinstance(type_, Text) and type_.is_secret:
        value = type_.masked(value)
    if isinstance(said := certificate.told(value), Message):
        return Fact(key, title, "prose", said)
    return Fact(key, title, "prose" if isinstance(type_, Text) and type_.is_prose else "text", value)
