"""A Traefik that is started while the service is away serves what it served before, from the fallback file."""

import socket
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cryptography import x509

from tests.certs import ca, issue
from tests.e2e.edge import place, shown, wait_for_state
from tests.e2e.traffic import HOST, expose
from tests.running import (
    Traefik,
    answers,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_service,
    wait_until,
)

WILDCARD = "*.alvin.xyz"
EXACT = "www.alvin.xyz"

ANSWERS = {
    (HOST, "/"): "root",
    (HOST, "/api"): "api",
    (HOST, "/api/v2"): "api-v2",
    (HOST, "/forced"): "forced",
    ("a.alvin.xyz", "/"): "wildcard",
    (EXACT, "/"): "exact",
    ("a.more.test", "/"): "exact",
}
"""Who answers what, by the ranks of the routers: the longer path, the exact host, the explicit priority."""


def answered(traefik: Traefik) -> dict[tuple[str, str], str]:
    return {(host, path): traefik.get(host, path).text for host, path in ANSWERS}


def routers(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())["http"].get("routers", {})
    return found


def origins(traefik: Traefik, router: str) -> set[str]:
    """Return the providers from which a Traefik has a router of a name."""
    with http_client(traefik.api) as client:
        return {
            provider
            for provider in ("http", "file")
            if client.get(f"/api/http/routers/{router}@{provider}").status_code == 200
        }


def test_a_traefik_restarted_without_the_service_serves_from_the_file(migrated: Path, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        place(tmp_path / "traefik", url, "edge=default&wait=1") as edge,
        named_servers("root", "api", "api-v2", "forced", "wildcard", "exact") as servers,
    ):
        by_name = {server.name: server for server in servers}
        options: dict[str, Any] = {
            "port": port,
            "traefik_api": edge.api,
            "fallback_file": edge.fallback_file,
            "coalesce_ms": 20,
        }
        with running_service(tmp_path, migrated, **options), http_client(f"{url}/api/v1") as client:
            wait_until(edge.fallback_file.exists, "the file is made")
            assert routers(edge.fallback_file) == {}
            traefik = edge.start()
            expose(client, (by_name["root"], 1), name="root")
            expose(client, (by_name["api"], 1), name="api", pathPrefix="/api")
            expose(client, (by_name["api-v2"], 1), name="api-v2", pathPrefix="/api/v2")
            expose(client, (by_name["wildcard"], 1), name="wildcard", host=WILDCARD)
            expose(client, (by_name["exact"], 1), name="exact", host=EXACT)
            client.put("/domains/*.more.test", json={}).raise_for_status()
            client.patch("/routers/exact", json={"domains": [EXACT, "*.more.test"]}).raise_for_status()
            expose(client, (by_name["forced"], 1), name="forced", host="forced.test")
            client.put(
                "/routers/forced", json={"domains": [HOST], "service": "forced", "pathPrefix": "/f", "priority": 500}
            ).raise_for_status()
            wait_for_state(url, "live")
            wait_until(lambda: len(routers(edge.fallback_file)) == 7, "the file has all routers")
            assert all(router["priority"] < -1000 for router in routers(edge.fallback_file).values())
            wait_until(lambda: origins(traefik, "root") == {"http", "file"}, "the routers are there twice")
            assert answered(traefik) == ANSWERS
            assert shown(url)["state"] == "live"
            digest = traefik.digest()

        edge.kill()
        assert not answers(f"{url}/healthz")
        traefik = edge.start()
        wait_until(lambda: origins(traefik, "root") == {"file"}, "the routers come from the file")
        assert answered(traefik) == ANSWERS

        with running_service(tmp_path, migrated, **options), http_client(f"{url}/api/v1") as client:
            traefik.wait_for_digest(str(digest))
            assert answered(traefik) == ANSWERS
            assert origins(traefik, "exact") == {"http", "file"}
            client.delete("/routers/exact").raise_for_status()
            wait_until(lambda: origins(traefik, "exact") == set(), "the router is gone from both")
            assert traefik.get(EXACT).text == "wildcard"
            assert traefik.get("nobody.test").status_code == 404
            assert not {"exact", "exact.wildcards"} & routers(edge.fallback_file).keys()

        edge.kill()
        traefik = edge.start()
        wait_until(lambda: traefik.get(EXACT).text == "wildcard", "the routes come from the file")


TEMPLATES = [
    "Path(`/{{`)",
    "Path(`/{`) || Path(`/{ {}}`) || Path(`/{{}}`)",
    'Path("/{{ env `FALLBACK_CANARY` }}")',
    'Path("/{{ env \\"FALLBACK_CANARY\\" }}")',
    'Path("/{{- printf `%s` (env `FALLBACK_CANARY`) -}}")',
    "Path(`/{{/* a comment */}}`)",
    "Path(`/{{ range $i := until 1000000000 }}x{{ end }}`)",
    "Path(`/{{ define . }}`) || Query(`q`, `\\{{{`)",
    "Path(`/{\ufe5b{\uff5b\U0001f600`)",
]
"""Rules that Traefik's file provider, which reads its file as a template of Go, must not read as one."""


