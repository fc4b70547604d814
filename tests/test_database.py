"""The database file: what it may be, how it is migrated, and how it is opened."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote
from zipfile import ZipFile

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from provider.database import connections, schema, upgrades, versions
from provider.database.file import FileDatabase
from provider.database.locations import Location
from provider.database.schema import FileCondition
from provider.errors import Unavailable
from provider.settings import Settings
from provider.store import declarations
from tests.running import ROOT

NEWEST = max(file.name for file in (ROOT / "migrations" / "versions").glob("*.py"))[:4]
"""This version's newest migration."""

EARLIER = [file.name[:4] for file in sorted((ROOT / "migrations" / "versions").glob("*.py")) if file.name < "0007"]
"""The migrations before that which made rows of the changes."""

WITH_QUARANTINE = [file.name[:4] for file in sorted((ROOT / "migrations" / "versions").glob("*.py"))][1:]
"""The migrations since that which made the quarantine."""

SERVICE = "INSERT INTO service (name) VALUES ('{}')"
SERVER = "INSERT INTO server (service, name, url, state) VALUES ('wayshub', 'a', '0', 'ready')"


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    """A migrated database of the test's own."""
    return Path(shutil.copy(migrated, tmp_path / "provider.db"))


def execute(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    try:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    finally:
        connection.close()


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def tables(path: Path) -> list[tuple[object, ...]]:
    return query(path, "SELECT type, name, sql FROM sqlite_master ORDER BY type, name")


def copies(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.*.copy"))


def next_version(folder: Path, body: str) -> Path:
    """Make the migrations of a later version, with one more whose upgrade is `body`. Returns their folder."""
    migrations = Path(shutil.copytree(ROOT / "migrations", folder / "migrations"))
    (migrations / "versions" / "later.py").write_text(
        '"""later"""\n\nfrom alembic import op\nimport sqlalchemy as sa\n\n'
        f'revision = "later"\ndown_revision = "{NEWEST}"\nbranch_labels = None\ndepends_on = None\n\n\n'
        f"def upgrade():\n    {body}\n\n\ndef downgrade():\n    pass\n"
    )
    return migrations


def migrate_with(migrations: Path, path: Path) -> list[str]:
    """Migrate with other migrations than this version's. Returns what was said."""
    said: list[str] = []
    config = upgrades.alembic_config(Location(file=path))
    config.set_main_option("script_location", str(migrations))
    config.attributes["say"] = said.append
    command.upgrade(config, "head")
    return said


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


CHANGES: list[dict[str, object]] = [
    {"kind": "service", "name": "wayshub", "before": None, "after": {"name": "wayshub", "healthCheck": None}},
    {"kind": "domain", "name": "xn--bcher-kva.example", "before": {"name": "b\u00fccher.example"}, "after": None},
]


@pytest.mark.parametrize("version", EARLIER)
def test_what_revisions_changed_is_moved_from_every_earlier_version_and_back(tmp_path: Path, version: str) -> None:
    path = tmp_path / "provider.db"
    config = upgrades.alembic_config(Location(file=path))
    config.attributes["say"] = lambda _line: None
    command.upgrade(config, version)
    columns = "(number, time, author, summary, changes, digest)"
    for number, changes in ((1, CHANGES), (2, []), (3, CHANGES[:1])):
        values = f"({number}, '2026-01-01T00:00:00.000+00:00', 'ada', 'told', '{json.dumps(changes)}', 'd')"
        execute(path, f"INSERT INTO revision {columns} VALUES {values}")  # noqa: S608  # written here
    stored = query(path, f"SELECT {columns[1:-1]} FROM revision ORDER BY number")  # noqa: S608
    command.upgrade(config, "head")
    assert query(path, "SELECT number, author, summary, words, digest FROM revision ORDER BY number") == [
        (number, "ada", "told", None, "d") for number in (1, 2, 3)
    ]
    moved = query(path, "SELECT revision, kind, name, before, after FROM revision_change ORDER BY revision, position")
    assert [(number, kind, name, _value(before), _value(after)) for number, kind, name, before, after in moved] == [
        (number, change["kind"], change["name"], change["before"], change["after"])
        for number, changes in ((1, CHANGES), (3, CHANGES[:1]))
        for change in changes
    ]
    command.downgrade(config, version)
    assert query(path, f"SELECT {columns[1:-1]} FROM revision ORDER BY number") == stored  # noqa: S608


@pytest.mark.parametrize("version", [version for version in WITH_QUARANTINE if version < "0009"])
def test_a_document_in_quarantine_stays_so_from_every_earlier_version_and_back(tmp_path: Path, version: str) -> None:
    path = tmp_path / "provider.db"
    config = upgrades.alembic_config(Location(file=path))
    config.attributes["say"] = lambda _line: None
    command.upgrade(config, version)
    for number, digest in ((7, "f8d11bf8ddb1"), (8, "other")):
        # What a revision changed stood beside it in its own row, and then in rows of its own.
        has_changes = query(path, "SELECT 1 FROM pragma_table_info('revision') WHERE name = 'changes'")
        column, value = (", changes", ", '[]'") if has_changes else ("", "")
        execute(
            path,
            f"INSERT INTO revision (number, time, author, summary, digest{column}) "  # noqa: S608  # written here
            f"VALUES ({number}, '2026-01-01T00:00:00.000+00:00', 'ada', 'told', '{digest}'{value})",
        )
    former = "edge, rejected_digest, accepted_revision, accepted_digest, accepted_content"
    execute(path, f"INSERT INTO quarantine ({former}) VALUES ('eu', 'f8d11bf8ddb1', 6, '0c7a9e1f24b3', x'7b7d')")  # noqa: S608
    stored = query(path, f"SELECT {former} FROM quarantine")  # noqa: S608
    command.upgrade(config, "head")
    assert query(path, f"SELECT {former} FROM quarantine") == stored  # noqa: S608
    assert query(path, "SELECT rejected_revision, held FROM quarantine") == [(7, b"{}")]
    execute(path, "INSERT INTO quarantine VALUES ('us', 8, 'other', 6, '0c7a9e1f24b3', x'', x'7b7d')")
    command.downgrade(config, version)
    assert query(path, f"SELECT {former} FROM quarantine") == stored  # noqa: S608


def _value(text: object) -> object:
    return None if text is None else json.loads(str(text))


def test_what_changed_an_object_last_is_found_by_an_index(path: Path) -> None:
    wanted = "SELECT max(revision) FROM revision_change WHERE kind = 'router' AND name = 'a' AND revision > 5"
    ((*_ids, plan),) = query(path, f"EXPLAIN QUERY PLAN {wanted}")
    assert "USING COVERING INDEX ix_revision_change_kind_name_revision (kind=? AND name=? AND revision>?)" in str(plan)


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


# Sessions


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "a%41.db", "a#b.db", "a?b=c&d.db", "ü.db", "a:b@c.db"])
def test_the_file_that_is_named_is_the_file_that_is_opened(migrated: Path, tmp_path: Path, name: str) -> None:
    path = Settings(database_url=f"sqlite:///{quote(str(tmp_path / name))}").database_path
    assert path == tmp_path / name
    shutil.copy(migrated, path)
    schema.migrate(path)
    opened = FileDatabase(path)
    opened.open()
    with opened.writing() as session:
        session.execute(text(SERVICE.format("wayshub")))
    opened.close()
    assert query(path, "SELECT name FROM service") == [("wayshub",)]
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_every_connection_keeps_what_it_acknowledges(path: Path) -> None:
    opened = FileDatabase(path)
    opened.open()
    with opened.writing() as one, opened.reading() as other:
        for session in (one, other):
            for pragma, value in connections.PRAGMAS.items():
                assert session.execute(text(f"PRAGMA {pragma}")).scalar_one() == value
    opened.close()


