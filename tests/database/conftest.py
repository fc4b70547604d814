"""The database of a test."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    """A migrated database of the test's own."""
    return Path(shutil.copy(migrated, tmp_path / "provider.db"))
