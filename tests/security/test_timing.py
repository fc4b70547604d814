"""What time tells: nothing about whether an account exists, and little about anything else."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

import httpx
import pytest

from provider.security import passwords
from tests.people import add_account, log_in, nobody
from tests.running import SOAK, Service, cases, running_service

SAMPLES: Final = cases(4, 300)
KINDS: Final = {"wrong password": "desk", "unknown account": "dews", "no password yet": "sari"}
"""Names of one length, by what is wrong with each."""


@pytest.fixture(scope="module")
def service(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with an account whose password is hashed as they all are, and one that has none yet."""
    with running_service(tmp_path_factory.mktemp("timing"), migrated) as made:
        add_account(made.database, "desk", hasher=passwords._hasher)
        with closing(sqlite3.connect(made.database, timeout=60)) as connection:
            connection.execute("INSERT INTO account (name, role, created) VALUES ('sari', 'admin', '2026-01-01')")
            connection.commit()
        yield made


def forget_failures(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
        connection.execute("DELETE FROM failure")


def fail(client: httpx.Client, service: Service, name: str) -> float:
    """Return how many seconds a login took that failed, the first one of its account."""
    forget_failures(service.database)
    started = perf_counter()
    answer = log_in(client, name, "a wrong password")
    seconds = perf_counter() - started
    assert answer.status_code == 401
    return seconds


def test_an_account_that_does_not_exist_takes_as_long_as_a_wrong_password(service: Service) -> None:
    with nobody(service) as client:
        for name in KINDS.values():
            fail(client, service, name)
        # By turns, so that what else the machine does meanwhile falls on all alike.
        rounds = [{kind: fail(client, service, name) for kind, name in KINDS.items()} for _ in range(SAMPLES)]
    medians = {kind: median(taken[kind] for taken in rounds) for kind in KINDS}
    told = ", ".join(f"{kind} {seconds * 1000:.2f} ms" for kind, seconds in medians.items())
    print(f"\nmedians of {SAMPLES} failed logins: {told}")  # noqa: T201  # a figure to read
    assert min(chain(*(taken.values() for taken in rounds))) > 0
    if SOAK:
        assert max(medians.values()) <= 1.1 * min(medians.values()), told


def test_the_answers_are_the_same_but_for_the_name(service: Service) -> None:
    told = []
    with nobody(service) as client:
        for name in KINDS.values():
            forget_failures(service.database)
            answer = log_in(client, name, "a wrong password")
            headers = {key: value for key, value in answer.headers.items() if key not in {"date", "x-request-id"}}
            told.append((answer.status_code, headers, answer.text.replace(name, "NAME")))
    assert told[0] == told[1] == told[2]
    with closing(sqlite3.connect(service.database)) as connection:
        last = connection.execute("SELECT words FROM audit ORDER BY id DESC LIMIT 3").fetchall()
    assert last[1] == ("login as an unknown account refused",), "the audit does not tell what was typed"
