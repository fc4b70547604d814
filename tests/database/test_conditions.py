"""What the database file may be, and what is said of each."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from provider.database import schema
from provider.database.file import FileDatabase
from provider.database.schema import FileCondition
from provider.errors import Unavailable
from tests.database.files import copies, execute

# What a file may be


def make_text(path: Path) -> None:
    path.write_text("this is not a database, however long it is " * 100)


def make_another_programs(path: Path) -> None:
    execute(path, "CREATE TABLE note (text)")


def make_another_programs_with_alembic(path: Path) -> None:
    execute(path, "CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('0001')")


def make_half_made(path: Path) -> None:
    execute(path, "CREATE TABLE alembic_version (version_num)")


def make_newer(path: Path) -> None:
    schema.migrate(path)
    execute(path, "UPDATE alembic_version SET version_num = '9999'")


CONDITIONS: list[tuple[Callable[[Path], object], FileCondition, str]] = [
    (lambda _path: None, FileCondition.MISSING, "there is no database at .*: run `wayshub-provider migrate`"),
    (Path.touch, FileCondition.EMPTY, "is empty: run `wayshub-provider migrate`"),
    (lambda path: execute(path, "VACUUM"), FileCondition.EMPTY, "is empty: run `wayshub-provider migrate`"),
    (make_half_made, FileCondition.EMPTY, "is empty: run `wayshub-provider migrate`"),
    (make_newer, FileCondition.NEWER, "version 9999, made by a newer version of wayshub-provider: run that version"),
    (
        make_another_programs,
        FileCondition.FOREIGN,
        "of another program: set PROVIDER_DATABASE_URL to a database of its own",
    ),
    (make_another_programs_with_alembic, FileCondition.FOREIGN, "of another program: set PROVIDER_DATABASE_URL"),
    (make_text, FileCondition.UNREADABLE, "cannot be read as an SQLite database"),
    (Path.mkdir, FileCondition.UNREADABLE, "cannot be read as an SQLite database: it is not a file"),
    (os.mkfifo, FileCondition.UNREADABLE, "cannot be read as an SQLite database: it is not a file"),
]


@pytest.mark.parametrize(("make", "condition", "told"), CONDITIONS)
def test_a_file_that_cannot_be_served_is_recognised_and_the_remedy_is_named(
    tmp_path: Path, make: Callable[[Path], object], condition: FileCondition, told: str
) -> None:
    path = tmp_path / "provider.db"
    make(path)
    before = path.read_bytes() if path.is_file() else path.exists()
    assert schema.inspect(path).condition is condition
    with pytest.raises(Unavailable, match=told):
        schema.check_current(path)
    with pytest.raises(Unavailable, match=told):
        FileDatabase(path).open()
    assert (path.read_bytes() if path.is_file() else path.exists()) == before


@pytest.mark.parametrize("make", [make_text, make_another_programs, make_another_programs_with_alembic, make_newer])
def test_a_file_that_is_not_ours_or_newer_is_not_migrated(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "provider.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(Unavailable, match="it is left as it is"):
        schema.migrate(path)
    assert path.read_bytes() == before
    assert not copies(path)


@pytest.mark.parametrize("make", [lambda _path: None, Path.touch, make_half_made])
def test_a_missing_or_empty_file_is_migrated(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "provider.db"
    make(path)
    schema.migrate(path)
    assert schema.inspect(path).condition is FileCondition.CURRENT
    schema.check_current(path)
    assert not copies(path)
