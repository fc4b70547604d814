"""Copies of a database: made while others write, checked, and put in the place of the database.

A copy is one file, without a write-ahead log: it can be carried away, and read where nothing can be
written.
"""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provider import replacements
from provider.database.connections import quoted, read
from provider.errors import Unavailable

_STEP_PAGES: Final = 256
_PATIENCE_SECONDS: Final = 1.0
"""How long to wait for a database that is open elsewhere: a query may end, a program that stays does not."""

_BESIDE: Final = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a database."""


@contextmanager
def partial(target: Path) -> Iterator[Path]:
    """Give an empty file for a copy as `replacements` does, and take away what SQLite leaves beside it."""
    with replacements.partial(target) as path:
        try:
            yield path
        finally:
            for file in _beside(path):
                file.unlink()


def copy(source: Path, target: Path, progress: Callable[[int, int], None], *, live: bool) -> None:
    """Copy a database into an empty file as it is at one moment, whoever writes meanwhile.

    `live` says that somebody may write. `progress` is called with the pages that are copied, and with all.
    Raises `sqlite3.Error`.
    """
    with closing(_read(source, live=live)) as reading, closing(sqlite3.connect(target, isolation_level=None)) as copied:
        # The snapshot is held: each write of another program would else begin the copying anew.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(
            copied, pages=_STEP_PAGES, progress=lambda _status, remaining, total: progress(total - remaining, total)
        )
    settle(target)


def settle(path: Path) -> None:
    """Make a copy that nobody else has one file, without a write-ahead log, and bring it to the disk."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    replacements.sync(path)


def find_damage(path: Path) -> str | None:
    """Say what is wrong with a copy: a page that is damaged, or a row that refers to nothing."""
    try:
        with closing(sqlite3.connect(f"file:{quoted(path)}?immutable=1", uri=True)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                return str(found)
            broken = len(connection.execute("PRAGMA foreign_key_check").fetchall())
            return f"{broken} rows refer to nothing" if broken else None
    except sqlite3.DatabaseError as error:
        return str(error)
    except UnicodeDecodeError:  # the driver reads what SQLite says about a damaged file
        return "it has text that cannot be read"


def put(copied: Path, path: Path) -> Path | None:
    """Put a copy in the place of a database, at once. Returns where the one is kept that was there, if one was.

    Raises `Unavailable` if another program has the database open.
    """
    kept = None
    with _held(path) as whole:
        if path.exists():
            _give(copied, path.stat())
            kept = _kept_path(path)
            kept.hardlink_to(path)
            # What belongs to a database that cannot be read goes with it, and must not be taken for the copy's.
            for file in () if whole else _beside(path):
                file.rename(kept.with_name(kept.name + file.name.removeprefix(path.name)))
        for file in _beside(path):
            file.unlink()
        replacements.put(copied, path)
    return kept


@contextmanager
def _held(path: Path) -> Iterator[bool]:
    """Hold a database that nobody else has open, its write-ahead log moved into it. Raises `Unavailable`.

    Gives False for one that cannot be read, which is as it was.

    Measured (SQLite 3.40): each connection that is open keeps a shared lock on a file with a write-ahead
    log, idle or not, so that the log cannot be given up.
    """
    if not path.exists():
        yield True
        return
    uri = f"file:{quoted(path)}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_PATIENCE_SECONDS)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchone()
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise Unavailable(f"another program has the database {path} open: stop it first") from error
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise Unavailable(f"the database {path} cannot be replaced: {error}") from error
            yield False
        else:
            yield True


def _give(copied: Path, status: os.stat_result) -> None:
    """Give a copy the rights and, if we may, the owner of the file that it replaces."""
    copied.chmod(stat.S_IMODE(status.st_mode))
    if os.geteuid() == 0:
        os.chown(copied, status.st_uid, status.st_gid)


def _beside(path: Path) -> list[Path]:
    return [file for ending in _BESIDE if (file := path.with_name(path.name + ending)).exists()]


def _kept_path(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return path.with_name(f"{path.name}.replaced.{stamp}.copy")


def _read(path: Path, *, live: bool) -> sqlite3.Connection:
    if live or _beside(path):
        return read(path)
    # A file that lies still is read as it is, and gets no log beside it: its folder may be one to read only.
    return sqlite3.connect(f"file:{quoted(path)}?immutable=1", uri=True, isolation_level=None)
