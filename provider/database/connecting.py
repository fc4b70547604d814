"""The database of a location, whichever kind it is: only this module knows both kinds.

What PostgreSQL takes is loaded where it is needed alone: who uses SQLite need not have installed it.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from provider.database import schema
from provider.database.database import Database
from provider.database.file import FileDatabase
from provider.database.locations import Location
from provider.errors import SettingsError


def database_at(location: Location) -> Database:
    """Return the database at a location, which is not opened yet. Raises `SettingsError`."""
    if location.file is not None:
        return FileDatabase(location.file, location.key_file)
    made: Database = _server("server").ServerDatabase(location)
    return made


def check_current(location: Location) -> None:
    """Raise `Unavailable`, with what to do, unless the database can be served as it is."""
    if location.file is not None:
        schema.check_current(location.file)
    else:
        _server("server_schema").check_current(location)


def migrate(location: Location, say: Callable[[str], None], *, to: str | None = None) -> None:
    """Bring a database to this version's schema, as `alembic upgrade head` does. Raises `Unavailable`.

    With `to`, bring it to that version, which may be an earlier one. A file is made if need be, and copied before
    anything in it is changed.
    """
    if location.file is not None:
        schema.migrate(location.file, say, key_file=location.key_file, to=to)
    else:
        _server("server_schema").migrate(location, say, to=to)


def _server(module: str) -> Any:
    try:
        return import_module(f"provider.database.{module}")
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        raise SettingsError(
            "PROVIDER_DATABASE_URL: PostgreSQL needs one more package: install wayshub-provider[postgresql]"
        ) from error
