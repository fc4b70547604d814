"""`/healthz` and `/readyz`: they say in words what is wrong, and how to set it right."""

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from provider.version import VERSION
from tests.api.checks import problem
from tests.running import (
    AUTHORIZED,
    Service,
    Traefik,
    fetch,
    free_port,
    http_client,
    running_service,
    running_traefik,
    wait_until,
)

NOWHERE = "http://127.0.0.1:1"
Start = Callable[..., Service]


def ready(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = fetch(f"{service.url}/readyz").raise_for_status().json()
    assert found["status"] == "ready"
    return found


def warnings(service: Service) -> list[str]:
    found: list[str] = ready(service)["warnings"]
    return found


def poll(service: Service, edge: str) -> None:
    fetch(f"{service.url}/traefik/configuration?edge={edge}").raise_for_status()


def test_a_process_that_answers_is_alive(service: Service) -> None:
    first, second = (fetch(f"{service.url}/healthz").raise_for_status().json() for _ in range(2))
    assert second.pop("uptimeSeconds") >= first.pop("uptimeSeconds") > 0
    assert first == second == {"status": "alive", "version": VERSION}


def test_a_service_with_a_live_edge_is_ready_and_warns_of_nothing(
    service: Service, traefik: Traefik, client: httpx.Client
) -> None:
    body = {"domain": "alvin.xyz", "servers": [{"url": NOWHERE}]}
    revision = int(client.post("/expose", json=body).raise_for_status().headers["config-revision"])
    traefik.wait_for(service)

    def calm() -> bool:
        return not [told for told in warnings(service) if told.startswith("edge default")]

    wait_until(calm, "the edge is live")
    found = ready(service)
    assert {name: found[name] for name in ("revision", "routers", "services")} == {
        "revision": revision,
        "routers": 1,
        "services": 1,
    }
    assert found["digest"] == traefik.digest()


# Not ready


def without_tables(path: Path) -> None:
    path.touch()


def of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def of_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def no_database(path: Path) -> None:
    path.write_bytes(b"this is a letter, and no database at all")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (None, "there is no database at {path}: run `wayshub-provider migrate`"),
        (without_tables, "the database {path} is empty: run `wayshub-provider migrate`"),
        (
            of_another_program,
            "{path} is the database of another program: set PROVIDER_DATABASE_URL to a database of its own",
        ),
        (of_a_newer_version, "made by a newer version of wayshub-provider"),
        (no_database, "{path} cannot be read as an SQLite database"),
    ],
)
def test_without_a_usable_database_the_reason_and_the_remedy_are_told(
    migrated: Path, tmp_path: Path, spoil: Callable[[Path], None] | None, words: str
) -> None:
    path = tmp_path / "provider.db"
    if spoil is of_a_newer_version:
        shutil.copy(migrated, path)
    if spoil is not None:
        spoil(path)
    with running_service(tmp_path, None) as service:
        detail = problem(fetch(f"{service.url}/readyz"), "unavailable")["detail"]
        assert words.format(path=path) in detail
        assert fetch(f"{service.url}/healthz").status_code == 200
        answer = fetch(f"{service.url}/traefik/configuration")
        assert problem(answer, "unavailable")["detail"] == detail


