"""HEAD and OPTIONS: what probes, proxies and browsers ask beside GET. Who may: see test_access."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.inventory import PLACES, STATIC_PATHS
from tests.people import ask_raw, nobody
from tests.running import AUTHORIZED, Service, fetch, http_client, running_service, wait_until

CHANGING = {"date", "x-request-id", "retry-after"}
"""Headers that differ from request to request."""

GOT = sorted({place.path for place in PLACES if place.method == "GET" and place.template != "/api/v1/events"})


@pytest.fixture(scope="module")
def service(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("methods"), migrated) as made:
        yield made


def heads(service: Service, path: str, **headers: str) -> list[tuple[int, dict[str, str]]]:
    """The statuses and headers of a GET and of a HEAD, which has no body."""
    told = []
    with http_client(service.url, headers=headers) as client:
        for method in ("GET", "HEAD"):
            answer = client.request(method, path)
            assert method == "GET" or answer.content == b""
            told.append((answer.status_code, {k: v for k, v in answer.headers.items() if k not in CHANGING}))
    return told


@pytest.mark.parametrize("path", [*GOT, "/nothing", "/api/v1/domains?limit=x", STATIC_PATHS[0], "/static/nothing"])
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_a_head_is_answered_as_the_get_without_its_body(service: Service, path: str, accept: str) -> None:
    got, head = heads(service, path, Accept=accept)
    if path in {"/metrics", "/healthz"}:  # they are longer as time goes by
        got[1].pop("content-length", None)
        head[1].pop("content-length", None)
    assert head == got


def test_a_head_of_a_stream_ends_and_nobody_listens_after_it(service: Service) -> None:
    got = service.server._app.plane.events
    with http_client(service.url) as client:
        for _time in range(3):
            answer = client.head("/api/v1/events")
            assert answer.headers["Content-Type"] == "text/event-stream"
            assert answer.content == b""
    wait_until(lambda: got.listeners == 0, "nobody listens")


def test_a_head_of_what_is_polled_is_not_held_and_tells_the_edges_nothing(service: Service) -> None:
    with http_client(service.url) as client:
        for _time in range(3):  # on one connection, where a GET would be held from the second on
            answer = client.head("/traefik/configuration", params={"edge": "looked-at", "wait": "60"})
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["Config-Revision"]
            assert client.options("/traefik/configuration").status_code == 204
        assert client.get("/api/v1/edges/looked-at").status_code == 404


def test_requests_are_counted_by_their_own_method(service: Service) -> None:
    with http_client(service.url) as client:
        client.head("/api/v1/domains").raise_for_status()
        client.options("/api/v1/domains").raise_for_status()
        told = client.get("/metrics").text
    assert 'provider_requests_total{method="HEAD",route="/api/v1/domains",status="200"}' in told


def test_a_405_names_all_methods_and_no_origin_is_let_in(service: Service) -> None:
    with http_client(service.url) as client:
        assert client.delete("/api/v1/domains").headers["Allow"] == "GET, HEAD, POST, OPTIONS"
        assert client.get("/api/v1/expose").headers["Allow"] == "POST, OPTIONS"
        for path in ("/traefik/configuration", STATIC_PATHS[0]):
            assert client.delete(path).headers["Allow"] == "GET, HEAD, OPTIONS"
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"}
        answer = client.options("/api/v1/domains/alvin.xyz", headers=asked)
    assert answer.status_code == 204
    assert not any(name.startswith("access-control-") for name in answer.headers)


PROBED = ["/healthz", "/readyz", "/metrics"]


@pytest.mark.parametrize("path", PROBED)
@pytest.mark.parametrize("host", ["10.1.2.3:8000", "192.168.0.7", "192.168.0.7.", "[fd00::7]:8000", "[2001:db8::1]"])
def test_probes_may_ask_by_any_address(service: Service, path: str, host: str) -> None:
    for ask in (httpx.get, httpx.head):
        assert ask(service.url + path, headers={"Host": host} | AUTHORIZED).status_code == 200
    assert fetch(f"{service.url}/api/v1/domains", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("path", PROBED)
def test_probes_may_ask_by_an_old_http_without_a_host(service: Service, path: str) -> None:
    status = {"/metrics": b"401"}.get(path, b"200")
    for method in ("GET", "HEAD", "OPTIONS"):
        expected = b"204" if method == "OPTIONS" and status == b"200" else status
        assert ask_old(service, method, path) == expected
    assert ask_old(service, "GET", "/login") == b"403"


def ask_old(service: Service, method: str, path: str) -> bytes:
    parts = urlsplit(service.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as connection:
        connection.sendall(f"{method} {path} HTTP/1.0\r\n\r\n".encode())
        return connection.makefile("rb").readline().split()[1]


@pytest.mark.parametrize("path", PROBED)
@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1.evil.example", "127.1", "0x7f000001", "::1"])
def test_by_names_that_anybody_can_let_lead_here_probes_are_refused(service: Service, path: str, host: str) -> None:
    with nobody(service) as client:
        assert client.get(path, headers={"Host": host}).status_code == 403
    status, _headers, _body = ask_raw(service, "GET", path, [("Host", "10.0.0.1"), ("Host", "evil.example")])
    assert status in {400, 403}
