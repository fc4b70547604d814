"""The database itself, for commands that need no service: whoever can write the file may do all."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from provider.database.connecting import database_at
from provider.database.database import Database
from provider.database.locations import Location
from provider.database.sessions import Session
from provider.models import Actor
from provider.settings import read_settings

_LONGEST_NAME = 63


@contextmanager
def reading(location: Location | None = None) -> Iterator[Session]:
    """Give a session for reading on a database, by default that of the settings. Raises `Unavailable`."""
    with _opened(location or read_settings().location) as database, database.reading() as session:
        yield session


@contextmanager
def writing(location: Location | None = None) -> Iterator[Session]:
    """Give a session that writes on a database, by default that of the settings. Raises `Unavailable`."""
    with _opened(location or read_settings().location) as database, database.writing() as session:
        yield session


def actor() -> Actor:
    """Return who runs this command, as the audit keeps it: the user of this machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        name = "unknown"
    return Actor(name[:_LONGEST_NAME], "database")


@contextmanager
def _opened(location: Location) -> Iterator[Database]:
    database = database_at(location)
    try:
        database.open()
        yield database
    finally:
        database.close()
