"""Backups: a state that was committed, whole or not at all, and back again."""

import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from alembic import command

from provider import backups
from provider.backups import BackupState, Restored, Unusable
from provider.database import locks, schema, upgrades
from provider.database.locations import Location
from provider.errors import Unavailable
from tests.cli.running import Result, run_forked, run_process, variables
from tests.running import Service, cases, fetch, free_port, http_client, running_service, service_process

LONG = "x" * 1000


def ignore(_done: int, _total: int) -> None:
    """Take no notice of the progress."""


def back_up(database: Path, file: Path, *, force: bool = False) -> BackupState:
    return backups.back_up(database, file, ignore, force=force)


def restore(database: Path, file: Path) -> Restored:
    return backups.restore(database, file, ignore)


def run(path: Path, *arguments: str | Path, **options: object) -> Result:
    """Run a command as a process of its own, on a database."""
    environment = variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}")
    return run_forked(*map(str, arguments), env=environment, **options)


def error(result: Result) -> str:
    """The one line of an expected error, whatever was said before it."""
    return Result(result.status, "", result.err).error()


def execute(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.fixture(scope="module")
def exposed(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with (
        running_service(tmp_path_factory.mktemp("exposed"), migrated) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        body = {"domain": "alvin.xyz", "servers": [{"url": "http://127.0.0.1:3000"}]}
        client.post("/expose", json=body).raise_for_status()
        return service.database


@pytest.fixture
def path(exposed: Path, tmp_path: Path) -> Path:
    """A database with a service, a server and a revision."""
    made = Path(shutil.copy(exposed, tmp_path / "provider.db"))
    locks.lock_path(made).touch()  # as a service leaves it
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "backups"
    made.mkdir()
    return made


def add_domains(service: Service, numbers: "count[int]", amount: int) -> None:
    with http_client(f"{service.url}/api/v1") as client:
        for _ in range(amount):
            client.post("/domains", json={"name": f"d{next(numbers)}.example", "description": LONG}).raise_for_status()


def test_a_backup_during_constant_writes_is_a_state_that_was_committed(migrated: Path, folder: Path) -> None:
    stop = threading.Event()
    with running_service(folder, migrated) as one, running_service(folder, migrated) as other:

        def write(service: Service, name: str) -> None:
            with http_client(f"{service.url}/api/v1") as client:
                client.put(f"/services/{name}", json={}).raise_for_status()
                for number in count():
                    if stop.is_set():
                        return
                    server = {"url": f"http://127.0.0.1:{1000 + number % 9000}", "weight": number % 1000 + 1}
                    client.put(f"/services/{name}/servers/a", json=server).raise_for_status()

        writers = [
            threading.Thread(target=write, args=(service, f"{name}{index}"))
            for name, service in (("one", one), ("other", other))
            for index in range(2)
        ]
        for writer in writers:
            writer.start()
        made = []
        for number in range(cases(1, 20)):
            file = folder / f"{number}.backup"
            run(one.database, "backup", file).check()
            made.append(file)
        stop.set()
        for writer in writers:
            writer.join()
    for file in made:
        restored = folder / f"{file.name}.restored"
        state = restore(restored, file).state
        assert not state.changed
        committed = f"SELECT digest FROM revision WHERE number = {state.revision}"  # noqa: S608  # a number
        assert execute(one.database, committed) == [(state.digest,)]
        with running_service(folder, None, name=restored.name) as service:
            assert service.digest() == state.digest


def test_a_backup_has_the_moment_of_its_beginning_however_much_is_written_between_its_pages(
    migrated: Path, folder: Path
) -> None:
    seen, many = list[int](), 1000
    numbers = count(many)
    with running_service(folder, migrated) as service:
        with http_client(f"{service.url}/api/v1") as client:
            domains = {f"d{number}.example": {"description": LONG} for number in range(many)}
            client.post("/apply", json={"domains": domains}).raise_for_status()

        def write_between(done: int, _total: int) -> None:
            seen.append(done)
            add_domains(service, numbers, 1)

        state = backups.back_up(service.database, folder / "a.backup", write_between, force=False)
    assert len(seen) > 2
    assert seen == sorted(set(seen)), "no page is copied again"
    assert (state.revision, state.changed) == (1, False)
    assert execute(folder / "a.backup", "SELECT count(*) FROM domain") == [(many,)]


def test_a_backup_is_one_file_that_only_its_owner_can_read(path: Path, folder: Path) -> None:
    assert "has revision 1 and is verified" in run(path, "backup", "a.db", cwd=folder).check().out
    assert names(folder) == {"a.db"}
    assert stat.S_IMODE((folder / "a.db").stat().st_mode) == 0o600


def test_a_file_that_exists_is_replaced_only_by_force(path: Path, folder: Path) -> None:
    file = folder / "a.db"
    file.write_text("mine")
    assert error(run(path, "backup", file)) == (
        f"{file} already exists: choose another file, or replace it with --force"
    )
    assert file.read_text() == "mine"
    run(path, "backup", "--force", file).check()
    assert restore(folder / "new.db", file).state.revision == 1


KILLED = """
import sys
from pathlib import Path
from provider import backups

def stop(done, total):
    print("copying", flush=True)
    sys.stdin.read()

backups.back_up(Path(sys.argv[1]), Path(sys.argv[2]), stop, force=False)
"""


def test_a_backup_that_is_killed_leaves_no_file_of_that_name(path: Path, folder: Path) -> None:
    command_line = [sys.executable, "-c", KILLED, str(path), str(folder / "a.db")]
    with subprocess.Popen(command_line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "copying\n"
        process.kill()
    assert all(name.startswith(".a.db.") and ".partial" in name for name in names(folder))
    assert back_up(path, folder / "a.db").revision == 1


def test_a_backup_that_is_interrupted_leaves_nothing(path: Path, folder: Path) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backups.back_up(path, folder / "a.db", interrupt, force=False)
    assert names(folder) == set()


def test_a_disk_that_is_full_is_one_line_and_leaves_nothing(path: Path, folder: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40960, 40960))  # half of the database

    environment = variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}")
    told = error(run_process("backup", str(folder / "a.db"), env=environment, preexec_fn=limit))
    assert told.startswith(f"the database {path} cannot be copied to {folder / 'a.db'}: ")
    assert names(folder) == set()


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("missing/a.db", "missing/a.db cannot be written: No such file or directory"),
        ("/proc/a.db", "/proc/a.db cannot be written: "),
        (".", ". is not a file"),
        ("provider.db", "provider.db is the database itself: choose another file"),
    ],
)
def test_a_place_where_no_backup_can_be_is_one_line(path: Path, file: str, told: str) -> None:
    assert error(run(path, "backup", "--force", file, cwd=path.parent)).startswith(told)


