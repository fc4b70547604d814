"""Objects as rows of the tables made from their declarations: written, and read."""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Row, RowMapping, select

from provider.database.sessions import Session
from provider.database.tables import FIELDS, SHOWN, TABLES, NounTable
from provider.nouns import NOUNS, Noun
from provider.nouns.noun import LABELS, NAME
from provider.nouns.registry import hidden
from provider.nouns.texts import Reference
from provider.store.records import NAMED

N = TypeVar("N", bound=Noun)


def row_of(item: Noun, owner: str | None = None) -> dict[str, Any]:
    """Return the columns of an object."""
    place = TABLES[item.kind]
    document = item.stored()
    values: dict[str, Any] = {NAME: item.key, LABELS: document.pop(LABELS, {})}
    if place.is_shown:
        values[SHOWN] = item.name
    if place.noun.within:
        values[place.noun.within] = owner
    del document[NAME]
    for key, column in place.columns.items():
        values[column] = None if _leads_elsewhere(place.noun, key, document.get(key)) else document.pop(key, None)
    return {**values, FIELDS: hidden(item.kind, document)}


def _leads_elsewhere(noun: type[Noun], key: str, value: Any) -> bool:
    """Tell whether a field names what another provider has: that is kept with what has no column."""
    type_ = noun.fields[key].type
    return isinstance(type_, Reference) and value is not None and type_.leads_elsewhere(value)


def objects_of(session: Session, noun: type[N], rows: Sequence[Row[Any]]) -> list[N]:
    """Return the objects of some rows, with their references as they were typed."""
    place = TABLES[noun.kind]
    name = SHOWN if place.is_shown else NAME
    return spelled(session, noun, [_object(place, noun, each._mapping, name) for each in rows])  # noqa: SLF001  # its public name


def _object(place: NounTable, noun: type[N], columns: RowMapping, name: str) -> N:
    document = columns[FIELDS]
    document[NAME], document[LABELS] = columns[name], columns[LABELS]
    for key, column in place.columns.items():
        value = columns[column]
        if value is not None or key not in document:
            document[key] = value
    return noun.loaded(document)


def spelled(session: Session, noun: type[N], items: list[N]) -> list[N]:
    """Return objects with their references as they were typed, where that differs from the names they lead to."""
    renamed = _renamed(noun.kind)
    if not renamed or not items:
        return items
    shown: dict[tuple[str, str], str] = {}
    for kind in renamed:
        table = TABLES[kind].table
        query = select(table.c[NAME], table.c[SHOWN]).where(table.c[SHOWN] != table.c[NAME])
        if len(items) <= NAMED:
            used = {use.name for item in items for use in item.uses() if use.kind == kind}
            query = query.where(table.c[NAME].in_(used))
        shown |= {(kind, row.name): row.shown for row in session.connection().execute(query)}
    if not shown:
        return items
    return [
        item.spelled(shown) if any((use.kind, use.name) in shown for use in item.uses()) else item for item in items
    ]


@cache
def _renamed(kind: str) -> list[str]:
    """Return the kinds to which objects of one can refer by another name than the one that is kept."""
    return [each for each in dict.fromkeys(NOUNS[kind].kinds()) if NOUNS[each].is_renamed]
