"""The database file, once it is open: it gives sessions for reading and for writing."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final

from sqlalchemy import URL, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from provider.database import scratch
from provider.database.connections import HINDERED, PRAGMAS, RESTORE, begin, let_go, prepare, quoted
from provider.database.credentials import Unchanged, note_statement
from provider.database.database import Database, Hold
from provider.database.frozen import Frozen
from provider.database.generation import check_same, find_other
from provider.database.locations import Location
from provider.database.opened import OpenFile
from provider.database.schema import check_current, check_whole, has_sealed
from provider.database.sealing import MARK, SealedJson, SealingKeys
from provider.database.sessions import Session
from provider.database.writes import TROUBLES, Writes, may_write, why_unwritable
from provider.errors import Unavailable
from provider.messages import Message

_FROZEN: Final = -1
"""The version of what does not change. SQLite's own begin with 1."""


class FileDatabase(Database):
    """One SQLite file, once it is open. Sessions for reading and for writing."""

    def __init__(self, path: Path, key_file: Path | None = None) -> None:
        """Take a file, and the file of the key with which its secrets are sealed: without one, that beside it."""
        super().__init__(Location(file=path, key_file=key_file))
        self.path = path
        self._json = SealedJson(self.keys)
        self._file: OpenFile | None = None
        self._watcher: sqlite3.Cursor | None = None
        """One for all times: each poll asks, and a new one would take a third longer."""
        self._watching = Lock()
        """Python crashes where one thread closes a connection on which another one executes something."""
        self._credentials = Unchanged()
        self._frozen: Frozen | None = None
        self._writes = Writes(path)
        self._other: Message | None = None
        """What is told once another version has migrated the file."""
        self._engine = self._make_engine()
        self._trials = scratch.make_engine(path, self._json.write, partial(_read_json, self._json))

    def open(self) -> None:
        """Take the file as it is now. Raises `Unavailable`, with what to do, if it cannot be served.

        One that can be read and not written is read as it is at this moment, and `is_frozen` until it is opened anew.
        """
        self.close()
        check_current(self.path)
        check_whole(self.path)
        if not self.keys.exists() and has_sealed(self.path, MARK):
            raise Unavailable(self.keys.why_missing())
        self._file = OpenFile(self.path)
        if (trouble := self._find_hindrance()) is not None:
            self._freeze(trouble)
            return
        uri = f"file:{quoted(self.path)}?mode=rw"
        watching = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
        self._watcher = watching.cursor()

    def tell(self, word: str, names: Sequence[str]) -> None:
        """Tell nobody: there is no other service on the file."""

    def hold(self, name: str) -> Hold:
        """Hold a name: there is no other service on the file."""
        return _HeldFile()

    @property
    def is_frozen(self) -> bool:
        """Whether what is read is as the file was when it was opened, since it could not be written."""
        return self._frozen is not None

    def probe(self) -> bool:
        """Find out, with a look at the file, whether a write would be kept now. May take a moment."""
        taken = self._writes.probe()
        with suppress(Unavailable), self.reading() as session:  # what cannot be read is told elsewhere
            self._other = find_other(session.connection(), self.location)
        return taken and self._other is None

    def find_trouble(self) -> str | None:
        """Say why changes are refused now, for a person; None while they are taken, as far as that is known."""
        try:
            self._check_file()
        except Unavailable as error:
            return error.detail
        return self._other or self._writes.trouble

    def find_worry(self) -> str | None:
        """Say why changes would be refused after a restart although they are taken now, for a person."""
        if may_write(self.path):
            return None
        return Message(
            "the database {path} can no longer be opened for writing: make it and its folder writable",
            path=self.path,
        )

    def _find_hindrance(self) -> sqlite3.Error | None:
        """Find what keeps everybody from opening the file as this process needs it, to read and to write."""
        try:
            with closing(sqlite3.connect(f"file:{quoted(self.path)}?mode=rw", uri=True, isolation_level=None)) as tried:
                prepare(tried)
                tried.execute("BEGIN IMMEDIATE")
                tried.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in HINDERED:
                return error
        return None

    def _freeze(self, trouble: sqlite3.Error) -> None:
        try:
            self._frozen = Frozen(self.path)
        except sqlite3.Error as error:
            raise Unavailable(why_unwritable(self.path, error)) from error
        self._writes.failed(trouble)
        self._engine = self._make_engine(self._frozen)

    def close(self) -> None:
        """Close all connections that no session holds."""
        # First: whoever closes a descriptor of a file takes its locks from all connections of the process.
        self._engine.dispose()
        with self._watching:
            watcher, self._watcher = self._watcher, None
            if watcher is not None:
                watcher.connection.close()
        if self._frozen is not None:
            self._frozen.close()
            self._frozen = None
            self._engine = self._make_engine()
        if self._file is not None:
            self._file.close()
            self._file = None

    def find_credentials_version(self) -> int | None:
        """Return a number that is another one after each commit that may have changed who may do what.

        Each commit of another process may. None where it cannot be told. It takes some microseconds, and never waits.
        """
        if self._frozen is not None:
            return _FROZEN
        version = self._find_version()
        return None if version is None else self._credentials.find(version)

    def _find_version(self) -> int | None:
        """Return a number that is another one after each commit, by whichever process; None where it cannot be told."""
        with self._watching:
            if self._watcher is None:
                return None
            try:
                (version,) = self._watcher.execute("PRAGMA data_version").fetchone()
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
    def writing(self, beside: Path | None = None) -> Iterator[Session]:
        """Give a session that alone may write; commit at its end, roll back on any error. Raises `Unavailable`.

        With `beside` it finds another database too, as the schema of that name.
        """
        with self._noting(), self._session("BEGIN IMMEDIATE", beside=beside) as session:
            check_same(session.connection(), self.location)
            yield session
            self._check_file()
            with self._credentials.through(session, self._find_version):
                session.commit()
            # What was committed to a file that went away meanwhile is lost, and must not be acknowledged.
            self._check_file()

    @contextmanager
    def trying(self) -> Iterator[Session]:
        """Give a session on a copy of the state that may be written, of which nothing is kept.

        It takes no lock: others write meanwhile, and what they do is not seen. Raises `Unavailable`.
        """
        if self.is_frozen:
            raise Unavailable(self._writes.trouble or Message("the database {path} is not open", path=self.path))
        with self._session("BEGIN", self._trials) as session:
            scratch.copy_state(session)
            session.is_tried = True
            yield session
            session.rollback()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Note what a write comes to. Raises `Unavailable` for a file that is known not to take any."""
        if self.is_frozen:
            raise Unavailable(self._writes.trouble or Message("the database {path} is not open", path=self.path))
        self._writes.begin()
        try:
            yield
        except Unavailable as error:
            self._writes.failed(getattr(error.__cause__, "orig", None))
            raise
        finally:
            self._writes.end()

    @contextmanager
    def _session(self, begin: str, engine: Engine | None = None, beside: Path | None = None) -> Iterator[Session]:
        self._check_file()
        with (
            _told(self.path),
            (engine or self._engine).connect() as connection,
            Session(connection) as session,
        ):
            connection.execution_options(begin=begin, beside=beside)
            session.write_json = self._json.write
            session.hash_secret = self.keys.hash
            session.beside = beside
            session.connection()
            yield session

    def _check_file(self) -> None:
        if self._file is None:
            raise Unavailable(Message("the database {path} is not open", path=self.path))
        self._file.check()

    def _make_engine(self, frozen: Frozen | None = None) -> Engine:
        # mode=rw: a missing file is an error, and is not made anew, empty.
        query = {"mode": "rw"} if frozen is None else {"mode": "memory", "cache": "shared"}
        name = f"file:{quoted(self.path)}" if frozen is None else frozen.name
        engine = create_engine(
            URL.create("sqlite", database=name, query=query | {"uri": "true"}),
            poolclass=QueuePool,
            pool_size=10,
            max_overflow=40,
            hide_parameters=True,  # in the texts of errors, and so in the log
            connect_args={"check_same_thread": False, "isolation_level": None},
            json_serializer=self._json.write,
            json_deserializer=partial(_read_json, self._json),
        )
        pragmas = PRAGMAS if frozen is None else {"query_only": 1}
        event.listen(engine, "connect", lambda connection, _record: prepare(connection, pragmas))
        event.listen(engine, "begin", begin)
        event.listen(engine, "checkin", let_go)
        event.listen(engine, "before_cursor_execute", note_statement)
        return engine


@contextmanager
def reading_copy(path: Path, keys: SealingKeys) -> Iterator[Session]:
    """Give a session on a copy that nobody writes: it takes no lock, and leaves no file beside it.

    Its secrets are opened with the `keys` of the database that it is of. Raises `Unavailable` if it cannot be read.
    """
    engine = create_engine(
        URL.create("sqlite", database=f"file:{quoted(path)}", query={"immutable": "1", "uri": "true"}),
        hide_parameters=True,
        connect_args={"isolation_level": None},
        json_serializer=SealedJson(keys).write,
        json_deserializer=partial(_read_json, SealedJson(keys)),
    )
    event.listen(engine, "begin", begin)
    try:
        with _told(path), Session(engine) as session:
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
        raise Unavailable(_why(path, error.orig)) from error
    except UnicodeDecodeError as error:  # the driver reads what SQLite says about a damaged file
        raise Unavailable(Message("the database {path} is damaged: {restore}", path=path, restore=RESTORE)) from error
    except LookupError as error:
        if type(error) is not LookupError:  # which is what SQLAlchemy raises for a value that an enum lacks
            raise
        raise Unavailable(Message("the database {path} is damaged: {restore}", path=path, restore=RESTORE)) from error


def _why(path: Path, error: BaseException | None) -> Message:
    if isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in TROUBLES:
        return why_unwritable(path, error)
    return Message("the database {path} cannot be used now: {why}", path=path, why=str(error))


class _HeldFile:
    """What nobody else can hold."""

    is_sure = True

    def is_held(self) -> bool:
        return True

    def check(self, session: Session) -> None:
        """Do nothing: it is held."""

    def release(self) -> None:
        """Do nothing: nobody waits for it."""


def _read_json(json: SealedJson, text: str) -> Any:
    try:
        return json.read(text)
    except ValueError as error:
        raise Unavailable(Message("the database has a value that is not JSON: {restore}", restore=RESTORE)) from error
