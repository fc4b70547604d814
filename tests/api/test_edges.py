"""`/api/v1/edges`: who polls, and what is remembered of them. Edges are played here; e2e has real ones."""

import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from provider.edges import memory, registry
from provider.edges.fallback import fallback, write
from tests.api.checks import problem
from tests.running import AUTHORIZED, Service, http_client, running_service, wait_until

MOST_EDGES = 100
"""Instead of the thousands that there may be."""


def poll(service: Service, name: str) -> None:
    with http_client(service.url) as client:
        client.get("/traefik/configuration", params={"edge": name}).raise_for_status()


def listed(service: Service, **parameters: object) -> dict[str, dict[str, Any]]:
    with http_client(f"{service.url}/api/v1") as client:
        items = client.get("/edges", params=parameters or {"limit": 1000}).raise_for_status().json()["items"]  # type: ignore[arg-type]
    return {item["name"]: item for item in items}


@pytest.fixture
def fresh(start_service: Callable[..., Service]) -> Service:
    return start_service()


def test_whoever_polls_is_an_edge(fresh: Service) -> None:
    assert listed(fresh) == {}
    before = datetime.now(UTC)
    poll(fresh, "paris")
    poll(fresh, "default")
    found = listed(fresh)
    assert list(found) == ["default", "paris"]
    paris = found["paris"]
    assert paris["address"] == "127.0.0.1"
    assert paris["given"] == {"revision": 0, "digest": fresh.digest()}
    assert before <= datetime.fromisoformat(paris["firstSeen"]) <= datetime.now(UTC)
    assert paris["firstSeen"] == paris["lastSeen"] == paris["givenAt"]
    poll(fresh, "paris")
    again = listed(fresh)["paris"]
    assert again["lastSeen"] > paris["lastSeen"]
    assert (again["firstSeen"], again["givenAt"]) == (paris["firstSeen"], paris["givenAt"])


def test_who_only_asks_about_the_document_or_asks_wrongly_is_no_edge(fresh: Service) -> None:
    with http_client(fresh.url) as client:
        assert client.head("/traefik/configuration?edge=a").status_code == 200
        assert client.get("/traefik/configuration?edge=A_b").status_code == 422
        assert client.get("/traefik/configuration?edge=a&wait=61").status_code == 422
        assert client.post("/traefik/configuration?edge=a").status_code == 405
    assert listed(fresh) == {}


def test_an_edge_that_the_settings_name_is_listed_before_it_polls(start_service: Callable[..., Service]) -> None:
    service = start_service(traefik_api="paris=http://127.0.0.1:1,http://127.0.0.1:2")
    assert {name: edge["state"] for name, edge in listed(service).items()} == {
        "default": "never seen",
        "paris": "never seen",
    }


def test_edges_are_listed_in_pages_and_found_by_name(fresh: Service) -> None:
    for name in ("b", "a", "ab"):
        poll(fresh, name)
    assert list(listed(fresh, q="B")) == ["ab", "b"]
    with http_client(f"{fresh.url}/api/v1") as client:
        first = client.get("/edges", params={"limit": 2}).json()
        second = client.get("/edges", params={"limit": 2, "cursor": first["next"]}).json()
        assert [item["name"] for item in first["items"] + second["items"]] == ["a", "ab", "b"]
        assert second["next"] is None
        problem(client.get("/edges", params={"state": "live"}), "invalid", ("/state", "query.unknown"))


def test_an_edge_that_never_polled_is_not_found(fresh: Service) -> None:
    with http_client(f"{fresh.url}/api/v1") as client:
        assert problem(client.get("/edges/nobody"), "not-found")["detail"] == (
            "there is no edge nobody: none has polled under this name"
        )
        problem(client.delete("/edges/nobody/quarantine"), "not-found")
        problem(client.put("/edges/nobody", json={}), "method-not-allowed")


def test_lifting_a_quarantine_that_there_is_not_changes_nothing(fresh: Service) -> None:
    poll(fresh, "paris")
    before = listed(fresh)["paris"]
    with http_client(f"{fresh.url}/api/v1") as client:
        answer = client.delete("/edges/paris/quarantine")
        assert (answer.status_code, answer.headers["Config-Revision"]) == (204, "0")
    assert listed(fresh)["paris"] == before


