"""A database in memory: the copy of one that can be read and not written, so that polls are served all the same."""

import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Final

from provider.database.connections import read

_numbers: Final = count(1)


class Frozen:
    """A copy of a database as it was at one moment, for as long as it is not closed. Raises `sqlite3.Error`."""

    def __init__(self, path: Path) -> None:
        self.name = f"file:provider-frozen-{next(_numbers)}"
        self._keeper = sqlite3.connect(
            f"{self.name}?mode=memory&cache=shared", uri=True, isolation_level=None, check_same_thread=False
        )
        with closing(read(path)) as source:
            source.backup(self._keeper)

    def close(self) -> None:
        """Let it go, once nobody reads it any more."""
        self._keeper.close()
