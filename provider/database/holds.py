"""Holding a name on a server: an advisory lock of a connection of its own, gone with that connection.

The server notices within seconds that who held it is cut off or stands still, and so does
who holds it: both ends ask for signs of life.
"""

import zlib
from contextlib import ExitStack
from threading import Lock
from typing import Any, Final

import psycopg
from sqlalchemy import text

from provider import moments
from provider.database import fences
from provider.database.locations import Location
from provider.database.server_connections import NOTICED, connect
from provider.database.sessions import Session
from provider.errors import Unavailable

_SPACE: Final = 0x77617973
_SILENT_SECONDS: Final = 5
_NOTICED: Final = f"{NOTICED}; SET idle_session_timeout = '{_SILENT_SECONDS}s'"
"""The server would believe for ever that who was stopped is there. Who holds a name asks `is_held` every second."""

_SELF: Final = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_HELD: Final = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE pid = :pid AND backend_start = :since "
    "AND locktype = 'advisory' AND classid = :space AND granted"
)


class ServerHold:
    """One name that is held. Any thread may ask."""

    def __init__(self, connection: "psycopg.Connection[Any]", asked: float) -> None:
        self._connection = connection
        self._lock = Lock()
        self._asked = asked
        self._session = dict(zip(("pid", "since"), connection.execute(_SELF).fetchone() or (), strict=True))

    @property
    def is_sure(self) -> bool:
        """Whether no other can hold it: the server has heard of this one within the time that it waits for."""
        return not self._connection.closed and moments.seconds() - self._asked < _SILENT_SECONDS

    def is_held(self) -> bool:
        """Find out whether it is held still."""
        with self._lock:
            asked = moments.seconds()
            try:
                self._connection.execute("SELECT 1")
            except psycopg.Error:
                self._connection.close()
                return False
            self._asked = asked
            return True

    def check(self, session: Session) -> None:
        """Raise `Unavailable` unless it is held while a session writes: so another who gets it writes after that."""
        if not session.connection().execute(_HELD, {**self._session, "space": _SPACE}).scalar():
            raise Unavailable(fences.LOST)

    def release(self) -> None:
        """Let it go."""
        with self._lock:
            self._connection.close()


def hold(location: Location, name: str) -> ServerHold | None:
    """Hold a name, unless somebody else does. Raises `psycopg.Error`."""
    connection, asked = connect(location), moments.seconds()
    with ExitStack() as unless_held:
        unless_held.callback(connection.close)
        connection.execute(_NOTICED)
        key = zlib.crc32(name.encode()) - (1 << 31)
        found = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_SPACE, key)).fetchone()
        if found is None or not found[0]:
            return None
        made = ServerHold(connection, asked)
        unless_held.pop_all()
    return made
