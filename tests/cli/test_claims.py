"""A database, and what else a service writes, is one service's at a time: the second is told who has it."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.running import run_forked, variables
from tests.forking import Forked
from tests.running import Process, answers, fetch, free_port, service_process, wait_until

ANY_PORTS = ("--port", "0", "--web-port", "0", "--secure-port", "0", "--api-port", "0")


@pytest.fixture(scope="module")
def serving(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, str, Path]]:
    folder = tmp_path_factory.mktemp("claimed")
    shutil.copy(migrated, folder / "provider.db")
    with service_process(folder, PROVIDER_FALLBACK_FILE=str(folder / "fallback.yml")) as (process, url):
        wait_until((folder / "fallback.yml").exists, "it has written its files")
        yield process, url, folder


def refused(path: Path, *arguments: str, **environment: str) -> str:
    ports = {"PROVIDER_PORT": str(free_port())} | environment
    given = variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}", **ports)
    return run_forked(*arguments, env=given, cwd=path.parent).error()


def tokens(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT id, name, secret_hash FROM token ORDER BY id").fetchall()


@pytest.mark.parametrize("command", [("serve",), ("up", *ANY_PORTS)], ids=lambda command: command[0])
def test_a_second_service_on_a_database_is_told_who_has_it_and_takes_nothing(
    serving: tuple[Process, str, Path], command: tuple[str, ...]
) -> None:
    process, url, folder = serving
    path, before = folder / "provider.db", (tokens(folder / "provider.db"), sorted(folder.iterdir()))
    told = refused(path, *command)
    assert told.startswith(f"the database {path} is in use by the service at {url} (process {process.pid} on ")
    assert told.endswith("): stop it first")
    assert (tokens(path), sorted(folder.iterdir())) == before
    assert fetch(f"{url}/traefik/configuration").status_code == 200


def test_a_database_is_the_same_by_another_name(serving: tuple[Process, str, Path], tmp_path: Path) -> None:
    _process, url, folder = serving
    (tmp_path / "link.db").symlink_to(folder / "provider.db")
    assert f"is in use by the service at {url} " in refused(tmp_path / "link.db", "serve")
    other = tmp_path / "other.db"
    other.hardlink_to(folder / "provider.db")
    told = f"the database {other} is in use by another service, under another name: stop that service first"
    assert refused(other, "serve") == told


def test_a_database_that_up_has_made_is_the_same_by_another_name(tmp_path: Path) -> None:
    path, other, port = tmp_path / "provider.db", tmp_path / "other.db", str(free_port())
    given = variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}")
    process = Forked(["up", "--port", port, *ANY_PORTS[2:]], env=given, cwd=tmp_path)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "the service is ready")
        other.hardlink_to(path)
        assert "is in use by another service, under another name" in refused(other, "serve")
        assert "is in use by another service, under another name" in refused(other, "up", *ANY_PORTS)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


@pytest.mark.parametrize("command", [("serve",), ("up", *ANY_PORTS)], ids=lambda command: command[0])
def test_a_fallback_file_that_another_service_writes_is_not_taken_over(
    serving: tuple[Process, str, Path], command: tuple[str, ...], migrated: Path, tmp_path: Path
) -> None:
    _process, url, folder = serving
    file, path = folder / "fallback.yml", Path(shutil.copy(migrated, tmp_path / "own.db"))
    before = tokens(path)
    told = refused(path, *command, PROVIDER_FALLBACK_FILE=str(file))
    assert told.startswith(f"the fallback file {file} is in use by the service at {url} (")
    assert tokens(path) == before


def test_commands_beside_a_service_write_its_database_as_ever(serving: tuple[Process, str, Path]) -> None:
    _process, url, folder = serving
    given = variables(PROVIDER_DATABASE_URL=f"sqlite:///{folder / 'provider.db'}")
    made = run_forked("token", "create", "beside", "--scope", "read", env=given).check().out.split()[-1]
    assert fetch(f"{url}/api/v1/domains", headers={"Authorization": f"Bearer {made}"}).status_code == 200
    run_forked("migrate", env=given).check()


def test_a_service_that_was_killed_has_nothing_any_more(migrated: Path, tmp_path: Path) -> None:
    shutil.copy(migrated, tmp_path / "provider.db")
    for _turn in range(2):
        with service_process(tmp_path) as (process, _url):
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
