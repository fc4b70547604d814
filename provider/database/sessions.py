"""Sessions for reading and for writing, on a database file that is open."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from provider.database.connections import APPLICATION_ID, RESTORE, begin, prepare, quoted
from provider.database.schema import check_current, check_whole
from provider.errors import Unavailable
from provider.messages import Message

_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_APPLICATION_ID_BYTES: Final = slice(68, 72)


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
        self._watcher: sqlite3.Connection | None = None
        self._engine = self._make_engine()

    def open(self) -> None:
        """Take the file as it is now. Raises `Unavailable`, with what to do, if it cannot be served."""
        self.close()
        check_current(self.path)
        check_whole(self.path)
        self._file = _OpenFile(self.path)
        uri = f"file:{quoted(self.path)}?mode=rw"
        self._watcher = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False)

    def close(self) -> None:
        """Close all connections that no session holds."""
        # First: whoever closes a descriptor of a file takes its locks from all connections of the process.
        self._engine.dispose()
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def check(self) -> None:
        """Look at the file, no more. Raises `Unavailable` if it is missing, another or overwritten, or not writable."""
        self._check_file()
        # SQLite writes its log beside the file, so the folder counts too.
        if not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)):
            raise Unavailable(
                Message("the database {path} cannot be written: make it and its folder writable", path=self.path)
            )

    def find_version(self) -> int | None:
        """Return a number that is another one after each commit, by whichever process; None where it cannot be told.

        It takes some microseconds, and never waits.
        """
        watcher = self._watcher
        if watcher is None:
            return None
        try:
            (version,) = watcher.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None
        return int(version)

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
    def trying(self) -> Iterator[Session]:
        """Give a session as `writing` does, of which nothing is kept. Raises `Unavailable`."""
        with self._session("BEGIN IMMEDIATE") as session:
            yield session
            session.rollback()

    @contextmanager
    def _session(self, begin: str) -> Iterator[Session]:
        self._check_file()
        with _told(self.path), KeepingSession(self._engine, expire_on_commit=False, autoflush=False) as session:
            session.connection(execution_options={"begin": begin})
            yield session

    def _check_file(self) -> None:
        if self._file is None:
            raise Unavailable(Message("the database {path} is not open", path=self.path))
        self._file.check()

    def _make_engine(self) -> Engine:
        engine = create_engine(
            # mode=rw: a missing file is an error, and is not made anew, empty.
            URL.create("sqlite", database=f"file:{quoted(self.path)}", query={"mode": "rw", "uri": "true"}),
            pool_size=10,
            max_overflow=40,
            hide_parameters=True,  # in the texts of errors, and so in the log
            connect_args={"check_same_thread": False, "isolation_level": None},
            json_deserializer=_read_json,
        )
        event.listen(engine, "connect", lambda connection, _record: prepare(connection))
        event.listen(engine, "begin", begin)
        return engine


@contextmanager
def reading_copy(path: Path) -> Iterator[Session]:
    """Give a session on a copy that nobody writes: it takes no lock, and leaves no file beside it.

    Raises `Unavailable` if the copy cannot be read.
    """
    engine = create_engine(
        URL.create("sqlite", database=f"file:{quoted(path)}", query={"immutable": "1", "uri": "true"}),
        hide_parameters=True,
        connect_args={"isolation_level": None},
        json_deserializer=_read_json,
    )
    event.listen(engine, "begin", begin)
    try:
        with _told(path), KeepingSession(engine, expire_on_commit=False, autoflush=False) as session:
            yield session
    finally:
        engine.dispose()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Make what the driver and SQLAlchemy raise an `Unavailable`, but for a constraint that does not hold."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.IntegrityError):
            raise
        raise Unavailable(
            Message("the database {path} cannot be used now: {why}", path=path, why=str(error.orig))
        ) from error
    except UnicodeDecodeError as error:  # the driver reads what SQLite says about a damaged file
        raise Unavailable(Message("the database {path} is damaged: {restore}", path=path, restore=RESTORE)) from error
    except LookupError as error:
        if type(error) is not LookupError:  # which is what SQLAlchemy raises for a value that an enum lacks
            raise
        raise Unavailable(Message("the database {path} is damaged: {restore}", path=path, restore=RESTORE)) from error


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
            raise Unavailable(
                Message("the database {path} cannot be read: {why}", path=path, why=error.strerror)
            ) from error
        status = os.fstat(self._descriptor)
        self._identity = status.st_dev, status.st_ino
        # Or, where the first migration is in the write-ahead log still, what is there now.
        self._application_ids = {APPLICATION_ID.to_bytes(4, "big"), self._header()[_APPLICATION_ID_BYTES]}

    def check(self) -> None:
        """Raise `Unavailable` unless the path leads to this file, and it begins as it should."""
        try:
            status = self._path.stat()
        except OSError:
            raise Unavailable(Message("the database {path} is missing", path=self._path)) from None
        if (status.st_dev, status.st_ino) != self._identity:
            raise Unavailable(
                Message("the database {path} was replaced by another file: start the service again", path=self._path)
            )
        header = self._header()
        if not header.startswith(_MAGIC) or header[_APPLICATION_ID_BYTES] not in self._application_ids:
            raise Unavailable(
                Message(
                    "the database {path} was overwritten: {restore}, and start the service again",
                    path=self._path,
                    restore=RESTORE,
                )
            )

    def close(self) -> None:
        os.close(self._descriptor)

    def _header(self) -> bytes:
        return os.pread(self._descriptor, _HEADER_BYTES, 0)


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Unavailable(Message("the database has a value that is not JSON: {restore}", restore=RESTORE)) from error
