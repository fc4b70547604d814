"""`/api/v1/services/{service}/servers`."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from provider.store.servers import MOST_REGISTERED
from tests.api.checks import problem, revision
from tests.running import Service, http_client

SERVERS = "/services/wayshub/servers"
A: dict[str, Any] = {"name": "a", "url": "http://10.0.0.11:3000", "weight": 3, "state": "ready", "labels": {}}
UNCHECKED: dict[str, Any] = {"state": "unknown", "since": None, "why": "the service has no health check"}
NO_EDGE_LOOKS: dict[str, Any] = {"state": "unknown", "since": None, "why": "not checked while its state is maint"}


@pytest.fixture
def client(client: httpx.Client) -> httpx.Client:
    """A client of a service that has one service, `wayshub`, without servers."""
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    return client


def urls(service: Service) -> list[tuple[str, int]]:
    servers = service.configuration()["http"]["services"]["wayshub"]["loadBalancer"]["servers"]
    return [(server["url"], server["weight"]) for server in servers]


def shares(client: httpx.Client) -> dict[str, float]:
    return {item["name"]: item["share"] for item in client.get(SERVERS).raise_for_status().json()["items"]}


def test_a_server_is_added_shown_replaced_changed_and_removed(client: httpx.Client) -> None:
    added = client.post(SERVERS, json=A)
    assert (added.status_code, added.json()) == (201, A | {"share": 1, "health": UNCHECKED})
    assert added.headers["location"] == "/api/v1/services/wayshub/servers/a"
    shown = client.get(f"{SERVERS}/a")
    assert (shown.json(), shown.headers["etag"]) == (added.json(), added.headers["etag"])
    replaced = client.put(f"{SERVERS}/a", json={"url": "https://b"})
    assert replaced.status_code == 200
    wanted = {"name": "a", "url": "https://b", "weight": 1, "state": "ready", "labels": {}}
    assert replaced.json() == wanted | {"share": 1, "health": UNCHECKED}
    changed = client.patch(f"{SERVERS}/a", json={"weight": 7, "state": "maint"})
    wanted |= {"weight": 7, "state": "maint"}
    assert changed.json() == wanted | {"share": 0, "health": NO_EDGE_LOOKS}
    removed = client.delete(f"{SERVERS}/a")
    assert removed.status_code == 204
    assert revision(removed) > revision(changed) > revision(replaced) > revision(added)
    problem(client.get(f"{SERVERS}/a"), "not-found")


def test_put_registers_and_can_be_repeated(client: httpx.Client) -> None:
    first = client.put(f"{SERVERS}/a", json={"url": "http://10.0.0.11:3000"})
    again = client.put(f"{SERVERS}/a", json={"url": "http://10.0.0.11:3000"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert revision(first) == revision(again)
    assert first.headers["etag"] == again.headers["etag"]
    assert first.json() == again.json()


def test_a_token_that_registers_adds_servers_up_to_a_number(client: httpx.Client) -> None:
    body = {"url": "http://10.0.0.11:3000"}
    declared = {"services": {"wayshub": {"servers": {f"s{number}": body for number in range(MOST_REGISTERED - 1)}}}}
    client.post("/apply", json=declared).raise_for_status()
    made = client.post("/tokens", json={"name": "ci", "scopes": ["register:wayshub"]}).raise_for_status().json()
    with http_client(str(client.base_url), headers={"Authorization": f"Bearer {made['token']}"}) as own:
        assert own.put(f"{SERVERS}/last", json=body).status_code == 201
        for answer in (own.put(f"{SERVERS}/more", json=body), own.post(SERVERS, json={"name": "more", **body})):
            assert "service wayshub has 1000 servers already" in problem(answer, "forbidden")["detail"]
        assert own.put(f"{SERVERS}/last", json={**body, "weight": 7}).status_code == 200
    assert client.put(f"{SERVERS}/more", json=body).status_code == 201


def test_a_url_is_kept_in_its_normal_form(client: httpx.Client, service: Service) -> None:
    added = client.post(SERVERS, json={"name": "a", "url": "HTTP://MÜNCHEN.example:080/"})
    assert added.json()["url"] == "http://xn--mnchen-3ya.example:80"
    assert urls(service) == [("http://xn--mnchen-3ya.example:80", 1)]


def test_each_server_has_its_share(client: httpx.Client) -> None:
    for name, weight in (("a", 3), ("b", 2), ("c", 1)):
        client.put(f"{SERVERS}/{name}", json={"url": f"http://{name}", "weight": weight}).raise_for_status()
    assert shares(client) == pytest.approx({"a": 1 / 2, "b": 1 / 3, "c": 1 / 6})
    drained = client.patch(f"{SERVERS}/a", json={"state": "drain"})
    assert drained.json()["share"] == 0
    assert shares(client) == pytest.approx({"a": 0, "b": 2 / 3, "c": 1 / 3})
    assert client.get(SERVERS, params={"limit": 1, "q": "b"}).json()["items"][0]["share"] == pytest.approx(2 / 3)


def test_a_server_is_in_the_document_while_it_is_ready(client: httpx.Client, service: Service) -> None:
    client.put(f"{SERVERS}/b", json={"url": "http://b"}).raise_for_status()
    client.put(f"{SERVERS}/a", json={"url": "http://a", "weight": 3}).raise_for_status()
    assert urls(service) == [("http://a", 3), ("http://b", 1)]
    for state in ("drain", "maint"):
        client.patch(f"{SERVERS}/a", json={"state": state}).raise_for_status()
        assert urls(service) == [("http://b", 1)]
    client.patch(f"{SERVERS}/a", json={"state": None}).raise_for_status()
    assert urls(service) == [("http://a", 3), ("http://b", 1)]
    for name in "ab":
        client.delete(f"{SERVERS}/{name}").raise_for_status()
    assert urls(service) == []


def test_another_server_does_not_change_a_servers_tag(client: httpx.Client) -> None:
    tag = client.put(f"{SERVERS}/a", json={"url": "http://a"}).headers["etag"]
    client.put(f"{SERVERS}/b", json={"url": "http://b"}).raise_for_status()
    shown = client.get(f"{SERVERS}/a", headers={"If-None-Match": tag})
    assert (shown.status_code, shown.json()["share"], shown.headers["etag"]) == (200, 0.5, tag)


def test_names_are_unique_within_a_service(client: httpx.Client) -> None:
    client.post(SERVERS, json=A).raise_for_status()
    problem(client.post(SERVERS, json=A), "already-exists", ("/name", "name.taken"))
    client.post("/services", json={"name": "other"}).raise_for_status()
    assert client.post("/services/other/servers", json=A).status_code == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", "/a"),
        ("PUT", "/a"),
        ("PATCH", "/a"),
        ("DELETE", "/a"),
    ],
)
@pytest.mark.parametrize("name", ["missing", "NOT A NAME", "a`b"])
def test_the_servers_of_no_service_are_not_found(client: httpx.Client, method: str, path: str, name: str) -> None:
    body = A if method in {"POST", "PUT", "PATCH"} else None
    problem(client.request(method, f"/services/{name}/servers{path}", json=body), "not-found")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"weight": 0}, "/weight", "weight.zero"),
        ({"weight": -1}, "/weight", "weight.range"),
        ({"weight": 1001}, "/weight", "weight.range"),
        ({"weight": 1.0}, "/weight", "type.integer"),
        ({"weight": "1"}, "/weight", "type.integer"),
        ({"weight": True}, "/weight", "type.integer"),
        ({"weight": [1]}, "/weight", "type.integer"),
        ({"state": "up"}, "/state", "value.choice"),
        ({"state": "READY"}, "/state", "value.choice"),
        ({"state": True}, "/state", "value.choice"),
        ({"url": "10.0.0.11"}, "/url", "url.scheme"),
        ({"url": "http://u:p@a"}, "/url", "url.user"),
        ({"url": "http://a/x"}, "/url", "url.path"),
        ({"url": "http://a:0"}, "/url", "url.port"),
        ({"url": None}, "/url", "field.required"),
        ({"url": 1}, "/url", "type.string"),
        ({"share": 0.5}, "/share", "field.unknown"),
        ({"health": UNCHECKED}, "/health", "field.unknown"),
        ({"service": "wayshub"}, "/service", "field.unknown"),
        ({"name": "A"}, "/name", "name.format"),
    ],
)
def test_what_is_wrong_is_named(client: httpx.Client, change: dict[str, Any], pointer: str, code: str) -> None:
    client.post(SERVERS, json=A).raise_for_status()
    problem(client.patch(f"{SERVERS}/a", json=change), "invalid", (pointer, code))
    if change.get("url", ...) is not None:
        problem(client.post(SERVERS, json=A | {"name": "b"} | change), "invalid", (pointer, code))
        problem(client.put(f"{SERVERS}/c", json=A | {"name": "c"} | change), "invalid", (pointer, code))


def test_weight_0_is_refused_with_the_advice_to_drain(client: httpx.Client) -> None:
    answer = client.post(SERVERS, json=A | {"weight": 0})
    found = problem(answer, "invalid", ("/weight", "weight.zero"))
    assert 'drain the server instead ("state": "drain")' in found["detail"]


def test_all_that_is_wrong_is_named_at_once(client: httpx.Client) -> None:
    answer = client.post(SERVERS, json={"url": "ftp://a", "weight": 0, "state": "up", "x": 1})
    problem(
        answer,
        "invalid",
        ("/name", "field.required"),
        ("/url", "url.scheme"),
        ("/weight", "weight.zero"),
        ("/state", "value.choice"),
        ("/x", "field.unknown"),
    )


STICKY: dict[str, Any] = {"sticky": {"cookie": {"name": "sid"}}}


def test_a_server_of_a_sticky_service_is_drained_for_as_long_as_the_service_says(client: httpx.Client) -> None:
    client.patch("/services/wayshub", json=STICKY | {"drainFor": "30m"}).raise_for_status()
    client.put(f"{SERVERS}/a", json={"url": "http://a"}).raise_for_status()
    client.put(f"{SERVERS}/b", json={"url": "http://b"}).raise_for_status()
    before = datetime.now(UTC)
    until = client.patch(f"{SERVERS}/a", json={"state": "drain"}).json()["drainUntil"]
    assert timedelta(minutes=29) < datetime.fromisoformat(until) - before < timedelta(minutes=31)
    # What does not speak of it leaves it as it is.
    put = {"url": "http://a", "state": "drain", "weight": 2}
    for answer in (client.patch(f"{SERVERS}/a", json={"state": "drain"}), client.put(f"{SERVERS}/a", json=put)):
        assert answer.json()["drainUntil"] == until
    assert "drainUntil" not in client.patch(f"{SERVERS}/a", json={"drainUntil": None}).json()
    client.patch(f"{SERVERS}/a", json={"drainUntil": until}).raise_for_status()
    assert "drainUntil" not in client.patch(f"{SERVERS}/a", json={"state": "ready"}).json()
    at_once = client.patch(f"{SERVERS}/a", json={"state": "drain", "drainUntil": None}).json()
    assert (at_once["state"], "drainUntil" in at_once) == ("drain", False)


def test_a_time_is_kept_in_utc(client: httpx.Client) -> None:
    client.patch("/services/wayshub", json=STICKY).raise_for_status()
    client.put(f"{SERVERS}/a", json={"url": "http://a"}).raise_for_status()
    soon = datetime.now(timezone(timedelta(hours=7))).replace(microsecond=0) + timedelta(hours=1)
    drained = client.patch(f"{SERVERS}/a", json={"state": "drain", "drainUntil": soon.isoformat()})
    assert drained.json()["drainUntil"] == soon.astimezone(UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("fields", "until", "code"),
    [
        (STICKY, "2026-01-01T12:00:00", "time.format"),
        (STICKY, "soon", "time.format"),
        (STICKY, "9999-12-31T23:59:59-14:00", "time.range"),
        (STICKY, "2999-01-01T12:00:00Z", "time.range"),
        ({}, "2026-01-01T12:00:00Z", "drainUntil.sessions"),
        (STICKY | {"strategy": "hrw"}, "2026-01-01T12:00:00Z", "drainUntil.sessions"),
    ],
)
def test_a_time_until_which_nothing_can_be_drained_is_refused(
    client: httpx.Client, fields: dict[str, Any], until: str, code: str
) -> None:
    client.patch("/services/wayshub", json=fields).raise_for_status()
    client.put(f"{SERVERS}/a", json={"url": "http://a"}).raise_for_status()
    answer = client.patch(f"{SERVERS}/a", json={"state": "drain", "drainUntil": until})
    problem(answer, "invalid", ("/drainUntil", code))
    ready = client.patch(f"{SERVERS}/a", json={"drainUntil": "2026-01-01T12:00:00Z"})
    problem(ready, "invalid", ("/drainUntil", "drainUntil.state"))


def test_without_sticky_sessions_a_drain_is_over_at_once(client: httpx.Client, service: Service) -> None:
    client.patch("/services/wayshub", json={"drainFor": "30m"}).raise_for_status()
    client.put(f"{SERVERS}/a", json={"url": "http://a"}).raise_for_status()
    assert "drainUntil" not in client.patch(f"{SERVERS}/a", json={"state": "drain"}).json()
    assert "provider.drain" not in str(service.configuration())
