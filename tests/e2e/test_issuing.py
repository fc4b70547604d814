"""Domains whose certificates this service gets, from a local authority: all edges show the same one."""

import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import httpx
import pytest

from tests.certs import issue
from tests.e2e.acting import Running, Servers, acting
from tests.e2e.handshakes import names_of, shown
from tests.running import Service, fetch, free_port, http_client, running_service, wait_until

ACME = {"from": "acme"}


@pytest.fixture
def secure_port() -> int:
    return free_port()


@pytest.fixture
def edge(migrated: Path, tmp_path: Path, secure_port: int) -> Iterator[Running]:
    def adapt(static: dict[str, Any]) -> None:
        static["entryPoints"]["websecure"]["address"] = f"127.0.0.1:{secure_port}"

    settings: dict[str, Any] = {"secure_port": secure_port, "local_authority": tmp_path / "authority"}
    with acting(tmp_path, migrated, adapt=adapt, fallback_file=tmp_path / "edge" / "fallback.yml", **settings) as made:
        yield made


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as made:
        yield made


def expose(edge: Running, servers: Servers, domain: str, **more: Any) -> httpx.Response:
    (server,) = servers.http("app")
    exposed = {"domain": domain, "servers": [{"url": server.url}], "tls": ACME, **more}
    return edge.client.post("/expose", json=exposed, headers={"Prefer": "wait=30"})


def test_a_domain_has_a_certificate_of_the_local_authority_when_the_write_is_answered(
    edge: Running, servers: Servers, secure_port: int, tmp_path: Path
) -> None:
    made = expose(edge, servers, "alvin.test")
    assert (made.status_code, made.headers.get("preference-applied")) == (201, "wait"), made.text
    assert names_of(shown("alvin.test", secure_port)) == ["alvin.test"]
    # A client that trusts the authority is content.
    trusting = ssl.create_default_context(cafile=str(tmp_path / "authority" / "ca.pem"))
    with httpx.Client(verify=trusting, trust_env=False) as asking:
        extensions = {"sni_hostname": "alvin.test"}
        url = f"https://127.0.0.1:{secure_port}/"
        assert asking.get(url, headers={"Host": "alvin.test"}, extensions=extensions).text == "app"


def test_it_is_no_part_of_the_desired_state(edge: Running, servers: Servers) -> None:
    revision = expose(edge, servers, "alvin.test").headers["config-revision"]
    assert edge.client.get("/certificates").json()["items"] == []
    assert "PRIVATE KEY" not in edge.client.get("/export", params={"secrets": True}).text
    assert edge.client.get("/revisions").json()["items"][0]["number"] == int(revision)
    assert edge.client.get("/edges/default").json()["state"] == "live"
    written = fetch(edge.service.url + "/traefik/configuration").text
    assert "PRIVATE KEY" in written
    assert "PRIVATE KEY" not in edge.client.get(f"/revisions/{revision}/configuration").text


def test_it_is_kept_over_a_restart_and_sealed(migrated: Path, tmp_path: Path) -> None:
    authority = tmp_path / "authority"

    def document(service: Service) -> bytes:
        return fetch(service.url + "/traefik/configuration").content

    with running_service(tmp_path, migrated, local_authority=authority) as service:
        with http_client(service.url) as client:
            client.put("/api/v1/domains/alvin.test", json={"tls": ACME}).raise_for_status()
        wait_until(lambda: b"PRIVATE KEY" in document(service), "the document has the certificate")
        before = document(service)
    (tmp_path / "authority" / "ca.key").unlink()
    with closing(connect(tmp_path / "provider.db")) as database:
        (kept,) = database.execute("SELECT key FROM issuance").fetchone()
        assert "sealed:" in kept
        assert not [line for line in database.iterdump() if "PRIVATE KEY" in line]
    with running_service(tmp_path, migrated, local_authority=authority) as service:
        assert document(service) == before


