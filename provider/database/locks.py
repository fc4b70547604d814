"""Who has the database: services share a lock for as long as they run, and a restore needs it alone.

The lock is a file of its own beside the database, hidden, and never removed. The locks in the database
itself are SQLite's, and gone while a service that cannot read its database waits for a better one.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provider.errors import Unavailable


@contextmanager
def sharing(path: Path) -> Iterator[None]:
    """Let nobody replace a database meanwhile. Raises `Unavailable` while somebody does.

    Where the folder does not exist or cannot be written, nothing is locked: nobody can replace a file there.
    """
    try:
        descriptor = _open(path)
    except OSError:
        yield
        return
    try:
        _lock(descriptor, fcntl.LOCK_SH, f"the database {path} is being restored: start again when that is done")
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let no service run on a database meanwhile. Raises `Unavailable` if one does, or if that cannot be told."""
    try:
        descriptor = _open(path)
    except OSError as error:
        raise Unavailable(f"the database {path} cannot be locked: {lock_path(path)}: {error.strerror}") from error
    try:
        _lock(descriptor, fcntl.LOCK_EX, f"a service is running on the database {path}: stop it first")
        yield
    finally:
        os.close(descriptor)


def lock_path(path: Path) -> Path:
    """Return the lock file of a database."""
    return path.with_name(f".{path.name}.lock")


def _open(path: Path) -> int:
    descriptor = os.open(lock_path(path), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0 and path.exists():  # or a service with fewer rights could not open it later
        status = path.stat()
        os.fchown(descriptor, status.st_uid, status.st_gid)
    return descriptor


def _lock(descriptor: int, kind: int, complaint: str) -> None:
    try:
        # Of the descriptor, not of the process: several services may run in one.
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Unavailable(complaint) from None
