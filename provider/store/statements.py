"""Statements on the tables of nouns that every change needs, each made once.

SQLAlchemy takes longer to put one together than SQLite to answer it. There are as many as there are nouns.
"""

from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, Insert, Select, Update, bindparam, delete, insert, select, update

from provider.database.tables import TABLES
from provider.nouns import NOUNS
from provider.nouns.noun import NAME

KEY: Final = "its_key"
OWNER: Final = "its_owner"
"""The parameters: the name under which an object is kept, and that of what it belongs to."""


@cache
def one(kind: str) -> Select[Any]:
    """Find an object."""
    return select(TABLES[kind].table).where(*_is(kind))


@cache
def key(kind: str) -> Select[tuple[str]]:
    """Find the name of an object that belongs to no other."""
    name = TABLES[kind].table.c[NAME]
    return select(name).where(name == bindparam(KEY))


@cache
def belonging(kind: str) -> Select[Any]:
    """Find the objects of a kind that belong to one of another, by name."""
    table = TABLES[kind].table
    return select(table).where(table.c[NOUNS[kind].within] == bindparam(OWNER)).order_by(table.c[NAME])


@cache
def adding(kind: str) -> Insert:
    """Add an object, by the values of its columns."""
    return insert(TABLES[kind].table)


@cache
def changing(kind: str) -> Update:
    """Give an object the values of some columns, by their names beside `named`."""
    return update(TABLES[kind].table).where(*_is(kind))


@cache
def removing(kind: str) -> Delete:
    """Remove an object."""
    return delete(TABLES[kind].table).where(*_is(kind))


def named(kind: str, key: str, owner: str | None) -> dict[str, Any]:
    """Return the parameters that mean one object."""
    return {KEY: key, OWNER: owner} if NOUNS[kind].within else {KEY: key}


def _is(kind: str) -> list[ColumnElement[bool]]:
    table = TABLES[kind].table
    within = [table.c[NOUNS[kind].within] == bindparam(OWNER)] if NOUNS[kind].within else []
    return [table.c[NAME] == bindparam(KEY), *within]
