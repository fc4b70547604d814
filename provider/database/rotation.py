"""Sealing all secrets of a database anew, with a new key, while whoever has the key file can read all of them.

A step at a time, so that services on several machines can be given the file after each:

1. The file gets a new key, which only opens yet.
2. The new key seals, and what is stored is sealed with it. The old keys open what others seal meanwhile.
3. What they sealed so is sealed anew, and the old keys go.

The file says which step is next, so who was killed goes on there. An SQLite file has one service, which is stopped:
there the steps follow each other at once.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import JSON, Column, Connection, Text, and_, bindparam, cast, select, update
from sqlmodel import SQLModel

from provider import replacements
from provider.database import connecting, locks, schema, sealing
from provider.database.database import Database
from provider.database.locations import Location
from provider.database.sealing import MARK, NEXT, SealingKeys
from provider.errors import Unavailable
from provider.messages import Message

_AT_ONCE: Final = 500
"""How many rows are sealed anew in one transaction: others on the database wait for no more."""


class RotationStep(Enum):
    """What was done."""

    MADE = auto()
    """There was no key, and nothing to seal: there is one now."""
    ADDED = auto()
    USED = auto()
    FINISHED = auto()


def rotate(
    location: Location, progress: Callable[[int], None] = lambda _count: None, *, copied: bool = False
) -> tuple[RotationStep, int]:
    """Do the next step, or all of them on an SQLite file. Returns the last one, and how many columns were sealed anew.

    `copied` says that all services have the file as it is now. Raises `Unavailable` without that for all steps but
    the first, while a service runs on the SQLite file, without the key that opens the secrets, and where the key file
    or the database cannot be written.
    """
    file = Path(os.path.realpath(location.keys_path))
    rotation = _Rotation(connecting.database_at(location), file, progress)
    try:
        with ExitStack() as stack:
            if location.file is not None:
                schema.check_current(location.file)
                stack.enter_context(locks.alone(location.file))
            stack.callback(rotation.database.close)
            rotation.database.open()
            for left in file.parent.glob(f".{file.name}.*.partial"):  # of a run that was killed: there are keys in it
                left.unlink()
            if location.file is None:
                rotation.check(copied=copied)
            step = rotation.go_on()
            while location.file is not None and step in {RotationStep.ADDED, RotationStep.USED}:
                step = rotation.go_on()
    except OSError as error:
        raise Unavailable(
            Message("the key file {path} cannot be replaced: {why}", path=file, why=error.strerror or str(error))
        ) from error
    return step, rotation.count


class _Rotation:
    def __init__(self, database: Database, file: Path, progress: Callable[[int], None]) -> None:
        self.database, self._file, self._progress = database, file, progress
        self.count = 0

    def check(self, *, copied: bool) -> None:
        """Raise `Unavailable` unless the services have the keys that the next step takes for granted."""
        is_begun = self.database.keys.exists() and len(self._read()) > 1
        if is_begun and not copied:
            raise Unavailable(
                f"the key file {self._file} has several keys: copy it to every machine that runs a service on this "
                "database, then run `wayshub-provider secrets rotate --copied`"
            )
        if copied and not is_begun:
            raise Unavailable(f"the key file {self._file} has no new key yet: leave out --copied to add one")

    def go_on(self) -> RotationStep:
        """Do the step of which the file says that it is next."""
        keys = self.database.keys
        if not keys.exists():
            if any(True for _place in self._sealed()):
                raise Unavailable(keys.why_missing())
            keys.make()
            return RotationStep.MADE
        *first, last = self._read()
        if not first:
            self._put([last, f"{NEXT} {sealing.new_key()}"])
            return RotationStep.ADDED
        if last.startswith(NEXT):
            self._put([last.removeprefix(NEXT).strip(), *first])
            self._seal_anew()
            return RotationStep.USED
        self._seal_anew()
        self._put(first[:1])
        return RotationStep.FINISHED

    def _read(self) -> list[str]:
        return [line for line in self._file.read_text(encoding="ascii").splitlines() if line.strip()]

    def _put(self, lines: list[str]) -> None:
        """Replace the key file, for whoever owned it."""
        owner = self._file.stat()
        with replacements.partial(self._file) as made:
            made.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
            with suppress(PermissionError):  # who is not its owner's superior has made it his own
                os.chown(made, owner.st_uid, owner.st_gid)
            made.chmod(owner.st_mode & 0o777)
            replacements.sync(made)
            replacements.put(made, self._file)

    def _seal_anew(self) -> None:
        places = list(self._sealed())
        for start in range(0, len(places), _AT_ONCE):
            with self.database.writing() as session:
                for place in places[start : start + _AT_ONCE]:
                    self.count += _seal(session.connection(), place, self.database.keys)
            self._progress(self.count)

    def _sealed(self) -> Iterator["_SealedCell"]:
        """Find the columns that have sealed secrets."""
        with self.database.reading() as session:
            for name, columns in schema.SEALED.items():
                table = SQLModel.metadata.tables[name]
                for column in map(table.columns.__getitem__, columns):
                    found = select(*table.primary_key, _raw(column))
                    if isinstance(column.type, JSON):
                        found = found.where(_raw(column).contains(MARK))
                    for *key, content in session.connection().execute(found):
                        if MARK in _text(content):
                            yield _SealedCell(column, tuple(key))


class _SealedCell(NamedTuple):
    """A column of a row, by the row's key."""

    column: Column[Any]
    key: tuple[Any, ...]


def _seal(connection: Connection, place: _SealedCell, keys: SealingKeys) -> bool:
    """Seal what is in a column with the first key. Returns whether anything was not."""
    column, table = place.column, place.column.table
    is_row = and_(*(each == value for each, value in zip(table.primary_key, place.key, strict=True)))
    content = connection.execute(select(_raw(column)).where(is_row)).scalar()
    if content is None:  # the row is gone
        return False
    before = _text(content)
    after = sealing.anew(before, keys) if MARK in before else before
    if after == before:
        return False
    value: Any = after.encode()
    if isinstance(column.type, JSON):
        is_file = connection.dialect.name == "sqlite"
        value = cast(bindparam("sealed", after, type_=Text()), Text() if is_file else JSON())
    connection.execute(update(table).where(is_row).values({column: value}))
    return True


def _raw(column: Column[Any]) -> Any:
    """Return a column as it is stored, with what is sealed in it."""
    return cast(column, Text()) if isinstance(column.type, JSON) else column


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()
