"""Disks that are full or read-only, files of others, writes that were killed: what is told, and what goes on."""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import httpx
import pytest
from sqlalchemy import text

from provider.cli.links import first_link_path, make_first_link
from provider.cli.paths import beside, shown
from provider.database import locks, schema
from provider.database.file import FileDatabase
from provider.database.locations import Location
from provider.database.schema import FileCondition
from provider.errors import Unavailable
from tests.cli.running import Result, run_forked, variables
from tests.database.files import execute, migrate_with, next_version, query
from tests.forking import Forked
from tests.running import (
    AUTHORIZED,
    ROOT,
    cases,
    fetch,
    free_port,
    running_service,
    service_process,
    wait_until,
)

NOBODY = 65534
FILLER = "CREATE TABLE filler{} AS SELECT '{}' AS text"
FILLERS = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'filler%'"
MUCH = (
    "CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
    "SELECT i, hex(randomblob(1500)) FROM n"
)


def as_root(*command: str) -> None:
    """Mount and the like. A machine that does not let us fails these tests, and says why: none is passed over."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"a test of full and read-only disks needs root, or the right to mount: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of the test's own. Making it takes root, or a CI that lets one mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    as_root("mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder))
    try:
        yield folder
    finally:
        as_root("umount", "--lazy", str(folder))


@pytest.fixture
def path(disk: Path, migrated: Path) -> Path:
    return Path(shutil.copy(migrated, disk / "provider.db"))


def fill(folder: Path) -> None:
    """Write until there is no room for one byte more."""
    with (folder / "fill").open("wb", buffering=0) as file:
        for size in (65536, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                pass


def let_in(folder: Path) -> None:
    """Let other users reach a folder of a test."""
    for each in (folder, *folder.parents):
        if each != Path("/") and each != Path("/tmp"):  # noqa: S108  # where pytest keeps its folders
            each.chmod(each.stat().st_mode | 0o055)


def make_room(folder: Path) -> None:
    (folder / "fill").unlink()


def make_read_only(folder: Path) -> None:
    as_root("mount", "-o", "remount,ro", str(folder))


def make_writable(folder: Path) -> None:
    as_root("mount", "-o", "remount,rw", str(folder))


def command(path: Path, *arguments: str) -> Result:
    given = variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}", PROVIDER_PORT=str(free_port()))
    return run_forked(*arguments, env=given)


def leave_in_a_write(path: Path) -> None:
    """Be killed in the middle of a write, of which a part is in the file already, or in its log."""
    process = os.fork()
    if process == 0:
        connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = delete", "synchronous = off", "cache_size = 1", "cache_spill = 1"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN IMMEDIATE")
        for number in range(1, 100):
            connection.execute(FILLER.format(number, "x" * 3000))
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0


@pytest.mark.parametrize(
    "arguments", [("migrate",), ("backup", "copy.db"), ("token", "list"), ("user", "list"), ("restore", "good.db")]
)
def test_a_write_that_was_killed_is_undone_by_whoever_comes_next(
    migrated: Path, tmp_path: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copy(migrated, tmp_path / "provider.db"))
    shutil.copy(migrated, tmp_path / "good.db")
    leave_in_a_write(path)
    assert path.with_name("provider.db-journal").stat().st_size
    monkeypatch.chdir(tmp_path)
    done = run_forked(*arguments, env=variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}"), cwd=tmp_path)
    assert done.status == 0, done
    assert query(path, FILLERS) == [(0,)]


def test_a_service_starts_on_a_database_that_was_left_in_a_write(migrated: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(migrated, tmp_path / "provider.db"))
    leave_in_a_write(path)
    with running_service(tmp_path, None) as service:
        wait_until(lambda: fetch(f"{service.url}/readyz").status_code == 200, "it is ready")


def test_a_backup_that_has_a_journal_beside_it_is_restored(migrated: Path, tmp_path: Path) -> None:
    left = Path(shutil.copy(migrated, tmp_path / "left.db"))
    leave_in_a_write(left)
    assert command(tmp_path / "provider.db", "restore", str(left)).status == 0
    assert query(tmp_path / "provider.db", FILLERS) == [(0,)]


def test_a_first_migration_that_is_killed_is_done_by_the_next(tmp_path: Path) -> None:
    random = Random(5)
    for turn in range(cases(4, 60)):
        path = tmp_path / f"{turn}.db"
        given = variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}")
        process = Forked(["migrate"], env=given, cwd=tmp_path)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=random.random())
        process.kill()
        process.wait()
        run_forked("migrate", env=given).check()


def test_a_copy_that_was_killed_has_no_final_name(migrated: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(migrated, tmp_path / "provider.db"))
    execute(path, MUCH)
    migrations = next_version(tmp_path, "pass")
    for _turn in range(cases(3, 60)):
        process = os.fork()
        if process == 0:
            migrate_with(migrations, path)
            os._exit(0)
        wait_until(lambda: list(tmp_path.glob(".*.partial")) or list(tmp_path.glob("*.copy")), "a copy has begun")
        os.kill(process, 9)
        os.waitpid(process, 0)
        for copy in tmp_path.glob("*.copy"):
            assert schema.inspect(copy).condition is FileCondition.CURRENT
            copy.unlink()
        for partial in tmp_path.glob(".*.partial"):
            partial.unlink()


def test_a_copy_that_does_not_fit_ends_a_migration_in_one_line(path: Path, disk: Path) -> None:
    execute(path, "UPDATE alembic_version SET version_num = '0005'")
    fill(disk)
    told = command(path, "migrate").error()
    assert told.startswith("nothing was migrated")
    assert str(disk) in told
    assert "full" in told or "No space left" in told
    make_room(disk)
    assert not list(disk.glob("*.copy"))
    assert not list(disk.glob(".*.partial"))


@pytest.mark.parametrize("hinder", [fill, make_read_only])
@pytest.mark.parametrize(
    "arguments", [("migrate",), ("token", "create", "me", "--scope", "read"), ("user", "add", "me", "--role", "admin")]
)
def test_a_disk_that_takes_no_writes_is_told_as_that(
    disk: Path, path: Path, hinder: Callable[[Path], None], arguments: tuple[str, ...]
) -> None:
    if arguments == ("migrate",):
        execute(path, "UPDATE alembic_version SET version_num = '0005'")
    hinder(disk)
    told = command(path, *arguments).error()
    assert str(disk) in told
    assert ("read-only" if hinder is make_read_only else "full") in told.lower() or "No space left" in told
    assert "restore a copy" not in told
    assert "no SQLite" not in told


def test_a_key_that_does_not_fit_leaves_no_file_that_would_pass_for_one(disk: Path, path: Path) -> None:
    fill(disk)
    create = ("token", "create", "me", "--scope", "read")
    assert "full" in command(path, *create).error()
    assert not list(disk.glob("*.key"))
    make_room(disk)
    assert command(path, *create).status == 0


def test_what_needs_the_database_alone_says_why_it_cannot_have_it(disk: Path, path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(path, tmp_path / "copy.db"))
    make_read_only(disk)
    assert f"the database {path} cannot be locked" in command(path, "restore", str(copy)).err


@pytest.mark.parametrize("hinder", [fill, make_read_only])
def test_what_comes_before_a_start_needs_no_room_where_there_is_nothing_to_do(
    disk: Path, path: Path, hinder: Callable[[Path], None]
) -> None:
    """As systemd runs it: who cannot write serves what there is."""
    copy = disk / "edge" / "traefik.yml"
    copy.parent.mkdir()
    commands = (("migrate",), ("edge", "configure", str(ROOT / "traefik" / "traefik.yml"), str(copy)))
    for arguments in commands:
        assert command(path, *arguments).status == 0
    before = copy.read_text()
    hinder(disk)
    for arguments in commands:
        assert command(path, *arguments).status == 0
    assert copy.read_text() == before


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("hinder", "undo", "words"), [(fill, make_room, "full"), (make_read_only, make_writable, "read-only")]
)
def test_polls_are_served_from_a_disk_that_takes_no_writes_and_changes_once_it_does(
    disk: Path, hinder: Callable[[Path], None], undo: Callable[[Path], None], words: str
) -> None:
    with service_process(disk) as (_process, url):
        httpx.put(f"{url}/api/v1/domains/alvin.xyz", json={}, headers=AUTHORIZED).raise_for_status()
        before = fetch(f"{url}/traefik/configuration").content
    hinder(disk)
    everywhere = {"PROVIDER_HOST": "0.0.0.0", "PROVIDER_ALLOW_INSECURE": "true"}  # as in a container
    with service_process(disk, **everywhere) as (_process, url):
        assert fetch(f"{url}/traefik/configuration").content == before
        (told,) = [line for line in fetch(f"{url}/readyz").json()["warnings"] if line.startswith("changes")]
        assert told.startswith("changes are refused: the d")
        assert words in told
        assert fetch(f"{url}/api/v1/domains").json()["items"][0]["name"] == "alvin.xyz"
        refused = httpx.put(f"{url}/api/v1/domains/b.xyz", json={}, headers=AUTHORIZED)
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
        assert "provider_database_writable 0.0" in fetch(f"{url}/metrics").text
        undo(disk)
        wait_until(lambda: not fetch(f"{url}/readyz").json()["warnings"], "changes are taken again")
        httpx.put(f"{url}/api/v1/domains/b.xyz", json={}, headers=AUTHORIZED).raise_for_status()
        assert "provider_database_writable 1.0" in fetch(f"{url}/metrics").text
        assert fetch(f"{url}/readyz").json()["revision"] == 2


@pytest.mark.usefixtures("path")
def test_a_disk_that_gets_full_is_warned_of_before_anybody_writes(disk: Path) -> None:
    with running_service(disk, None) as service:
        wait_until(lambda: fetch(f"{service.url}/readyz").json()["warnings"] == [], "all is well")
        fill(disk)
        wait_until(lambda: fetch(f"{service.url}/readyz").json()["warnings"], "it is warned of")
        assert fetch(f"{service.url}/traefik/configuration").status_code == 200
        make_room(disk)
        wait_until(lambda: fetch(f"{service.url}/readyz").json()["warnings"] == [], "it is over")


def test_a_lock_that_another_program_keeps_is_warned_of_until_it_ends(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service:
        with closing(sqlite3.connect(service.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            (told,) = wait_until(lambda: fetch(f"{service.url}/readyz").json()["warnings"], "it is warned of")
            locked = f"the database {service.database} is locked by another program"
            assert told.startswith(f"changes are refused: {locked}")
            refused = httpx.put(f"{service.url}/api/v1/domains/a.test", json={}, headers=AUTHORIZED, timeout=60)
            assert (refused.status_code, refused.json()["detail"].startswith(locked)) == (503, True)
        wait_until(lambda: not fetch(f"{service.url}/readyz").json()["warnings"], "it is over")


def test_a_file_of_another_user_is_told_as_that(migrated: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(migrated, tmp_path / "provider.db"))
    path.chmod(0o600)
    let_in(tmp_path)
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.setgroups([])
        os.setuid(NOBODY)
        os.write(writer, schema.inspect(path).detail.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(process, 0)
    with os.fdopen(reader) as told:
        assert told.read() == f"the database {path} cannot be read by this user"


def up(path: Path, *arguments: str) -> Result:
    given = variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}")
    return run_forked("up", "--port", "0", "--web-port", "0", "--api-port", "0", *arguments, env=given)


def told_by_up(done: Result) -> str:
    """What a start says that does not come about: one line in words, and exit status 1."""
    assert done.status == 1, done
    (line,) = done.err.splitlines()
    assert "Errno" not in line
    assert "Traceback" not in done.out
    return line.removeprefix("wayshub-provider: ")


@pytest.mark.parametrize(("hinder", "words"), [(fill, "full"), (make_read_only, "read-only")])
@pytest.mark.parametrize("is_new", [True, False])
def test_up_on_a_disk_that_takes_no_writes_says_so_and_leaves_nothing_behind(
    disk: Path, migrated: Path, is_new: bool, hinder: Callable[[Path], None], words: str
) -> None:
    path = disk / "provider.db"
    if not is_new:
        shutil.copy(migrated, path)
    before = path.read_bytes() if path.exists() else None
    hinder(disk)
    told = told_by_up(up(path))
    assert str(disk) in told
    assert words in told.lower() or (words == "full" and "No space left" in told)
    assert (path.read_bytes() if path.exists() else None) == before
    assert {each.name for each in disk.iterdir() if each.suffix in {".txt", ".yml"} and each.name[0] != "."} == set()


@pytest.mark.parametrize("free_kb", [cases(8, 4), 16, 32, 64, 128])
def test_up_with_little_room_runs_or_says_what_it_lacks(disk: Path, path: Path, free_kb: int) -> None:
    (disk / "room").write_bytes(b"x" * free_kb * 1024)
    fill(disk)
    (disk / "room").unlink()
    done = up(path, "--traefik", shutil.which("false") or "")
    for line in done.err.splitlines():
        assert "Errno" not in line
    assert "Traceback" not in done.out + done.err
    assert done.status == 1
    make_room(disk)
    link = disk / "provider.first-login.txt"
    invited = query(path, "SELECT count(*) FROM invitation")[0][0]
    assert link.exists() == bool(invited)
    assert not list(disk.glob(".provider.*.txt.*"))


@pytest.mark.parametrize("name", ["provider.first-login.txt", "provider.traefik.yml"])
def test_up_says_which_of_its_files_it_cannot_write(tmp_path: Path, migrated: Path, name: str) -> None:
    path = Path(shutil.copy(migrated, tmp_path / "provider.db"))
    (tmp_path / name).mkdir()
    told = told_by_up(up(path))
    assert told.startswith("the file ")
    assert name in told


@pytest.mark.parametrize("closed", ["provider.db", "."])
def test_what_is_told_of_changes_is_what_they_come_to_when_permissions_change_under_a_service(
    migrated: Path, tmp_path: Path, closed: str
) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    let_in(folder)
    path = Path(shutil.copy(migrated, folder / "provider.db"))
    for each in (folder, path):
        os.chown(each, NOBODY, NOBODY)
        each.chmod(0o700)
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:  # for root nothing is closed
        os.setgroups([])
        os.setuid(NOBODY)
        database = FileDatabase(path)
        database.open()
        told = [is_told_truly(database)]
        (folder / closed).chmod(0o500)
        told += [is_told_truly(database) for _turn in range(3)]
        (folder / closed).chmod(0o700)
        told += [is_told_truly(database) for _turn in range(2)]
        os.write(writer, json.dumps(told).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(process, 0)
    with os.fdopen(reader) as answer:
        told = json.loads(answer.read())
    assert [each["told"] for each in told] == [each["taken"] for each in told], told
    assert (told[0]["taken"], told[-1]["taken"]) == (True, True)


def is_told_truly(database: FileDatabase) -> dict[str, bool]:
    """Look as the service does each second, and write: whether changes were said to be taken, and whether one is."""
    told = database.probe()
    try:
        with database.writing() as session:
            session.execute(text("UPDATE revision SET message = message"))
    except Unavailable:
        return {"told": told, "taken": False}
    return {"told": told, "taken": True}


def test_up_waits_for_no_restore_that_is_going_on(migrated: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(migrated, tmp_path / "provider.db"))
    before = path.read_bytes()
    with locks.alone(path):
        told = told_by_up(up(path))
    assert told == f"the database {path} is being restored: start again when that is done"
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("provider.*.txt"))


def test_no_file_of_one_database_is_that_of_another_beside_it(migrated: Path, tmp_path: Path) -> None:
    paths = [Path(shutil.copy(migrated, tmp_path / name)) for name in ("a.db", "a.sqlite", "a", "a.b.db", "b.db")]
    links = [make_first_link(Location(file=path), "http://127.0.0.1:8000")[1].strip() for path in paths]
    assert [first_link_path(path).read_text().strip() for path in paths] == links
    kinds = ("fallback.yml", "traefik.yml", "traefik.log", "first-login.txt")
    files = {beside(path, kind) for path in paths for kind in kinds}
    assert len(files) == len(paths) * len(kinds)
    assert beside(tmp_path / "a.db", "fallback.yml") == tmp_path / "a.fallback.yml"


def test_a_path_is_told_as_one_types_it_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [shown(path) for path in (tmp_path / "a.db", Path("/srv/a.db"))] == ["a.db", "/srv/a.db"]
    monkeypatch.chdir("/")  # where systemd and cron start programs
    assert shown(tmp_path / "a.db") == str(tmp_path / "a.db")