def test_edges_are_remembered_by_the_next_process(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service:
        poll(service, "paris")
        before = listed(service)["paris"]
    with running_service(tmp_path, migrated) as service:
        wait_until(lambda: listed(service), "the edges are known again")
        after = listed(service)["paris"]
        assert after["state"] == "pending"
        assert after["detail"] == "it has not polled yet since wayshub-provider started"
        remembered = ("firstSeen", "lastSeen", "address")
        assert [after[name][:23] for name in remembered] == [before[name][:23] for name in remembered]
        assert after["given"] is None
        poll(service, "paris")
        again = listed(service)["paris"]
        assert again["state"] == "unconfirmed"
        assert again["firstSeen"] == after["firstSeen"]
        assert again["lastSeen"] > after["lastSeen"]


# The fallback file, without an edge whose API could be read


def test_what_is_removed_goes_from_the_fallback_file_even_if_no_edge_can_tell_what_it_runs(
    migrated: Path, tmp_path: Path
) -> None:
    path = tmp_path / "fallback.yml"
    hosts = ("one.test", "two.test", "three.test")

    def routers() -> set[str]:
        return set(json.loads(path.read_text())["http"].get("routers", {}))

    with (
        running_service(tmp_path, migrated, fallback_file=path) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        for host in hosts:
            body = {"domain": host, "servers": [{"url": "http://10.0.0.11:3000"}]}
            client.post("/expose", json=body).raise_for_status()
        document = client.get(f"{service.url}/traefik/configuration").content
    write(path, fallback(document))
    with (
        running_service(tmp_path, migrated, fallback_file=path) as service,
        http_client(f"{service.url}/api/v1", headers={"Prefer": "wait=10"}) as client,
    ):
        client.delete("/routers/one").raise_for_status()
        assert routers() == {"two", "three"}
        client.patch("/routers/two", json={"pathPrefix": "/two"}).raise_for_status()
        assert routers() == {"three"}
        client.patch("/routers/three", json={"enabled": False}).raise_for_status()
        assert routers() == set()
        path.unlink()
        wait_until(path.exists, "the file is made again")


def poll_under_many_names(service: Service, count: int) -> None:
    parts = urlsplit(service.url)
    with (
        socket.create_connection((parts.hostname or "", parts.port or 80)) as connection,
        connection.makefile("rb") as answers,
    ):
        for number in range(count):
            request = f"GET /traefik/configuration?edge=n-{number} HTTP/1.1\r\nHost: localhost\r\n"
            connection.sendall(f"{request}Authorization: {AUTHORIZED['Authorization']}\r\n\r\n".encode())
            head = list(iter(answers.readline, b"\r\n"))
            assert head[0].startswith(b"HTTP/1.1 200")
            (length,) = [int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length")]
            answers.read(length)


def names(service: Service) -> set[str]:
    with http_client(f"{service.url}/api/v1") as client:
        found, cursor = set[str](), None
        while True:
            page = client.get("/edges", params={"limit": 1000, **({"cursor": cursor} if cursor else {})}).json()
            found |= {item["name"] for item in page["items"]}
            cursor = page["next"]
            if cursor is None:
                return found


def test_polls_under_ever_new_names_drive_no_edge_out_that_polls_or_is_expected(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (registry, memory):
        monkeypatch.setattr(module, "MOST_EDGES", MOST_EDGES)
    with running_service(tmp_path, migrated, traefik_api="expected=http://127.0.0.1:1") as service:
        poll(service, "gone")
        with http_client(service.url, timeout=60) as held:
            held.get("/traefik/configuration?edge=held&wait=60").raise_for_status()
            polls = service.server._app.plane.polls
            with ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(held.get, "/traefik/configuration?edge=held&wait=60")
                wait_until(lambda: polls.held == 1, "the poll is held")
                poll_under_many_names(service, MOST_EDGES + 10)
                known = names(service)
                assert len(known) == MOST_EDGES
                assert {"held", "expected", f"n-{MOST_EDGES + 9}"} <= known
                assert not {"gone", "n-0"} & known
                with http_client(f"{service.url}/api/v1") as client:
                    client.put("/services/a", json={}).raise_for_status()
                assert waiting.result(timeout=60).status_code == 200
    with running_service(tmp_path, migrated) as service:
        wait_until(lambda: listed(service, limit=1), "the edges are known again")
        assert len(names(service)) <= MOST_EDGES
        poll(service, "newcomer")
        assert "newcomer" in names(service)
