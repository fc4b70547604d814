"""Connections to a PostgreSQL server: what is set on each, and what its errors mean."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import errors
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from provider.database.locations import Location
from provider.errors import Unavailable
from provider.messages import Message

WRITING: Final = 0x77617973_00000001
"""The advisory lock of whoever writes: one at a time, whichever service it is."""

LOCK_SECONDS: Final = 5
"""How long a writer waits for those before it."""

ANSWER_SECONDS: Final = 10.0
"""How long a service waits for an answer. A server that hangs keeps its connections open, and never gives any."""

_CONNECT: Final = {
    "connect_timeout": 5,
    "application_name": "wayshub-provider",
    "client_encoding": "utf8",
    # A server that is cut off is noticed within seconds, also by who waits for an answer.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

NOTICED: Final = (
    "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = '5s'"
)
"""The server's own defaults would let it believe for two hours that who was cut off is there."""

_PREPARE: Final = (
    f"SET lock_timeout = '{LOCK_SECONDS}s'; {NOTICED}; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)

_ENDING: Final = ("08", "57P")
"""The classes of errors that end a connection: it failed, or an operator or the server ends it."""

registry.register("postgresql.provider", "provider.database.dialect", "ServerDialect")


def make_engine(
    location: Location,
    write: Callable[[object], str],
    read: Callable[[str], Any],
    answer_seconds: float | None = None,
) -> Engine:
    """Make an engine for a database on a server. `write` and `read` are for columns of JSON.

    With `answer_seconds` no statement is waited for any longer.
    """
    engine = create_engine(
        make_url(location.url).set(drivername="postgresql+provider"),
        pool_size=10,
        max_overflow=20,
        pool_pre_ping=True,  # what the server closed is noticed before it costs a change
        hide_parameters=True,
        pool_timeout=LOCK_SECONDS,
        connect_args={**_connect_arguments(location), "answer_seconds": answer_seconds},
        json_serializer=_Writing(write),
        json_deserializer=_JSONColumn(read),
    )
    event.listen(engine, "connect", _prepare)
    return engine


# psycopg keeps what writes and reads JSON by its code: methods of two objects would be one to it. These have none.


def connect(location: Location) -> "psycopg.Connection[Any]":
    """Connect beside the pool, for what lasts: each statement is a transaction of its own. Raises `psycopg.Error`."""
    url = make_url(location.url).set(drivername="postgresql+provider")
    dialect: Any = url.get_dialect()()
    _arguments, options = dialect.create_connect_args(url)
    made: psycopg.Connection[Any] = dialect.connect(
        **{**options, **_connect_arguments(location)}, answer_seconds=ANSWER_SECONDS, autocommit=True
    )
    return made


def _connect_arguments(location: Location) -> dict[str, Any]:
    """Return how to connect, but for what the URL says itself."""
    query = make_url(location.url).query
    return {name: value for name, value in _CONNECT.items() if name not in query}


class _Writing:
    """Writes a column of JSON."""

    def __init__(self, write: Callable[[object], str]) -> None:
        self._write = write

    def __call__(self, value: object) -> str:
        return self._write(value)


class _JSONColumn:
    """Reads a column of JSON, as the driver gives it."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self._read = read

    def __call__(self, content: str | bytes) -> Any:
        return self._read(content if isinstance(content, str) else content.decode())


def _prepare(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute(_PREPARE)
    connection.autocommit = False


@contextmanager
def told(location: Location) -> Iterator[None]:
    """Make what the driver and SQLAlchemy raise an `Unavailable`, but for a constraint that does not hold."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise Unavailable(why(location, error.orig)) from error
    except PoolTimeoutError as error:
        told = Message("others have been using the database {path} for too long: try again", path=str(location))
        raise Unavailable(told) from error
    except psycopg.Error as error:
        raise Unavailable(why(location, error)) from error
    except LookupError as error:
        if type(error) is not LookupError:  # which is what SQLAlchemy raises for a value that an enum lacks
            raise
        raise Unavailable(Message("the database {path} has data from another program", path=str(location))) from error


def why(location: Location, error: BaseException | None) -> Message:
    """Say for a person why a database cannot be used now."""
    if isinstance(error, errors.LockNotAvailable):
        return Message("the database {path} is busy with other writes: try again", path=str(location))
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return Message("the database {path} is a standby, which takes no writes", path=str(location))
    lines = str(error).strip().splitlines() or [""]
    if isinstance(error, psycopg.OperationalError) and not _is_answer(error):
        return Message("the database {path} cannot be reached: {why}", path=str(location), why=lines[0])
    return Message("the database {path} cannot be used now: {why}", path=str(location), why=lines[0])


def _is_answer(error: psycopg.OperationalError) -> bool:
    """Tell what the server says while it goes on from that it goes away, or could not be reached."""
    return error.sqlstate is not None and not error.sqlstate.startswith(_ENDING)
