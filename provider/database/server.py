"""A database on a PostgreSQL server, which any number of services share."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, time
from typing import Any, Final

from psycopg import errors
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from provider.database import fences, holds, signs
from provider.database.credentials import TABLES
from provider.database.database import Database, Hold, Overtaken
from provider.database.following import Following, say, tell
from provider.database.generation import check_same, find_other
from provider.database.locations import Location
from provider.database.sealing import SealedJson
from provider.database.server_connections import ANSWER_SECONDS, WRITING, connect, make_engine, told, why
from provider.database.server_schema import check
from provider.database.sessions import Session
from provider.database.signs import SILENT_SECONDS
from provider.database.written import WRITTEN, follow_statements
from provider.errors import Unavailable
from provider.messages import Message

_SIZE_SECONDS: Final = 10.0
"""How often the size is looked at."""

_NAMES_AT_ONCE: Final = 50
"""A notification has 8,000 bytes at most."""

# Who stands still, or was cut off, while it writes keeps the others out for no longer than that.
_SILENT: Final = "set_config('idle_in_transaction_session_timeout', :silent, true)"
_LOCK: Final = text(f"SELECT {_SILENT}, pg_advisory_xact_lock({WRITING})")
# Sooner than the server looks for deadlocks, after a second: it is never the writer who loses.
_GIVE_WAY: Final = text(f"SELECT {_SILENT}, set_config('lock_timeout', '300ms', true)")
_OVERTAKEN: Final = (
    *(errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable),
    errors.IntegrityConstraintViolation,  # by what the trial does not see
)
_SIZE: Final = text(
    "SELECT sum(pg_table_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
)
_LOOK: Final = text(
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool, "
    "CAST(extract(epoch FROM clock_timestamp()) AS float)"
)


class ServerDatabase(Database):
    """A database on a server, once it is open."""

    silent_seconds = SILENT_SECONDS

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self._json = SealedJson(self.keys)
        self._engine: Engine | None = None
        self._trouble: str | None = None
        self._size: tuple[float, int | None] = (float("-inf"), None)
        self._credentials = 0
        self._ahead = 0.0
        self._following: Following | None = None

    def open(self) -> None:
        """Take the database as it is now. Raises `Unavailable`, with what to do, if it cannot be served."""
        self.close()
        engine = make_engine(self.location, self._json.write, self._json.read, ANSWER_SECONDS)
        follow_statements(engine)
        try:
            with told(self.location), engine.connect() as connection:
                check(connection, self.location)
        except BaseException:  # whatever it was, no connection stays open
            engine.dispose()
            raise
        self._engine = engine
        self._trouble = None
        if self._listeners:
            self._following = Following(lambda: connect(self.location), self._told, self._heard)

    def _heard(self, word: str, names: list[str]) -> None:
        for hearer in self._hearers:
            hearer(word, names)

    def tell(self, word: str, names: Sequence[str]) -> None:
        """Tell the other services on the database something that is not stored. Raises `Unavailable`."""
        if self._following is None:
            return
        with told(self.location), self._opened().begin() as connection:
            for start in range(0, len(names), _NAMES_AT_ONCE):
                tell(connection, word, names[start : start + _NAMES_AT_ONCE], self._following)

    @property
    def is_hearing(self) -> bool:
        """Whether what other services commit and tell is heard here now, or was a few seconds ago."""
        return self._following is not None and self._following.is_hearing

    def _told(self, tables: frozenset[str] | None) -> None:
        """Hear of what others have committed."""
        if tables is None or tables & TABLES:
            self._credentials += 1
        for listener in self._listeners:
            listener(tables)

    def close(self) -> None:
        """Close all connections that no session holds."""
        if self._following is not None:
            self._following.stop()
            self._following = None
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def hold(self, name: str) -> Hold | None:
        """Hold a name until it is released or this service is gone; None while another has it. Raises `Unavailable`."""
        with told(self.location):
            return holds.hold(self.location, name)

    @property
    def is_frozen(self) -> bool:
        """Whether what is read is as it was when it was opened: never, as it is read where it is."""
        return False

    def probe(self) -> bool:
        """Find out, with a question to the server, whether a write would be kept now."""
        try:
            with told(self.location), self._opened().connect() as connection:
                asked = time()
                is_standby, its_time = connection.execute(_LOOK).one()
                self._ahead = _find_ahead(asked, its_time, time())
                other = find_other(connection, self.location)
        except Unavailable as error:
            self._trouble = Message("{why}; changes made by other services are not seen either", why=error.detail)
            return False
        self._measure()
        self._trouble = other
        if is_standby:
            self._trouble = Message("the database {path} is a standby, which takes no writes", path=str(self.location))
        return self._trouble is None

    def find_trouble(self) -> str | None:
        """Say why changes are refused now, for a person; None while they are taken, as far as that is known."""
        if self._engine is None:
            return Message("the database {path} is not open", path=str(self.location))
        return self._trouble

    def find_worry(self) -> str | None:
        """Say what may refuse changes later: nothing that is seen from here."""
        return None

    def find_seconds_ahead(self) -> float:
        """Return by how many seconds at least this machine's clock was ahead of the server's when it was probed."""
        return self._ahead

    def find_credentials_version(self) -> int | None:
        """Return a number that is another one after each commit that may have changed who may do what."""
        following = self._following
        if following is not None and not following.is_connected:
            return -int(monotonic())  # anybody may have changed them: it is looked at once a second
        return self._credentials

    def find_size_bytes(self) -> int | None:
        """Return how large its tables are together, as `probe` has found, or None where that is not known."""
        return self._size[1]

    def _measure(self) -> None:
        """Look how large it is, now and then. A table that is being migrated keeps who looks waiting."""
        asked, size = self._size
        if monotonic() - asked >= _SIZE_SECONDS:
            with suppress(Unavailable), self.reading() as session:
                size = int(session.connection().execute(_SIZE).scalar_one() or 0)
            self._size = monotonic(), size

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session on one snapshot of the database. Raises `Unavailable`."""
        with self._session(isolation_level="REPEATABLE READ", postgresql_readonly=True) as session:
            yield session

    @contextmanager
    def writing(self, beside: Path | None = None) -> Iterator[Session]:
        """Give a session that alone may write; commit at its end, roll back on any error. Raises `Unavailable`.

        With `beside` it has rows that somebody put ready in a file: see `scratch.take_rows`.
        """
        with self._alone() as session:
            connection = session.connection()
            with signs.giving(connection, self.silent_seconds):
                if (hold := fences.find_hold()) is not None:
                    hold.check(session)
                session.beside = beside
                yield session
                session.flush()
            written = frozenset(connection.info[WRITTEN])
            if written:
                say(connection, written, self._following)
            try:
                session.commit()
            except DBAPIError:
                if self._following is not None:
                    self._following.doubt()
                raise
        if written & TABLES:
            self._credentials += 1

    @contextmanager
    def trying(self) -> Iterator[Session]:
        """Give a session that may be written, and is rolled back.

        It takes no lock but those of the rows that it writes, and leaves them to whoever writes for good: then it is
        `Overtaken`. What others commit meanwhile is not seen. Raises `Unavailable`.
        """
        with self._session(isolation_level="REPEATABLE READ") as session:
            connection = session.connection()
            connection.execute(_GIVE_WAY, self._silent)
            check_same(connection, self.location)
            session.is_tried = True
            try:
                with signs.giving(connection, self.silent_seconds):
                    yield session
            except DBAPIError as error:
                if isinstance(error.orig, _OVERTAKEN):
                    raise Overtaken from error
                raise
            session.rollback()

    @contextmanager
    def _alone(self) -> Iterator[Session]:
        """Give a session that nobody else writes beside. What is read in it is as the writer before left it."""
        with self._session(isolation_level="READ COMMITTED") as session:
            connection = session.connection()
            connection.info[WRITTEN] = set()
            try:
                connection.execute(_LOCK, self._silent)
            except DBAPIError as error:
                raise Unavailable(why(self.location, error.orig)) from error
            check_same(connection, self.location)
            yield session

    @property
    def _silent(self) -> dict[str, str]:
        return {"silent": f"{self.silent_seconds * 1_000:.0f}ms"}

    @contextmanager
    def _session(self, **options: Any) -> Iterator[Session]:
        engine = self._opened().execution_options(**options)
        with told(self.location), engine.connect() as connection, Session(connection) as session:
            session.write_json = self._json.write
            session.hash_secret = self.keys.hash
            yield session

    def _opened(self) -> Engine:
        if self._engine is None:
            raise Unavailable(Message("the database {path} is not open", path=str(self.location)))
        return self._engine


def _find_ahead(asked: float, its_time: float, answered: float) -> float:
    """Return by how many seconds at least a clock is ahead of another, read in between; behind it: below 0."""
    return max(asked - its_time, 0.0) or min(answered - its_time, 0.0)
