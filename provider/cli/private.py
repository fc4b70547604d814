"""Files that hold secrets: only their owner can read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provider import replacements
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
    """Write such a file, and let it take its place at the end, unless something is raised.

    Raises `Unavailable` where it cannot be written.
    """
    try:
        with replacements.replacing(path, text.encode()):
            yield
    except OSError as error:
        raise Unavailable(f"the file {shown(path)} cannot be written: {error.strerror or error}") from error
