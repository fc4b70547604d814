"""All secrets are sealed anew with a new key, and no kill at any moment loses one."""

import multiprocessing
import os
import shutil
import signal
import stat
from pathlib import Path
from random import Random

import pytest

from provider.database import locks, rotation, schema
from provider.database.file import FileDatabase
from provider.database.sealing import SealingKeys
from provider.errors import Unavailable
from provider.models import Issuance
from provider.nouns.certificate import Certificate
from provider.nouns.types import Hidden
from provider.store import issuances, nouns, revisions
from tests.certs import ca, issue
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
    database.close()
    return made


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
    database.close()


def test_all_secrets_are_sealed_with_a_new_key_and_the_old_one_is_gone(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.key"
    shutil.copy(key_file(path), old)

    assert rotation.rotate(path, None) == 5

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
        rotation.rotate(path, None)
    assert key_file(path).read_bytes() == before
    other = SealingKeys(tmp_path / "other.key")
    other.make()
    with pytest.raises(Unavailable, match="does not decrypt the secrets"):
        rotation.rotate(path, other.path)
    key_file(path).unlink()
    with pytest.raises(Unavailable, match="is missing"):
        rotation.rotate(path, None)
    key_file(path).write_bytes(before)
    check(path)


def test_a_kill_at_any_moment_loses_no_secret_and_the_next_run_finishes(path: Path) -> None:
    pauses = Random(7)
    for _ in range(8):
        process = FORKING.Process(target=rotation.rotate, args=(path, None))
        process.start()
        process.join(pauses.uniform(0.0, 0.25))
        if process.pid is not None and process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        check(path)
    rotation.rotate(path, None)
    check(path)
    assert len(key_file(path).read_text().split()) == 1
    assert not [each.name for each in path.parent.iterdir() if each.name.endswith(".partial")]
