"""`/api/v1/explain` and `/api/v1/conflicts`."""

import hashlib
import sqlite3
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.api.checks import problem
from tests.running import Service


@pytest.fixture
def client(client: httpx.Client) -> httpx.Client:
    """A client of a service that has an application, and a router more."""
    servers = [
        {"name": "a", "url": "http://10.0.0.11:3000", "weight": 3},
        {"name": "b", "url": "http://10.0.0.12:3000"},
    ]
    exposed = {"domain": "alvin.xyz", "name": "wayshub", "servers": servers}
    client.post("/expose", json=exposed).raise_for_status()
    api = {"name": "api", "domains": ["alvin.xyz"], "pathPrefix": "/api", "service": "wayshub", "enabled": True}
    client.post("/routers", json=api).raise_for_status()
    return client


def explain(service: httpx.Client, url: str, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = service.get("/explain", params={"url": url} | query).raise_for_status().json()
    return found


def conflicts(client: httpx.Client) -> list[tuple[str, list[str]]]:
    found = client.get("/conflicts").raise_for_status().json()
    assert found["total"] == len(found["items"])
    return [(each["conflict"], [item["name"] for item in each["objects"]]) for each in found["items"]]


def test_it_tells_who_takes_a_request_and_with_which_probability_who_answers(client: httpx.Client) -> None:
    assert explain(client, "http://alvin.xyz/api/v1") == {
        "router": "api",
        "why": "it matches, and its priority 29 is 4 higher than that of the next, wayshub",
        "candidates": [
            {
                "router": "api",
                "verdict": "takes",
                "why": "it matches, and has the highest priority, 29",
                "rule": "Host(`alvin.xyz`) && PathPrefix(`/api`)",
                "priority": 29,
                "behind": 0,
                "failures": [],
            },
            {
                "router": "wayshub",
                "verdict": "outranked",
                "why": "it matches, but its priority 25 is 4 lower than that of api",
                "rule": "Host(`alvin.xyz`)",
                "priority": 25,
                "behind": 4,
                "failures": [],
            },
        ],
        "matched": 2,
        "steps": [],
        "target": "/api/v1",
        "service": "wayshub",
        "servers": [
            {"name": "a", "url": "http://10.0.0.11:3000", "share": 0.75},
            {"name": "b", "url": "http://10.0.0.12:3000", "share": 0.25},
        ],
        "lost": None,
    }


def test_what_nearly_matched_says_where_it_failed(client: httpx.Client) -> None:
    found = explain(client, "http://alvin.xyz/app")
    assert found["router"] == "wayshub"
    assert found["candidates"][1]["verdict"] == "nearly"
    assert found["candidates"][1]["failures"] == [
        {"matcher": "PathPrefix(`/api`)", "wanted": "a path that begins with /api", "got": "/app"}
    ]
    nobody = explain(client, "http://other.test/")
    assert (nobody["router"], nobody["service"], nobody["servers"]) == (None, None, [])
    assert nobody["why"] == "no router on web matches: Traefik answers 404"


def test_method_headers_client_and_entry_point_count(client: httpx.Client) -> None:
    rule = "Method(`POST`) && Header(`X-Team`, `video`) && HeaderRegexp(`X-A`, `b`) && ClientIP(`10.0.0.0/8`)"
    router = {"name": "odd", "rule": rule, "service": "wayshub", "entryPoints": ["other"]}
    client.post("/routers", json=router).raise_for_status()
    given = {"method": "POST", "header": ["X-Team: video", "x-a:b"], "client": "10.1.2.3", "entryPoint": "other"}
    assert explain(client, "http://any.test/", **given)["router"] == "odd"
    for name, value in {"method": "GET", "header": ["X-Team: video"], "client": "::1", "entryPoint": "web"}.items():
        assert explain(client, "http://any.test/", **(given | {name: value}))["router"] is None


def test_a_request_over_tls_is_for_routers_with_tls_alone_and_one_without_for_the_others(client: httpx.Client) -> None:
    found = explain(client, "https://alvin.xyz/app")
    assert (found["router"], found["why"]) == (None, "no router on websecure matches: Traefik answers 404")
    client.patch("/routers/wayshub", json={"entryPoints": ["web", "websecure"]}).raise_for_status()
    found = explain(client, "https://alvin.xyz/app")
    assert (found["router"], found["why"]) == (None, "no router on websecure over TLS matches: Traefik answers 404")
    assert found["candidates"][0]["verdict"] == "elsewhere"
    assert found["candidates"][0]["why"] == (
        "it would match, but the request comes over TLS, and the router has none (as far as is known, websecure adds "
        "none either)"
    )
    client.patch("/routers/wayshub", json={"tls": {}}).raise_for_status()
    assert explain(client, "https://alvin.xyz/app")["router"] == "wayshub"
    found = explain(client, "http://alvin.xyz/app")
    assert (found["router"], found["why"]) == (None, "no router on web without TLS matches: Traefik answers 404")
    assert found["candidates"][0]["why"] == "it would match, but the router has TLS, and the request comes without it"


def test_each_change_is_seen_at_once_also_what_is_disabled(client: httpx.Client) -> None:
    client.patch("/routers/api", json={"enabled": False}).raise_for_status()
    found = explain(client, "http://alvin.xyz/api")
    assert found["router"] == "wayshub"
    assert [(each["router"], each["verdict"]) for each in found["candidates"]] == [
        ("wayshub", "takes"),
        ("api", "disabled"),
    ]
    client.patch("/routers/api", json={"enabled": True, "pathPrefix": None, "rule": "Path(`/x`)", "domains": []})
    assert explain(client, "http://alvin.xyz/x")["router"] == "wayshub"
    client.delete("/routers/wayshub").raise_for_status()
    assert explain(client, "http://alvin.xyz/x")["router"] == "api"
    client.patch("/services/wayshub", json={}).raise_for_status()
    client.patch("/services/wayshub/servers/a", json={"state": "drain"}).raise_for_status()
    assert [server["share"] for server in explain(client, "http://alvin.xyz/x")["servers"]] == [0, 1]


def test_a_router_for_more_domains_than_a_rule_may_be_long_is_explained(client: httpx.Client) -> None:
    names = [f"{'a' * 60}.{'b' * 60}.{'c' * 60}.n{number:02}.test" for number in range(60)]
    for name in names:
        client.post("/domains", json={"name": name}).raise_for_status()
    client.post("/routers", json={"name": "long", "domains": names, "service": "wayshub"}).raise_for_status()
    assert explain(client, f"http://{names[-1]}/")["router"] == "long"


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ({"url": "alvin.xyz"}, "/url", "request.refused"),
        ({"url": "http://alvin.xyz/%zz"}, "/url", "request.refused"),
        ({"url": "http://[::1/"}, "/url", "request.refused"),
        ({"url": "http://a/" + "x" * 2000}, "/url", "value.long"),
        ({"url": "http://a/\n"}, "/url", "text.control"),
        ({"method": "GE T"}, "/method", "request.refused"),
        ({"header": ["a: b", "c"]}, "/header/1", "header.format"),
        ({"header": ["a b: c"]}, "/header", "request.refused"),
        ({"header": ["a: b"] * 11}, "/header", "value.many"),
        ({"client": "somebody"}, "/client", "request.refused"),
        ({"entryPoint": "we*b"}, "/entryPoint", "name.format"),
        ({"method": ["GET", "PUT"]}, "/method", "query.duplicate"),
        ({"to": "x"}, "/to", "query.unknown"),
    ],
)
def test_what_cannot_be_asked_is_named(client: httpx.Client, query: dict[str, Any], pointer: str, code: str) -> None:
    asked = {"url": "http://alvin.xyz/"} | query
    problem(client.get("/explain", params=asked), "invalid", (pointer, code))


