"""The schema of a database on a PostgreSQL server: what it is, what it should be, and how it is migrated."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from provider.database.locations import Location
from provider.database.pooling import check_unpooled
from provider.database.schema import SEALED, FileCondition, Inspection, remedy
from provider.database.sealing import MARK, SealingKeys
from provider.database.server_connections import WRITING, make_engine, told
from provider.database.versions import versions
from provider.errors import Unavailable


def check_current(location: Location) -> None:
    """Raise `Unavailable`, with what to do, unless the database can be served as it is."""
    with _connected(location) as engine, engine.connect() as connection:
        check(connection, location)


def check(connection: Connection, location: Location) -> None:
    """Do so on a connection."""
    found = _inspect(connection, location)
    if found.condition is not FileCondition.CURRENT:
        raise Unavailable(f"{found.detail}: {remedy(found.condition)}")
    check_unpooled(connection.engine, location)


def _inspect(connection: Connection, location: Location) -> Inspection:
    """Find out what a database is. Raises `Unavailable` for one that cannot have all texts."""
    driver: Any = connection.connection.driver_connection
    encoding = driver.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise Unavailable(
            f"the database {location} has the encoding {encoding}: create one with "
            "`createdb --encoding UTF8 --template template0`"
        )
    tables = set(inspect(connection).get_table_names())
    version = None
    if "alembic_version" in tables:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is None and tables <= {"alembic_version"}:
        return Inspection(FileCondition.EMPTY, None, f"the database {location} is empty")
    known = versions()
    if version is None or "revision_change" not in tables:
        return Inspection(FileCondition.FOREIGN, version, f"{location} is the database of another program")
    if version not in known:
        detail = f"the database {location} is at version {version}, made by a newer version of wayshub-provider"
        return Inspection(FileCondition.NEWER, version, detail)
    if version != known[-1]:
        return Inspection(FileCondition.OLDER, version, f"the database {location} is at the older version {version}")
    return Inspection(FileCondition.CURRENT, version, f"the database {location} is at version {version}")


def has_sealed(connection: Connection) -> bool:
    """Tell whether a database has a sealed secret. It is looked through as a whole."""
    return any(
        connection.execute(
            text(f"SELECT 1 FROM {table} WHERE strpos(CAST({_written(column)} AS text), :mark) > 0 LIMIT 1"),  # noqa: S608
            {"mark": MARK},
        ).first()
        for table, columns in SEALED.items()
        for column in columns
    )


def _written(column: str) -> str:
    """Return a column as the text that is in it, where it has bytes too."""
    return f"encode({column}, 'escape')" if column in {"held", "accepted_content"} else f'"{column}"'


def migrate(location: Location, say: Callable[[str], None] = lambda _line: None, *, to: str | None = None) -> None:
    """Bring a database to this version's schema, as `alembic upgrade head` does, and make its key file if need be.

    With `to`, bring it to that version. Raises `Unavailable` for a database that is not ours, or newer than we are.
    """
    with _connected(location) as engine, engine.connect() as connection:
        version = _inspect(connection, location).version
    import_module("provider.database.upgrades").upgrade(location, say, version, to)
    if to is not None:
        return
    keys = SealingKeys(location.keys_path)
    with _connected(location) as engine, engine.connect() as connection:
        if not keys.exists():
            if has_sealed(connection):
                raise Unavailable(keys.why_missing())
            keys.make()
            say(f"created the key file {keys.path}: copy it to every machine that runs a service, and keep a copy")


@contextmanager
def migrating(location: Location) -> Iterator[Connection]:
    """Give Alembic a connection on which all migrations together are one transaction, in which nobody else writes."""
    with _connected(location) as engine, engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITING})
        found = _inspect(connection, location)
        if found.condition in {FileCondition.FOREIGN, FileCondition.NEWER}:
            raise Unavailable(f"{found.detail}: it is left as it is; {remedy(found.condition)}")
        yield connection


@contextmanager
def _connected(location: Location) -> Iterator[Engine]:
    engine = make_engine(location, json.dumps, json.loads)
    try:
        with told(location):
            yield engine
    finally:
        engine.dispose()
