"""Files that take the place of others: whole or not at all, and so that a power cut leaves one of the two."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PRIVATE: Final = 0o600
"""For the owner alone."""


@contextmanager
def partial(target: Path) -> Iterator[Path]:
    """Give an empty file beside `target` that only its owner can read, and take it away if it is left at the end.

    A process that is killed leaves it: a hidden file that ends in `.partial`, and never half a `target`.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent)
    os.close(descriptor)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put(made: Path, path: Path) -> None:
    """Put a file that is on the disk in the place of another, or where none is."""
    made.replace(path)
    sync(path.parent)


@contextmanager
def replacing(path: Path, content: bytes, mode: int = _PRIVATE) -> Iterator[None]:
    """Write a file, and let it take its place at the end, for which no room is needed, unless something is raised.

    A link is replaced, too. Raises `OSError` where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with partial(path) as made:
        made.write_bytes(content)
        made.chmod(mode)
        sync(made)
        yield
        put(made, path)