def test_conflicts_are_listed_and_gone_when_they_are_mended(client: httpx.Client) -> None:
    assert conflicts(client) == []
    client.post("/domains", json={"name": "bücher.example"}).raise_for_status()
    client.post("/services", json={"name": "unused"}).raise_for_status()
    twin = {"name": "twin", "rule": "host(`alvin.xyz`)", "service": "wayshub"}
    client.post("/routers", json=twin).raise_for_status()
    client.patch("/routers/wayshub", json={"priority": 99}).raise_for_status()
    assert conflicts(client) == [
        ("hidden", ["api", "wayshub"]),
        ("hidden", ["twin", "wayshub"]),
        ("unused-domain", ["xn--bcher-kva.example"]),
        ("unreached-service", ["unused"]),
    ]
    client.patch("/routers/wayshub", json={"priority": None}).raise_for_status()
    client.delete("/domains/bücher.example").raise_for_status()
    client.delete("/services/unused").raise_for_status()
    assert conflicts(client) == [("hidden", ["twin", "wayshub"])]
    client.patch("/routers/twin", json={"priority": 25}).raise_for_status()
    assert conflicts(client) == [("same-rule", ["twin", "wayshub"])]


def test_the_middlewares_on_the_way_say_what_becomes_of_the_request(client: httpx.Client) -> None:
    for name, given in {
        "office": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}},
        "strip-api": {"stripPrefix": {"prefixes": ["/api"]}},
        "login": {"basicAuth": {"users": ["alvin:secret"]}},
        "inner": {"chain": {"middlewares": ["strip-api", "login"]}},
    }.items():
        client.put(f"/middlewares/{name}", json=given).raise_for_status()
    # An edge that polls disables it. Of others with this name that is not said, as it would be of `api`.
    chained = {"domains": ["alvin.xyz"], "pathPrefix": "/api", "service": "wayshub", "priority": 99}
    client.put("/routers/chained", json={**chained, "middlewares": ["office", "inner", "sso@file"]}).raise_for_status()

    found = explain(client, "http://alvin.xyz/api/v1?a=b", client="10.1.2.3", header="Authorization: Basic YTpi")

    assert [(each["middleware"], each["chain"], each["outcome"]) for each in found["steps"]] == [
        ("office", None, "passes"),
        ("strip-api", "inner", "changes"),
        ("login", "inner", "depends"),
        ("sso@file", None, "depends"),
    ]
    assert found["steps"][1] == {
        "middleware": "strip-api",
        "chain": "inner",
        "does": "Removes /api from the path",
        "outcome": "changes",
        "why": "the path /api/v1 becomes /v1",
        "status": None,
        "location": None,
        "target": "/v1?a=b",
    }
    assert found["target"] == "/v1?a=b"

    refused = explain(client, "http://alvin.xyz/api", client="192.0.2.1")

    assert [(each["outcome"], each["status"], each["why"]) for each in refused["steps"]] == [
        ("ends", 403, "192.0.2.1 is not in 10.0.0.0/8")
    ]
    assert refused["target"] is None

    unknown = explain(client, "http://alvin.xyz/api")["steps"]

    assert unknown[0]["why"] == "depends on the client's address: those not in 10.0.0.0/8 get 403"
    assert (unknown[-1]["middleware"], unknown[-1]["status"]) == ("login", 401)


