"""Traffic moves from one service to another step by step, and goes back by itself when something is wrong."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from shutil import copyfile
from typing import Any

import httpx
import pytest

from provider import configuration
from provider.configuration import Document
from provider.parts import Parts
from tests.api.checks import problem
from tests.e2e.test_health import Patient
from tests.e2e.traffic import HOST, expose, goes_on, listed, load, spread
from tests.running import (
    SOAK,
    Service,
    Traefik,
    cases,
    fetch,
    free_port,
    http_client,
    running_servers,
    running_service,
    running_traefik,
    service_process,
    wait_until,
)

CHECK = {"path": "/health", "interval": "500ms", "timeout": "500ms"}
HOLD = "3s"
"""Three times the interval and the timeout: the least."""

ROLLOUT = "/services/alvin/rollout"
DRY = {"dryRun": "true"}


@pytest.fixture
def servers(client: httpx.Client, service: Service, traefik: Traefik) -> Iterator[tuple[Patient, ...]]:
    """Give an old server that gets all requests, and two new ones in a service that nothing leads to."""
    with running_servers(Patient("old"), Patient("new-1"), Patient("new-2")) as made:
        old, *new = made
        prepare(client, old, new)
        traefik.wait_for(service)
        yield tuple(made)


def prepare(client: httpx.Client, old: Patient, new: Sequence[Patient]) -> None:
    """Let one server get all requests, and others be in a service that nothing leads to."""
    expose(client, (old, 1), healthCheck=CHECK)
    client.post("/services", json={"name": "next", "healthCheck": CHECK}).raise_for_status()
    for server in listed(*((each, 1) for each in new)):
        client.post("/services/next/servers", json=server).raise_for_status()


def start(client: httpx.Client, **options: Any) -> dict[str, Any]:
    body = {"to": "next", "hold": HOLD, **options}
    answer = client.post(ROLLOUT, json=body)
    assert answer.status_code == 201, answer.text
    started: dict[str, Any] = answer.json()
    return started


def rollout(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(ROLLOUT).raise_for_status().json()
    return found


def wait_for_percent(client: httpx.Client, percent: int) -> None:
    wait_until(lambda: rollout(client)["percent"] >= percent, f"the rollout is at {percent} %")


def new_share(traefik: Traefik, requests: int = 100) -> int:
    counted = spread(traefik, requests)
    return counted["new-1"] + counted["new-2"]


def revisions(client: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/revisions").raise_for_status().json()["items"]
    return items


def test_a_rollout_moves_the_traffic_step_by_step_and_is_one_revision(
    client: httpx.Client,
    service: Service,
    traefik: Traefik,
    servers: tuple[Patient, ...],  # noqa: ARG001  # they answer
) -> None:
    before = revisions(client)[0]["number"]
    started = start(client, steps=[5, 100])
    assert (started["state"], started["percent"], started["step"]) == ("running", 0, 0)
    assert new_share(traefik) == 0
    wait_for_percent(client, 5)
    client.post(f"{ROLLOUT}/pause", headers={"Prefer": "wait=10"}).raise_for_status()
    assert new_share(traefik) == 5  # of each 100
    assert revisions(client)[0]["number"] == before

    client.post(f"{ROLLOUT}/resume").raise_for_status()
    wait_until(lambda: rollout(client)["state"] == "finished", "the rollout is finished")
    newest = revisions(client)[0]
    assert (newest["number"], newest["summary"]) == (before + 1, "Rolled out next for alvin: 5, 100 %")
    assert rollout(client)["revision"] == before + 1
    assert client.get("/routers/alvin").json()["service"] == "next"
    traefik.wait_for(service)
    assert new_share(traefik) == 100

    undone = client.post(f"/revisions/{before + 1}/undo", headers={"Prefer": "wait=10"})
    assert undone.status_code == 200
    assert client.get("/routers/alvin").json()["service"] == "alvin"
    assert new_share(traefik) == 0


def test_a_rollout_whose_new_server_fails_goes_back_at_once(
    client: httpx.Client, traefik: Traefik, servers: tuple[Patient, ...]
) -> None:
    start(client, steps=[25, 100], hold="60s")
    wait_for_percent(client, 25)
    wait_until(lambda: new_share(traefik, 20) == 5, "a quarter of the requests goes to the new servers")
    failed_at = time.monotonic()
    servers[1].well = False
    wait_until(lambda: rollout(client)["state"] == "back", "the rollout is back")
    with http_client(headers={"Host": HOST}) as visitor:
        wait_until(lambda: {visitor.get(traefik.web).text for _ in range(12)} == {"old"}, "only the old one answers")
    assert time.monotonic() - failed_at < 5
    found = rollout(client)
    assert found["detail"].startswith("rolled back from 25 %: server")
    assert found["endedBy"] is None
    ready = client.get(client.base_url.copy_with(path="/readyz")).json()
    assert any("rollout of alvin to next rolled back from 25 %" in alarm for alarm in ready["warnings"]), ready


def assemble(parts: Parts) -> Document:
    """Put a document together as always; with a field that Traefik does not know while a rollout moves traffic."""
    made = configuration.assemble(parts)
    if b'"provider.rollout.alvin.from","weight"' not in made.content:
        return made
    return Document(made.content.replace(b'{"http":{', b'{"http":{"bogus":1,', 1), made.digest)


def test_a_rollout_whose_document_an_edge_rejects_goes_back(migrated: Path, tmp_path: Path) -> None:
    port = free_port()
    with ExitStack() as stack:
        old, *new = stack.enter_context(running_servers(Patient("old"), Patient("new-1")))
        api = f"http://127.0.0.1:{port}"
        service = stack.enter_context(running_service(tmp_path, migrated, assemble=assemble, traefik_api=api))
        traefik = stack.enter_context(running_traefik(tmp_path, service.url, api_port=port))
        client = stack.enter_context(http_client(f"{service.url}/api/v1"))
        prepare(client, old, new)
        traefik.wait_for(service)
        with load(traefik.web, clients=1) as requests:
            start(client, steps=[50, 100])
            wait_until(lambda: rollout(client)["state"] == "back", "the rollout is back")
            goes_on(requests)
        assert rollout(client)["detail"].startswith("rolled back from 50 %: edge default: ")
        assert (requests.failures, set(requests.answers)) == ([], {"old"})
        traefik.wait_for(service)


def test_a_rollout_for_which_an_edge_disables_a_router_is_refused_or_goes_back(
    client: httpx.Client,
    service: Service,
    traefik: Traefik,
    servers: tuple[Patient, ...],  # noqa: ARG001  # they answer
) -> None:
    good = {"name": "next", "weight": 1}
    sound, broken = (
        {"weighted": {"services": each}} for each in ([good], [good, {"name": "nowhere@file", "weight": 1}])
    )
    client.put("/services/whole", json=broken).raise_for_status()

    def refusal() -> str:
        answer = client.post(ROLLOUT, json={"to": "whole", "hold": HOLD, "withoutHealthCheck": True}, params=DRY)
        return "" if answer.is_success else answer.json()["errors"][0]["detail"]

    wait_until(lambda: "edge default has no service nowhere@file" in refusal(), "it is refused")
    client.put("/services/whole", json=sound).raise_for_status()
    traefik.wait_for(service)
    with load(traefik.web, clients=1) as requests:
        start(client, to="whole", steps=[50, 100], hold="60s")
        wait_for_percent(client, 50)
        assert requests.failures == []
        client.put("/services/whole", json=broken).raise_for_status()
        wait_until(lambda: rollout(client)["state"] == "back", "the rollout is back")
        traefik.wait_for(service)
        failed = len(requests.failures)
        goes_on(requests)
        assert len(requests.failures) <= failed + 1  # one that was on its way
    assert rollout(client)["detail"].startswith("rolled back from 50 %: edge default: it disabled router alvin: ")


def test_a_rollout_goes_back_before_its_new_service_leads_to_the_old_one(
    client: httpx.Client,
    service: Service,
    traefik: Traefik,
    servers: tuple[Patient, ...],  # noqa: ARG001  # they answer
) -> None:
    before, after = ({"weighted": {"services": [{"name": name}]}} for name in ("next", "alvin"))
    client.put("/services/whole", json=before).raise_for_status()
    start(client, to="whole", hold="60s")
    traefik.wait_for(service)
    with load(traefik.web, clients=1) as requests:
        goes_on(requests)
        client.put("/services/whole", json=after).raise_for_status()
        assert client.get("/services/alvin").json()["availability"]["available"] == 1
        wait_until(lambda: rollout(client)["state"] == "back", "the rollout is back")
        traefik.wait_for(service)
        goes_on(requests)
    assert requests.failures == []
    assert rollout(client)["detail"] == "rolled back from 0 %: whole is made of alvin"


def test_traffic_moves_to_another_service_and_back_to_one_that_has_the_name_of_its_router(client: httpx.Client) -> None:
    servers = [{"url": "http://old.test"}]
    client.post("/expose", json={"domain": HOST, "name": "alvin", "servers": servers}).raise_for_status()
    client.post("/services", json={"name": "next"}).raise_for_status()
    client.put("/services/next/servers/new", json={"url": "http://new.test"}).raise_for_status()
    for name, to in (("alvin", "next"), ("next", "alvin")):
        body = {"to": to, "hold": "1s", "withoutHealthCheck": True}
        client.post(f"/services/{name}/rollout", json=body).raise_for_status()
        unconfirmed = {"confirmWithin": "10m"}
        for step in ("pause", "back"):  # nobody would take it back
            answer = client.post(f"/services/{name}/rollout/{step}", params=unconfirmed)
            problem(answer, "invalid", ("/confirmWithin", "confirmWithin.rollout"))
        finished = client.post(f"/services/{name}/rollout/finish", params=unconfirmed).raise_for_status()
        assert "Confirm-Before" in finished.headers
        assert client.get("/routers/alvin").json()["service"] == to


def test_who_waits_for_a_drained_server_waits_for_the_edges_during_a_rollout_too(
    migrated: Path, tmp_path: Path
) -> None:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        listed = [{"name": name, "url": f"http://{name}.test"} for name in ("a", "b")]
        client.post("/expose", json={"domain": HOST, "name": "alvin", "servers": listed}).raise_for_status()
        client.post("/services", json={"name": "next"}).raise_for_status()
        client.put("/services/next/servers/new", json={"url": "http://new.test"}).raise_for_status()
        start(client, hold="60s", withoutHealthCheck=True)

        def poll() -> bytes:  # on another connection each time, as one that was held would be answered at once
            query = {"edge": "paris", "wait": "60"}
            return fetch(f"{service.url}/traefik/configuration", params=query).raise_for_status().content

        for _ in range(2):  # who comes once need not come again
            assert b"http://a.test" in poll()
        client.patch("/services/alvin/servers/a", json={"state": "drain"}).raise_for_status()
        assert client.get("/services/alvin/servers/a").json()["leaving"]["edges"] == ["paris"]
        given_at = time.monotonic()
        assert b"http://a.test" not in poll()
        client.patch("/services/alvin/servers/b", json={"weight": 2}).raise_for_status()
        assert b'"weight":2' in poll()

        def is_over() -> bool:
            leaving: dict[str, Any] = client.get("/services/alvin/servers/a").json()["leaving"]
            return leaving == {"until": None, "edges": []}

        wait_until(is_over, "the server may be stopped")
        assert time.monotonic() - given_at > 2, "Traefik may hold a document back for so long"


def test_shares_are_told_while_a_rollout_runs_and_its_services_are_kept(
    client: httpx.Client,
    traefik: Traefik,
    servers: tuple[Patient, ...],  # noqa: ARG001  # they answer
) -> None:
    start(client, steps=[25, 100], hold="60s", mirror=50)
    wait_until(lambda: "copy of 50 %" in rollout(client)["detail"], "the new servers get copies")
    assert new_share(traefik, 10) == 0
    refused = client.delete("/services/next")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "in-use")
    assert "rollout alvin" in refused.json()["detail"]
    again = client.post(ROLLOUT, json={"to": "next"})
    assert again.status_code == 409

    client.post(f"{ROLLOUT}/back", headers={"Prefer": "wait=10"}).raise_for_status()
    found = start(client, steps=[25, 100], hold="60s")
    wait_for_percent(client, 25)
    shares = {each["server"]: each["share"] for each in client.get("/services/alvin").json()["shares"]}
    assert shares == {"old": 0.75, "new-1": 0.125, "new-2": 0.125}
    assert client.get("/services/alvin/servers/old").json()["share"] == 0.75
    wait_until(
        lambda: client.get("/services/alvin/servers/old").json()["health"]["state"] == "up", "its health is still seen"
    )
    removed = client.delete("/services/next", params={"cascade": "true", "confirm": 2})
    assert removed.status_code == 204, removed.text
    wait_until(lambda: rollout(client)["state"] == "back", "the rollout is back")
    assert rollout(client)["id"] == found["id"]
    assert "there is no service next any more" in rollout(client)["detail"]
    wait_until(lambda: new_share(traefik, 10) == 0, "only the old one answers")


def test_a_rollout_goes_on_whenever_the_service_is_killed(migrated: Path, tmp_path: Path) -> None:
    copyfile(migrated, tmp_path / "provider.db")
    port, random, kills = str(free_port()), Random(7), cases(1, 10)
    steps = [5, 25, 50, 100] if SOAK else [50, 100]
    with ExitStack() as stack:
        old, *new = stack.enter_context(running_servers(Patient("old"), Patient("new-1"), Patient("new-2")))
        process, url = stack.enter_context(service_process(tmp_path, PROVIDER_PORT=port))
        traefik = stack.enter_context(running_traefik(tmp_path, url))
        client = stack.enter_context(http_client(f"{url}/api/v1"))
        prepare(client, old, new)
        wait_until(lambda: traefik.get(HOST).status_code == 200, "the old server answers")
        requests = stack.enter_context(load(traefik.web, clients=1))
        start(client, steps=steps)
        reached = 0
        for _ in range(kills):
            threading.Event().wait(random.uniform(0.0, 4.0))
            before = rollout(client)["percent"]
            process.kill()
            process.wait(timeout=60)
            process, _url = stack.enter_context(service_process(tmp_path, PROVIDER_PORT=port))
            found = rollout(client)
            assert found["state"] in {"running", "finished"}, found
            assert found["percent"] >= before >= reached, found
            reached = before
        wait_until(lambda: rollout(client)["state"] != "running", "the rollout has ended", seconds=60)
        assert rollout(client)["state"] == "finished", rollout(client)
        told = ", ".join(map(str, steps))
        assert [each["summary"] for each in revisions(client)].count(f"Rolled out next for alvin: {told} %") == 1
        wait_until(lambda: new_share(traefik, 10) == 10, "the new ones answer everything")
        assert requests.failures == []


def test_visitors_of_a_sticky_service_stay_with_the_old_or_the_new_servers(
    client: httpx.Client,
    service: Service,
    traefik: Traefik,
    servers: tuple[Patient, ...],  # noqa: ARG001  # they answer
) -> None:
    client.patch("/services/alvin", json={"sticky": {"cookie": {"name": "sid"}}}).raise_for_status()
    traefik.wait_for(service)
    start(client, steps=[50, 100], hold="60s")
    wait_for_percent(client, 50)
    wait_until(lambda: new_share(traefik, 10) > 0, "the new servers answer")
    with ExitStack() as stack:
        visitors = [stack.enter_context(http_client(headers={"Host": HOST})) for _ in range(6)]
        first = [visitor.get(traefik.web).text for visitor in visitors]
        assert {answer[:3] for answer in first} == {"old", "new"}
        for _ in range(4):
            assert [visitor.get(traefik.web).text[:3] for visitor in visitors] == [answer[:3] for answer in first]
        client.post(f"{ROLLOUT}/back", headers={"Prefer": "wait=10"}).raise_for_status()
        assert {visitor.get(traefik.web).text for visitor in visitors} == {"old"}
