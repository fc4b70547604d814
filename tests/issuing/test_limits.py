"""How many orders are made: as many as a CA allows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provider.database.file import FileDatabase
from provider.directories import DIRECTORIES
from provider.issuing import limits
from provider.issuing.schedules import written
from provider.models import AcmeOrder

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWN = "https://ca.alvin.test/acme/directory"


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Iterator[FileDatabase]:
    path = tmp_path / "provider.db"
    path.write_bytes(migrated.read_bytes())
    made = FileDatabase(path)
    made.open()
    yield made
    made.close()


def find(database: FileDatabase, directory: str, hours: list[float], *, is_kept: bool) -> datetime | None:
    """Return until when no order may be made at a CA, after some that were made so many hours ago."""
    with database.writing() as session:
        for ago in hours:
            created = written(NOW - timedelta(hours=ago))
            session.add(
                AcmeOrder(name="alvin.test", directory=directory, created=created, ended=created, is_kept=is_kept)
            )
        session.flush()
        reached = limits.find_reached(session, directory, "alvin.test", NOW)
    return None if reached is None else reached.until


@pytest.mark.parametrize("directory", DIRECTORIES.values())
def test_lets_encrypt_is_asked_for_five_certificates_of_a_name_within_a_week(
    database: FileDatabase, directory: str
) -> None:
    assert find(database, directory, [100, 80, 60, 40], is_kept=True) is None
    assert find(database, directory, [20], is_kept=True) == NOW + timedelta(hours=168 - 100)


def test_a_ca_that_signs_for_a_day_is_asked_as_often_as_needed(database: FileDatabase) -> None:
    assert find(database, OWN, [16.0 * number for number in range(1, 10)], is_kept=True) is None


def test_a_ca_is_asked_for_a_name_that_fails_five_times_within_an_hour(database: FileDatabase) -> None:
    assert find(database, OWN, [0.5, 0.4, 0.3, 0.2], is_kept=False) is None
    assert find(database, OWN, [0.1], is_kept=False) == NOW + timedelta(minutes=30)
