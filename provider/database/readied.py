"""Files in which what a large change writes lies ready: SQLite copies its rows into the database, and nobody waits.

Such a file goes with the process that has it, so that it need not survive anything.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

from provider.database import scratch
from provider.database.scratch import Rows
from provider.database.sessions import Session

_AT_ONCE: Final = 500
"""How many parts are read at once: others shall not wait for the interpreter."""


class ChangeRow(NamedTuple):
    """A change of an object, with its sides as JSON: None where there was, or is, no object."""

    kind: str
    name: str
    before: str | None
    after: str | None


class PartRow(NamedTuple):
    """A part of the document; what it needs and the version that it asks for as JSON."""

    kind: str
    name: str
    content: bytes
    needs: str
    is_plain: bool
    since: str
    is_default: bool
    beside: bytes
    terms: bytes


def write(
    path: Path,
    session: Session,
    told: Mapping[str, bytes],
    parts: Iterable[PartRow],
    changes: Iterable[ChangeRow],
    rows: Iterable[Rows],
) -> None:
    """Write a new file: what is `told` by name, parts, changes in order, and the rows for `scratch.take_rows`."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode = off")
        file.execute("PRAGMA synchronous = off")
        file.execute("BEGIN")
        file.execute("CREATE TABLE told (name, content)")
        file.executemany("INSERT INTO told VALUES (?, ?)", told.items())
        file.execute(f"CREATE TABLE part ({', '.join(PartRow._fields)})")
        file.executemany("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", parts)
        file.execute("CREATE TABLE change (position, kind, name, before, after)")
        listed = ((position, *change) for position, change in enumerate(changes))
        file.executemany("INSERT INTO change VALUES (?, ?, ?, ?, ?)", listed)
        scratch.write_rows(file, rows, session.write_json)
        file.execute("COMMIT")


def read(path: Path, name: str) -> bytes:
    """Read what is told by a name."""
    with closing(sqlite3.connect(path)) as file:
        content: bytes = file.execute("SELECT content FROM told WHERE name = ?", (name,)).fetchone()[0]
    return content


def changes(path: Path) -> Iterator[ChangeRow]:
    """Give the changes, in order."""
    with closing(sqlite3.connect(path)) as file:
        yield from map(ChangeRow._make, file.execute("SELECT kind, name, before, after FROM change ORDER BY position"))


def parts(path: Path) -> Iterator[PartRow]:
    """Give the parts."""
    with closing(sqlite3.connect(path)) as file:
        rows: Any = file.execute("SELECT * FROM part")
        while listed := rows.fetchmany(_AT_ONCE):
            yield from map(PartRow._make, listed)
