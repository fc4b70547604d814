"""The database: one SQLite file, its pragmas, its transactions, and its migrations.

Measured (SQLite 3.40, SQLAlchemy 2.1): the driver's own transactions lose updates; `isolation_level=None`
and an explicit `BEGIN IMMEDIATE` for writers lose none. `foreign_keys` is off on each new connection.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from provider.errors import Unavailable

APPLICATION_ID: Final = 0x77617973
"""Written into the file's header by the first migration, so that a foreign file is recognised."""

BUSY_TIMEOUT_MS: Final = 5_000
_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_APPLICATION_ID_BYTES: Final = slice(68, 72)
_RESTORE: Final = "go back to a copy of it"

WAL_PAGES: Final = 200
"""Pages after which the write-ahead log is moved into the file: it stays small, and is reused."""

PRAGMAS: Final = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a power cut loses nothing that was acknowledged
    "foreign_keys": 1,
    "busy_timeout": BUSY_TIMEOUT_MS,
    "wal_autocheckpoint": WAL_PAGES,
}


class Condition(StrEnum):
    """What a database file is to this version of the service."""

    MISSING = "missing"
    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    FOREIGN = "foreign"
    LOCKED = "locked"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Inspection:
    """A database file's condition, its schema's version if it has one, and a sentence for a person."""

    condition: Condition
    version: str | None
    detail: str


class KeepingSession(Session):
    """A session that keeps what it has read: SQLAlchemy forgets a row that nobody holds, and reads it again."""


@event.listens_for(KeepingSession, "loaded_as_persistent")
@event.listens_for(KeepingSession, "pending_to_persistent")
def _keep(session: KeepingSession, row: object) -> None:
    session.info.setdefault("kept", []).append(row)


class Database:
    """One SQLite file, once it is open. Sessions for reading and for writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: _OpenFile | None = None
        self._engine = self._make_engine()

    def open(self) -> None:
        """Take the file as it is now. Raises `Unavailable`, with what to do, if it cannot be served."""
        self.close()
        check_current(self.path)
        check_whole(self.path)
        self._file = _OpenFile(self.path)

    def close(self) -> None:
        """Close all connections that no session holds."""
        # First: whoever closes a descriptor of a file takes its locks from all connections of the process.
        self._engine.dispose()
        if self._file is not None:
            self._file.close()
            self._file = None

    def check(self) -> None:
        """Look at the file, no more. Raises `Unavailable` if it is missing, another or overwritten, or not writable."""
        self._check_file()
        # SQLite writes its log beside the file, so the folder counts too.
        if not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)):
            raise Unavailable(f"the database {self.path} cannot be written: make it and its folder writable")

    def find_size_bytes(self) -> int | None:
        """Return how long the file and its log are together, or None if it is missing."""
        try:
            log = self.path.with_name(f"{self.path.name}-wal")
            return self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)
        except OSError:
            return None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session on one snapshot of the database. Raises `Unavailable`."""
        with self._session("BEGIN") as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that alone may write; commit at its end, roll back on any error. Raises `Unavailable`."""
        with self._session("BEGIN IMMEDIATE") as session:
            yield session
            self._check_file()
            session.commit()
            # What was committed to a file that went away meanwhile is lost, and must not be acknowledged.
            self._check_file()

    @contextmanager
    def _session(self, begin: str) -> Iterator[Session]:
        self._check_file()
        try:
            with KeepingSession(self._engine, expire_on_commit=False, autoflush=False) as session:
                session.connection(execution_options={"begin": begin})
                yield session
        except DBAPIError as error:
            if isinstance(error.orig, sqlite3.IntegrityError):
                raise
            raise Unavailable(f"the database {self.path} cannot be used now: {error.orig}") from error
        except UnicodeDecodeError as error:  # the driver reads what SQLite says about a damaged file
            raise Unavailable(f"the database {self.path} is damaged: {_RESTORE}") from error
        except LookupError as error:
            if type(error) is not LookupError:  # which is what SQLAlchemy raises for a value that an enum lacks
                raise
            raise Unavailable(f"the database {self.path} is damaged: {_RESTORE}") from error

    def _check_file(self) -> None:
        if self._file is None:
            raise Unavailable(f"the database {self.path} is not open")
        self._file.check()

    def _make_engine(self) -> Engine:
        engine = create_engine(
            # mode=rw: a missing file is an error, and is not made anew, empty.
            URL.create("sqlite", database=f"file:{_quoted(self.path)}", query={"mode": "rw", "uri": "true"}),
            pool_size=10,
            max_overflow=40,
            hide_parameters=True,  # in the texts of errors, and so in the log
            connect_args={"check_same_thread": False, "isolation_level": None},
            json_deserializer=_read_json,
        )
        event.listen(engine, "connect", lambda connection, _record: prepare(connection))
        event.listen(engine, "begin", _begin)
        return engine


class _OpenFile:
    """A database file that is open, to notice when it is another one, or was overwritten.

    Connections go on with a file that was deleted or replaced, and with what they remember of one that was
    overwritten: what they write then is lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise Unavailable(f"the database {path} cannot be read: {error.strerror}") from error
        status = os.fstat(self._descriptor)
        self._identity = status.st_dev, status.st_ino
        # Or, where the first migration is in the write-ahead log still, what is there now.
        self._application_ids = {APPLICATION_ID.to_bytes(4, "big"), self._header()[_APPLICATION_ID_BYTES]}

    def check(self) -> None:
        """Raise `Unavailable` unless the path leads to this file, and it begins as it should."""
        try:
            status = self._path.stat()
        except OSError:
            raise Unavailable(f"the database {self._path} is missing") from None
        if (status.st_dev, status.st_ino) != self._identity:
            raise Unavailable(f"the database {self._path} was replaced by another file: start the service again")
        header = self._header()
        if not header.startswith(_MAGIC) or header[_APPLICATION_ID_BYTES] not in self._application_ids:
            raise Unavailable(f"the database {self._path} was overwritten: {_RESTORE}, and start the service again")

    def close(self) -> None:
        os.close(self._descriptor)

    def _header(self) -> bytes:
        return os.pread(self._descriptor, _HEADER_BYTES, 0)


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Unavailable(f"the database has a value that is not JSON: {_RESTORE}") from error


