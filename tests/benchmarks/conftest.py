"""Fixtures of the benchmarks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy

import pytest

from tests.benchmarks.results import Results, collected
from tests.benchmarks.seeding import seeded


@pytest.fixture(scope="session")
def results() -> Iterator[Results]:
    yield from collected()


@pytest.fixture(scope="session")
def database_with(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Makes databases with so many routers, each in a folder of its own; filled once, then copied."""
    made: dict[int, Path] = {}

    def make(count: int) -> Path:
        if count not in made:
            made[count] = seeded(migrated, tmp_path_factory.mktemp(f"seeded-{count}"), count)
        path = tmp_path_factory.mktemp(f"database-{count}") / "provider.db"
        copy(made[count], path)
        return path

    return make
