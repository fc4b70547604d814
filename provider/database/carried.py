"""Rows that were put ready in a file, carried into a database that cannot read the file itself.

SQLite reads it as a schema of its own (see `scratch`). Here the rows are read, and sent many in one statement; columns
of JSON stay the text that they are, with the secrets sealed in it.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import JSON, Boolean, Column, Text, bindparam, cast, delete, tuple_
from sqlalchemy import Table as SQLTable
from sqlmodel import SQLModel

from provider.database.sessions import Session
from provider.database.tables import LINKS, STATE
from provider.late import Late

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
else:
    postgresql = Late("sqlalchemy.dialects.postgresql")

_AT_ONCE: Final = 500


def take_rows(session: Session) -> None:
    """Write what `scratch.write_rows` put into the file beside."""
    with closing(_opened(session)) as file:
        # What only refers to others goes first, and what others refer to last.
        for table in LINKS:
            _remove(session, file, table)
        for table in STATE:
            _put(session, file, table)
        for table in reversed(STATE):
            _remove(session, file, table)


def take_changes(session: Session, number: int, without: Collection[tuple[str, str]] = ()) -> int:
    """Keep with a revision what was changed object by object, as it stands in the file beside: see `scratch`."""
    table = SQLModel.metadata.tables["revision_change"]
    columns = ["kind", "name", "before", "after"]
    placed = ("revision", "position", *columns)
    adding = postgresql.insert(table).values({name: _parameter(table.c[name]) for name in placed})
    left_out, position = frozenset(without), count()
    with closing(_opened(session)) as file:
        for rows in _read(file, f"SELECT {', '.join(columns)} FROM change ORDER BY position"):  # noqa: S608  # our own names
            taken = [(number, next(position), *row) for row in rows if row[:2] not in left_out]
            if taken:
                session.connection().execute(adding, [dict(zip(_named(placed), row, strict=True)) for row in taken])
    return next(position)


def _opened(session: Session) -> sqlite3.Connection:
    assert session.beside is not None  # noqa: S101  # for the type checker
    return sqlite3.connect(session.beside)


def _put(session: Session, file: sqlite3.Connection, table: SQLTable) -> None:
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key]
    adding = postgresql.insert(table).values({name: _parameter(table.c[name]) for name in names})
    changed = {name: adding.excluded[name] for name in names if name not in keys}
    adding = (
        adding.on_conflict_do_update(index_elements=keys, set_=changed)
        if changed
        else adding.on_conflict_do_nothing(index_elements=keys)
    )
    flags = {index for index, name in enumerate(names) if isinstance(table.c[name].type, Boolean)}
    for rows in _read(file, f"SELECT * FROM put_{table.name}"):  # noqa: S608  # our own names
        told = [
            dict(zip(_named(names), (bool(value) if i in flags else value for i, value in enumerate(row)), strict=True))
            for row in rows
        ]
        session.connection().execute(adding, told)


def _remove(session: Session, file: sqlite3.Connection, table: SQLTable) -> None:
    keys = list(table.primary_key)
    for rows in _read(file, f"SELECT * FROM gone_{table.name}"):  # noqa: S608  # our own names
        session.connection().execute(delete(table).where(tuple_(*keys).in_([tuple(row) for row in rows])))


def _parameter(column: Column[Any]) -> Any:
    """Return the parameter of a column; of JSON the text as it is."""
    name = f"p_{column.name}"
    return cast(bindparam(name, type_=Text()), JSON()) if isinstance(column.type, JSON) else bindparam(name)


def _named(names: Sequence[str]) -> list[str]:
    return [f"p_{name}" for name in names]


def _read(file: sqlite3.Connection, query: str) -> Iterator[list[tuple[Any, ...]]]:
    rows = file.execute(query)
    while listed := rows.fetchmany(_AT_ONCE):
        yield listed
