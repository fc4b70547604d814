"""Tokens: made before there is a service, two at a time for rotation, and good no longer than they should be."""

import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from provider.security.secrets import hashed
from tests.api.checks import problem
from tests.cli.running import Result, run_forked, variables
from tests.people import add_token, bearer, nobody
from tests.running import Service, fetch, http_client, running_service, wait_until

TOKEN = re.compile(r"wsp_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")


def run(path: Path, *arguments: str, **options: Any) -> Result:
    return run_forked(*arguments, env=variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}"), **options)


def create(path: Path, *arguments: str) -> str:
    """Make a token with the command; return its last line."""
    return run(path, "token", "create", *arguments).check().out.splitlines()[-1]


@pytest.fixture(scope="module")
def service(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("tokens"), migrated) as made:
        yield made


@pytest.fixture
def machine(service: Service) -> Iterator[httpx.Client]:
    with nobody(service) as client:
        yield client


def statuses(client: httpx.Client, token: str) -> tuple[int, int]:
    """Return how REST and the polls answer to a token."""
    listed = client.get("/api/v1/domains", headers=bearer(token))
    polled = client.get("/traefik/configuration", headers=bearer(token))
    return listed.status_code, polled.status_code


def test_a_deploy_makes_a_token_before_the_service_ever_ran(tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    told = run(path, "token", "create", "deploy", "--scope", "write").error()
    assert "run `wayshub-provider migrate`" in told
    run(path, "migrate").check()
    token = create(path, "deploy", "--scope", "write", "--scope", "edge:eu-1", "--expires", "90d")
    assert TOKEN.fullmatch(token)
    with running_service(tmp_path, None) as made, nobody(made) as client:
        assert client.put("/api/v1/domains/alvin.xyz", json={}, headers=bearer(token)).status_code == 201
        polled = client.get("/traefik/configuration", params={"edge": "eu-1"}, headers=bearer(token))
        assert polled.status_code == 200
        problem(client.get("/api/v1/tokens", headers=bearer(token)), "forbidden")


def test_the_last_line_is_the_token_alone_for_a_shell_to_take(service: Service, machine: httpx.Client) -> None:
    script = (
        'export PROVIDER_TOKEN="$(wayshub-provider token create me --scope read | tail -n 1)"; echo "$PROVIDER_TOKEN"'
    )
    environment = variables(PROVIDER_DATABASE_URL=f"sqlite:///{service.database}")
    environment["PATH"] = f"{Path(__file__).parents[2] / '.venv' / 'bin'}:{environment['PATH']}"
    token = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True).stdout
    assert statuses(machine, token.strip()) == (200, 403)


def test_a_token_is_kept_as_a_hash_and_known_by_its_identifier(service: Service) -> None:
    token = create(service.database, "hashed", "--scope", "read")
    found = TOKEN.fullmatch(token)
    assert found
    with closing(sqlite3.connect(service.database)) as connection:
        (kept,) = connection.execute("SELECT secret_hash FROM token WHERE id = ?", [found[1]]).fetchone()
    assert kept == hashed(token)
    listed = run(service.database, "token", "list", "-o", "json").check().out
    assert found[1] in listed
    assert token not in listed
    assert kept not in listed
    with http_client(service.url) as client:
        shown = client.get(f"/api/v1/tokens/{found[1]}").raise_for_status().json()
    assert set(shown) == {"id", "name", "scopes", "created", "expires", "lastUsed"}


def test_two_tokens_of_one_name_are_good_together_until_one_is_revoked(service: Service, machine: httpx.Client) -> None:
    old = create(service.database, "rotated", "--scope", "edge:default")
    new = create(service.database, "rotated", "--scope", "edge:default")
    assert [statuses(machine, token) for token in (old, new)] == [(403, 200)] * 2
    told = run(service.database, "token", "revoke", "rotated").error()
    assert "several tokens are named rotated" in told
    run(service.database, "token", "revoke", old.split("_")[1]).check()
    assert machine.get("/api/v1/domains", headers=bearer(old)).status_code == 401, "from the next request on"
    wait_until(lambda: statuses(machine, old) == (401, 401), "the polls know of it at once", 1.5)
    assert statuses(machine, new) == (403, 200)
    run(service.database, "token", "revoke", "rotated").check()
    wait_until(lambda: statuses(machine, new) == (401, 401), "the polls know of it at once", 1.5)


def test_what_rest_revokes_is_refused_from_the_next_request_on(service: Service, machine: httpx.Client) -> None:
    token = add_token(service, "admin")
    assert statuses(machine, token) == (200, 200)
    own = machine.delete(f"/api/v1/tokens/{token.split('_')[1]}", headers=bearer(token))
    assert own.status_code == 204
    problem(machine.get("/api/v1/domains", headers=bearer(token)), "unauthenticated")
    wait_until(lambda: statuses(machine, token) == (401, 401), "the polls know of it at once", 1.5)