def test_a_change_of_something_else_keeps_it(edge: Running, servers: Servers, secure_port: int) -> None:
    expose(edge, servers, "alvin.test").raise_for_status()
    before = shown("alvin.test", secure_port).serial_number
    edge.client.put("/domains/other.test", json={}, headers={"Prefer": "wait=30"}).raise_for_status()
    expose(edge, servers, "more.test").raise_for_status()
    assert shown("alvin.test", secure_port).serial_number == before
    assert names_of(shown("more.test", secure_port)) == ["more.test"]


def test_a_traefik_that_restarts_while_the_service_is_away_shows_it(
    edge: Running, servers: Servers, secure_port: int
) -> None:
    expose(edge, servers, "alvin.test").raise_for_status()
    before = shown("alvin.test", secure_port).serial_number
    file = edge.place.fallback_file
    wait_until(lambda: "PRIVATE KEY" in file.read_text(), "the fallback file has it")
    assert file.stat().st_mode & 0o777 == 0o600
    edge.place.kill()
    edge.place.static["providers"]["http"]["endpoint"] = "http://127.0.0.1:9/"
    edge.place.start()
    assert wait_until(lambda: shown("alvin.test", secure_port).serial_number == before, "it shows the certificate")
    redirected = edge.traefik.get("alvin.test", "/")
    assert (redirected.status_code, redirected.headers["location"][:18]) == (301, "https://alvin.test")


def test_a_domain_of_which_nobody_signs_is_served_with_the_default_certificate_and_a_warning(
    edge: Running, servers: Servers, secure_port: int
) -> None:
    made = expose(edge, servers, "alvin.xyz")
    assert made.status_code == 202
    assert "no CA is set up for alvin.xyz" in made.json()["pending"][0]["detail"]
    assert "no CA is set up for alvin.xyz" in made.headers["config-warning"]
    found = edge.client.get("/conflicts", params={"object": "domain/alvin.xyz"}).json()["items"]
    assert [each["conflict"] for each in found] == ["missing-certificate"]
    assert names_of(shown("alvin.xyz", secure_port)) != ["alvin.xyz"]


def test_a_stored_certificate_for_the_same_name_gives_way_and_of_one_that_does_not_it_is_told(
    edge: Running, servers: Servers, secure_port: int
) -> None:
    old = issue("alvin.test", days=(-80, -1))
    edge.client.put("/certificates/a", json=old.pair).raise_for_status()
    expose(edge, servers, "alvin.test").raise_for_status()
    got = shown("alvin.test", secure_port)
    assert got.serial_number != old.certificate.serial_number
    assert hidden(edge, "domain/alvin.test") == []

    more = issue("alvin.test", "www.alvin.test")
    changed = edge.client.put("/certificates/a", json=more.pair, headers={"Prefer": "wait=30"}).raise_for_status()
    assert shown("alvin.test", secure_port).serial_number == more.certificate.serial_number
    told = (
        "edges show the stored certificate a for alvin.test, not the one that wayshub-provider gets for it: "
        "once edges have that, remove a"
    )
    assert hidden(edge, "domain/alvin.test") == hidden(edge, "certificate/a") == [told]
    assert told in changed.headers["config-warning"]
    edge.client.delete("/certificates/a").raise_for_status()
    wait_until(lambda: shown("alvin.test", secure_port) == got, "the one that was got is shown again")
    assert hidden(edge, "domain/alvin.test") == []


def hidden(edge: Running, about: str) -> list[str]:
    """What is told of certificates that share a name."""
    found = edge.client.get("/conflicts", params={"object": about}).raise_for_status().json()["items"]
    return [each["detail"] for each in found if each["conflict"] == "shared-name"]


def test_one_that_is_taken_away_is_not_seen_in_the_fallback_file(
    edge: Running, servers: Servers, secure_port: int
) -> None:
    expose(edge, servers, "alvin.test").raise_for_status()
    wait_until(lambda: "PRIVATE KEY" in edge.place.fallback_file.read_text(), "the fallback file has it")
    made = edge.client.patch("/domains/alvin.test", json={"tls": {"from": "stored"}}, headers={"Prefer": "wait=30"})
    assert names_of(shown("alvin.test", secure_port)) != ["alvin.test"]
    assert "for alvin.test it shows Traefik's default certificate" in made.headers["config-warning"]