def test_a_locked_database_is_told_and_the_service_is_ready_when_it_is_free(migrated: Path, tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    shutil.copy(migrated, path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with running_service(tmp_path, None) as service:
            detail = problem(fetch(f"{service.url}/readyz"), "unavailable")["detail"]
            assert detail == f"the database {path} is locked by another program: wait until it is done, or stop it"
            other.close()
            wait_until(lambda: fetch(f"{service.url}/readyz").status_code == 200, "the service is ready")


def test_a_service_becomes_ready_once_there_is_a_database(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, None) as service:
        assert fetch(f"{service.url}/readyz").status_code == 503
        shutil.copy(migrated, tmp_path / "copied.db")
        (tmp_path / "copied.db").rename(service.database)
        wait_until(lambda: fetch(f"{service.url}/readyz").status_code == 200, "the service is ready")
        assert warnings(service) == []


# Ready, with warnings


def test_a_database_that_is_lost_is_warned_of_while_the_document_is_served(start_service: Start) -> None:
    service = start_service()
    assert warnings(service) == []
    kept = service.database.with_name("kept.db")
    service.database.rename(kept)
    assert warnings(service) == [f"changes are refused: the database {service.database} is missing"]
    shutil.copy(kept, service.database)
    (told,) = warnings(service)
    assert told.startswith("changes are refused: ")
    assert "was replaced by another file: restart the service" in told
    assert fetch(f"{service.url}/traefik/configuration").status_code == 200
    assert httpx.put(f"{service.url}/api/v1/domains/alvin.xyz", json={}, headers=AUTHORIZED).status_code == 503


def test_a_fallback_file_that_cannot_be_written_is_warned_of_until_it_can(start_service: Start, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.write_text("in the way")
    service = start_service(fallback_file=folder / "fallback.yml")
    (told,) = wait_until(lambda: warnings(service), "the file cannot be made")
    assert told.startswith(f"the fallback file {folder}/fallback.yml cannot be written: ")
    folder.unlink()
    wait_until(lambda: not warnings(service), "the file is made")
    assert (folder / "fallback.yml").exists()


def test_an_edge_that_is_expected_and_does_not_come_is_warned_of(start_service: Start) -> None:
    service = start_service(traefik_api=f"eu={NOWHERE}")
    assert warnings(service) == ["edge eu: never seen, no Traefik has polled under this name yet"]
    poll(service, "eu")
    (told,) = wait_until(lambda: [told for told in warnings(service) if "unconfirmed" in told], "the API is asked")
    assert told.startswith(f"edge eu: unconfirmed, it was given revision 0; its API at {NOWHERE} cannot be reached")


def test_an_edge_without_an_api_is_warned_of_only_when_it_falls_silent(start_service: Start) -> None:
    service = start_service()
    with http_client() as edge:
        for _ in range(2):  # it polls as fast as it can, so that its silence is soon one
            edge.get(f"{service.url}/traefik/configuration").raise_for_status()
        assert warnings(service) == []
        (told,) = wait_until(lambda: warnings(service), "the edge is silent")
    assert re.fullmatch(r"edge default: stale, it has not polled for more than [0-9.]+ s", told)


def test_an_edge_that_nobody_misses_is_not_warned_of(migrated: Path, tmp_path: Path) -> None:
    path, now = tmp_path / "provider.db", datetime.now(UTC)
    shutil.copy(migrated, path)
    with closing(sqlite3.connect(path)) as connection:
        for name, hours in (("yesterday", 25), ("today", 23), ("eu", 1000)):
            seen = (now - timedelta(hours=hours)).isoformat(timespec="milliseconds")
            connection.execute("INSERT INTO edge (name, first_seen, last_seen) VALUES (?, ?, ?)", (name, seen, seen))
        connection.commit()
    with running_service(tmp_path, None, traefik_api=f"eu={NOWHERE}") as service:
        stale = "stale, it has not polled since wayshub-provider started"
        wait_until(
            lambda: warnings(service) == [f"edge eu: {stale}", f"edge today: {stale}"],
            "those that are remembered and missed are told",
        )


def test_of_many_silent_edges_some_are_named_and_the_others_counted(migrated: Path, tmp_path: Path) -> None:
    path, seen = tmp_path / "provider.db", datetime.now(UTC).isoformat(timespec="milliseconds")
    shutil.copy(migrated, path)
    with closing(sqlite3.connect(path)) as connection:
        for number in range(25):
            connection.execute(
                "INSERT INTO edge (name, first_seen, last_seen) VALUES (?, ?, ?)", (f"e-{number:02}", seen, seen)
            )
        connection.commit()
    with running_service(tmp_path, None) as service:
        wait_until(lambda: len(warnings(service)) == 21, "all edges are found to be silent")
        told = warnings(service)
    assert [line[:10] for line in told[:20]] == [f"edge e-{number:02}:"[:10] for number in range(20)]
    assert told[20:] == ["and 5 more edges: /api/v1/edges shows all"]


def test_the_gravest_comes_first(start_service: Start, tmp_path: Path) -> None:
    api_port = free_port()
    service = start_service(traefik_api=f"http://127.0.0.1:{api_port}")
    poll(service, "silent")

    def degraded() -> list[str]:
        told = warnings(service)
        return told if told and told[0].startswith("edge default: degraded") else []

    with (
        running_traefik(tmp_path, service.url, api_port=api_port),
        http_client(f"{service.url}/api/v1") as client,
    ):
        client.post("/expose", json={"domain": "alvin.xyz", "servers": [{"url": NOWHERE}]}).raise_for_status()
        odd = {"domains": ["alvin.xyz"], "pathPrefix": "/odd", "service": "alvin", "entryPoints": ["none"]}
        client.put("/routers/odd", json=odd).raise_for_status()
        told = wait_until(degraded, "the edge has disabled a router")
        assert "but disabled router odd: " in told[0]
