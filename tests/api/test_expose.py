"""`/api/v1/expose`: a whole application in one transaction."""

from typing import Any

import httpx
import pytest

from tests.api.checks import problem, revision, state
from tests.running import Service

WAYSHUB: dict[str, Any] = {
    "domain": "alvin.xyz",
    "name": "wayshub",
    "servers": [{"url": "http://10.0.0.11:3000", "weight": 3}, {"url": "http://10.0.0.12:3000"}],
}


def test_an_application_is_exposed_in_one_revision(client: httpx.Client, service: Service) -> None:
    number = int(state(service)[1])
    answer = client.post("/expose", json=WAYSHUB)
    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/v1/routers/wayshub"
    assert revision(answer) == number + 1
    ready = {
        "state": "ready",
        "labels": {},
        "health": {"state": "unknown", "since": None, "why": "the service has no health check"},
    }
    assert answer.json() == {
        "name": "wayshub",
        "domain": {"name": "alvin.xyz", "description": "", "tls": None, "redirectToHttps": True, "labels": {}},
        "router": {
            "name": "wayshub",
            "domains": ["alvin.xyz"],
            "pathPrefix": None,
            "rule": None,
            "service": "wayshub",
            "middlewares": [],
            "entryPoints": None,
            "priority": None,
            "tls": None,
            "observability": None,
            "enabled": True,
            "labels": {},
        },
        "service": {
            "name": "wayshub",
            "strategy": "wrr",
            "healthCheck": None,
            "sticky": None,
            "passHostHeader": True,
            "labels": {},
            "availability": {"servers": 2, "ready": 2, "available": 2, "detail": "2 of 2 servers take requests"},
        },
        "servers": [
            {"name": "10-0-0-11-3000", "url": "http://10.0.0.11:3000", "weight": 3, "share": 0.75} | ready,
            {"name": "10-0-0-12-3000", "url": "http://10.0.0.12:3000", "weight": 1, "share": 0.25} | ready,
        ],
        "entryPoints": ["web"],
    }
    assert client.get("/domains/alvin.xyz").json() == answer.json()["domain"]
    assert client.get("/routers/wayshub").json() == answer.json()["router"]
    assert client.get("/services/wayshub").json() == answer.json()["service"]
    assert client.get("/services/wayshub/servers").json()["items"] == answer.json()["servers"]
    http = service.configuration()["http"]
    assert http["routers"]["wayshub"]["rule"] == "Host(`alvin.xyz`)"
    assert len(http["services"]["wayshub"]["loadBalancer"]["servers"]) == 2


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("alvin.xyz", "alvin"),
        ("WWW.Alvin.xyz", "www"),
        ("localhost", "localhost"),
        ("*.alvin.xyz", "alvin"),
        ("münchen.example", "xn--mnchen-3ya"),
        ("10.0.0.11", "10"),
    ],
)
def test_the_name_is_by_default_the_first_label(client: httpx.Client, domain: str, name: str) -> None:
    answer = client.post("/expose", json={"domain": domain, "servers": [{"url": "http://a"}]})
    assert (answer.status_code, answer.json()["name"]) == (201, name)
    assert client.get(f"/services/{name}").status_code == 200


def test_servers_without_names_get_them_from_host_and_port(client: httpx.Client) -> None:
    servers = [
        {"url": "http://10.0.0.11:3000"},
        {"url": "http://[2001:db8::1]:80"},
        {"url": "http://a_b.example"},
        {"url": "https://10.0.0.11:3000"},
        {"url": "h2c://10.0.0.11:3000"},
        {"url": "http://c", "name": "a-b-example-2"},
        {"url": "http://" + ".".join(["x" * 60] * 4)},
        {"url": "https://" + ".".join(["x" * 60] * 4)},
    ]
    answer = client.post("/expose", json=WAYSHUB | {"servers": servers})
    names = {server["url"]: server["name"] for server in answer.raise_for_status().json()["servers"]}
    assert list(names.values()) == sorted(names.values())
    assert names["http://10.0.0.11:3000"] == "10-0-0-11-3000"
    assert names["https://10.0.0.11:3000"] == "10-0-0-11-3000-2"
    assert names["h2c://10.0.0.11:3000"] == "10-0-0-11-3000-3"
    assert names["http://[2001:db8::1]:80"] == "2001-db8-1-80"
    assert names["http://a_b.example"] == "a-b-example"
    assert names["http://c"] == "a-b-example-2"
    assert len(set(names.values())) == len(servers)


def test_all_options_are_taken(client: httpx.Client, service: Service) -> None:
    check = {"path": "/health", "interval": "10s", "timeout": "1s"}
    answer = client.post("/expose", json=WAYSHUB | {"pathPrefix": "/api", "healthCheck": check})
    assert answer.json()["router"]["pathPrefix"] == "/api"
    assert answer.json()["service"]["healthCheck"] == check
    rule = service.configuration()["http"]["routers"]["wayshub"]["rule"]
    assert rule == "Host(`alvin.xyz`) && PathPrefix(`/api`)"


