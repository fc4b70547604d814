"""Backups: the database in one file, verified, and the way back from it.

A restored state may have a lower number of revision than edges were given before. That is fine: no number
outlives the process that gave it. A restore needs the service to be stopped, a service that starts answers
the first poll of each connection at once with the document that it has, and Traefik tells documents by
their content. Who puts a file in the place of the database of a running service is told, and nothing is
written (`Revisions`).
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provider import replacements
from provider.database import copies, locks, schema, sealing
from provider.database.file import reading_copy
from provider.database.schema import FileCondition
from provider.database.sealing import SealingKeys
from provider.errors import ProviderError, Unavailable
from provider.listening import DEFAULT_POINTS, DefaultEntryPoints
from provider.snapshots import last_revision, read_verified

CopyProgress = Callable[[int, int], None]
"""Called with the pages that are copied, and with all."""

_REASONS: Final = {
    FileCondition.EMPTY: "it is an empty database",
    FileCondition.FOREIGN: "it is the database of another program",
    FileCondition.NEWER: "it was made by a newer version of wayshub-provider: run that version",
    FileCondition.UNREADABLE: "it is not a readable SQLite database",
}


class Unusable(ProviderError):
    """A file is not one that a backup can be written to, or read from."""

    code = "unusable"
    title = "This file cannot be used"


@dataclass(frozen=True, slots=True)
class BackupState:
    """What a verified copy holds: its last revision, and the digest of the document that it gives.

    `changed` says that this revision gave another document: another version renders otherwise, or
    somebody wrote past the service. A service that starts makes that a revision of its own.
    """

    revision: int
    digest: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and where the database is kept that was there before, if one was."""

    state: BackupState
    kept: Path | None


def back_up(
    database: Path,
    file: Path,
    progress: CopyProgress,
    points: DefaultEntryPoints = DEFAULT_POINTS,
    *,
    force: bool,
    key_file: Path | None = None,
) -> BackupState:
    """Copy a database into a file, which appears when it was verified, and not before.

    Others may write meanwhile. Raises `Unavailable` for a database that cannot be served, `Unusable` for
    a file that cannot be written, or exists and is not to be replaced (`force`).
    """
    schema.check_current(database)
    _check_other(database, file)
    _check_free(file, force=force)
    with _writing(file), copies.partial(file) as copy:
        try:
            copies.copy(database, copy, progress, live=True)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise Unusable(f"the database {database} cannot be copied to {file}: {error}") from error
        state = _verify(copy, f"the copy of {database} is faulty and was discarded", points, _keys(database, key_file))
        _check_free(file, force=force)
        replacements.put(copy, file)
    return state


def restore(
    database: Path,
    file: Path,
    progress: CopyProgress,
    say: Callable[[str], None] = lambda _line: None,
    points: DefaultEntryPoints = DEFAULT_POINTS,
    key_file: Path | None = None,
) -> Restored:
    """Put what a backup holds in the place of a database, at once, after it was verified.

    The file stays as it is: an older one is migrated in a copy. The database that was there is kept beside
    it. Raises `Unusable` for a file that is no backup or is damaged, and `Unavailable` while a service or
    another program has the database.
    """
    if not file.is_file():
        raise Unusable(
            f"there is no file {file}: give the path of a backup" if not file.exists() else f"{file} is not a file"
        )
    _check_other(database, file)
    database.parent.mkdir(parents=True, exist_ok=True)
    with locks.alone(database):
        found = schema.inspect(database)
        if found.condition in {FileCondition.FOREIGN, FileCondition.LOCKED}:
            raise Unavailable(f"{found.detail}: it is left as it is")
        with copies.partial(database) as copy:
            try:
                copies.copy(file, copy, progress, live=False)
            except (sqlite3.Error, UnicodeDecodeError) as error:
                raise Unusable(f"{file} cannot be restored: {error}") from error
            keys = _keys(database, key_file)
            _bring_up_to_date(copy, file, say, keys.path)
            state = _verify(copy, f"{file} cannot be restored", points, keys)
            return Restored(state, copies.put(copy, database))


def _keys(database: Path, key_file: Path | None) -> SealingKeys:
    """Return the keys with which the secrets of a database are sealed."""
    return SealingKeys(key_file or sealing.beside(database))


def _bring_up_to_date(copy: Path, file: Path, say: Callable[[str], None], key_file: Path) -> None:
    found = schema.inspect(copy).condition
    if found in _REASONS:
        raise Unusable(f"{file} cannot be restored: {_REASONS[found]}")
    if damage := copies.find_damage(copy):  # before a migration comes upon it
        raise Unusable(f"{file} cannot be restored: it is damaged ({damage}): use another backup")
    if found is FileCondition.OLDER:
        try:
            schema.migrate(copy, say, copies=False, key_file=key_file)
        except ProviderError as error:
            raise Unusable(f"{file} cannot be restored: {error.detail}") from error
        copies.settle(copy)


def _verify(copy: Path, complaint: str, points: DefaultEntryPoints, keys: SealingKeys) -> BackupState:
    if damage := copies.find_damage(copy):
        raise Unusable(f"{complaint}: it is damaged ({damage})")
    try:
        schema.check_current(copy)
        with reading_copy(copy, keys) as session:
            found = read_verified(session, points)
            _number, digest = last_revision(session)
    except ProviderError as error:
        raise Unusable(f"{complaint}: {error.detail}") from error
    return BackupState(found.revision, found.document.digest, changed=digest not in {None, found.document.digest})


def _check_other(database: Path, file: Path) -> None:
    # `Path.resolve` raises `RuntimeError` for links that lead to themselves.
    is_same = os.path.realpath(file) == os.path.realpath(database)
    if is_same or (file.exists() and database.exists() and file.samefile(database)):
        raise Unusable(f"{file} is the database itself: choose another file")


def _check_free(file: Path, *, force: bool) -> None:
    if file.exists() and not file.is_file():
        raise Unusable(f"{file} is not a file")
    if file.exists() and not force:
        raise Unusable(f"{file} already exists: choose another file, or replace it with --force")


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unusable(f"{file} cannot be written: {error.strerror or error}") from error
