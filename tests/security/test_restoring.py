"""Backups of accounts and tokens: taken while both change, each is a moment that was, and lets in who could then."""

import sqlite3
import threading
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from tests.cli.running import run_forked, variables
from tests.people import add_account, add_token, bearer, log_in, nobody
from tests.running import Service, cases, http_client, running_service

FEW = 5


def run(path: Path, *arguments: str) -> None:
    run_forked(*arguments, env=variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}")).check()


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def change(service: Service, stop: threading.Event) -> None:
    """Make tokens and domains, and take old ones away, until it is enough."""
    with http_client(f"{service.url}/api/v1") as client:
        made: list[str] = []
        for number in count():
            if stop.is_set():
                return
            body = {"name": f"t-{number}", "scopes": ["read"]}
            made.append(client.post("/tokens", json=body).raise_for_status().json()["id"])
            client.put(f"/domains/d{number}.xyz", json={}).raise_for_status()
            if len(made) > FEW:
                client.delete(f"/tokens/{made.pop(0)}").raise_for_status()


def assert_whole(path: Path) -> None:
    """Check that what a database has is what its audit says that was done."""
    tokens = {identifier for (identifier,) in rows(path, "SELECT id FROM token WHERE name LIKE 't-%'")}
    told = rows(
        path, "SELECT action, words FROM audit WHERE action LIKE 'token.%' AND words LIKE 'token t-%' ORDER BY id"
    )
    replayed: set[str] = set()
    for action, words in told:
        identifier = words.partition("(")[2].partition(")")[0]
        (replayed.add if action == "token.create" else replayed.remove)(identifier)
    assert tokens == replayed
    assert tokens
    noted = {number for (number,) in rows(path, "SELECT revision FROM audit WHERE revision IS NOT NULL")}
    assert noted == {number for (number,) in rows(path, "SELECT number FROM revision")}
    assert rows(path, "SELECT count(*) FROM domain") == [(len(noted),)]


def test_a_backup_while_tokens_change_is_a_moment_that_was(migrated: Path, tmp_path: Path) -> None:
    stop, made = threading.Event(), list[Path]()
    with running_service(tmp_path, migrated) as service:
        add_account(service.database, "desk")
        kept = add_token(service, "write", name="kept")
        gone = add_token(service, "write", name="gone")
        writer = threading.Thread(target=change, args=(service, stop))
        writer.start()
        for number in range(cases(1, 10)):
            made.append(tmp_path / f"{number}.backup")
            run(service.database, "backup", str(made[-1]))
        stop.set()
        writer.join()
        with http_client(service.url) as client:
            client.delete(f"/api/v1/tokens/{gone.split('_')[1]}").raise_for_status()
    for file in made:
        assert_whole(file)
    restored = tmp_path / "restored" / "provider.db"
    run(restored, "restore", str(made[-1]))
    assert_whole(restored)
    with running_service(restored.parent, None) as service, nobody(service) as client:
        assert client.put("/api/v1/domains/new.xyz", json={}, headers=bearer(kept)).status_code == 201
        assert client.get("/api/v1/domains", headers=bearer(gone)).status_code == 200, "it was good then"
        assert log_in(client, "desk").status_code == 303
