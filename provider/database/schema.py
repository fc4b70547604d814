"""The schema of a database file: what it is, what it should be, and how it is migrated."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from stat import S_ISREG
from typing import Final

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from provider import replacements
from provider.database.connections import APPLICATION_ID, HINDERED, PRAGMAS, RESTORE, begin, is_settled, prepare, read
from provider.database.copies import copy, partial
from provider.database.locations import Location
from provider.database.tables import TABLES
from provider.database.versions import versions
from provider.database.writes import may_write, why_unwritable
from provider.errors import Unavailable


class FileCondition(StrEnum):
    """What a database file is to this version of the service."""

    MISSING = "missing"
    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    FOREIGN = "foreign"
    LOCKED = "locked"
    CLOSED = "closed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Inspection:
    """A database file's condition, its schema's version if it has one, and a sentence for a person."""

    condition: FileCondition
    version: str | None
    detail: str


def inspect(path: Path) -> Inspection:
    """Find out what a database file is, without changing it."""
    try:
        if not S_ISREG(path.stat().st_mode):  # to read from a named pipe would take for ever
            told = f"{path} cannot be read as an SQLite database: it is not a file"
            return Inspection(FileCondition.UNREADABLE, None, told)
        with closing(read(path)) as connection:
            return _inspect(connection, path)
    except (FileNotFoundError, NotADirectoryError):
        return Inspection(FileCondition.MISSING, None, f"there is no database at {path}")
    except OSError as error:
        return Inspection(FileCondition.CLOSED, None, f"the database {path} cannot be read: {error.strerror}")
    except sqlite3.DatabaseError as error:
        return _inspect_error(error, path)
    except UnicodeDecodeError:  # the driver reads what SQLite says about a damaged file
        return Inspection(FileCondition.UNREADABLE, None, f"{path} cannot be read as an SQLite database: it is damaged")


def _inspect_error(error: sqlite3.DatabaseError, path: Path) -> Inspection:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return Inspection(FileCondition.LOCKED, None, f"the database {path} is locked by another program")
    if (
        isinstance(error, sqlite3.OperationalError)
        and getattr(error, "sqlite_errorcode", 0) & 0xFF in HINDERED
        and path.is_file()
    ):
        return Inspection(FileCondition.CLOSED, None, _why_closed(path, error))
    return Inspection(FileCondition.UNREADABLE, None, f"{path} cannot be read as an SQLite database: {error}")


def _inspect(connection: sqlite3.Connection, path: Path) -> Inspection:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    version = None
    if "alembic_version" in tables:
        version = next((row[0] for row in connection.execute("SELECT version_num FROM alembic_version")), None)
    if version is None and tables <= {"alembic_version"}:
        return Inspection(FileCondition.EMPTY, None, f"the database {path} is empty")
    if version is None or application_id != APPLICATION_ID:
        return Inspection(FileCondition.FOREIGN, version, f"{path} is the database of another program")
    known = versions()
    if version not in known:
        detail = f"the database {path} is at version {version}, made by a newer version of wayshub-provider"
        return Inspection(FileCondition.NEWER, version, detail)
    if version != known[-1]:
        return Inspection(FileCondition.OLDER, version, f"the database {path} is at the older version {version}")
    return Inspection(FileCondition.CURRENT, version, f"the database {path} is at version {version}")


_REMEDIES: Final = {
    FileCondition.MISSING: "run `wayshub-provider migrate`",
    FileCondition.EMPTY: "run `wayshub-provider migrate`",
    FileCondition.OLDER: "run `wayshub-provider migrate`",
    FileCondition.NEWER: "run that version, or downgrade the database with its command `migrate --to {version}`",
    FileCondition.FOREIGN: "set PROVIDER_DATABASE_URL to a database of its own",
    FileCondition.LOCKED: "wait until it is done, or stop it",
    FileCondition.CLOSED: "let this user read and write it and its folder",
    FileCondition.UNREADABLE: f"fix it, or {RESTORE}",
}


def _why_closed(path: Path, error: sqlite3.Error) -> str:
    if not os.access(path, os.R_OK):
        return f"the database {path} cannot be read by this user"
    if not is_settled(path) and not may_write(path):
        return f"the database {path} was left in the middle of a write, which must be completed or undone in its folder"
    return f"the database {path} cannot be opened: {error}"


def check_current(path: Path) -> None:
    """Raise `Unavailable`, with what to do, unless the database can be served as it is."""
    found = inspect(path)
    if found.condition is not FileCondition.CURRENT:
        raise Unavailable(f"{found.detail}: {remedy(found.condition)}")


def remedy(condition: FileCondition) -> str:
    """Say what to do with a database in a condition in which it cannot be served."""
    return _REMEDIES[condition].format(version=versions()[-1])


def check_whole(path: Path) -> None:
    """Raise `Unavailable` if a page of the database is damaged: SQLite notices only when it comes upon it."""
    try:
        with closing(read(path)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise Unavailable(f"the database {path} cannot be checked: {error}") from error
    if found != ["ok"]:
        raise Unavailable(f"the database {path} is damaged: {RESTORE}")


SEALED: Final[Mapping[str, tuple[str, ...]]] = {
    each.table.name: ("fields",) for each in TABLES.values() if each.noun.has_secrets()
} | {
    "revision_change": ("before", "after"),
    "issuance": ("key",),
    "quarantine": ("held", "accepted_content"),
    "acme_account": ("eab_key", "key", "dns_credentials"),
    "acme_order": ("key",),
}
"""The columns that may have sealed secrets, by table."""


def has_sealed(path: Path, mark: str) -> bool:
    """Tell whether a database has a sealed secret: what begins with a mark. It is looked through as a whole."""
    with closing(read(path)) as connection:
        return any(
            connection.execute(f"SELECT 1 FROM {table} WHERE instr({column}, ?) LIMIT 1", (mark,)).fetchone()  # noqa: S608
            for table, columns in SEALED.items()
            for column in columns
        )


def migrate(
    path: Path,
    say: Callable[[str], None] = lambda _line: None,
    *,
    copies: bool = True,
    key_file: Path | None = None,
    to: str | None = None,
) -> None:
    """Bring a database to this version's schema, as `alembic upgrade head` does. Makes the file if need be.

    With `copies`, a copy is made beside the file before anything changes, and kept unless that fails. `to` is another
    version to bring it to, for going back. `key_file` has the key with which its secrets are sealed: without one, that
    beside it. Raises `Unavailable` for a file that is not ours, or newer than we are.
    """
    found = inspect(path)
    if found.condition is FileCondition.CURRENT and to in {None, found.version}:
        return  # a full disk is no reason not to start
    # Loaded here alone: Alembic takes 10 MB, and a service that runs has no use for it.
    location = Location(file=path, key_file=key_file)
    import_module("provider.database.upgrades").upgrade(location, say, found.version, to, copies=copies)


@contextmanager
def migrating(path: Path, *, copies: bool, say: Callable[[str], None]) -> Iterator[Connection]:
    """Give Alembic a connection on which all migrations together are one transaction.

    Foreign keys are off meanwhile (a batch ALTER of a parent with them on deletes its children), and
    checked before the commit. With `copies`, the file is copied first, next to it.
    """
    found = inspect(path)
    if found.condition in {
        FileCondition.FOREIGN,
        FileCondition.NEWER,
        FileCondition.LOCKED,
        FileCondition.CLOSED,
        FileCondition.UNREADABLE,
    }:
        raise Unavailable(f"{found.detail}: it is left as it is; {remedy(found.condition)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if found.condition is FileCondition.MISSING:
            _make_private(path)
    except OSError as error:
        raise Unavailable(f"the database {path} cannot be created: {error.strerror}") from error
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"isolation_level": None})
    event.listen(engine, "begin", begin)
    try:
        with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)  # noqa: S101  # for the type checker
            prepare(driver, PRAGMAS | {"foreign_keys": 0})
            # The write lock is held: what is copied is what will be migrated.
            with connection.begin(), _copied(path, found.version if copies else None, say):
                yield connection
                if broken := connection.execute(text("PRAGMA foreign_key_check")).fetchall():
                    raise Unavailable(
                        f"after the migration {len(broken)} rows would refer to nothing: nothing was changed"
                    )
    except (DBAPIError, sqlite3.OperationalError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        why = why_unwritable(path, cause) if isinstance(cause, sqlite3.OperationalError) else str(cause)
        if found.condition is FileCondition.MISSING and getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            _remove_empty(path)
        raise Unavailable(f"nothing was migrated: {why}") from error
    finally:
        engine.dispose()


def _remove_empty(path: Path) -> None:
    """Leave no file where none was, and where the disk is full, so that nobody can have written one meanwhile."""
    with suppress(OSError):
        if path.stat().st_size == 0:
            path.unlink()


def _make_private(path: Path) -> None:
    """Make an empty file for a database that only its owner can read. SQLite gives its log the same rights."""
    with suppress(FileExistsError):  # whoever came first made it in the same way
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))


@contextmanager
def _copied(path: Path, version: str | None, say: Callable[[str], None]) -> Iterator[None]:
    """Keep a copy of a database of this version for after its migration; where there is no version, none.

    Where the migration fails, it is removed: systemd tries again and again, and would fill the disk with copies.
    """
    if version is None:
        yield
        return
    copied = _copy(path, version)
    say(f"copied the database to {copied}")
    try:
        yield
    except BaseException:
        with suppress(OSError):
            copied.unlink()
            say("removed that copy: the database is as it was")
        raise


def _copy(path: Path, version: str) -> Path:
    """Copy a database beside itself, under a name that appears when the copy is whole. Raises `Unavailable`."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.name}.{version}.{stamp}.copy")
    try:
        with partial(target) as copied:
            copy(path, copied, lambda _done, _total: None, live=True)
            replacements.put(copied, target)
    except sqlite3.Error as error:
        told = why_unwritable(target, error)
        raise Unavailable(f"nothing was migrated, because the database could not be copied first: {told}") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise Unavailable(f"nothing was migrated, because the copy {target} could not be made first: {why}") from error
    return target
