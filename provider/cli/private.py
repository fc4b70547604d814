"""Files that hold secrets: only their owner can read them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provider.cli.paths import shown
from provider.errors import Unavailable


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in place of one before, whoever could read that.

    Whole or not at all. Raises `Unavailable` where it cannot be written.
    """
    with replacing(path, text):
        pass


@contextmanager
def replacing(path: Path, text: str) -> Iterator[None]:
    """Write such a file, and let it take its place at the end, for which no room is needed, unless something is raised.

    Raises `Unavailable` where it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 600
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise _unwritable(path, error) from error
        yield
        try:
            Path(name).replace(path)
        except OSError as error:
            raise _unwritable(path, error) from error
    finally:
        Path(name).unlink(missing_ok=True)  # only there if it did not take its place


def _unwritable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(f"the file {shown(path)} cannot be written: {error.strerror or error}")
