"""Secrets at rest: sealed in the database, opened with a key in a file of its own."""

import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from provider import backups
from provider.database import schema
from provider.database.file import FileDatabase
from provider.database.sealing import MARK, SealedJson, SealingKeys
from provider.errors import ProviderError, Unavailable
from provider.models import Change
from provider.nouns import Middleware
from provider.nouns.certificate import Certificate
from provider.nouns.texts import Hidden
from provider.store import nouns, revisions, writes
from provider.store.tags import tag
from provider.tags import etag
from tests.certs import ca, issue

SHOP = issue("shop.test", by=ca())
CANARIES = [line for line in SHOP.key.splitlines()[1:-1] if len(line) > 20]
TOKEN = "canary-token-4711"


def contents(path: Path) -> bytes:
    """Return all that stands in the files of a database, but for the key."""
    return b"".join(each.read_bytes() for each in path.parent.iterdir() if each.suffix != ".key")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "database" / "provider.db"
    schema.migrate(made)
    return made


def opened(path: Path) -> FileDatabase:
    database = FileDatabase(path)
    database.open()
    return database


def fill(database: FileDatabase) -> None:
    """Keep a certificate and a header with a token, and revisions of both."""
    item = Certificate.read({"name": "shop", **SHOP.pair})
    headers = {"customRequestHeaders": {"Authorization": TOKEN, "X-A": "plain"}}
    other = Middleware.read({"name": "login", "headers": headers})
    with database.writing() as session:
        for each in (item, other):
            writes.put(session, each)
        row = {"number": 1, "time": "2026-01-01T00:00:00Z", "author": "a", "summary": "s", "digest": "0" * 12}
        revisions.add(session, {**row, "words": None, "message": ""})
        changes = [Change(each.kind, each.name, None, each.json()) for each in (item, other)]
        revisions.add_changes(session, 1, changes)


def test_secrets_are_sealed_in_tables_and_revisions_and_read_as_they_were(path: Path) -> None:
    database = opened(path)
    fill(database)

    with database.reading() as session:
        assert nouns.get(session, Certificate, "shop").key_file == SHOP.key
        found = {change.name: change.after for change in revisions.changes_of(session, 1)}
    database.close()

    assert found["shop"] is not None
    assert found["login"] is not None
    assert found["shop"]["keyFile"] == SHOP.key
    assert found["login"]["headers"]["customRequestHeaders"] == {"Authorization": TOKEN, "X-A": "plain"}
    written = contents(path)
    assert [canary for canary in [*CANARIES, TOKEN] if canary.encode() in written] == []
    assert SHOP.pem.splitlines()[1].encode() in written
    assert written.count(MARK.encode()) >= 4


def test_the_key_is_in_a_file_of_its_own_for_its_owner_alone(path: Path) -> None:
    database = opened(path)
    fill(database)
    database.close()

    file = path.with_name("provider.db.key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes() not in contents(path)


def test_a_tag_tells_nothing_of_a_secret_and_is_the_same_for_all_who_have_the_key(path: Path, tmp_path: Path) -> None:
    plain, other = (
        Middleware.read({"name": "login", "headers": {"customRequestHeaders": {"Authorization": secret}}})
        for secret in ("guess-1", "guess-2")
    )
    found: dict[str, list[str]] = {}
    for key in ("one.key", "one.key", "two.key"):  # each time a service is started anew
        database = FileDatabase(path, tmp_path / key)
        database.open()
        with database.trying() as session:
            found.setdefault(key, []).append(tag(session, writes.put(session, plain)))
            assert tag(session, other) not in found[key]
        database.close()

    [first, again], [foreign] = found.values()
    assert first == again
    assert len({first, foreign, etag("middleware", plain.json())}) == 3


def test_a_tag_of_what_has_no_secret_needs_no_key(path: Path) -> None:
    database = opened(path)
    item = Middleware.read({"name": "login", "headers": {"customRequestHeaders": {"X-A": "plain"}}})
    with database.trying() as session:
        assert tag(session, item) == etag("middleware", item.json())
    database.close()

    assert not path.with_name("provider.db.key").exists()


def test_without_its_key_file_a_database_is_not_served_and_it_is_said_why(path: Path) -> None:
    database = opened(path)
    fill(database)
    database.close()
    path.with_name("provider.db.key").unlink()

    with pytest.raises(Unavailable, match=r"provider\.db\.key is missing.*PROVIDER_SECRET_KEY_FILE"):
        FileDatabase(path).open()
    assert not path.with_name("provider.db.key").exists()


def test_with_another_key_nothing_is_opened_and_it_is_said_why(path: Path, tmp_path: Path) -> None:
    database = opened(path)
    fill(database)
    database.close()
    keys = SealingKeys(tmp_path / "other.key")
    keys.make()
    other = FileDatabase(path, keys.path)
    other.open()

    with pytest.raises(Unavailable, match="does not decrypt the secrets"), other.reading() as session:
        nouns.get(session, Certificate, "shop")
    other.close()


def test_a_database_without_secrets_needs_no_key_file(path: Path) -> None:
    opened(path).close()

    assert not path.with_name("provider.db.key").exists()


@pytest.mark.parametrize("content", ["", "no key", "AAAA"])
def test_a_file_without_a_key_is_told_of(path: Path, content: str) -> None:
    path.with_name("provider.db.key").write_text(content)

    with pytest.raises(Unavailable, match="has no key"):
        FileDatabase(path).open()


def test_a_key_that_is_no_file_is_told_of_and_not_waited_for(path: Path) -> None:
    os.mkfifo(path.with_name("provider.db.key"))

    with pytest.raises(Unavailable, match="is not a file"):
        FileDatabase(path).open()


def test_a_text_that_looks_sealed_comes_back_as_it_was(tmp_path: Path) -> None:
    sealing = SealedJson(SealingKeys(tmp_path / "a.key"))
    value = {"text": f"{MARK}deadbeef:AAAA", "list": [f"{MARK}", "b"], "hidden": Hidden("c")}

    assert sealing.read(sealing.write(value)) == value
    assert sealing.write({"text": "a"}) == '{"text":"a"}'


def test_what_was_kept_before_is_sealed_by_the_migration_and_opened_by_the_way_back(tmp_path: Path) -> None:
    path = tmp_path / "database" / "provider.db"
    schema.migrate(path, to="0015")
    with closing(sqlite3.connect(path)) as connection, connection:
        fields = json.dumps({"certFile": SHOP.chain, "keyFile": SHOP.key})
        connection.execute("INSERT INTO certificate VALUES ('shop', 0, '{}', ?)", (fields,))
    assert CANARIES[0].encode() in contents(path)

    schema.migrate(path, copies=False)

    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert CANARIES[0].encode() not in contents(path)
    database = opened(path)
    with database.reading() as session:
        assert nouns.get(session, Certificate, "shop").key_file == SHOP.key
    database.close()


def test_a_backup_has_no_secret_in_clear_and_needs_the_key_file_to_be_restored(path: Path, tmp_path: Path) -> None:
    database = opened(path)
    fill(database)
    database.close()
    copy = tmp_path / "copy" / "monday.db"
    copy.parent.mkdir()

    backups.back_up(path, copy, lambda _done, _all: None, force=False)

    assert CANARIES[0].encode() not in copy.read_bytes()
    there = tmp_path / "there" / "provider.db"
    with pytest.raises(ProviderError, match=r"key file .* is missing"):
        backups.restore(there, copy, lambda _done, _all: None)
    backups.restore(there, copy, lambda _done, _all: None, key_file=path.with_name("provider.db.key"))