def prepare(connection: sqlite3.Connection, pragmas: dict[str, Any] = PRAGMAS) -> None:
    """Set the pragmas on a connection, and make sure that they hold. SQLite itself folds only ASCII letters."""
    connection.create_function("casefold", 1, _casefold, deterministic=True)
    for name, value in sorted(pragmas.items(), key=lambda item: item[0] != "busy_timeout"):
        connection.execute(f"PRAGMA {name} = {value}")
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != value:
            raise sqlite3.OperationalError(f"PRAGMA {name} is {found}, not {value}")


def _casefold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


# Migrations


def migrations_path() -> Path:
    """Return the folder of the migrations: in an installed package beside the modules, else in the checkout."""
    package = Path(__file__).parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def alembic_config(path: Path) -> Config:
    """Return Alembic's configuration for a database file, without any file of settings."""
    config = Config()
    config.set_main_option("script_location", str(migrations_path()).replace("%", "%%"))
    config.attributes["database_path"] = path
    return config


def inspect(path: Path) -> Inspection:
    """Find out what a database file is, without changing it."""
    if not path.exists():
        return Inspection(Condition.MISSING, None, f"there is no database at {path}")
    try:
        connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_MS / 1000)
        try:
            return _inspect(connection, path)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            return Inspection(Condition.LOCKED, None, f"the database {path} is locked by another program")
        return Inspection(Condition.UNREADABLE, None, f"{path} cannot be read as an SQLite database: {error}")
    except UnicodeDecodeError:  # the driver reads what SQLite says about a damaged file
        return Inspection(Condition.UNREADABLE, None, f"{path} cannot be read as an SQLite database: it is damaged")


