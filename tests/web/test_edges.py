"""The pages of the edges: what each runs, what it rejected, and how a Traefik comes to poll."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from provider.models import Role
from tests.e2e.test_quarantine import running
from tests.people import add_account
from tests.running import Service, fetch, free_port, http_client, running_service
from tests.web.visiting import HOSTILE, follow, read, visit


def poll(service: Service, name: str) -> None:
    fetch(f"{service.url}/traefik/configuration", params={"edge": name}).raise_for_status()


@pytest.fixture(scope="module")
def polled(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that an edge `paris` has polled; `rome` is expected to, and nothing answers as its API."""
    api = f"rome=http://127.0.0.1:{free_port()}"
    with running_service(tmp_path_factory.mktemp("polled"), migrated, traefik_api=api) as service:
        add_account(service.database, "desk", Role.ADMIN)
        add_account(service.database, "sari", Role.VIEWER)
        poll(service, "paris")
        yield service


@pytest.fixture
def admin(polled: Service) -> Iterator[httpx.Client]:
    with visit(polled, "desk") as made:
        yield made


@pytest.fixture
def viewer(polled: Service) -> Iterator[httpx.Client]:
    with visit(polled, "sari") as made:
        yield made


def test_edges_are_listed_with_state_and_words(viewer: httpx.Client) -> None:
    page = read(viewer.get("/edges"))
    assert {"/edges/paris", "/edges/rome"} <= set(page.paths())
    assert "unconfirmed" in page.text
    assert "It was given revision 0; the address of its API is not set." in page.text
    assert "never seen" in page.text
    assert "No Traefik has polled under this name yet." in page.text


def test_an_edge_tells_what_it_was_given_and_from_where_it_polls(viewer: httpx.Client, polled: Service) -> None:
    page = read(viewer.get("/edges/paris"))
    assert f"Given Revision 0 {polled.digest()}" in page.text
    assert "Polls from 127.0.0.1" in page.text
    assert "set PROVIDER_TRAEFIK_API to the URL of its API" in page.text


def test_one_that_has_never_polled_tells_how_to_let_it(admin: httpx.Client, viewer: httpx.Client) -> None:
    page = read(admin.get("/edges/rome"))
    assert "/traefik/configuration?edge=rome&wait=5" in page.text
    assert "/tokens/new?scope=edge:rome" in page.paths()
    page = read(viewer.get("/edges/rome"))
    assert "/tokens/new?scope=edge:rome" not in page.paths()
    assert "Only admins can create tokens" in page.text


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_name_of_an_edge_is_said_at_the_field(viewer: httpx.Client, name: str) -> None:
    page = read(viewer.get("/connect", params={"edge": name[:200]}), 422)
    assert page.wrong("edge")
    assert page.value("edge") == name[:200]
    assert "edge=default" in page.text


def test_edges_are_searched_and_paged(viewer: httpx.Client, polled: Service) -> None:
    for index in range(60):
        poll(polled, f"paged-{index:02}")
    first = read(viewer.get("/edges", params={"q": "PAGED-"}))
    [path] = [path for path in first.paths() if "cursor=" in path]
    shown = [
        path for page in (first, read(viewer.get(path))) for path in page.paths() if path.startswith("/edges/paged-")
    ]
    assert shown == [f"/edges/paged-{index:02}" for index in range(60)]
    assert "Nothing found" in read(viewer.get("/edges", params={"q": "<b>"})).text


def test_what_is_no_edge_is_told_in_words(viewer: httpx.Client) -> None:
    assert "There is no edge oslo" in read(viewer.get("/edges/oslo"), 404).text
    assert "There is no edge <b>" in read(viewer.get("/edges/%3Cb%3E"), 404).text


def test_the_pages_speak_indonesian(polled: Service) -> None:
    with visit(polled, "sari", "id") as client:
        assert "Belum ada Traefik yang polling dengan nama ini." in read(client.get("/edges/rome")).text
        assert "Sambungkan Traefik" in read(client.get("/edges")).text


def test_a_quarantine_is_shown_with_what_changed_and_lifted_by_who_may(migrated: Path, tmp_path: Path) -> None:
    with running(migrated, tmp_path, "edge=default&wait=2") as stack:
        service = stack.service
        for name, role in (("desk", Role.OPERATOR), ("sari", Role.VIEWER)):
            add_account(service.database, name, role)
        with visit(service, "sari") as viewer, visit(service, "desk") as operator:
            page = read(viewer.get("/edges/default"))
            assert "default live It runs revision 1, every router enabled. Since" in page.text
            assert "Version Traefik 3." in page.text
            assert "default live" in read(viewer.get("/revisions/1")).text
            stack.put_broken()
            stack.wait_for("rejected")
            page = read(viewer.get("/edges/default"))
            assert "It rejected a document" in page.text
            assert "router broken added" in page.text
            assert "router broken of revision 2 by tests" in page.text
            assert "/revisions/2" in page.paths()
            assert "/edges/default/lift" not in page.paths("form")
            assert viewer.post("/edges/default/lift").status_code == 403
            assert "/edges/default/lift" in read(operator.get("/edges/default")).paths("form")
            assert stack.edge()["quarantine"] is not None
            answer = operator.post("/edges/default/lift")
            assert "is offered the current document again" in follow(operator, answer, "/edges/default").text
            stack.remove_broken()
            stack.wait_for("live")
            answer = operator.post("/edges/default/lift")
            assert "is no longer in quarantine" in follow(operator, answer, "/edges/default").text
        with http_client(f"{service.url}/api/v1") as client:
            entries = client.get("/audit", params={"action": "edge.lift"}).raise_for_status().json()["items"]
        assert [(entry["actor"], entry["words"]) for entry in entries] == [
            ("desk", "quarantine of edge default lifted: it is offered revision 2 again")
        ]


def test_disabled_routers_are_told_in_the_words_of_traefik(migrated: Path, tmp_path: Path) -> None:
    with running(migrated, tmp_path, "edge=default&wait=2") as stack:
        add_account(stack.service.database, "sari", Role.VIEWER)
        router = {"domains": ["alvin.test"], "pathPrefix": "/odd", "service": "alvin", "entryPoints": ["none"]}
        stack.client.put("/domains/alvin.test", json={}).raise_for_status()
        stack.client.put("/routers/odd", json=router).raise_for_status()
        stack.wait_for("degraded")
        with visit(stack.service, "sari") as viewer:
            page = read(viewer.get("/edges/default"))
        assert "One router is disabled" in page.text
        assert 'odd entryPoint "none" doesn\'t exist' in page.text
        assert "/routers/odd" in page.paths()