def by_rest(service: Service, token: str) -> None:
    with http_client(service.url) as admin:
        admin.delete(f"/api/v1/tokens/{token.split('_')[1]}").raise_for_status()


def by_command(service: Service, token: str) -> None:
    run(service.database, "token", "revoke", token.split("_")[1]).check()


def by_time(_service: Service, _token: str) -> None:
    """Do nothing: it has six seconds."""


ENDS = pytest.mark.parametrize("end", [by_rest, by_command, by_time])


@contextmanager
def held(service: Service, end: Callable[[Service, str], None]) -> Iterator[tuple[str, httpx.Client, Future[int]]]:
    """Hold a poll with a token of its own, which ends soon or not at all; give it, the client and the answer."""
    soon = datetime.now(UTC) + timedelta(seconds=6)
    token = add_token(service, "edge:held", expires=soon.isoformat() if end is by_time else None)
    with nobody(service, timeout=70) as client, ThreadPoolExecutor(1) as pool:
        client.headers.update(bearer(token))

        def poll() -> int:
            return client.get("/traefik/configuration", params={"edge": "held", "wait": "60"}).status_code

        assert poll() == 200
        answer = pool.submit(poll)
        wait_until(lambda: " 1.0" in held_line(service), "the poll is held")
        yield token, client, answer


def held_line(service: Service) -> str:
    lines = fetch(f"{service.url}/metrics").text.splitlines()
    return next(line for line in lines if line.startswith("provider_polls_held "))


@ENDS
def test_a_poll_is_held_no_longer_than_its_token_is_good(service: Service, end: Callable[[Service, str], None]) -> None:
    with held(service, end) as (token, client, answer):
        end(service, token)
        assert answer.result(timeout=60) == 401
        polled = client.get("/traefik/configuration", params={"edge": "held", "wait": "60"})
        assert polled.status_code == 401


@pytest.mark.parametrize("revoke", [by_rest, by_command])
def test_a_change_right_after_a_token_was_revoked_reaches_no_poll_with_it(
    service: Service, revoke: Callable[[Service, str], None]
) -> None:
    with held(service, revoke) as (token, client, answer), http_client(service.url) as admin:
        revoke(service, token)
        admin.put("/api/v1/services/secret", json={"labels": {"by": revoke.__name__}}).raise_for_status()
        assert answer.result(timeout=60) == 401
        assert client.get("/traefik/configuration", params={"edge": "held"}).status_code == 401


def test_polls_with_other_tokens_stay_held_when_one_is_revoked(service: Service) -> None:
    with held(service, by_rest) as (token, client, answer):
        by_rest(service, add_token(service, "edge:held", name="other"))
        wait_until(lambda: " 1.0" in held_line(service), "the poll is held")
        assert not answer.done()
        with http_client(service.url) as admin:
            listed = {"domain": "held.test", "servers": [{"url": "http://10.0.0.11:3000"}]}
            admin.post("/api/v1/expose", json=listed).raise_for_status()
        assert answer.result(timeout=60) == 200
        assert token
        assert client.get("/traefik/configuration", params={"edge": "held"}).status_code == 200


def test_a_token_ends_when_it_says_to_the_second(service: Service, machine: httpx.Client) -> None:
    end = datetime.now(UTC) + timedelta(seconds=6)
    token = add_token(service, "admin", expires=end.isoformat())
    assert statuses(machine, token) == (200, 200)
    wait_until(lambda: datetime.now(UTC) >= end, "the time is over")
    assert statuses(machine, token) == (401, 401)
    with http_client(service.url) as client:
        past = {"name": "x", "scopes": ["read"], "expires": (end - timedelta(days=1)).isoformat()}
        problem(client.post("/api/v1/tokens", json=past), "invalid", ("/expires", "expires.past"))


def test_when_a_token_was_used_is_noted_to_the_minute(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, nobody(service) as client:
        used, unused = add_token(service, "edge:default", name="used"), add_token(service, "read", name="unused")
        assert statuses(client, used) == (403, 200)
        before = service.digest()
    with running_service(tmp_path, None) as service, http_client(service.url) as client:
        listed = {token["name"]: token["lastUsed"] for token in client.get("/api/v1/tokens").json()["items"]}
        assert listed["unused"] is None
        assert unused
        assert abs((datetime.now(UTC) - datetime.fromisoformat(listed["used"])).total_seconds()) < 120
        assert service.digest() == before
