"""Changes that are only tried: they are written to a copy of the state in memory, and read what is stored beside it.

The copy has the tables that a change writes. SQLite looks for a table in the copy first: what is found in none
of its tables (earlier revisions, the audit) is read from the file, in the same snapshot. The file is opened to be
read, so that whatever is tried can neither lock nor write it.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import JSON, URL, Engine, NullPool, Table, create_engine, event

from provider.database import carried
from provider.database.connections import BESIDE, BUSY_TIMEOUT_MS, begin, prepare, quoted
from provider.database.sessions import Session
from provider.database.tables import LINKS, STATE

TABLES: Final = tuple(table.name for table in STATE)
"""The names of the tables that a change of the desired state writes."""

_COPIED: Final = (*TABLES, "rollout")
"""Those that are copied: what else is written with a change may be tried, too."""

STORED: Final = "stored"
"""The name of what is stored, as a schema, where the copy has a table of the same name."""

_PRAGMAS: Final = {"foreign_keys": 1, "busy_timeout": BUSY_TIMEOUT_MS}


def make_engine(path: Path, write: Callable[[object], str], read: Callable[[str], Any]) -> Engine:
    """Make an engine each of whose connections is an empty database in memory, with a file beside it."""
    engine = create_engine(
        URL.create("sqlite", database=":memory:"),
        poolclass=NullPool,  # what was tried goes with its connection
        hide_parameters=True,
        connect_args={"check_same_thread": False, "isolation_level": None, "uri": True},
        json_serializer=write,
        json_deserializer=read,
    )

    def prepare_trial(connection: sqlite3.Connection, _record: object) -> None:
        prepare(connection, _PRAGMAS)
        connection.execute(f"ATTACH DATABASE ? AS {STORED}", (f"file:{quoted(path)}?mode=ro",))

    event.listen(engine, "connect", prepare_trial)
    event.listen(engine, "begin", begin)
    return engine


def write_json(value: object) -> str:
    """Write a value as JSON: ten times as fast as Python's own."""
    return msgspec.json.encode(value).decode()


def copy_state(session: Session) -> None:
    """Copy the state, as it is stored in the snapshot that this begins."""
    connection = session.connection()
    told = connection.exec_driver_sql(
        f"SELECT type, tbl_name, sql FROM {STORED}.sqlite_master "  # noqa: S608  # names of our own
        f"WHERE tbl_name IN ({_marks(_COPIED)}) AND sql IS NOT NULL",
        _COPIED,
    ).all()
    made = {name: text for kind, name, text in told if kind == "table"}
    for name in _COPIED:
        connection.exec_driver_sql(made[name])
        connection.exec_driver_sql(f"INSERT INTO main.{name} SELECT * FROM {STORED}.{name}")  # noqa: S608
    for kind, _name, text in told:
        if kind == "index":
            connection.exec_driver_sql(text)


class Rows(NamedTuple):
    """What is written of one table: the rows that are put there, and the keys of those that go."""

    table: Table
    put: Sequence[Mapping[str, Any]]
    gone: Sequence[Mapping[str, Any]]


def write_rows(file: sqlite3.Connection, rows: Iterable[Rows], write: Callable[[object], str]) -> None:
    """Write rows into a file, their JSON with `write`: `take_rows` puts them where they belong."""
    for table in STATE:
        name, keys = _names(table)
        columns = [column.name for column in table.columns]
        file.execute(f"CREATE TABLE put_{name} ({', '.join(_quoted(columns))})")
        file.execute(f"CREATE TABLE gone_{name} ({', '.join(_quoted(keys))})")
    for table, put, gone in rows:
        name, keys = _names(table)
        listed = [(column.name, isinstance(column.type, JSON)) for column in table.columns]
        written = ([write(row[each]) if is_json else row[each] for each, is_json in listed] for row in put)
        file.executemany(f"INSERT INTO put_{name} VALUES ({_marks(listed)})", written)  # noqa: S608
        keyed = ([row[key] for key in keys] for row in gone)
        file.executemany(f"INSERT INTO gone_{name} VALUES ({_marks(keys)})", keyed)  # noqa: S608


def take_rows(session: Session) -> None:
    """Write what `write_rows` put into the file that lies beside (see `Database.writing`)."""
    session.found.clear()
    if session.connection().dialect.name != "sqlite":
        carried.take_rows(session)
        return
    connection = session.connection()
    # What only refers to others goes first, and what others refer to last.
    for table in LINKS:
        connection.exec_driver_sql(_removal(table))
    for table in STATE:
        name, keys = _names(table)
        columns = [column.name for column in table.columns]
        changed = ", ".join(f"{each} = excluded.{each}" for each in _quoted(columns) if each.strip('"') not in keys)
        listed = ", ".join(_quoted(columns))
        connection.exec_driver_sql(
            f"INSERT INTO main.{name} ({listed}) SELECT {listed} FROM {BESIDE}.put_{name} WHERE true "  # noqa: S608
            f"ON CONFLICT ({', '.join(_quoted(keys))}) DO UPDATE SET {changed}"
        )
    for table in reversed(STATE):
        connection.exec_driver_sql(_removal(table))


def take_changes(session: Session, number: int, without: Collection[tuple[str, str]] = ()) -> int:
    """Keep with a revision what was changed object by object, as it stands in the table `change` of the file beside.

    All but what was changed of the objects `without` which it is wanted, by kind and name. Returns how many it was.
    """
    if session.connection().dialect.name != "sqlite":
        return carried.take_changes(session, number, without)
    added = session.connection().exec_driver_sql(
        "INSERT INTO main.revision_change (revision, position, kind, name, before, after) "  # noqa: S608  # our own names
        f"SELECT ?, row_number() OVER (ORDER BY position) - 1, kind, name, before, after FROM {BESIDE}.change "
        "WHERE kind || '/' || name NOT IN (SELECT value FROM json_each(?))",
        (number, write_json([f"{kind}/{name}" for kind, name in without])),
    )
    return added.rowcount


def _removal(table: Table) -> str:
    name, keys = _names(table)
    keyed = ", ".join(_quoted(keys))
    return f"DELETE FROM main.{name} WHERE ({keyed}) IN (SELECT {keyed} FROM {BESIDE}.gone_{name})"  # noqa: S608


def _names(table: Table) -> tuple[str, list[str]]:
    """Return the name of a table, and those of the columns of its key."""
    return table.name, [column.name for column in table.primary_key]


def _marks(columns: Sequence[object]) -> str:
    return ", ".join("?" * len(columns))


def _quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]
