"""Services that are made of services, as REST shows and explains them."""

from typing import Any

import httpx
import pytest

from tests.api.checks import problem
from tests.running import Service, http_client

MADE = {"weighted": {"services": [{"name": "blue", "weight": 3}, {"name": "green"}]}}


@pytest.fixture
def made(client: httpx.Client) -> httpx.Client:
    """Two pools, a service that is made of them, and a router to that."""
    for name, servers in {"blue": ("a", "b"), "green": ("c",)}.items():
        client.put(f"/services/{name}", json={}).raise_for_status()
        for server in servers:
            client.put(f"/services/{name}/servers/{server}", json={"url": f"http://{server}:80"}).raise_for_status()
    client.put("/services/made", json=MADE).raise_for_status()
    client.put("/routers/made", json={"rule": "Host(`made.test`)", "service": "made"}).raise_for_status()
    return client


def test_it_has_the_servers_and_shares_of_those_of_which_it_is_made(made: httpx.Client) -> None:
    made.patch("/services/blue/servers/b", json={"state": "drain"}).raise_for_status()
    found = made.get("/services/made").json()
    assert found["availability"] == {
        "servers": 3,
        "ready": 2,
        "available": 2,
        "detail": "2 of 3 servers of its services take requests",
    }
    assert found["shares"] == [
        {"service": "blue", "server": "a", "share": 0.75},
        {"service": "blue", "server": "b", "share": 0},
        {"service": "green", "server": "c", "share": 0.25},
    ]
    assert "shares" not in made.get("/services/blue").json()
    assert made.get("/services", params={"q": "made"}).json()["items"][0] == found


def test_it_says_whose_requests_nobody_answers(made: httpx.Client) -> None:
    made.patch("/services/green/servers/c", json={"state": "drain"}).raise_for_status()
    detail = made.get("/services/made").json()["availability"]["detail"]
    assert detail == "requests for green get 503: no server is left"
    for server in ("a", "b"):
        made.patch(f"/services/blue/servers/{server}", json={"state": "drain"}).raise_for_status()
    found = made.get("/services/made").json()["availability"]
    assert (found["available"], found["servers"]) == (0, 3)
    assert found["detail"] == "no server of its services is left: requests get 503"


def test_explain_names_who_answers(made: httpx.Client) -> None:
    found = made.get("/explain", params={"url": "http://made.test"}).json()
    assert [(each["service"], each["name"], each["share"]) for each in found["servers"]] == [
        ("blue", "a", 0.375),
        ("blue", "b", 0.375),
        ("green", "c", 0.25),
    ]
    assert "elsewhere" not in found


def test_what_another_provider_has_is_unknown(made: httpx.Client) -> None:
    made.put("/services/made", json={"weighted": {"services": [{"name": "old@file"}]}}).raise_for_status()
    found = made.get("/services/made").json()
    assert found["shares"] == [{"service": "old@file", "server": None, "share": 1}]
    assert (found["availability"]["servers"], found["availability"]["elsewhere"]) == (0, 1)
    explained = made.get("/explain", params={"url": "http://made.test"}).json()
    assert (explained["servers"], explained["elsewhere"]) == ([], ["old@file"])


def test_services_of_which_others_are_made_stay_and_these_are_named(made: httpx.Client) -> None:
    found = problem(made.delete("/services/blue"), "in-use")
    assert "service made" in found["detail"]
    removed = made.delete("/services/blue", params={"cascade": "true", "dryRun": "true"}).json()
    gone = {(each["kind"], each["name"]) for each in removed["difference"]["objects"]}
    assert {("service", "blue"), ("service", "made"), ("router", "made")} <= gone


def test_they_need_no_router_of_their_own(service: Service, made: httpx.Client) -> None:
    told = [each["objects"] for each in made.get("/conflicts").json()["items"]]
    assert not [each for each in told if "blue" in str(each)]
    with http_client(service.url, headers={"Accept": "text/html"}) as pages:
        assert "No router points here" not in pages.get("/").text


CHECK = {"path": "/", "interval": "5s", "timeout": "2s"}
SPARE = {"failover": {"service": "blue", "fallback": "green"}}