def test_only_a_database_that_can_be_served_is_backed_up(tmp_path: Path, folder: Path) -> None:
    told = error(run(tmp_path / "none.db", "backup", folder / "a.db"))
    assert told == f"there is no database at {tmp_path / 'none.db'}: run `wayshub-provider migrate`"
    assert names(folder) == set()


# Restoring


def test_what_is_restored_is_served_with_the_same_bytes(path: Path, folder: Path) -> None:
    with running_service(path.parent, None) as service:
        before = fetch(f"{service.url}/traefik/configuration")
        back_up(path, folder / "a.db")
        add_domains(service, count(), 3)
        with http_client(f"{service.url}/api/v1") as client:
            client.patch("/services/alvin/servers/127-0-0-1-3000", json={"weight": 7}).raise_for_status()
        assert fetch(f"{service.url}/traefik/configuration").content != before.content
    path.chmod(0o640)
    done = run(path, "restore", folder / "a.db").check().out
    assert "is now at revision 1 of" in done
    (kept,) = path.parent.glob("provider.db.replaced.*")
    assert f"kept as {kept}" in done
    assert execute(kept, "SELECT max(number) FROM revision") == [(5,)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with running_service(path.parent, None) as service:
        after = fetch(f"{service.url}/traefik/configuration")
        assert (after.content, after.headers["Config-Revision"]) == (before.content, "1")


def test_nothing_is_restored_over_a_running_service_whether_it_can_read_its_database_or_not(
    path: Path, folder: Path
) -> None:
    back_up(path, folder / "a.db")
    with service_process(path.parent):
        told = error(run(path, "restore", folder / "a.db"))
        assert told == f"a service is running on the database {path}: stop it first"
    path.write_text("this is not a database")
    with running_service(path.parent, None), pytest.raises(Unavailable, match="stop it first"):
        restore(path, folder / "a.db")
    restore(path, folder / "a.db")


def test_nothing_is_restored_over_a_database_that_another_program_has_open(path: Path, folder: Path) -> None:
    back_up(path, folder / "a.db")
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = wal").fetchone()
        other.execute("SELECT * FROM domain").fetchall()
        before = names(path.parent)
        with pytest.raises(Unavailable, match=r"another program has the database .* open: stop it first"):
            restore(path, folder / "a.db")
        assert names(path.parent) == before
    assert execute(path, "SELECT max(number) FROM revision") == [(1,)]


def test_no_service_starts_while_a_database_is_being_restored(path: Path) -> None:
    with locks.alone(path):
        environment = variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}", PROVIDER_PORT=str(free_port()))
        told = error(run_forked("serve", env=environment))
    assert told == f"the database {path} is being restored: start again when that is done"


