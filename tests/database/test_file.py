"""How the database file is opened, read and written."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from provider.database import connections, schema
from provider.database.file import FileDatabase
from provider.errors import Unavailable
from provider.settings import Settings
from tests.database.files import SERVER, SERVICE, execute, query
from tests.running import ROOT

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
