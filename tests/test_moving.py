"""Everything moves from an SQLite file to PostgreSQL and back, and is the same afterwards."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from provider import moving
from provider.database import connecting, locks
from provider.database.locations import Location
from provider.errors import Unavailable
from provider.listening import DEFAULT_POINTS
from provider.models import Actor, Issuance
from provider.nouns import Middleware, Router, Server, Service
from provider.nouns.texts import Hidden
from provider.revisions import Revisions
from provider.store import writes
from tests.postgres import Postgres

SECRET = "canary-4711"


@pytest.fixture
def file(tmp_path: Path) -> Location:
    """A database with objects, secrets and a history."""
    location = Location(file=tmp_path / "provider.db")
    connecting.migrate(location, lambda _line: None)
    database = connecting.database_at(location)
    kept = Revisions(database)
    assert kept.load()
    items = [
        Service.read({"name": "wayshub"}),
        Router.read({"name": "wayshub", "rule": "Path(`/straße`)", "service": "wayshub", "enabled": False}),
        Middleware.read({"name": "login", "headers": {"customRequestHeaders": {"Authorization": SECRET}}}),
    ]
    for item in items:
        kept.change(lambda session, item=item: writes.put(session, item), actor=Actor("tests"))  # type: ignore[misc]
    server = Server.read({"name": "a", "url": "http://a.test", "labels": {"b": "1", "a": "2"}})
    kept.change(lambda session: writes.put(session, server, "wayshub"), actor=Actor("tests"))
    with database.writing() as session:
        session.add(Issuance(name="alvin.xyz", key=Hidden(SECRET)))
    database.close()
    return location


def test_everything_moves_to_postgresql_and_back_with_its_secrets_sealed(
    file: Location, postgres: Postgres, tmp_path: Path
) -> None:
    server = Location(url=postgres.empty().url, key_file=file.keys_path)
    moved = moving.move(file, server, DEFAULT_POINTS)
    assert moved.revision == 4
    back = Location(file=tmp_path / "back.db", key_file=file.keys_path)
    assert moving.move(server, back, DEFAULT_POINTS) == moved

    def dumped(location: Location) -> list[str]:
        with closing(sqlite3.connect(location.path)) as connection:
            return sorted(line for line in connection.iterdump() if line.startswith("INSERT"))

    assert dumped(back) == dumped(file)
    assert SECRET not in "".join(dumped(back))
    with closing(connecting.database_at(server)) as database:
        kept = Revisions(database)
        assert kept.load()
        outcome = kept.change(lambda session: writes.remove(session, Middleware, "login"), actor=Actor("tests"))
    assert outcome.revision == 5


def test_nothing_is_copied_over_what_is_there_or_while_a_service_runs(
    file: Location, postgres: Postgres, tmp_path: Path
) -> None:
    server = Location(url=postgres.empty().url, key_file=file.keys_path)
    moving.move(file, server, DEFAULT_POINTS)
    with pytest.raises(Unavailable, match="already has revisions: copy into an empty one"):
        moving.move(file, server, DEFAULT_POINTS)
    with locks.sharing(file.path), pytest.raises(Unavailable, match="a service is running"):
        moving.move(file, Location(file=tmp_path / "other.db", key_file=file.keys_path), DEFAULT_POINTS)


def test_a_copy_that_is_not_the_same_is_not_kept(
    file: Location, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Location(url=postgres.empty().url, key_file=file.keys_path)
    monkeypatch.setattr(moving, "_write", lambda *_arguments: None)
    with pytest.raises(Unavailable, match="is not the same: nothing was copied"):
        moving.move(file, server, DEFAULT_POINTS)
    with psycopg.connect(server.url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM revision").fetchall() == [(0,)]
