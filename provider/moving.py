"""Moving all that is kept from one database to another, whichever kind each is, and making sure that it is the same.

Rows go as they are, with their secrets sealed: both databases are read with the same key file.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
)
from sqlmodel import SQLModel

from provider.database import connecting, locks, numbering
from provider.database.database import Database
from provider.database.locations import Location
from provider.errors import Unavailable
from provider.listening import DefaultEntryPoints
from provider.models import Revision
from provider.snapshots import read_verified

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: so many rows, up to a revision, whose document has this digest."""

    rows: int
    revision: int
    digest: str


def move(
    source: Location,
    target: Location,
    points: DefaultEntryPoints,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Moved:
    """Copy everything into an empty database, which is made or migrated if need be. Raises `Unavailable`.

    Nothing is kept in it unless all tables have the same rows afterwards, and their state gives the same document.
    """
    connecting.check_current(source)
    with ExitStack() as stack:
        if source.file is not None:  # what it wrote from now on would not be in the copy
            stack.enter_context(locks.alone(source.file))
        connecting.migrate(target, lambda _line: None)
        read_from, written_to = stack.enter_context(_open(source)), stack.enter_context(_open(target))
        reading = stack.enter_context(read_from.reading())
        writing = stack.enter_context(written_to.writing())
        _check_empty(writing.connection(), target)
        rows = 0
        for table in _tables():
            for found in _read(reading.connection(), table):
                _write(writing.connection(), table, found)
                rows += len(found)
                progress(rows)
            numbering.go_on(writing.connection(), table)
        for table in _tables():
            if _fingerprint(reading.connection(), table) != _fingerprint(writing.connection(), table):
                raise Unavailable(f"the copy of the table {table.name} is not the same: nothing was copied")
        before, after = read_verified(reading, points), read_verified(writing, points)
        if before.document != after.document:
            raise Unavailable("the copy would serve a different document: nothing was copied")
        return Moved(rows, after.revision, after.document.digest)


def _tables() -> Sequence[Table]:
    """Return all tables: each refers to those before it."""
    return SQLModel.metadata.sorted_tables


@contextmanager
def _open(location: Location) -> Iterator[Database]:
    with closing(connecting.database_at(location)) as database:
        database.open()
        yield database


def _check_empty(connection: Connection, target: Location) -> None:
    if connection.execute(
        select(func.count()).select_from(SQLModel.metadata.tables[str(Revision.__tablename__)])
    ).scalar():
        raise Unavailable(f"the database {target} already has revisions: copy into an empty one")
    for table in reversed(_tables()):
        connection.execute(table.delete())  # a first start leaves accounts, and entries of the audit


def _read(connection: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """Give the rows in the order of their keys, with JSON as the text that it is."""
    with connection.execute(_all(table).execution_options(yield_per=_AT_ONCE)) as result:
        for found in result.partitions():
            yield [tuple(row) for row in found]


def _all(table: Table) -> Select[Any]:
    return select(*(_plain(column) for column in table.columns)).order_by(*table.primary_key)


def _plain(column: Column[Any]) -> Any:
    return cast(column, Text()) if isinstance(column.type, JSON) else column


def _write(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    is_server = connection.dialect.name != "sqlite"
    names = [f"p{number}" for number in range(len(table.columns))]

    def value(column: Column[Any], name: str) -> Any:
        if not isinstance(column.type, JSON):
            return bindparam(name, type_=column.type)
        given = bindparam(name, type_=Text())
        return cast(given, JSON()) if is_server else given

    values = {column.name: value(column, name) for column, name in zip(table.columns, names, strict=True)}
    connection.execute(insert(table).values(values), [dict(zip(names, row, strict=True)) for row in rows])


def _fingerprint(connection: Connection, table: Table) -> tuple[int, str]:
    """Return how many rows a table has, and a hash of them all."""
    count, found = 0, hashlib.sha256()
    for rows in _read(connection, table):
        count += len(rows)
        for row in rows:
            found.update(repr(row).encode())
    return count, found.hexdigest()