def test_a_domain_that_is_there_is_used_as_it_is(client: httpx.Client) -> None:
    client.post("/domains", json={"name": "Alvin.xyz", "description": "mine"}).raise_for_status()
    answer = client.post("/expose", json=WAYSHUB)
    found = answer.json()["domain"]
    assert (found["name"], found["description"]) == ("Alvin.xyz", "mine")
    assert answer.json()["router"]["domains"] == ["Alvin.xyz"]


def test_two_applications_share_a_domain_by_path(client: httpx.Client) -> None:
    client.post("/expose", json=WAYSHUB).raise_for_status()
    assert client.post("/expose", json=WAYSHUB | {"name": "api", "pathPrefix": "/api"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, [("/name", "name.taken"), ("/domain", "domain.taken")]),
        ({"domain": "ALVIN.xyz", "name": "other"}, [("/domain", "domain.taken")]),
        ({"domain": "other.xyz"}, [("/name", "name.taken")]),
    ],
)
def test_what_is_taken_is_not_exposed_again(
    client: httpx.Client, service: Service, change: dict[str, Any], fields: list[tuple[str, str]]
) -> None:
    client.post("/expose", json=WAYSHUB).raise_for_status()
    before = state(service)
    problem(client.post("/expose", json=WAYSHUB | change), "already-exists", *fields)
    assert state(service) == before


def test_the_name_of_a_router_is_taken_too(client: httpx.Client) -> None:
    client.post("/services", json={"name": "other"}).raise_for_status()
    client.post("/routers", json={"name": "wayshub", "pathPrefix": "/x", "service": "other"}).raise_for_status()
    problem(client.post("/expose", json=WAYSHUB), "already-exists", ("/name", "name.taken"))


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"domain": None}, "/domain", "type.string"),
        ({"domain": "a b"}, "/domain", "host.format"),
        ({"name": "A"}, "/name", "name.format"),
        ({"name": 1}, "/name", "type.string"),
        ({"servers": []}, "/servers", "value.few"),
        ({"servers": None}, "/servers", "type.array"),
        ({"servers": {}}, "/servers", "type.array"),
        ({"servers": ["http://a"]}, "/servers/0", "type.object"),
        ({"servers": [{"url": "http://a"}, {}]}, "/servers/1/url", "field.required"),
        ({"servers": [{"url": "http://a", "weight": 0}]}, "/servers/0/weight", "weight.zero"),
        ({"servers": [{"url": "http://a", "weight": None}]}, "/servers/0/weight", "type.integer"),
        ({"servers": [{"url": "http://a", "state": "drain"}]}, "/servers/0/state", "field.unknown"),
        ({"servers": [{"url": "http://a", "name": "a"}] * 2}, "/servers/1/name", "name.duplicate"),
        ({"servers": [{"url": "http://a"}] * 1001}, "/servers", "value.many"),
        ({"pathPrefix": "x"}, "/pathPrefix", "path.format"),
        ({"healthCheck": {"interval": "1d"}}, "/healthCheck/interval", "duration.format"),
        ({"port": 80}, "/port", "field.unknown"),
        ({"redirectToHttps": True}, "/redirectToHttps", "field.unknown"),
        ({"tls": {"from": "acme", "certResolver": "x"}}, "/tls/certResolver", "tls.resolver"),
        ({"stripPrefix": True}, "/stripPrefix", "prefix.none"),
        ({"allow": ["10.0.0.0/99"]}, "/allow/0", "network.format"),
        ({"users": ["alvin"]}, "/users/0", "user.format"),
        ({"domain": "*.alvin.xyz", "redirectWww": True}, "/redirectWww", "www.wildcard"),
    ],
)
def test_all_is_made_or_nothing(
    client: httpx.Client, service: Service, change: dict[str, Any], pointer: str, code: str
) -> None:
    before = state(service)
    problem(client.post("/expose", json=WAYSHUB | change), "invalid", (pointer, code))
    assert state(service) == before


@pytest.mark.parametrize(
    ("urls", "names"),
    [
        (["http://127.0.0.1:2301", "http://127.0.0.1:2302"], ["2301", "2302"]),
        (["http://app.test:80", "https://APP.test:443"], ["443", "80"]),
        (["http://127.0.0.1:2301"], ["127-0-0-1-2301"]),
        (["http://10.0.0.1:80", "http://10.0.0.2:80"], ["10-0-0-1-80", "10-0-0-2-80"]),
        (["http://a.test", "http://a.test:81"], ["a-test", "a-test-81"]),
        (["http://a.test:81/", "https://a.test:81"], ["a-test-81", "a-test-81-2"]),
    ],
)
def test_servers_of_one_host_are_named_by_their_ports(client: httpx.Client, urls: list[str], names: list[str]) -> None:
    answer = client.post("/expose", json={"domain": "alvin.xyz", "servers": [{"url": url} for url in urls]})
    assert sorted(server["name"] for server in answer.raise_for_status().json()["servers"]) == names
