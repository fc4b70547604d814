"""Whether a database takes writes now: what the last ones came to, and a look at the file while nobody writes."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Final

from provider.database.connections import HINDERED, quoted
from provider.messages import Message

_LITTLE_BYTES: Final = 1 << 20
"""With less free than this, the next write may be the first that fails."""
_PATIENCE_SECONDS: Final = 5.0
"""How long another program may hold the database before that is trouble: a change gives up after as long."""
_OF_A_DESCRIPTOR: Final = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
TROUBLES: Final = HINDERED | {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
"""What SQLite tells where a file cannot be written, or not now: `why_unwritable` has words for it."""


class Writes:
    """What writing to one database file comes to. All methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._writers = 0
        self._held_since: float | None = None
        self._trouble: Message | None = None

    @property
    def trouble(self) -> Message | None:
        """Why changes are refused now, for a person; None while they are taken."""
        return self._trouble

    def begin(self) -> None:
        """Note that this process is about to write."""
        with self._lock:
            self._writers += 1

    def end(self) -> None:
        """Note that it does not write any more."""
        with self._lock:
            self._writers -= 1

    def failed(self, error: BaseException | None) -> None:
        """Note what a write was refused with, if that says something about the next one."""
        if isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in TROUBLES:
            self._trouble = why_unwritable(self._path, error)

    def probe(self) -> bool:
        """Find out whether a write would be kept now. Writes one page where there is a doubt, and returns the answer.

        While all is well it looks at the file system and at the lock, and writes nothing.
        """
        with self._lock:
            if self._writers:  # what they come to will be known
                return self._trouble is None
        doubted = self._trouble is not None or self._free_bytes() < _LITTLE_BYTES
        try:
            try:
                self._try(writes=doubted)
            except sqlite3.Error as error:
                # SQLite uses descriptors again that it has of the file: one may be of when permissions were others.
                if error.sqlite_errorcode & 0xFF not in _OF_A_DESCRIPTOR:
                    raise
                self._try(writes=doubted)
        except sqlite3.Error as error:
            self._refused(error)
        else:
            self._held_since = None
            if self._trouble is None or self._free_bytes() >= _LITTLE_BYTES:
                self._trouble = None
        return self._trouble is None

    def _try(self, *, writes: bool) -> None:
        uri = f"file:{quoted(self._path)}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute("BEGIN IMMEDIATE")
            if writes:
                connection.execute(f"PRAGMA user_version = {version}")
                connection.execute("COMMIT")
            else:
                connection.execute("ROLLBACK")

    def _refused(self, error: sqlite3.Error) -> None:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            self.failed(error)
            return
        self._held_since = self._held_since or monotonic()
        if monotonic() - self._held_since >= _PATIENCE_SECONDS:
            self.failed(error)

    def _free_bytes(self) -> int:
        try:
            found = os.statvfs(self._path.parent)
        except OSError:
            return 0
        return found.f_bavail * found.f_frsize


def why_unwritable(path: Path, error: sqlite3.Error) -> Message:
    """Say for a person why a database cannot be written, and what to do."""
    code = error.sqlite_errorcode & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Message("the database {path} is locked by another program: wait until it is done, or stop it", path=path)
    try:
        found = os.statvfs(path.parent)
    except OSError:
        found = None
    if found is not None and found.f_flag & os.ST_RDONLY:
        return Message("the database {path} is on a read-only file system: mount it writable", path=path)
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR} and found is not None and found.f_bavail == 0:
        return Message("the disk of the database {path} is full: free some space", path=path)
    if code == sqlite3.SQLITE_FULL:
        return Message("there is no space for the database {path}: free some on its disk", path=path)
    if not may_write(path):
        return Message("the database {path} cannot be written by this user: make it and its folder writable", path=path)
    return Message("the database {path} cannot be written: {why}", path=path, why=str(error))


def may_write(path: Path) -> bool:
    """Tell whether this user may write a database: SQLite keeps its log beside it, so the folder counts too."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
