"""Sealing all secrets of a database anew, with a new key.

Killed at any moment, the key file opens what the database has: it has both keys from before the one transaction in
which all is sealed anew until after it. Whoever begins again ends with one key more, and then with one.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from provider import replacements
from provider.database import locks, schema, sealing
from provider.database.connections import PRAGMAS, prepare
from provider.database.sealing import MARK, SealingKeys
from provider.errors import Unavailable
from provider.messages import Message

_AT_ONCE: Final = 500


def rotate(path: Path, key_file: Path | None, progress: Callable[[int], None] = lambda _count: None) -> int:
    """Seal all secrets of a database with a new key, and forget the old one. Returns how many columns had some.

    Raises `Unavailable` while a service runs on the database, without the key that opens the secrets, and where the
    key file or the database cannot be written: then all is as it was.
    """
    schema.check_current(path)
    file = Path(os.path.realpath(key_file or sealing.beside(path)))
    try:
        with locks.alone(path):
            for left in file.parent.glob(f".{file.name}.*.partial"):  # of a run that was killed: there are keys in it
                left.unlink()
            return _rotate(path, file, progress)
    except OSError as error:
        raise Unavailable(
            Message("the key file {path} cannot be replaced: {why}", path=file, why=error.strerror or str(error))
        ) from error


def _rotate(path: Path, file: Path, progress: Callable[[int], None]) -> int:
    keys = SealingKeys(file)
    if not keys.exists():
        if schema.has_sealed(path, MARK):
            raise Unavailable(keys.why_missing())
        keys.make()
        return 0
    before = file.read_text(encoding="ascii").split()
    new = sealing.new_key()
    _put(file, [new, *before])
    count = _seal_anew(path, SealingKeys(file), progress)
    _put(file, [new])
    return count


def _put(file: Path, keys: list[str]) -> None:
    """Replace the key file, for whoever owned it."""
    owner = file.stat()
    with replacements.partial(file) as made:
        made.write_text("".join(f"{key}\n" for key in keys), encoding="ascii")
        with suppress(PermissionError):  # who is not its owner's superior has made it his own
            os.chown(made, owner.st_uid, owner.st_gid)
        made.chmod(owner.st_mode & 0o777)
        replacements.sync(made)
        replacements.put(made, file)


def _seal_anew(path: Path, keys: SealingKeys, progress: Callable[[int], None]) -> int:
    count = 0
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            prepare(connection, PRAGMAS)
            connection.execute("BEGIN IMMEDIATE")
            for table, columns in schema.SEALED.items():
                for column in columns:
                    for row, text in _sealed(connection, table, column):
                        statement = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608  # our own names
                        connection.execute(statement, (sealing.anew(text, keys), row))
                        count += 1
                        progress(count)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise Unavailable(Message("the database {path} cannot be written: {why}", path=path, why=str(error))) from error
    return count


def _sealed(connection: sqlite3.Connection, table: str, column: str) -> Iterator[tuple[int, str]]:
    """Give the rows of a column that have sealed secrets."""
    last = -1
    statement = f"SELECT rowid, {column} FROM {table} WHERE rowid > ? AND instr({column}, ?) ORDER BY rowid LIMIT ?"  # noqa: S608  # our own names
    while rows := connection.execute(statement, (last, MARK, _AT_ONCE)).fetchall():
        yield from rows
        last = rows[-1][0]
