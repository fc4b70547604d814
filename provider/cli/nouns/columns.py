"""How objects of a noun are shown: its fields, in the order in which people see them."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from provider.cli.nouns.words import LABELS, ordered
from provider.cli.output import words
from provider.cli.replies import Item
from provider.cli.tables import LABELS as WORDS_OF_LABELS
from provider.cli.tables import Columns, Rare
from provider.nouns import Field, Nested, Noun, Object
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.noun import NAME, lowered
from provider.nouns.types import Type

_KIND: Final = "Kind"
"""The heading of what an object is, where it has one of several objects within."""


def columns_of(noun: type[Noun], item: Item | None = None) -> Columns:
    """Return the columns of a table of objects; those that few need stand there only where one has something.

    Of a single `item`, what it does not have has none: what few set, and what only objects of another kind have.
    """
    found: dict[str, Callable[[Item], object]] = {}
    for key, each in ordered(noun):
        if item is not None and key in noun.alone and key not in item:
            continue
        if item is not None and each.is_few and key != LABELS and not _is_set(key, each)(item):
            continue
        if each.is_alternative:
            read_kind = _words_of_kind(noun)
            if item is None or read_kind(item):
                found[_KIND] = Rare(read_kind, read_kind)
        elif key == LABELS:
            found[each.title] = WORDS_OF_LABELS
        else:
            read = _reader(key, each.type)
            found["Name" if key == NAME else each.title] = Rare(read, _is_set(key, each)) if each.is_few else read
    return found


def words_of(type_: Type, value: Any) -> str:
    """Write a value as JSON for people; of an object within what it has, in the words of its form."""
    if isinstance(value, Mapping) and isinstance(type_, Nested):
        return _words_of_part(type_.model, value)
    if isinstance(value, Mapping) and isinstance(type_, MapOf):
        return ", ".join(f"{key}={words_of(type_.value, member)}" for key, member in value.items()) or "none"
    if isinstance(value, list) and isinstance(type_, ListOf):
        return ", ".join(words_of(type_.item, item) for item in value) or "none"
    return (json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else words(value)) or "none"


def _words_of_part(model: type[Object], value: Mapping[str, Any]) -> str:
    told = [
        f"{lowered(model.fields[key].title)} {words_of(model.fields[key].type, member)}"
        for key, member in value.items()
        if key in model.fields and member not in (None, "", [], {})
    ]
    return ", ".join(told) or "yes"


def _reader(key: str, type_: Type) -> Callable[[Item], object]:
    return lambda item: words_of(type_, item.get(key))


def _is_set(key: str, each: Field) -> Callable[[Item], object]:
    default = None if each.is_required else each.json(each.first())
    return lambda item: item.get(key) not in (None, default)


def _words_of_kind(noun: type[Noun]) -> Callable[[Item], object]:
    kinds = {key: noun.fields[key].type for key in noun.alternatives()}

    def read(item: Item) -> object:
        told = [f"{key}: {words_of(type_, item[key])}" for key, type_ in kinds.items() if item.get(key) is not None]
        return ", ".join(told) or None

    return read