def _inspect(connection: sqlite3.Connection, path: Path) -> Inspection:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    version = None
    if "alembic_version" in tables:
        version = next((row[0] for row in connection.execute("SELECT version_num FROM alembic_version")), None)
    if version is None and tables <= {"alembic_version"}:
        return Inspection(Condition.EMPTY, None, f"the database {path} is empty")
    if version is None or application_id != APPLICATION_ID:
        return Inspection(Condition.FOREIGN, version, f"{path} is the database of another program")
    script = ScriptDirectory.from_config(alembic_config(path))
    known = [revision.revision for revision in script.walk_revisions()]
    if version not in known:
        detail = f"the database {path} is at version {version}, made by a newer version of wayshub-provider"
        return Inspection(Condition.NEWER, version, detail)
    if version != script.get_current_head():
        return Inspection(Condition.OLDER, version, f"the database {path} is at the older version {version}")
    return Inspection(Condition.CURRENT, version, f"the database {path} is at version {version}")


_REMEDIES: Final = {
    Condition.MISSING: "run `wayshub-provider migrate`",
    Condition.EMPTY: "run `wayshub-provider migrate`",
    Condition.OLDER: "run `wayshub-provider migrate`",
    Condition.NEWER: "run that version, or go back to a copy of the database from before",
    Condition.FOREIGN: "set PROVIDER_DATABASE_URL to another file",
    Condition.LOCKED: "wait until that is done, or end it",
    Condition.UNREADABLE: f"set it right, or {_RESTORE}",
}


def check_current(path: Path) -> None:
    """Raise `Unavailable`, with what to do, unless the database can be served as it is."""
    found = inspect(path)
    if found.condition is not Condition.CURRENT:
        raise Unavailable(f"{found.detail}: {_REMEDIES[found.condition]}")


def check_whole(path: Path) -> None:
    """Raise `Unavailable` if a page of the database is damaged: SQLite notices only when it comes upon it."""
    try:
        connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_MS / 1000)
        try:
            found = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
        finally:
            connection.close()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise Unavailable(f"the database {path} cannot be checked: {error}") from error
    if found != ["ok"]:
        raise Unavailable(f"the database {path} is damaged: {_RESTORE}")


def migrate(path: Path, say: Callable[[str], None] = lambda _line: None) -> None:
    """Bring a database to this version's schema, as `alembic upgrade head` does. Makes the file if need be.

    Raises `Unavailable` for a file that is not ours, or newer than we are.
    """
    config = alembic_config(path)
    config.attributes["say"] = say
    try:
        command.upgrade(config, "head")
    except CommandError as error:  # which is how Alembic's own command line is told
        raise Unavailable(str(error)) from error


@contextmanager
def migrating(path: Path, *, copy: bool, say: Callable[[str], None]) -> Iterator[Connection]:
    """Give Alembic a connection on which all migrations together are one transaction.

    Foreign keys are off meanwhile (a batch ALTER of a parent with them on deletes its children), and
    checked before the commit. With `copy`, the file is copied first, next to it.
    """
    found = inspect(path)
    if found.condition in {Condition.FOREIGN, Condition.NEWER, Condition.LOCKED, Condition.UNREADABLE}:
        raise Unavailable(f"{found.detail}: it is left as it is; {_REMEDIES[found.condition]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"isolation_level": None})
    event.listen(engine, "begin", _begin)
    try:
        with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)  # noqa: S101  # for the type checker
            prepare(driver, PRAGMAS | {"foreign_keys": 0})
            with connection.begin():
                # The write lock is held: what is copied is what will be migrated.
                if copy and found.version is not None:
                    say(f"copied the database to {_copy(path, found.version)}")
                yield connection
                if broken := connection.execute(text("PRAGMA foreign_key_check")).fetchall():
                    raise Unavailable(f"after the migration {len(broken)} rows refer to nothing: nothing was changed")
    except OperationalError as error:
        raise Unavailable(f"the database {path} cannot be migrated: {error.orig}") from error
    finally:
        engine.dispose()


def _copy(path: Path, version: str) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.name}.{version}.{stamp}.copy")
    source = sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True)
    try:
        # Made with the rights of its owner alone: it will hold what the database holds.
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
        copied = sqlite3.connect(target)
        try:
            source.backup(copied)
        finally:
            copied.close()
    finally:
        source.close()
    return target