def rules_of(traefik: Traefik, provider: str) -> dict[str, str]:
    """Return the rules of the routers that a Traefik has from a provider, by the routers' names."""
    with http_client(traefik.api) as client:
        shown = client.get("/api/http/routers", params={"per_page": 1000}).raise_for_status().json()
    return {
        router["name"].partition("@")[0]: router["rule"]
        for router in shown
        if router["name"].endswith(f"@{provider}") and router["provider"] == provider
    }


def test_no_rule_is_read_as_a_template_and_what_was_live_is_in_the_file_when_the_service_stops(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = "canary-of-the-environment"
    monkeypatch.setenv("FALLBACK_CANARY", canary)
    port = free_port()
    wanted = {f"t{number}": f"Host(`{HOST}`) && ({rule})" for number, rule in enumerate(TEMPLATES)}
    with place(tmp_path / "traefik", f"http://127.0.0.1:{port}", "edge=default&wait=1") as edge:
        options: dict[str, Any] = {"port": port, "traefik_api": edge.api, "fallback_file": edge.fallback_file}
        with (
            running_service(tmp_path, migrated, coalesce_ms=20, **options),
            http_client(f"http://127.0.0.1:{port}/api/v1") as client,
        ):
            traefik = edge.start()
            client.put("/services/s", json={}).raise_for_status()
            for name, rule in wanted.items():
                client.put(f"/routers/{name}", json={"rule": rule, "service": "s"}).raise_for_status()
            wait_until(lambda: rules_of(traefik, "http") == wanted, "Traefik has the routers from the service")
            wait_until(lambda: rules_of(traefik, "file") == wanted, "Traefik has the routers from the file it watches")
            last = {"rule": "Host(`last.test`)", "service": "s"}
            told = client.put("/routers/last", json=last, headers={"Prefer": "wait=20"}).raise_for_status()
            assert told.headers["Preference-Applied"] == "wait"
        assert {name: router["rule"] for name, router in routers(edge.fallback_file).items()} == wanted | {
            "last": "Host(`last.test`)"
        }
        edge.kill()
        traefik = edge.start()
        wait_until(lambda: rules_of(traefik, "file") == wanted | {"last": "Host(`last.test`)"}, "the file is read")
        assert canary not in fetch(f"{traefik.api}/api/rawdata").raise_for_status().text
        assert canary not in edge.log.read_text()
        assert "unterminated" not in edge.log.read_text()


def asked_by_tls(traefik: Traefik, host: str) -> tuple[int, int]:
    """Return the serial number of the certificate that a client gets for a host, and the status of the answer."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    url = httpx.URL(traefik.web)
    with (
        socket.create_connection((url.host, url.port or 0), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=host) as made,
    ):
        made.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        status = int(made.recv(100).split()[1])
        return x509.load_der_x509_certificate(made.getpeercert(binary_form=True) or b"").serial_number, status


def test_what_is_said_of_tls_holds_although_the_file_is_there(migrated: Path, tmp_path: Path) -> None:
    port, rest = free_port(), issue("rest.test", by=ca())
    serial = rest.certificate.serial_number
    with (
        place(tmp_path / "traefik", f"http://127.0.0.1:{port}", "edge=default&wait=1") as edge,
        named_servers("a") as (server,),
    ):
        options: dict[str, Any] = {"port": port, "traefik_api": edge.api, "fallback_file": edge.fallback_file}
        with (
            running_service(tmp_path, migrated, **options) as service,
            http_client(f"{service.url}/api/v1") as client,
        ):
            wait_until(edge.fallback_file.exists, "the file is made")
            traefik = edge.start()
            for name, tls in (("usual", {}), ("strict", {"options": "strict"})):
                expose(client, (server, 1), name=name, host=f"{name}.test")
                client.put(
                    f"/tlsOptions/{'default' if name == 'usual' else name}", json={"minVersion": "VersionTLS12"}
                ).raise_for_status()
                client.patch(f"/routers/{name}", json={"tls": tls, "entryPoints": ["web"]}).raise_for_status()
            client.put("/certificates/rest", json={**rest.pair, "default": True}).raise_for_status()
            wait_until(lambda: len(routers(edge.fallback_file)) == 2, "the file has all routers")
            wait_until(lambda: "certificates" in edge.fallback_file.read_text(), "the file has the certificate")
            wait_until(lambda: origins(traefik, "strict") == {"http", "file"}, "the routers are there twice")
            wait_for_state(service.url, "live")
            assert {asked_by_tls(traefik, f"{name}.test") for name in ("usual", "strict")} == {(serial, 200)}

        edge.kill()
        traefik = edge.start()
        wait_until(lambda: asked_by_tls(traefik, "usual.test")[1] == 200, "the routers come from the file")
        with pytest.raises(OSError, match="EOF"):  # its options are gone, and so it is closed
            asked_by_tls(traefik, "strict.test")