def test_a_pragma_that_does_not_hold_is_an_error() -> None:
    connection = sqlite3.connect(":memory:")  # has no write-ahead log
    with pytest.raises(sqlite3.OperationalError, match="PRAGMA journal_mode is memory, not wal"):
        connections.prepare(connection)
    connection.close()


def test_a_write_is_kept_as_a_whole_or_not_at_all(path: Path) -> None:
    opened = FileDatabase(path)
    opened.open()
    with opened.writing() as session:
        session.execute(text(SERVICE.format("kept")))
    with pytest.raises(ZeroDivisionError), opened.writing() as session:
        session.execute(text(SERVICE.format("lost"))).rowcount / 0  # type: ignore[attr-defined]  # a cursor has it
    with opened.reading() as session:
        session.execute(text(SERVICE.format("never")))
    assert query(path, "SELECT name FROM service") == [("kept",)]
    opened.close()


def test_a_row_that_breaks_a_constraint_is_told_from_a_database_that_is_broken(path: Path) -> None:
    opened = FileDatabase(path)
    opened.open()
    with pytest.raises(IntegrityError), opened.writing() as session:
        session.execute(text(SERVER))
    with pytest.raises(Unavailable, match="cannot be used now: no such table"), opened.writing() as session:
        session.execute(text("DELETE FROM missing"))
    opened.close()


def test_reads_go_on_while_another_writes_and_see_one_state(path: Path) -> None:
    opened = FileDatabase(path)
    opened.open()
    count = text("SELECT count(*) FROM service")
    with opened.reading() as reading:
        assert reading.execute(count).scalar_one() == 0
        with opened.writing() as writing:
            writing.execute(text(SERVICE.format("wayshub")))
        assert reading.execute(count).scalar_one() == 0
    with opened.reading() as reading:
        assert reading.execute(count).scalar_one() == 1
    opened.close()


