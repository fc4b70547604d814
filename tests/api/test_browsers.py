"""What other people's pages can make a browser send: refused, whatever the route, before anything is done."""

import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.checks import problem
from tests.running import Service, fetch, http_client

READ = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/api/v1/domains", "/api/v1/edges", "/docs"]
ROUTES = [*READ, "/", "/nothing", "/static/docs.css", "/traefik/configuration"]

WRITES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", "/domains", {"name": "budi.xyz"}),
    ("PUT", "/domains/budi.xyz", {}),
    ("PATCH", "/domains/alvin.xyz", {"description": "x"}),
    ("DELETE", "/domains/alvin.xyz", None),
    ("POST", "/services", {"name": "alvin"}),
    ("PUT", "/services/alvin/servers/a", {"url": "http://10.0.0.11:3000"}),
    ("POST", "/expose", {"domain": "budi.xyz", "servers": [{"url": "http://10.0.0.11:3000"}]}),
    ("DELETE", "/edges/default/quarantine", None),
]


def revision(service: Service) -> int:
    number: int = fetch(f"{service.url}/readyz").json()["revision"]
    return number


@pytest.mark.parametrize("path", ROUTES)
def test_no_route_answers_to_a_name_that_is_not_its_own(service: Service, path: str) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:8000", "localhost@evil", "evil#localhost"):
        answer = fetch(service.url + path, headers={"Host": host})
        assert "PROVIDER_ALLOWED_HOSTS" in problem(answer, "forbidden")["detail"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "a.localhost", "127.0.0.1", "[::1]:8000", "localhost."])
def test_names_of_loopback_are_its_own(service: Service, host: str) -> None:
    assert fetch(f"{service.url}/healthz", headers={"Host": host}).status_code == 200
    assert fetch(f"{service.url}/traefik/configuration", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("hosts", [b"Host: localhost\r\nHost: evil.example\r\n", b"Host: \r\n", b""])
def test_two_names_or_none_are_not_its_own(service: Service, hosts: bytes) -> None:
    parts = urlsplit(service.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n" + hosts + b"\r\n")
        assert connection.makefile("rb").readline().split()[1] in {b"400", b"403"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("console.example", 200),
        ("Console.Example.:443", 200),
        ("a.apps.example", 200),
        ("apps.example", 403),
        ("xconsole.example", 403),
        ("[2001:db8::1]:8000", 200),
        ("localhost", 200),
    ],
)
def test_names_can_be_added(start_service: Callable[..., Service], host: str, status: int) -> None:
    service = start_service(allowed_hosts="console.example, *.apps.example,2001:db8:0::1")
    assert fetch(f"{service.url}/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "nonsense"},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
)
def test_what_a_page_of_another_site_sends_changes_nothing(
    client: httpx.Client, service: Service, headers: dict[str, str]
) -> None:
    client.post("/domains", json={"name": "alvin.xyz"}).raise_for_status()
    before = revision(service)
    for method, path, body in WRITES:
        answer = client.request(method, path, json=body, headers=headers)
        assert "another site" in problem(answer, "forbidden")["detail"]
    assert revision(service) == before
    for path in READ:  # to look changes nothing, and the browser keeps the answer from that page
        answer = fetch(service.url + path, headers=headers).raise_for_status()
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
def test_what_a_form_can_send_is_no_body_of_rest(client: httpx.Client, kind: str) -> None:
    for method, path, body in WRITES:
        if body is not None:
            answer = client.request(method, path, content=b"name=budi.xyz", headers={"Content-Type": kind})
            problem(answer, "unsupported-media-type")


def test_a_page_of_its_own_and_what_is_no_browser_may_change_things(service: Service) -> None:
    own = [{}, {"Sec-Fetch-Site": "same-origin", "Origin": service.url}, {"Sec-Fetch-Site": "none"}]
    with http_client(f"{service.url}/api/v1") as client:
        for number, headers in enumerate(own):
            assert client.post("/domains", json={"name": f"a-{number}.test"}, headers=headers).status_code == 201
        proxied = {"Host": "console.localhost", "Origin": "https://console.localhost"}
        assert client.put("/domains/b.test", json={}, headers=proxied).status_code == 201
        proxied["Origin"] += ":8443"
        assert client.put("/domains/c.test", json={}, headers=proxied).status_code == 403


@pytest.mark.parametrize("path", [path for path in ROUTES if not path.startswith("/traefik/")])
def test_every_answer_tells_browsers_what_it_may_do(service: Service, path: str) -> None:
    headers = fetch(service.url + path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert (headers.get("Cache-Control") == "no-store") == (not path.startswith("/static/"))
