"""What the service writes is for its owner: nobody else of the machine reads hashes, secrets or the audit there."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from provider.database import locks, schema
from tests.cli.running import run_forked, variables
from tests.people import add_account
from tests.running import ROOT, fetch, running_service


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def environment(path: Path) -> dict[str, str]:
    return variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}")


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_new_database_is_its_owners_alone_whatever_the_shell_says(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "var" / "provider.db"
    run_forked("migrate", env=environment(path), umask=umask).check()
    run_forked("token", "create", "deploy", "--scope", "write", env=environment(path), umask=umask).check()
    assert {file.name: mode(file) for file in path.parent.iterdir() if file.is_file()} == dict.fromkeys(
        (file.name for file in path.parent.iterdir()), 0o600
    )


def test_alembic_itself_makes_it_so_too(tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(command, cwd=ROOT, env=environment(path), umask=0o022, check=True, capture_output=True)
    assert mode(path) == 0o600


def test_what_lies_beside_a_database_that_is_served_is_private_too(tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    before = os.umask(0o022)
    try:
        schema.migrate(path)
        with running_service(tmp_path, None) as service:
            add_account(path, "desk")
            fetch(f"{service.url}/readyz").raise_for_status()
            beside = {file.name: mode(file) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert {"provider.db", "provider.db-wal", "provider.db-shm", locks.lock_path(path).name} <= set(beside)
    assert set(beside.values()) == {0o600}


def test_a_database_that_others_may_read_stays_so_but_its_copies_do_not(tmp_path: Path) -> None:
    """Who gave it to a group meant that; what is made of it is for its owner."""
    path = tmp_path / "provider.db"
    schema.migrate(path)
    path.chmod(0o640)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = delete")
    old = Path(shutil.copy(path, tmp_path / "old.db"))
    run_forked("backup", str(tmp_path / "a.backup"), env=environment(path), umask=0o022).check()
    assert (mode(path), mode(old), mode(tmp_path / "a.backup")) == (0o640, 0o640, 0o600)
    schema.migrate(path)
    assert mode(path) == 0o640


def test_a_place_where_no_database_can_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "provider.db", Path("/proc/provider.db")):
        told = run_forked("migrate", env=environment(path)).error()
        assert str(path) in told


def test_a_link_that_leads_to_itself_is_told_in_one_line(migrated: Path, tmp_path: Path) -> None:
    database, loop = tmp_path / "provider.db", tmp_path / "loop"
    database.write_bytes(migrated.read_bytes())
    loop.symlink_to("loop")
    told = run_forked("serve", env=environment(loop)).error()
    assert "Too many levels of symbolic links" in told
    run_forked("backup", str(loop), env=environment(database)).check()
    assert loop.is_file()