def test_writers_wait_for_one_another(path: Path) -> None:
    opened = FileDatabase(path)
    opened.open()
    execute(path, SERVICE.format("wayshub"), SERVER)

    def increment() -> None:
        for _ in range(20):
            with opened.writing() as session:
                url = session.execute(text("SELECT url FROM server")).scalar_one()
                session.execute(text("UPDATE server SET url = :url"), {"url": str(int(url) + 1)})

    threads = [threading.Thread(target=increment) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert query(path, "SELECT url FROM server") == [("80",)]
    opened.close()


def remove(path: Path, _migrated: Path) -> None:
    path.unlink()


def replace(path: Path, migrated: Path) -> None:
    other = Path(shutil.copy(migrated, path.with_name("other.db")))
    other.replace(path)


@pytest.mark.parametrize(
    ("change", "told"), [(remove, "is missing"), (replace, "was replaced by another file: restart the service")]
)
def test_a_file_that_was_taken_away_is_not_written_to(
    path: Path, migrated: Path, change: Callable[[Path, Path], None], told: str
) -> None:
    opened = FileDatabase(path)
    opened.open()
    with opened.reading():
        pass
    change(path, migrated)
    with pytest.raises(Unavailable, match=told), opened.reading():
        pass
    with pytest.raises(Unavailable, match=told), opened.writing():
        pass
    opened.close()


def test_a_file_that_is_taken_away_during_a_write_makes_it_fail(path: Path) -> None:
    opened = FileDatabase(path)
    opened.open()
    with pytest.raises(Unavailable, match="is missing"), opened.writing():
        path.unlink()
    opened.close()


REOPENING = """
import sys, threading
from pathlib import Path
from provider.database.file import FileDatabase

def ask():
    while not ended.is_set():
        database.find_credentials_version()

sys.setswitchinterval(1e-6)
database, ended = FileDatabase(Path(sys.argv[1])), threading.Event()
asking = [threading.Thread(target=ask) for _ in range(2)]
for thread in asking:
    thread.start()
for _ in range(120):
    database.open()
ended.set()
for thread in asking:
    thread.join()
database.close()
"""


def test_a_database_that_is_opened_anew_while_others_ask_for_its_version_ends_no_process(path: Path) -> None:
    made = subprocess.run([sys.executable, "-c", REOPENING, path], cwd=ROOT, timeout=120, check=False)
    assert made.returncode == 0


def test_a_database_is_used_only_once_it_is_open(path: Path) -> None:
    with pytest.raises(Unavailable, match="is not open"), FileDatabase(path).reading():
        pass


# What became fields of JSON

BEFORE_FIELDS: dict[str, list[tuple[object, ...]]] = {
    "domain": [
        ("xn--bcher-kva.example", "bücher.example", "Toko buku", '{"team": "a"}'),
        ("b.test", "b.test", "", "{}"),
    ],
    "service": [
        ("shop", "p2c", 0, '{"path": "/", "interval": "5s", "timeout": "2s"}', '{"cookie": {"name": "c"}}', "{}"),
        ("plain", "wrr", 1, None, None, '{"team": "a"}'),
    ],
    "server": [("shop", "a", "http://10.0.0.1:80", 7, "drain", "{}")],
    "router": [
        ("shop", "shop", "/x", '["web", "other"]', 9, 1, None, "{}"),
        ("ruled", "plain", None, '["web"]', None, 0, "Path(`/`)", "{}"),
    ],
    "router_domain": [("shop", 0, "xn--bcher-kva.example"), ("shop", 1, "b.test")],
}
COLUMNS = {
    "domain": "name, shown, description, labels",
    "service": "name, strategy, pass_host_header, health_check, sticky, labels",
    "server": "service, name, url, weight, state, labels",
    "router": "name, service, path_prefix, entry_points, priority, enabled, rule, labels",
    "router_domain": "router, position, domain",
}


def test_fields_move_into_json_and_back_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    config = upgrades.alembic_config(Location(file=path))
    config.attributes["say"] = lambda _line: None
    command.upgrade(config, "0009")
    with closing(sqlite3.connect(path)) as connection:
        for table, rows in BEFORE_FIELDS.items():
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({marks})", rows)  # noqa: S608  # ours
        connection.commit()
    command.upgrade(config, "head")
    opened = FileDatabase(path)
    opened.open()
    with opened.reading() as session:
        state = declarations.read(session)
    opened.close()
    assert [domain.name for domain in state.domains.values()] == ["b.test", "bücher.example"]
    shop, plain = state.services["shop"].json(), state.services["plain"].json()
    assert (shop["strategy"], shop["passHostHeader"], shop["sticky"]) == ("p2c", False, {"cookie": {"name": "c"}})
    assert (plain["healthCheck"], plain["sticky"], plain["labels"]) == (None, None, {"team": "a"})
    assert state.servers["shop"]["a"].json() == {
        "name": "a",
        "url": "http://10.0.0.1:80",
        "weight": 7,
        "state": "drain",
        "labels": {},
    }
    router = state.routers["shop"]
    assert (router.domains, router.entry_points, router.priority) == (["bücher.example", "b.test"], ["web", "other"], 9)
    assert (state.routers["ruled"].rule, state.routers["ruled"].enabled) == ("Path(`/`)", False)
    command.downgrade(config, "0009")
    for table, rows in BEFORE_FIELDS.items():
        found = query(path, f"SELECT {COLUMNS[table]} FROM {table}")  # noqa: S608  # ours
        assert sorted(found, key=repr) == sorted(rows, key=repr), table
