"""Which commits change nobody's credentials: those of this process that wrote to no table of accounts and tokens.

SQLite's `data_version` tells a connection that others have committed, and not what. What others commit may be a
revocation, so it counts always. For a commit of ours it is found out whether it was the only one in the meantime:
`data_version` stays as it was on the connection that commits, until somebody else does.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection

from provider.database.sessions import Session
from provider.models import Account, AccountSession, Token

TABLES: Final = frozenset(str(model.__tablename__) for model in (Account, AccountSession, Token))
"""The tables that say who may do what."""

_NAMES: Final = "|".join(sorted(TABLES))
_READING: Final = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_NAMING: Final = re.compile(rf"\b({_NAMES})\b", re.IGNORECASE)
"""A statement that names a table of credentials, and does not only read, may write to it."""
_TOUCHED: Final = "touches_credentials"


class Unchanged:
    """Which version of a database has the same credentials as an earlier one. Any thread asks."""

    def __init__(self) -> None:
        self._same: tuple[int, int] | None = None
        """The version after the last commit that changed none, and the earliest that has the same."""

    def find(self, version: int) -> int:
        """Return the earliest version that is known to have the same credentials as this one."""
        same = self._same
        return same[1] if same is not None and same[0] == version else version

    @contextmanager
    def through(self, session: Session, find_version: Callable[[], int | None]) -> Iterator[None]:
        """Note around the commit of a transaction, in which nobody else can commit, whether it changes none."""
        connection = session.connection()
        told, driver = connection.info, connection.connection.driver_connection
        before, own = find_version(), _version(driver)
        yield
        # In this order: if nobody else has committed until the second is read, the first is that of our commit.
        after, own_after = find_version(), _version(driver)
        if not told[_TOUCHED] and before is not None and after is not None and own is not None and own == own_after:
            self._same = after, self.find(before)


def note_statement(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
    """Note on a connection that its transaction may write to a table of credentials."""
    if statement.startswith("BEGIN"):
        connection.info[_TOUCHED] = False
    elif not _READING.match(statement) and _NAMING.search(statement):
        connection.info[_TOUCHED] = True


def _version(driver: Any) -> int | None:
    """Return the version that a connection sees, which only commits of others change."""
    try:
        (version,) = driver.execute("PRAGMA data_version").fetchone()
    except sqlite3.Error:
        return None
    return int(version)
