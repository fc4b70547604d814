"""Which service has a file: its database, and what else it writes, for as long as it runs.

A claim is a locked file of its own beside the one that is claimed, hidden and never removed, that says who has
it. The lock ends with its process, however that ends, so a claim is never left over.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provider.errors import Unavailable

_LONGEST_BYTES: Final = 4096


@contextmanager
def claim(path: Path, what: str, url: str) -> Iterator[None]:
    """Have a file for the service at `url` alone. `what` is how the file is called in a sentence.

    Raises `Unavailable`, with who has it, if another service does. Where no claim can be made, as in a folder
    that is missing or cannot be written, none is: nobody else can write there either.
    """
    try:
        descriptor = _open(path)
    except OSError:
        yield
        return
    with ExitStack() as held:
        held.callback(os.close, descriptor)
        try:
            # Of the descriptor, not of the process: several services may run in one.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(f"{what} {path} is in use by {_holder(descriptor)}: stop it first") from None
        _sign(descriptor, url)
        yield


@contextmanager
def claim_content(path: Path, what: str) -> Iterator[None]:
    """Have what is in a file alone: by a hard link it has another name, and another claim. Raises `Unavailable`."""
    with ExitStack() as held:
        with suppress(OSError):  # nobody can read it, or its file system has no such locks
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            held.callback(os.close, descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                told = f"{what} {path} is in use by another service, under another name: stop that service first"
                raise Unavailable(told) from None
        yield


def claim_path(path: Path) -> Path:
    """Return the file that is locked for a file, by whichever link that is named."""
    path = Path(os.path.realpath(path))  # `Path.resolve` raises `RuntimeError` for links that lead to themselves
    return path.with_name(f".{path.name}.service")


def _open(path: Path) -> int:
    claimed = claim_path(path)
    try:
        descriptor = os.open(claimed, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        return os.open(claimed, os.O_RDONLY | os.O_CLOEXEC)  # which is enough to lock one that is there
    if os.geteuid() == 0 and path.exists():  # or a service with fewer rights could not open it later
        status = path.stat()
        with suppress(OSError):
            os.fchown(descriptor, status.st_uid, status.st_gid)
    return descriptor


def _sign(descriptor: int, url: str) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    holder = {"url": url, "pid": os.getpid(), "host": socket.gethostname(), "since": since}
    with suppress(OSError):  # on a full disk the lock holds all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _holder(descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, _LONGEST_BYTES, 0))
        return f"the service at {holder['url']} (process {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, TypeError, KeyError):
        return "another service"
