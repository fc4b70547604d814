"""Connections to an SQLite file: its pragmas, its transactions, and what tells that the file is ours.

Measured (SQLite 3.40, SQLAlchemy 2.1): the driver's own transactions lose updates; `isolation_level=None`
and an explicit `BEGIN IMMEDIATE` for writers lose none. `foreign_keys` is off on each new connection.
"""

import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.pool import ConnectionPoolEntry

from provider.messages import Message

APPLICATION_ID: Final = 0x77617973
"""Written into the file's header by the first migration, so that a foreign file is recognised."""

BUSY_TIMEOUT_MS: Final = 5_000
BESIDE: Final = "beside"
"""The name of another file that a transaction reads, as a schema."""

RESTORE: Final = Message("restore a copy of it")
"""What to do with a database that is damaged."""

WAL_PAGES: Final = 200
"""Pages after which the write-ahead log is moved into the file: it stays small, and is reused."""

PRAGMAS: Final = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a power cut loses nothing that was acknowledged
    "foreign_keys": 1,
    "busy_timeout": BUSY_TIMEOUT_MS,
    "wal_autocheckpoint": WAL_PAGES,
}

HINDERED: Final = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}
"""What SQLite answers to who cannot write beside a database what reading it takes."""


def prepare(connection: sqlite3.Connection, pragmas: dict[str, Any] = PRAGMAS) -> None:
    """Set the pragmas on a connection, and make sure that they hold. SQLite itself folds only ASCII letters."""
    connection.create_function("casefold", 1, _casefold, deterministic=True)
    for name, value in sorted(pragmas.items(), key=lambda item: item[0] != "busy_timeout"):
        connection.execute(f"PRAGMA {name} = {value}")
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != value:
            raise sqlite3.OperationalError(f"PRAGMA {name} is {found}, not {value}")


def read(path: Path, timeout_seconds: float = BUSY_TIMEOUT_MS / 1000) -> sqlite3.Connection:
    """Open a database to read it, wherever it lies and however its last writer ended. Raises `sqlite3.Error`.

    What a process that was killed left in a journal is rolled back first, as whoever opens the file to write does:
    SQLite shows nothing of such a file to who may only read. Where the index of the write-ahead log cannot be made
    (a full disk, a folder that cannot be written), the log is read without one, or is known to be empty.
    """
    uri = f"file:{quoted(path)}"
    ways = [(f"{uri}?mode=ro", "NORMAL"), (f"{uri}?mode=rw", "NORMAL"), (f"{uri}?mode=rw", "EXCLUSIVE")]
    if is_settled(path):
        ways.append((f"{uri}?immutable=1", "NORMAL"))
    first: sqlite3.Error | None = None
    for way, locking in ways:
        connection = sqlite3.connect(way, uri=True, isolation_level=None, timeout=timeout_seconds)
        try:
            connection.execute(f"PRAGMA locking_mode = {locking}").fetchone()
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            first = first or error
            if error.sqlite_errorcode & 0xFF not in HINDERED:
                raise
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            connection.close()
            raise
        else:
            return connection
    raise first or sqlite3.OperationalError("unable to open database file")


def is_settled(path: Path) -> bool:
    """Tell whether all of a database is in its file: it has no write-ahead log, and no journal to be rolled back."""
    beside = [Path(f"{path}{ending}") for ending in ("-wal", "-journal")]
    return not any(log.exists() and log.stat().st_size for log in beside)


def _casefold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def begin(connection: Connection) -> None:
    """Begin a transaction as the connection's option `begin` says, since the driver shall not.

    With the option `beside` another file is there too, for as long as the connection is held: see `let_go`.
    """
    options = connection.get_execution_options()
    beside = options.get("beside")
    if beside is not None and not connection.info.get(BESIDE):
        connection.exec_driver_sql(f"ATTACH DATABASE ? AS {BESIDE}", (f"file:{quoted(beside)}?mode=ro",))
        connection.info[BESIDE] = True
    connection.exec_driver_sql(options.get("begin", "BEGIN"))


def let_go(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    """Leave a connection without another file beside it, before somebody else gets it."""
    if record.info.pop(BESIDE, False):
        connection.execute(f"DETACH DATABASE {BESIDE}")


def quoted(path: Path) -> str:
    """Return a path as it stands in a `file:` URI of SQLite."""
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
