"""How the database file is migrated, or stays as it was."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text

from provider.database import schema, upgrades, versions
from provider.database.file import FileDatabase
from provider.database.locations import Location
from provider.database.schema import FileCondition
from tests.database.files import NEWEST, SERVER, SERVICE, copies, execute, migrate_with, next_version, query, tables
from tests.running import ROOT


def test_migrating_makes_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "var" / "lib" / "provider.db"
    schema.migrate(path)
    schema.check_current(path)


def test_what_a_later_version_migrated_is_newer_and_what_it_finds_is_older(path: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    shutil.copytree(ROOT / "provider", later / "provider", ignore=shutil.ignore_patterns("__pycache__"))
    migrations = next_version(later, 'op.add_column("service", sa.Column("note", sa.String()))')
    ask = (
        "import sys; from pathlib import Path; from provider.database.schema import check_current; "
        "check_current(Path(sys.argv[1]))"
    )
    refused = subprocess.run(
        [sys.executable, "-c", ask, str(path)], cwd=later, capture_output=True, text=True, check=False
    )
    assert f"is at the older version {NEWEST}: run `wayshub-provider migrate`" in refused.stderr
    migrate_with(migrations, path)
    assert schema.inspect(path).condition is FileCondition.NEWER


# Migrations


def test_alembic_and_migrate_make_the_same_schema(migrated: Path, tmp_path: Path) -> None:
    path = tmp_path / "alembic.db"
    subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=os.environ | {"PROVIDER_DATABASE_URL": f"sqlite:///{path}"},
        capture_output=True,
        check=True,
    )
    assert tables(path) == tables(migrated)
    schema.check_current(path)


def test_the_versions_are_those_that_alembic_knows(path: Path) -> None:
    script = ScriptDirectory.from_config(upgrades.alembic_config(Location(file=path)))
    assert versions.versions() == [each.revision for each in script.walk_revisions()][::-1]


def test_the_models_are_what_the_migrations_make(path: Path) -> None:
    command.check(upgrades.alembic_config(Location(file=path)))


def test_migrations_go_down_and_up_again(path: Path) -> None:
    before = tables(path)
    config = upgrades.alembic_config(Location(file=path))
    config.attributes["say"] = lambda _line: None
    command.downgrade(config, "base")
    assert schema.inspect(path).condition is FileCondition.EMPTY
    command.upgrade(config, "head")
    assert tables(path) == before
    command.check(config)


def test_migrating_what_is_up_to_date_changes_nothing(path: Path) -> None:
    execute(path, SERVICE.format("wayshub"))
    before = query(path, "SELECT * FROM service"), tables(path)
    said: list[str] = []
    schema.migrate(path, said.append)
    assert (query(path, "SELECT * FROM service"), tables(path)) == before
    assert said == []
    assert not copies(path)


def test_a_copy_is_made_before_a_migration_and_it_is_said_where(path: Path, tmp_path: Path) -> None:
    execute(path, SERVICE.format("wayshub"))
    before = tables(path)
    said = migrate_with(next_version(tmp_path, 'op.add_column("service", sa.Column("note", sa.String()))'), path)
    (copy,) = copies(path)
    assert said == [f"copied the database to {copy}", "migrated to later: later"]
    assert f".{NEWEST}." in copy.name
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert tables(copy) == before != tables(path)
    assert query(copy, "SELECT name FROM service") == [("wayshub",)]
    schema.check_current(copy)


def test_a_copy_has_what_is_still_in_the_write_ahead_log(path: Path, tmp_path: Path) -> None:
    opened = FileDatabase(path)
    opened.open()
    with opened.writing() as session:
        session.execute(text(SERVICE.format("wayshub")))
    migrate_with(next_version(tmp_path, 'op.add_column("service", sa.Column("note", sa.String()))'), path)
    opened.close()
    (copy,) = copies(path)
    assert query(copy, "SELECT name FROM service") == [("wayshub",)]


def test_a_migration_that_fails_leaves_everything_as_it_was(path: Path, tmp_path: Path) -> None:
    before = tables(path)
    body = 'op.add_column("service", sa.Column("note", sa.String())); raise ArithmeticError("on the way")'
    with pytest.raises(ArithmeticError):
        migrate_with(next_version(tmp_path, body), path)
    assert tables(path) == before
    schema.check_current(path)


def test_a_migration_of_a_parent_keeps_its_children(path: Path, tmp_path: Path) -> None:
    execute(path, SERVICE.format("wayshub"), SERVER)
    body = (
        'with op.batch_alter_table("service", recreate="always") as batch: '
        'batch.add_column(sa.Column("note", sa.String()))'
    )
    migrate_with(next_version(tmp_path, body), path)
    assert query(path, "SELECT service, name FROM server") == [("wayshub", "a")]


def test_a_migration_that_breaks_references_is_undone(path: Path, tmp_path: Path) -> None:
    execute(path, SERVICE.format("wayshub"), SERVER)
    with pytest.raises(CommandError, match="1 rows would refer to nothing: nothing was changed"):
        migrate_with(next_version(tmp_path, 'op.execute("DELETE FROM service")'), path)
    assert query(path, "SELECT name FROM service") == [("wayshub",)]
    schema.check_current(path)


def test_two_migrations_at_once_are_one(tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    ask = (
        "import sys; from pathlib import Path; from provider.database import schema; schema.migrate(Path(sys.argv[1]))"
    )
    both = [subprocess.Popen([sys.executable, "-c", ask, str(path)], cwd=tmp_path) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    schema.check_current(path)


def test_an_installed_wheel_migrates(migrated: Path, tmp_path: Path) -> None:
    wheels, installed = tmp_path / "wheels", tmp_path / "installed"

    def run(*arguments: str, **options: object) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            check=False,
            **options,  # type: ignore[call-overload]  # of `run`, passed on
        )
        assert done.returncode == 0, done.stderr
        answer: str = done.stdout
        return answer

    run("-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels), cwd=ROOT)
    (wheel,) = wheels.glob("*.whl")
    ZipFile(wheel).extractall(installed)  # all that an installer does to it, but for the program
    path = tmp_path / "provider.db"
    environment = os.environ | {"PYTHONPATH": str(installed), "PROVIDER_DATABASE_URL": f"sqlite:///{path}"}
    found = run("-c", "import provider; print(provider.__file__)", cwd=tmp_path, env=environment)
    assert Path(found.strip()).is_relative_to(installed)
    assert "is up to date" in run("-m", "provider", "migrate", cwd=tmp_path, env=environment)
    assert tables(path) == tables(migrated)
