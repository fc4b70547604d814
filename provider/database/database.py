"""A database, wherever it is: it gives sessions for reading, for writing and for trying."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from provider.database.locations import Location
from provider.database.sealing import SealingKeys
from provider.database.sessions import Session

Follower = Callable[[frozenset[str] | None], None]
"""Is told to which tables others have committed something; None where any may be another one."""


class Overtaken(Exception):  # no error: it is tried again
    """Others have committed something else to what a trial was about to write."""


class Hold(Protocol):
    """A name that one service holds, and no other on the same database."""

    @property
    def is_sure(self) -> bool:
        """Whether no other can hold it now, as far as that is known without asking."""

    def is_held(self) -> bool:
        """Find out whether it is held still. May take some seconds."""

    def check(self, session: Session) -> None:
        """Raise `Unavailable` unless it is held while a session writes."""

    def release(self) -> None:
        """Let it go."""


class Database(ABC):
    """A database, once it is open. One writer at a time, and each reader sees one moment. Any thread may ask."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self._listeners: list[Follower] = []
        self._hearers: list[Callable[[str, list[str]], None]] = []
        # One of a file is its own. Services that share a server would else each make another.
        self.keys = SealingKeys(location.keys_path, are_made=location.file is not None)

    @abstractmethod
    def open(self) -> None:
        """Take the database as it is now. Raises `Unavailable`, with what to do, if it cannot be served."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections that no session holds."""

    @property
    def is_shared(self) -> bool:
        """Whether other services may write to it at the same time."""
        return self.location.file is None

    def follow(self, follower: Follower) -> None:
        """Call `follower` with what other services commit from the next `open` on, in a thread of its own."""
        self._listeners.append(follower)

    @abstractmethod
    def hold(self, name: str) -> Hold | None:
        """Hold a name until it is released or this service is gone; None while another has it. Raises `Unavailable`."""

    def listen(self, hearer: Callable[[str, list[str]], None]) -> None:
        """Call `hearer` with what other services tell from the next `open` on: a word, and names."""
        self._hearers.append(hearer)

    @property
    def is_hearing(self) -> bool:
        """Whether what other services commit and tell is heard here now, or was a few seconds ago."""
        return True

    @abstractmethod
    def tell(self, word: str, names: Sequence[str]) -> None:
        """Tell the other services on the database something that is not stored. Raises `Unavailable`."""

    @property
    @abstractmethod
    def is_frozen(self) -> bool:
        """Whether what is read is as it was when it was opened, since it could not be written."""

    @abstractmethod
    def probe(self) -> bool:
        """Find out, with a look at the database, whether a write would be kept now. May take a moment."""

    @abstractmethod
    def find_trouble(self) -> str | None:
        """Say why changes are refused now, for a person; None while they are taken, as far as that is known."""

    @abstractmethod
    def find_worry(self) -> str | None:
        """Say what may lose changes or refuse them later although they are taken now, for a person."""

    def find_seconds_ahead(self) -> float:
        """Return by how many seconds at least this machine's clock is ahead of the database's; behind it: below 0."""
        return 0.0

    @abstractmethod
    def find_credentials_version(self) -> int | None:
        """Return a number that is another one after each commit that may have changed who may do what.

        Each commit of another process may. None where it cannot be told. It takes some microseconds, and never waits.
        """

    @abstractmethod
    def find_size_bytes(self) -> int | None:
        """Return how large it is, or None where that is not known."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Session]:
        """Give a session on one snapshot of the database. Raises `Unavailable`."""

    @abstractmethod
    def writing(self, beside: Path | None = None) -> AbstractContextManager[Session]:
        """Give a session that alone may write; commit at its end, roll back on any error. Raises `Unavailable`.

        With `beside` it has rows that somebody put ready in a file: see `scratch.take_rows`.
        """

    @abstractmethod
    def trying(self) -> AbstractContextManager[Session]:
        """Give a session that may be written, of which nothing is kept, while others write.

        Raises `Unavailable`, and `Overtaken` where it has to begin anew.
        """