def damage_page(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(4096 * 5)
        opened.write(os.urandom(4096))


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def break_reference(file: Path) -> None:
    execute(file, "UPDATE server SET service = 'nope'")


def make_text(file: Path) -> None:
    file.write_text("this is not a database, however long it is " * 100)


def make_foreign(file: Path) -> None:
    file.unlink()
    execute(file, "CREATE TABLE note (text)")


def make_newer(file: Path) -> None:
    execute(file, "UPDATE alembic_version SET version_num = '9999'")


def make_unverifiable(file: Path) -> None:
    execute(file, "UPDATE server SET url = 'nonsense'")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (damage_page, "damaged|malformed"),
        (cut, "damaged|malformed|cannot be read"),
        (break_reference, "damaged .1 rows refer to nothing"),
        (make_text, "file is not a database"),
        (make_foreign, "it is the database of another program"),
        (make_newer, "it was made by a newer version of wayshub-provider: run that version"),
        (lambda file: os.truncate(file, 0), "it is an empty database"),
        (make_unverifiable, "service alvin: "),
        (Path.unlink, "there is no file"),
    ],
)
def test_what_is_no_whole_backup_is_refused_and_nothing_is_touched(
    path: Path, folder: Path, make: Callable[[Path], object], told: str
) -> None:
    file = folder / "a.db"
    back_up(path, file)
    make(file)
    before = names(path.parent), path.read_bytes()
    with pytest.raises(Unusable, match=told) as caught:
        restore(path, file)
    assert str(file) in caught.value.detail
    assert (names(path.parent), path.read_bytes()) == before
    assert names(folder) <= {"a.db"}


def test_a_database_of_another_program_is_left_as_it_is(path: Path, folder: Path) -> None:
    back_up(path, folder / "a.db")
    make_foreign(path)
    before = path.read_bytes()
    with pytest.raises(Unavailable, match="another program: it is left as it is"):
        restore(path, folder / "a.db")
    assert path.read_bytes() == before


def test_an_older_backup_is_migrated_in_the_database_and_not_in_the_file(tmp_path: Path, folder: Path) -> None:
    file = folder / "old.db"
    config = upgrades.alembic_config(Location(file=file))
    config.attributes["say"] = lambda _line: None
    command.upgrade(config, "0001")
    before = file.read_bytes()
    told = run(tmp_path / "var" / "provider.db", "restore", file).check().out
    assert "migrated to 0002" in told
    schema.check_current(tmp_path / "var" / "provider.db")
    assert (file.read_bytes(), names(folder)) == (before, {"old.db"})


def test_a_copy_with_the_mark_of_a_log_is_restored_and_gets_none_beside_it(path: Path, folder: Path) -> None:
    execute(path, "PRAGMA journal_mode = wal")  # as the copies that migrations keep
    file = Path(shutil.copy(path, folder / "provider.db.0001.copy"))
    assert restore(path, file).state.revision == 1
    assert names(folder) == {file.name}


def test_a_damaged_database_is_replaced_and_kept_with_its_log(path: Path, folder: Path) -> None:
    back_up(path, folder / "a.db")
    path.write_text("damaged")
    path.with_name("provider.db-wal").write_text("its log")
    kept = restore(path, folder / "a.db").kept
    assert kept is not None
    assert kept.read_text() == "damaged"
    assert kept.with_name(f"{kept.name}-wal").read_text() == "its log"
    schema.check_current(path)


def test_what_somebody_wrote_past_the_service_is_told(path: Path, folder: Path) -> None:
    execute(path, "UPDATE server SET fields = json_set(fields, '$.weight', 9)")
    run(path, "backup", folder / "a.db").check()
    assert "It gives a different document than that revision did" in run(path, "restore", folder / "a.db").check().out
