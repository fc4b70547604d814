"""What browsers are made to send by pages of others: each route that changes something, and each way to send it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.api.checks import problem, state
from tests.api.inventory import PLACES, STATIC_PATHS, Place
from tests.people import add_account, begin_session, log_in, nobody
from tests.running import Service, http_client, running_service

CHANGING: Final = [place for place in PLACES if place.changes]
PATHS: Final = sorted({place.path for place in PLACES})

CROSSING: Final[dict[str, dict[str, str]]] = {
    "cross-site": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": "https://evil.example"},
    "same-site": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Origin": "http://127.0.0.1:1"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "null": {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    "null alone": {"Origin": "null"},
    "no-cors": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "navigation": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    "old browser": {"Origin": "https://evil.example"},
}
FORMS: Final = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]

STRANGE_HOSTS: Final = ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "169.254.169.254", "[::2]"]


@pytest.fixture(scope="module")
def service(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("crossing"), migrated) as made:
        add_account(made.database, "desk")
        with http_client(f"{made.url}/api/v1") as client:
            client.post("/expose", json={"domain": "alvin.xyz", "servers": [{"url": "http://10.0.0.11"}]})
        yield made


@pytest.fixture(scope="module")
def person(service: Service) -> Iterator[httpx.Client]:
    """A browser in which somebody is logged in who may do all."""
    with nobody(service) as client:
        client.cookies.set("provider_session", begin_session(service.database, "desk"))
        assert client.get("/api/v1/audit").status_code == 200
        yield client


PROBED = {"/healthz", "/readyz", "/metrics"}
"""What orchestrators ask by the address of a machine: see the test of the names that probes use."""


@pytest.mark.parametrize("place", CHANGING, ids=str)
def test_no_page_of_another_site_changes_anything(service: Service, person: httpx.Client, place: Place) -> None:
    before = state(service), audited(person)
    for headers in CROSSING.values():
        for kind in [None, "application/json", *FORMS]:
            content = None if kind is None else b'{"name": "budi.xyz"}'
            sent = headers | ({} if kind is None else {"Content-Type": kind})
            answer = person.request(place.method, place.path, content=content, headers=sent)
            assert "another site" in problem(answer, "forbidden")["detail"]
            assert "set-cookie" not in answer.headers
    assert (state(service), audited(person)) == before
    assert person.get("/api/v1/audit").status_code == 200, "the session has not ended"


def audited(person: httpx.Client) -> int:
    found: int = person.get("/api/v1/audit", params={"limit": 1}).raise_for_status().json()["items"][0]["id"]
    return found


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/api/v1/domains", "/docs", "/login", "/nothing", STATIC_PATHS[0]])
def test_so_it_is_with_methods_that_a_path_does_not_know(person: httpx.Client, path: str, method: str) -> None:
    for headers in CROSSING.values():
        problem(person.request(method, path, headers=headers), "forbidden")


@pytest.mark.parametrize("place", [place for place in CHANGING if place.has_json], ids=str)
def test_what_a_form_can_send_is_no_body_of_rest(service: Service, person: httpx.Client, place: Place) -> None:
    before = state(service)
    for kind in FORMS:
        answer = person.request(place.method, place.path, content=b"name=budi.xyz", headers={"Content-Type": kind})
        problem(answer, "unsupported-media-type")
    assert state(service) == before


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/traefik/configuration"])
def test_to_look_from_another_site_changes_nothing_and_shares_nothing(
    service: Service, person: httpx.Client, path: str
) -> None:
    before = state(service), audited(person)
    for headers in CROSSING.values():
        answer = person.send(person.build_request("GET", path, headers=headers), stream=True)  # events have no end
        answer.close()
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        asked = headers | {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
        preflight = person.options(path, headers=asked)
        assert preflight.status_code in {204, 401, 404}
        assert not [name for name in preflight.headers if name.startswith("access-control-")]
    assert (state(service), audited(person)) == before


@pytest.mark.parametrize(
    "path", [*(path for path in PATHS if path not in PROBED), "/nothing", "/static/nothing", *STATIC_PATHS]
)
def test_no_route_and_no_static_file_answers_to_a_name_that_is_not_its_own(
    service: Service, person: httpx.Client, path: str
) -> None:
    with http_client(service.url) as machine:
        for client in (person, machine):
            for host in STRANGE_HOSTS:
                for method in ("GET", "POST", "OPTIONS"):
                    answer = client.request(method, path, headers={"Host": host})
                    assert "PROVIDER_ALLOWED_HOSTS" in problem(answer, "forbidden")["detail"]
                    assert "set-cookie" not in answer.headers


def test_nobody_is_logged_in_as_somebody_else_from_another_site(service: Service) -> None:
    with nobody(service) as client:
        for headers in CROSSING.values():
            client.headers = httpx.Headers(headers)
            problem(log_in(client, "desk"), "forbidden")
            assert not client.cookies


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_no_page_may_be_framed_and_nothing_private_is_stored(person: httpx.Client, place: Place) -> None:
    if place.template.startswith("/traefik/") or place.template == "/logout":
        return
    with person.stream(place.method, place.path) as answer:  # that of one has no end
        headers = answer.headers
    policy = headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(policy)
    assert not [part for part in policy if "unsafe" in part or "*" in part or "http" in part]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
