"""Changes that are only tried: they are written to a copy of the state in memory, and read what is stored beside it.

The copy has the tables that a change writes. SQLite looks for a table in the copy first: what is found in none
of its tables (earlier revisions, the audit) is read from the file, in the same snapshot. The file is opened to be
read, so that whatever is tried can neither lock nor write it.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Engine, NullPool, create_engine, event, inspect
from sqlmodel import Session, SQLModel

from provider.database.connections import BUSY_TIMEOUT_MS, begin, prepare, quoted
from provider.models import Domain, Router, RouterDomain, Server, Service

STATE: Final[tuple[type[SQLModel], ...]] = (Domain, Service, Server, Router, RouterDomain)
"""The tables that a change of the desired state writes: each refers to those before it only."""

TABLES: Final = tuple(str(inspect(table).local_table.name) for table in STATE)
"""Their names."""

STORED: Final = "stored"
"""The name of what is stored, as a schema, where the copy has a table of the same name."""

_PRAGMAS: Final = {"foreign_keys": 1, "busy_timeout": BUSY_TIMEOUT_MS}


def make_engine(path: Path, read_json: Callable[[str], Any]) -> Engine:
    """Make an engine each of whose connections is an empty database in memory, with a file beside it."""
    engine = create_engine(
        URL.create("sqlite", database=":memory:"),
        poolclass=NullPool,  # what was tried goes with its connection
        hide_parameters=True,
        connect_args={"check_same_thread": False, "isolation_level": None, "uri": True},
        json_deserializer=read_json,
    )

    def prepare_trial(connection: sqlite3.Connection, _record: object) -> None:
        prepare(connection, _PRAGMAS)
        connection.execute(f"ATTACH DATABASE ? AS {STORED}", (f"file:{quoted(path)}?mode=ro",))

    event.listen(engine, "connect", prepare_trial)
    event.listen(engine, "begin", begin)
    return engine


def copy_state(session: Session) -> None:
    """Copy the state, as it is stored in the snapshot that this begins."""
    connection = session.connection()
    marks = ", ".join("?" * len(TABLES))
    told = connection.exec_driver_sql(
        f"SELECT type, tbl_name, sql FROM {STORED}.sqlite_master "  # noqa: S608  # names of our own
        f"WHERE tbl_name IN ({marks}) AND sql IS NOT NULL",
        TABLES,
    ).all()
    made = {name: text for kind, name, text in told if kind == "table"}
    for name in TABLES:
        connection.exec_driver_sql(made[name])
        connection.exec_driver_sql(f"INSERT INTO main.{name} SELECT * FROM {STORED}.{name}")  # noqa: S608
    for kind, _name, text in told:
        if kind == "index":
            connection.exec_driver_sql(text)
