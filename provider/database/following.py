"""Hearing of what other services commit to the same database on a server.

Whoever commits says to which tables, in the transaction itself (`NOTIFY`): others hear of it in about a millisecond,
and never of what was not committed. What was said while nobody was connected is lost: after each connection anything
may have changed.
"""

import logging
import secrets
from collections.abc import Callable, Collection
from contextlib import closing
from threading import Event, Thread
from time import monotonic
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, text

logger = logging.getLogger(__name__)

CHANNEL: Final = "wayshub_provider"

_NOTIFY: Final = text(f"SELECT pg_notify('{CHANNEL}', :told)")
_WORD: Final = ":"
"""What stands behind a word that is told, which is no table."""

_PAUSE_SECONDS: Final = 1.0
"""Between two tries to connect."""

_LOOK_SECONDS: Final = 2.0
"""How often a connection that is silent is asked whether it is one still."""

_DEAF_SECONDS: Final = 2 * _LOOK_SECONDS
"""So long after the last sign of life a connection is probably cut, though nobody has said so."""


class Following:
    """A thread that listens, for as long as it is not stopped."""

    def __init__(
        self,
        connect: Callable[[], "psycopg.Connection[Any]"],
        tell: Callable[[frozenset[str] | None], None],
        hear: Callable[[str, list[str]], None],
    ) -> None:
        self._connect = connect
        self._tell = tell
        self._hear = hear
        self.own = secrets.token_hex(8)
        """What it begins with that this service says itself."""

        self._stopped = Event()
        self._doubted = Event()
        self.is_connected = False
        """Whether all is heard now, as far as that is known."""

        self._alive_at = float("-inf")
        """When a connection gave its last sign of life."""

        self.trouble: Exception | None = None
        """Why nothing is heard, if anything is known of that."""

        Thread(target=self._follow, name="following", daemon=True).start()

    @property
    def is_hearing(self) -> bool:
        """Whether all is heard now, or was a moment ago: a connection that is cut says nothing of it."""
        return self.is_connected and monotonic() - self._alive_at < _DEAF_SECONDS

    def doubt(self) -> None:
        """Hear soon of all that may have changed: whether something that this service wrote is kept is not known."""
        self.own = secrets.token_hex(8)  # what was said of it may come yet
        self._doubted.set()

    def stop(self) -> None:
        """Listen no more, in a moment."""
        self._stopped.set()

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                with closing(self._connect()) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self.is_connected, self.trouble, self._alive_at = True, None, monotonic()
                    self._told(None)
                    self._listen(connection)
            except psycopg.Error as error:
                if self.is_connected:
                    logger.debug("changes made by other services are not seen now: %s", error)
                self.trouble = error
            finally:
                self.is_connected = False
            self._stopped.wait(_PAUSE_SECONDS)

    def _listen(self, connection: "psycopg.Connection[Any]") -> None:
        while not self._stopped.is_set():
            heard = False
            for notification in connection.notifies(timeout=_LOOK_SECONDS, stop_after=1):
                heard = True
                sender, _space, tables = notification.payload.partition(" ")
                if sender != self.own:
                    self._heard(tables)
            if self._doubted.is_set():
                self._doubted.clear()
                self._told(None)
            if not heard:
                connection.execute("SELECT 1")
            self._alive_at = monotonic()

    def _heard(self, told: str) -> None:
        word, found, names = told.partition(_WORD)
        if not found:
            self._told(frozenset(filter(None, told.split(","))))
            return
        try:
            self._hear(word, names.split(","))
        except Exception:  # one bug must not keep this service from what comes later
            logger.exception("a notification from another service could not be handled")

    def _told(self, tables: frozenset[str] | None) -> None:
        try:
            self._tell(tables)
        except Exception:  # one bug must not keep this service from what comes later
            logger.exception("a change made by another service could not be loaded")


def say(connection: Connection, tables: Collection[str], following: Following | None) -> None:
    """Tell all others, once the transaction of a connection is committed, that it wrote to these tables."""
    own = "" if following is None else following.own
    connection.execute(_NOTIFY, {"told": f"{own} {','.join(sorted(tables))}"})


def tell(connection: Connection, word: str, names: Collection[str], following: Following) -> None:
    """Tell all others a word and names, which nobody stores."""
    connection.execute(_NOTIFY, {"told": f"{following.own} {word}{_WORD}{','.join(names)}"})
