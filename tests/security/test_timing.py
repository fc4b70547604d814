"""What an answer and its cost tell: nothing about whether an account exists. `make bench` measures the time."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import argon2
import pytest
from argon2 import PasswordHasher

from provider.security import passwords
from tests.people import add_account, log_in, nobody
from tests.running import Service, running_service

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


def test_an_account_that_does_not_exist_costs_what_a_wrong_password_does(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: list[argon2.Parameters] = []
    verify = PasswordHasher.verify

    def noted(hasher: PasswordHasher, password_hash: str, password: str) -> bool:
        costs.append(argon2.extract_parameters(password_hash))
        return verify(hasher, password_hash, password)

    with nobody(service) as client:
        forget_failures(service.database)
        assert (
            log_in(client, "desk", "a wrong password").status_code == 401
        )  # the first makes what all are held against
        monkeypatch.setattr(PasswordHasher, "verify", noted)
        for name in KINDS.values():
            forget_failures(service.database)
            assert log_in(client, name, "a wrong password").status_code == 401
    assert costs == [argon2.extract_parameters(passwords.hashed("any"))] * len(KINDS)


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