def test_a_redirect_ends_the_way_and_says_where_it_leads(client: httpx.Client) -> None:
    client.put("/middlewares/https", json={"redirectScheme": {"scheme": "https", "permanent": True}}).raise_for_status()
    client.patch("/routers/api", json={"middlewares": ["https"]}).raise_for_status()
    (step,) = explain(client, "http://alvin.xyz/api?a=b", method="POST")["steps"]
    assert (step["outcome"], step["status"], step["location"]) == ("ends", 308, "https://alvin.xyz/api?a=b")
    client.patch("/routers/api", json={"tls": {}}).raise_for_status()
    (step,) = explain(client, "https://alvin.xyz/api")["steps"]
    assert step["outcome"] == "passes"


def test_a_domain_that_redirects_to_https_says_so(client: httpx.Client) -> None:
    client.put("/domains/safe.test", json={"tls": {"from": "resolver", "certResolver": "acme"}}).raise_for_status()
    client.put("/routers/safe", json={"domains": ["safe.test"], "service": "wayshub"}).raise_for_status()
    (step,) = explain(client, "http://safe.test/a?b=c")["steps"]
    assert (step["outcome"], step["status"], step["location"]) == ("ends", 301, "https://safe.test/a?b=c")
    assert explain(client, "https://safe.test/a", entryPoint="websecure")["steps"] == []


