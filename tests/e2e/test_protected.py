"""Middlewares from every door to requests on their way, and what becomes of one that an edge does not take."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from provider import configuration
from provider.configuration import Document
from provider.parts import Parts
from tests.api.checks import problem
from tests.e2e.edge import place, shown, wait_for_state
from tests.e2e.traffic import HOST, expose
from tests.running import (
    Echo,
    Service,
    Traefik,
    echoing,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_service,
    wait_until,
)

SECRET = "as-you-like-it"
PAGES = {"errors": {"status": ["200"], "service": "sorry-pages", "query": "/pages/{status}"}}


@pytest.fixture
def echo() -> Iterator[Echo]:
    with echoing() as server:
        yield server


def test_a_middleware_acts_is_changed_and_goes_and_is_not_removed_while_it_is_used(
    client: httpx.Client, service: Service, traefik: Traefik, echo: Echo
) -> None:
    expose(client, (echo, 1), name="shop")
    made = client.put("/middlewares/strip", json={"stripPrefix": {"prefixes": ["/api"]}})
    assert (made.status_code, made.json()) == (
        201,
        {"name": "strip", "labels": {}, "stripPrefix": {"prefixes": ["/api"]}},
    )
    client.patch("/routers/shop", json={"middlewares": ["strip"]}, headers={"Prefer": "wait=20"}).raise_for_status()
    assert traefik.get(HOST, "/api/things").text == "/things"
    change = {"stripPrefix": {"prefixes": ["/v2", "/v1"]}}
    client.patch("/middlewares/strip", json=change, headers={"Prefer": "wait=20"}).raise_for_status()
    assert traefik.get(HOST, "/v1/things").text == "/things"
    assert traefik.get(HOST, "/api/things").text == "/api/things"
    told = problem(client.delete("/middlewares/strip"), "in-use")["detail"]
    assert told == "middleware strip is used by router shop: remove them first, or together"
    client.patch("/routers/shop", json={"middlewares": []}, headers={"Prefer": "wait=20"}).raise_for_status()
    assert traefik.get(HOST, "/v1/things").text == "/v1/things"
    client.delete("/middlewares/strip").raise_for_status()
    traefik.wait_for(service)
    assert "strip" not in service.configuration()["http"]["middlewares"]


def test_a_password_lets_in_who_knows_it_and_is_shown_to_nobody(
    client: httpx.Client, service: Service, traefik: Traefik, echo: Echo
) -> None:
    expose(client, (echo, 1), name="shop")
    login = {"basicAuth": {"users": [f"alvin:{SECRET}"]}}
    answer = client.put("/middlewares/login", json=login)
    assert answer.json()["basicAuth"]["users"] == ["alvin:********"]
    client.put("/middlewares/front", json={"chain": {"middlewares": ["login"]}}).raise_for_status()
    client.patch("/routers/shop", json={"middlewares": ["front"]}, headers={"Prefer": "wait=20"}).raise_for_status()
    headers = {"Host": HOST}
    assert fetch(f"{traefik.web}/", headers=headers | {"Authorization": ""}).status_code == 401
    assert httpx.get(f"{traefik.web}/", headers=headers, auth=("alvin", SECRET)).status_code == 200
    assert httpx.get(f"{traefik.web}/", headers=headers, auth=("alvin", "guess")).status_code == 401
    number = answer.headers["Config-Revision"]
    kept = service.configuration()["http"]["middlewares"]["login"]["basicAuth"]["users"][0]
    digest = kept.partition(":")[2]
    assert digest.startswith("$2")
    places = ["/middlewares", "/middlewares/login", "/export", "/audit", "/revisions", f"/revisions/{number}"]
    places += [f"/revisions/{number}/configuration", f"/revisions/{number}/difference"]
    for place_ in places:
        text = client.get(place_).raise_for_status().text
        assert SECRET not in text, place_
        assert digest not in text, place_
    again = client.put("/middlewares/login", json=client.get("/middlewares/login").json() | {"labels": {"a": "b"}})
    assert again.status_code == 200
    assert service.configuration()["http"]["middlewares"]["login"]["basicAuth"]["users"] == [kept]
    before = client.get("/revisions", params={"limit": 1}).json()["items"][0]["number"]
    client.put("/middlewares/login", json=login | {"labels": {"a": "b"}}).raise_for_status()
    assert client.get("/revisions", params={"limit": 1}).json()["items"][0]["number"] == before
    assert httpx.get(f"{traefik.web}/", headers=headers, auth=("alvin", SECRET)).status_code == 200


def test_a_chain_that_leads_back_is_named_at_its_field(client: httpx.Client) -> None:
    client.put("/middlewares/a", json={"compress": {}}).raise_for_status()
    client.put("/middlewares/b", json={"chain": {"middlewares": ["a"]}}).raise_for_status()
    answer = client.put("/middlewares/a", json={"chain": {"middlewares": ["b"]}})
    told = problem(answer, "invalid", ("/chain/middlewares/0", "middleware.cycle"))
    assert "this refers back to a: a → b → a" in told["detail"]
    declared = {"middlewares": {"a": {"chain": {"middlewares": ["b"]}}}}
    problem(client.post("/apply", json=declared), "invalid", ("/middlewares/a/chain/middlewares/0", "middleware.cycle"))
    unknown = client.put("/middlewares/c", json={"chain": {"middlewares": ["nobody"]}})
    problem(unknown, "invalid", ("/chain/middlewares/0", "middleware.unknown"))


def test_a_removal_with_cascade_unprotects_no_route(client: httpx.Client, echo: Echo) -> None:
    expose(client, (echo, 1), name="shop")
    client.put("/middlewares/login", json={"basicAuth": {"users": ["a:b"]}}).raise_for_status()
    client.put("/middlewares/front", json={"chain": {"middlewares": ["login"]}}).raise_for_status()
    client.patch("/routers/shop", json={"middlewares": ["front"]}).raise_for_status()
    client.delete("/middlewares/login", params={"cascade": True}).raise_for_status()
    assert client.get("/routers").json()["items"] == []
    assert client.get("/middlewares").json()["items"] == []


def test_a_service_with_error_pages_stays_as_long_as_they_are_shown(
    client: httpx.Client, traefik: Traefik, echo: Echo
) -> None:
    expose(client, (echo, 1), name="shop")
    client.put("/services/pages", json={}).raise_for_status()
    problem(client.put("/middlewares/sorry", json=PAGES), "invalid", ("/errors/service", "service.unknown"))
    client.put("/services/sorry-pages", json={}).raise_for_status()
    client.put("/services/sorry-pages/servers/one", json={"url": echo.url}).raise_for_status()
    client.put("/middlewares/sorry", json=PAGES).raise_for_status()
    client.patch("/routers/shop", json={"middlewares": ["sorry"]}, headers={"Prefer": "wait=20"}).raise_for_status()
    shown_page = traefik.get(HOST, "/things")
    assert (shown_page.status_code, shown_page.text) == (200, "/pages/200")
    unreached = [each["objects"] for each in client.get("/conflicts").json()["items"]]
    assert [[(each["kind"], each["name"]) for each in found] for found in unreached] == [[("service", "pages")]]

    told = problem(client.delete("/services/sorry-pages"), "in-use")["detail"]
    assert told == "service sorry-pages is used by middleware sorry: remove them first, or together"
    client.delete("/services/sorry-pages", params={"cascade": True}).raise_for_status()
    assert client.get("/middlewares").json()["items"] == client.get("/routers").json()["items"] == []


def test_a_long_chain_of_chains_goes_as_a_whole(client: httpx.Client) -> None:
    chains = {f"c{number}": {"chain": {"middlewares": [f"c{number + 1}"]}} for number in range(1_200)}
    declared = {"middlewares": {**chains, "c1200": {"compress": {}}}}
    client.post("/apply", json=declared).raise_for_status()
    problem(client.delete("/middlewares/c1200"), "in-use")
    client.delete("/middlewares/c1200", params={"cascade": True}).raise_for_status()
    assert client.get("/middlewares").json()["items"] == []


def refusing(parts: Parts) -> Document:
    """Put a document together as always; while there is a middleware `bad`, with a field that Traefik rejects."""
    made = configuration.assemble(parts)
    if "bad" not in parts.section("middleware").parts:
        return made
    return Document(made.content.replace(b'{"http":{', b'{"http":{"bogus":1,', 1), made.digest)


def test_a_middleware_that_an_edge_rejects_is_left_out_with_the_routers_that_need_it(
    migrated: Path, tmp_path: Path
) -> None:
    port = free_port()
    with (
        place(tmp_path / "edge", f"http://127.0.0.1:{port}", "edge=default&wait=2") as edge,
        running_service(tmp_path, migrated, port=port, assemble=refusing, traefik_api=edge.api) as service,
        http_client(f"{service.url}/api/v1") as client,
        named_servers("one", "two") as (one, two),
    ):
        edge.start()
        expose(client, (one, 1), name="one", host="one.xyz")
        expose(client, (two, 1), name="two", host="two.xyz")
        wait_for_state(service.url, "live")
        client.put("/middlewares/bad", json={"compress": {}}).raise_for_status()
        client.put("/middlewares/front", json={"chain": {"middlewares": ["bad"]}}).raise_for_status()
        client.patch("/routers/one", json={"middlewares": ["front"]}).raise_for_status()
        wait_until(lambda: shown(service.url)["quarantine"] is not None, "the edge's rejection is noticed")
        wait_until(
            lambda: [part["name"] for part in (shown(service.url)["quarantine"] or {}).get("parts", ())] == ["bad"],
            "the culprit is found",
        )
        client.put("/services/later", json={}).raise_for_status()
        wait_until(lambda: httpx.get(f"{edge.web}/", headers={"Host": "two.xyz"}).text == "two", "all else goes on")