def test_a_service_that_goes_by_the_health_of_others_needs_their_checks(made: httpx.Client) -> None:
    answer = made.put("/services/safe", json=SPARE)
    problem(answer, "invalid", ("/failover/service", "healthCheck.missing"))
    answer = made.put("/services/made", json={"weighted": {**MADE["weighted"], "healthCheck": {}}})
    missing = [(f"/weighted/services/{index}/name", "healthCheck.missing") for index in range(2)]
    problem(answer, "invalid", *missing)
    made.patch("/services/blue", json={"healthCheck": CHECK}).raise_for_status()
    made.put("/services/safe", json=SPARE).raise_for_status()
    answer = made.put("/services/safe", json={"failover": {**SPARE["failover"], "healthCheck": {}}})
    problem(answer, "invalid", ("/failover/fallback", "healthCheck.missing"))
    errors = {"failover": {"service": "green", "fallback": "blue", "errors": {"status": ["503"]}}}
    made.put("/services/safe-too", json=errors).raise_for_status()


def test_a_health_check_that_another_service_needs_stays(made: httpx.Client) -> None:
    made.patch("/services/blue", json={"healthCheck": CHECK}).raise_for_status()
    made.put("/services/safe", json=SPARE).raise_for_status()
    answer = made.patch("/services/blue", json={"healthCheck": None})
    assert "service safe" in problem(answer, "invalid", ("/healthCheck", "healthCheck.needed"))["detail"]
    applied = made.post("/apply", json={"services": {"blue": {}}})
    problem(applied, "invalid", ("/services/blue/healthCheck", "healthCheck.needed"))
    applied = made.post("/apply", json={"services": {"blue": {}, "safe": SPARE}})
    problem(applied, "invalid", ("/services/safe/failover/service", "healthCheck.missing"))
    made.delete("/services/safe").raise_for_status()
    made.patch("/services/blue", json={"healthCheck": None}).raise_for_status()


LAST = {"loadBalancer": {"servers": [{"address": "10.0.0.1:1"}]}}


@pytest.mark.parametrize("plural", ["middlewares", "tcpServices", "udpServices"])
def test_what_traefik_makes_anew_for_each_way_is_reached_in_a_thousand_ways_at_most(
    client: httpx.Client, plural: str
) -> None:
    """With two members each, ten levels are a thousand ways, and forty would keep an edge busy for ever."""

    def made_of(*names: str) -> dict[str, Any]:
        if plural == "middlewares":
            return {"chain": {"middlewares": list(names)}}
        return {"weighted": {"services": [{"name": name} for name in names]}}

    def put(name: str, given: dict[str, Any]) -> httpx.Response:
        return client.put(f"/{plural}/{name}", json=given)

    first = "/chain/middlewares/0" if plural == "middlewares" else "/weighted/services/0/name"
    for name in ("a0", "b0", "x", "y"):
        put(name, {"compress": {}} if plural == "middlewares" else LAST).raise_for_status()
    for level in range(1, 10):
        for side in "ab":
            put(f"{side}{level}", made_of(f"a{level - 1}", f"b{level - 1}")).raise_for_status()
    problem(put("a10", made_of("a9", "b9")), "invalid", (first, "ways.many"))
    put("a0", made_of("x", "y")).raise_for_status()
    problem(put("b0", made_of("x", "y")), "invalid", (first, "ways.many"))
    applied = client.post("/apply", json={plural: {"b0": made_of("x", "y")}})
    problem(applied, "invalid", (f"/{plural}/b0", "ways.many"))
    put("b0", made_of("x")).raise_for_status()


@pytest.mark.parametrize("verb", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("plural", "document", "where"),
    [
        ("middlewares", {"chain": {"middlewares": ["ring"]}}, "/chain/middlewares/0"),
        ("services", {"weighted": {"services": [{"name": "ring"}]}}, "/weighted/services/0/name"),
        ("tcpServices", {"weighted": {"services": [{"name": "ring"}]}}, "/weighted/services/0/name"),
    ],
)
def test_a_new_object_that_is_made_of_itself_is_told_so_and_not_that_there_is_none(
    made: httpx.Client, verb: str, plural: str, document: dict[str, Any], where: str
) -> None:
    path = f"/{plural}" if verb == "POST" else f"/{plural}/ring"
    answer = made.request(verb, path, json={"name": "ring", **document})
    problem(answer, "invalid", (where, f"{plural.removesuffix('s')}.cycle"))