def test_it_tells_which_drained_servers_keep_their_visitors(client: httpx.Client) -> None:
    url = "http://10.0.0.11:3000"
    servers = [{"name": "a", "url": url}, {"name": "b", "url": "http://10.0.0.12:3000"}]
    client.post("/expose", json={"domain": "belajar.xyz", "name": "belajar", "servers": servers}).raise_for_status()
    client.patch("/services/belajar", json={"sticky": {"cookie": {"name": "sid"}}, "drainFor": "1h"}).raise_for_status()
    until = client.patch("/services/belajar/servers/a", json={"state": "drain"}).raise_for_status().json()["drainUntil"]
    found = client.get("/explain", params={"url": "http://belajar.xyz/"}).raise_for_status().json()
    assert [(each["name"], each["share"]) for each in found["servers"]] == [("a", 0), ("b", 1)]
    value = hashlib.sha256(url.encode()).hexdigest()[:16]
    staying = {"service": "belajar", "server": "a", "url": url, "until": until, "cookie": f"sid={value}"}
    assert found["staying"] == [staying]
    client.patch("/services/belajar/servers/a", json={"drainUntil": None}).raise_for_status()
    assert "staying" not in client.get("/explain", params={"url": "http://belajar.xyz/"}).json()


def test_what_middlewares_make_longer_and_longer_is_not_followed_to_its_end(client: httpx.Client) -> None:
    times = {"regex": "^.*$", "replacement": "/" + "$0" * 100}
    names = [f"times{number}" for number in range(4)]
    for name in names:
        client.put(f"/middlewares/{name}", json={"replacePathRegex": times}).raise_for_status()
    client.patch("/routers/api", json={"middlewares": names}).raise_for_status()
    answer = client.get("/explain", params={"url": "http://alvin.xyz/api"}).raise_for_status()
    assert len(answer.content) < 1024 * 1024
    last = answer.json()["steps"][-1]
    assert last["outcome"] == "depends"
    assert "more than 65536 bytes" in last["why"]
    sent = {"redirectRegex": {"regex": "^.*$", "replacement": "https://a.test/" + "$0" * 500}}
    client.put("/middlewares/times3", json=sent).raise_for_status()
    client.get("/explain", params={"url": "http://alvin.xyz/api"}).raise_for_status()


def test_a_router_of_an_earlier_version_that_this_one_does_not_take_is_not_told_as_lost(
    client: httpx.Client, shared_service: Service
) -> None:
    client.put("/domains/earlier.test", json={}).raise_for_status()
    client.put("/routers/earlier", json={"domains": ["earlier.test"], "service": "wayshub"}).raise_for_status()
    client.delete("/routers/earlier").raise_for_status()
    assert explain(client, "http://earlier.test/")["lost"]["router"] == "earlier"
    rows = "FROM revision_change WHERE kind = 'router' AND name = 'earlier' AND after IS NULL"
    with closing(sqlite3.connect(shared_service.database)) as connection:
        (kept,) = connection.execute(f"SELECT before {rows}").fetchone()
        change = "UPDATE revision_change SET before = ? WHERE kind = 'router' AND name = 'earlier' AND after IS NULL"
        connection.execute(change, (kept.replace("{", '{"formerly": 1, ', 1),))
        connection.commit()
        assert explain(client, "http://earlier.test/")["lost"] is None
        connection.execute(change, (kept,))
        connection.commit()
