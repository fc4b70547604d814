"""Holding a name on a server: an advisory lock of a connection of its own, gone with that connection.

The server notices within seconds that who held it is cut off or stands still, and so does
who holds it: both ends ask for signs of life.
"""

import zlib
from contextlib import ExitStack
from threading import Lock
from typing import Any, Final

import psycopg

from provider.database.locations import Location
from provider.database.server_connections import connect

_SPACE: Final = 0x77617973
_NOTICED: Final = (
    "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = '5s'; SET idle_session_timeout = '5s'"
)
"""The server's own defaults would let it believe for two hours that who was cut off is there, and for ever that who
was stopped is. Who holds a name asks `is_held` every second.
"""


class ServerHold:
    """One name that is held. Any thread may ask."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        self._lock = Lock()

    def is_held(self) -> bool:
        """Find out whether it is held still."""
        with self._lock:
            try:
                self._connection.execute("SELECT 1")
            except psycopg.Error:
                self._connection.close()
                return False
            return True

    def release(self) -> None:
        """Let it go."""
        with self._lock:
            self._connection.close()


def hold(location: Location, name: str) -> ServerHold | None:
    """Hold a name, unless somebody else does. Raises `psycopg.Error`."""
    connection = connect(location)
    with ExitStack() as unless_held:
        unless_held.callback(connection.close)
        connection.execute(_NOTICED)
        key = zlib.crc32(name.encode()) - (1 << 31)
        found = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_SPACE, key)).fetchone()
        if found is None or not found[0]:
            return None
        unless_held.pop_all()
    return ServerHold(connection)
