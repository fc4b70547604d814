"""What refers to objects, by the columns and tables in which references stand."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, func, or_, select

from provider.database.sessions import Session
from provider.database.tables import TABLES, column_name, member_column
from provider.nouns import NOUNS, Noun
from provider.nouns.noun import NAME
from provider.store import nouns

N = TypeVar("N", bound=Noun)


def users(session: Session, noun: type[Noun], key: str, *, limit: int | None = None) -> list[Noun]:
    """Return what refers to an object, by kind and name; of each kind at most `limit`."""
    return [user for kind in NOUNS.values() for user in users_of(session, kind, noun, key, limit=limit)]


def users_of(session: Session, user: type[N], noun: type[Noun], key: str, *, limit: int | None = None) -> list[N]:
    """Return the objects of one noun that refer to an object of another, by name."""
    uses = list(_uses(user, noun, [key]))
    return nouns.matching(session, user, or_(*uses), limit=limit) if uses else []


def count_users(session: Session, user: type[Noun], noun: type[Noun], keys: Sequence[str]) -> dict[str, int]:
    """Count the objects of one noun that refer to some of another, some hundreds at most, where there are any."""
    counted: dict[str, int] = {}
    for column, owner in _referring(user, noun):
        query = select(column, func.count(owner.distinct())).where(column.in_(keys)).group_by(column)
        for name, number in session.connection().execute(query):
            counted[name] = counted.get(name, 0) + number
    return counted


def count_all_users(session: Session, noun: type[Noun], keys: Sequence[str]) -> dict[str, int]:
    """Count what refers to some objects of a noun, some hundreds at most, where there is anything."""
    counted: dict[str, int] = {}
    for user in NOUNS.values():
        for name, number in count_users(session, user, noun, keys).items():
            counted[name] = counted.get(name, 0) + number
    return counted


def columns_leading_to(noun: type[Noun]) -> list[ColumnElement[str]]:
    """Return all columns in which objects refer to those of a noun."""
    return [column for user in NOUNS.values() for column, _owner in _referring(user, noun)]


def _referring(user: type[Noun], noun: type[Noun]) -> Iterator[tuple[ColumnElement[str], ColumnElement[str]]]:
    """Give the columns in which objects of a noun refer to those of another, each beside that of their own names."""
    place = TABLES[user.kind]
    for key, each in user.fields.items():
        if key in place.columns and noun.kind in each.type.kinds():
            yield place.table.c[place.columns[key]], place.table.c[NAME]
    if (link := place.links.get(noun.kind)) is not None:
        yield link.c[member_column(user.kind, noun.kind)], link.c[column_name(user.kind)]


def _uses(user: type[Noun], noun: type[Noun], keys: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    name = TABLES[user.kind].table.c[NAME]
    for column, owner in _referring(user, noun):
        yield column.in_(keys) if owner is name else name.in_(select(owner).where(column.in_(keys)))
