"""All secrets are sealed anew with a new key, and no kill at any moment loses one."""

import multiprocessing
import os
import shutil
import signal
import stat
from pathlib import Path
from random import Random

import pytest
from sqlmodel import select

from provider.database import locks, rotation, schema
from provider.database.connecting import database_at
from provider.database.database import Database
from provider.database.file import FileDatabase
from provider.database.locations import Location
from provider.database.sealing import SealingKeys
from provider.errors import Unavailable
from provider.models import Issuance
from provider.models.edge import QuarantineRecord
from provider.nouns.certificate import Certificate
from provider.nouns.texts import Hidden
from provider.store import issuances, nouns, revisions
from tests.certs import ca, issue
from tests.postgres import Postgres
from tests.test_sealing import SHOP, fill, opened

OBTAINED = issue("obtained.test", by=ca())
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["provider.database.rotation"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with secrets in nouns, revisions, and a certificate that this service got."""
    made = tmp_path / "database" / "provider.db"
    schema.migrate(made)
    database = opened(made)
    fill(database)
    with database.writing() as session:
        row = issuances.get(session, "obtained.test")
        row.chain, row.key = OBTAINED.chain, Hidden(OBTAINED.key)
        session.add(rejected(database))
    database.close()
    return made


def rejected(database: Database) -> QuarantineRecord:
    """What an edge rejected, with parts that have secrets."""
    sealed = database.keys.seal_bytes(b"parts with secrets")
    return QuarantineRecord(
        edge="default",
        rejected_revision=2,
        rejected_digest="b",
        accepted_revision=1,
        accepted_digest="a",
        accepted_content=sealed,
        held=sealed,
    )


def rotate(path: Path, keys: Path | None = None) -> int:
    """Seal all with a new key. Returns how many columns were sealed anew."""
    step, count = rotation.rotate(Location(file=path, key_file=keys))
    assert step is rotation.RotationStep.FINISHED
    return count


def key_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.key")


def check(path: Path) -> None:
    """Check that every secret can be read."""
    database = FileDatabase(path)
    database.open()
    with database.reading() as session:
        assert nouns.get(session, Certificate, "shop").key_file == SHOP.key
        found = {change.name: change.after for change in revisions.changes_of(session, 1)}
        assert found["shop"] is not None
        assert found["shop"]["keyFile"] == SHOP.key
        row = session.get(Issuance, "obtained.test")
        assert row is not None
        assert row.key == OBTAINED.key
        kept = session.get(QuarantineRecord, "default")
        assert kept is not None
        assert {database.keys.open_bytes(each) for each in (kept.held, kept.accepted_content)} == {
            b"parts with secrets"
        }
    database.close()


def test_all_secrets_are_sealed_with_a_new_key_and_the_old_one_is_gone(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.key"
    shutil.copy(key_file(path), old)

    assert rotate(path) == 7

    check(path)
    assert stat.S_IMODE(key_file(path).stat().st_mode) == 0o600
    kept = key_file(path).read_text().split()
    assert len(kept) == 1
    assert kept[0] not in old.read_text()
    stale = FileDatabase(path, old)
    stale.open()
    with pytest.raises(Unavailable, match="does not decrypt the secrets"), stale.reading() as session:
        nouns.get(session, Certificate, "shop")
    stale.close()


def test_nothing_is_sealed_anew_while_a_service_runs_or_without_the_right_key(path: Path, tmp_path: Path) -> None:
    before = key_file(path).read_bytes()
    with pytest.raises(Unavailable, match="a service is running"), locks.sharing(path):
        rotate(path)
    assert key_file(path).read_bytes() == before
    other = SealingKeys(tmp_path / "other.key")
    other.make()
    with pytest.raises(Unavailable, match="does not decrypt the secrets"):
        rotate(path, other.path)
    key_file(path).unlink()
    with pytest.raises(Unavailable, match="is missing"):
        rotate(path)
    key_file(path).write_bytes(before)
    check(path)


def test_a_kill_at_any_moment_loses_no_secret_and_the_next_run_finishes(path: Path) -> None:
    pauses = Random(7)
    for _ in range(8):
        process = FORKING.Process(target=rotate, args=(path,))
        process.start()
        process.join(pauses.uniform(0.0, 0.25))
        if process.pid is not None and process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        check(path)
    rotate(path)
    check(path)
    assert len(key_file(path).read_text().split()) == 1
    assert not [each.name for each in path.parent.iterdir() if each.name.endswith(".partial")]


def test_services_on_postgresql_read_all_secrets_at_every_step_while_both_write(
    postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.migrated().url
    here, there = (Location(url=url, key_file=tmp_path / f"{name}.key") for name in ("here", "there"))
    SealingKeys(here.keys_path).make()
    old = here.keys_path.read_text().strip()
    written: list[str] = []
    services = [database_at(location) for location in (here, there)]
    for database in services:
        database.open()

    def copy() -> None:
        shutil.copy(here.keys_path, there.keys_path)

    def both_work() -> None:
        """Each writes a secret, and reads those of both."""
        for database in services:
            written.append(f"{len(written)}.test")
            with database.writing() as session:
                session.add(Issuance(name=written[-1], key=Hidden(f"secret of {written[-1]}")))
        for database in services:
            with database.reading() as session:
                found = {row.name: row.key for row in session.exec(select(Issuance))}
            assert found == {name: f"secret of {name}" for name in written}

    def go_on(step: rotation.RotationStep, *, copied: bool = True) -> None:
        assert rotation.rotate(here, copied=copied)[0] is step

    copy()
    both_work()
    with pytest.raises(Unavailable, match="no new key yet"):
        rotation.rotate(here, copied=True)
    go_on(rotation.RotationStep.ADDED, copied=False)
    both_work()
    with pytest.raises(Unavailable, match="copy it to every machine"):
        rotation.rotate(here)
    copy()
    both_work()
    go_on(rotation.RotationStep.USED)
    both_work()
    copy()
    both_work()
    go_on(rotation.RotationStep.FINISHED)
    both_work()
    copy()
    both_work()
    assert old not in there.keys_path.read_text()
    for database in services:
        database.close()
    fresh = database_at(there)
    fresh.open()
    services[:] = [fresh]
    both_work()
    fresh.close()
