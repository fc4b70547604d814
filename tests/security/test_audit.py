"""The audit: replayed, it gives the state; each change has one entry, and what was refused can fill nothing."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest

from provider.hosts import to_ascii
from provider.security.logins import FREE_FAILURES
from provider.security.secrets import hashed
from tests.people import PASSWORD, add_token, bearer, log_in, nobody, session_of
from tests.running import Service, cases, fetch, http_client
from tests.security.conftest import Browser

Body = dict[str, Any]
State = dict[tuple[str, str], Body]

ADDRESSES: Final = {"desk": "127.0.0.1", "budi": "127.0.0.2", "deploy": "127.0.0.3", "ci": "127.0.0.4"}
OBSERVED: Final = {"share", "health", "availability"}
"""What is shown of an object beside what is wanted of it."""

HOSTS: Final = ["alvin.xyz", "*.alvin.xyz", "Bücher.example", "budi.test"]
SERVICES: Final = ["web", "api", "files"]
SERVERS: Final = ["a", "b", "c"]
ROUTERS: Final = ["front", "back", "side"]


def entries(service: Service, **wanted: Any) -> list[Body]:
    """Return all entries that fit, the oldest first."""
    found: list[Body] = []
    cursor = None
    with http_client(service.url) as client:
        while True:
            parameters = wanted | {"limit": 100} | ({"cursor": cursor} if cursor else {})
            page = client.get("/api/v1/audit", params=parameters).raise_for_status().json()
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                return found[::-1]


def shown(service: Service) -> State:
    """Return the state as REST shows it, without what is only observed."""
    state: State = {}
    with http_client(f"{service.url}/api/v1") as client:

        def listed(path: str) -> list[Body]:
            answer = client.get(path, params={"limit": 1000}).raise_for_status().json()
            return [{name: value for name, value in item.items() if name not in OBSERVED} for item in answer["items"]]

        for kind in ("domain", "service", "router"):
            state |= {(kind, to_ascii(item["name"])): item for item in listed(f"/{kind}s")}
        for service_name in [name for kind, name in state if kind == "service"]:
            servers = listed(f"/services/{service_name}/servers")
            state |= {("server", f"{service_name}/{item['name']}"): item for item in servers}
    return state


def replay(state: State, changes: list[Body]) -> None:
    """Apply changes to a state, each of which has to be what it says that it was before."""
    for change in changes:
        key = (change["kind"], change["name"])
        assert state.get(key) == change["before"], change
        assert change["before"] != change["after"]
        if change["after"] is None:
            del state[key]
        else:
            state[key] = change["after"]


def pick(random_: random.Random) -> tuple[str, str, Body | None]:
    """Return a random write: its method, path and body. Many are wrong, or refused."""
    host, service, server, router = (random_.choice(names) for names in (HOSTS, SERVICES, SERVERS, ROUTERS))
    url = f"http://10.0.0.{random_.randint(1, 4)}:3000"
    cascade = random_.choice(["", "", "?cascade=true"])
    weight = random_.choice([1, 2, 3, 0, 5000])
    domains = random_.sample(HOSTS, random_.randint(0, 2))
    routed = {"domains": domains, "service": service, "pathPrefix": random_.choice([None, "/x", "x"])}
    pool = [{"name": name, "url": url} for name in random_.sample(SERVERS, random_.randint(1, 3))]
    writes: list[tuple[str, str, Body | None]] = [
        ("POST", "/domains", {"name": host, "description": random_.choice(["", "x", "ü", 7])}),
        ("PUT", f"/domains/{host}", {"redirectToHttps": random_.choice([True, False])}),
        ("PATCH", f"/domains/{host}", {"description": random_.choice(["", "y", None])}),
        ("DELETE", f"/domains/{host}{cascade}", None),
        ("POST", "/services", {"name": service}),
        ("PUT", f"/services/{service}", {"strategy": random_.choice(["wrr", "p2c", "x"])}),
        ("PATCH", f"/services/{service}", {"healthCheck": random_.choice([None, {"path": "/"}])}),
        ("DELETE", f"/services/{service}{cascade}", None),
        ("PUT", f"/services/{service}/servers/{server}", {"url": url, "weight": weight}),
        ("PUT", f"/services/{service}/servers/{server}", {"url": url, "weight": 2}),
        ("PATCH", f"/services/{service}/servers/{server}", {"state": random_.choice(["ready", "drain", "maint"])}),
        ("DELETE", f"/services/{service}/servers/{server}", None),
        ("PUT", f"/routers/{router}", routed),
        ("PATCH", f"/routers/{router}", {"enabled": random_.choice([True, False])}),
        ("DELETE", f"/routers/{router}", None),
        ("POST", "/expose", {"domain": host, "name": service, "servers": pool}),
    ]
    return random_.choice(writes)


@pytest.fixture
def people(own: Service) -> Iterator[dict[str, httpx.Client]]:
    """Who changes things, each from an address: two people, and two machines."""
    with ExitStack() as stack:
        made = {}
        for name, address in ADDRESSES.items():
            transport = httpx.HTTPTransport(local_address=address)
            made[name] = stack.enter_context(nobody(own, transport=transport))
        for name in ("desk", "budi"):
            assert log_in(made[name], name).status_code == 303
        made["deploy"].headers.update(bearer(add_token(own, "write", name="deploy")))
        made["ci"].headers.update(bearer(add_token(own, "register:web", name="ci")))
        yield made


def test_the_audit_replayed_from_nothing_gives_the_state(own: Service, people: dict[str, httpx.Client]) -> None:
    seed = random.randrange(1 << 32)
    random_ = random.Random(seed)
    accepted: dict[str, tuple[str, int]] = {}
    revision = 0
    for number in range(cases(20, 1000)):
        name = random_.choice(list(people))
        method, path, body = pick(random_)
        request_id = f"change-{number}"
        answer = people[name].request(method, f"/api/v1{path}", json=body, headers={"X-Request-ID": request_id})
        assert answer.status_code < 500, (seed, number, answer.text)
        if answer.is_success and int(answer.headers["Config-Revision"]) > revision:
            revision += 1
            assert int(answer.headers["Config-Revision"]) == revision
            accepted[request_id] = (name, revision)
    found = entries(own, action="state.change")
    assert [entry["requestId"] for entry in found] == list(accepted), seed
    state: State = {}
    for entry in found:
        name, number = accepted[entry["requestId"]]
        assert (entry["actor"], entry["address"], entry["revision"]) == (name, ADDRESSES[name], number)
        assert entry["credential"] == credential(people[name])
        assert entry["outcome"] == "accepted"
        assert abs((datetime.now(UTC) - datetime.fromisoformat(entry["time"])).total_seconds()) < 3600
        assert entry["words"]
        replay(state, entry["changes"])
    assert state == shown(own), seed
    for noun in ("services", "domains"):
        for item in fetch(f"{own.url}/api/v1/{noun}").json()["items"]:
            people["desk"].delete(f"/api/v1/{noun}/{item['name']}", params={"cascade": True}).raise_for_status()
    for entry in entries(own, action="state.change")[len(found) :]:
        replay(state, entry["changes"])
    assert state == shown(own) == {}


def credential(client: httpx.Client) -> str:
    """Return how the audit names what a client comes with."""
    if "Authorization" in client.headers:
        return f"token:{client.headers['Authorization'].split('_')[1]}"
    return f"session:{hashed(session_of(client))[:8]}"


def test_what_changes_nothing_and_what_fails_has_no_entry(own: Service) -> None:
    with http_client(f"{own.url}/api/v1") as client:
        client.put("/services/web", json={}).raise_for_status()
        before = entries(own)
        assert client.put("/services/web", json={}).status_code == 200
        assert client.post("/services", json={"name": "web"}).status_code == 409
        assert client.patch("/services/none", json={}).status_code == 404
        assert client.put("/services/web", json={"strategy": "x"}).status_code == 422
        assert client.put("/services/web", json={"strategy": "p2c"}, headers={"If-Match": '"x"'}).status_code == 412
        assert client.delete("/tokens/zzzzzzzz").status_code == 404
        assert client.post("/tokens", json={"name": "x", "scopes": []}).status_code == 422
    assert entries(own) == before


def test_each_thing_that_is_done_to_accounts_and_tokens_has_one_entry(own: Service, browser: Browser) -> None:
    def done(act: Callable[[], object]) -> tuple[str, str, str]:
        before = len(entries(own))
        act()
        (entry,) = entries(own)[before:]
        return entry["action"], entry["outcome"], entry["actor"]

    client, password = browser(), "five otters cross the creek"
    assert done(lambda: log_in(client, "desk", "wrong")) == ("account.login", "refused", "anonymous")
    assert done(lambda: log_in(client, "x", "wrong")) == ("account.login", "refused", "anonymous")
    assert done(lambda: log_in(client, "desk")) == ("account.login", "accepted", "desk")
    body = {"name": "deploy", "scopes": ["read"]}
    assert done(lambda: client.post("/api/v1/tokens", json=body)) == ("token.create", "accepted", "desk")
    made = client.get("/api/v1/tokens", params={"q": "deploy"}).json()["items"][0]["id"]
    assert done(lambda: client.delete(f"/api/v1/tokens/{made}")) == ("token.revoke", "accepted", "desk")
    assert done(lambda: client.post("/logout")) == ("account.logout", "accepted", "desk")
    log_in(client, "eko")
    assert done(lambda: client.get("/api/v1/audit")) == ("right.refused", "refused", "eko")
    before = len(entries(own))
    client.post("/password", data={"current": PASSWORD, "password": password, "repeat": password})
    added = entries(own)[before:]
    assert [entry["action"] for entry in added] == ["account.password", "account.login"], "it is logged in anew"
    assert {(entry["actor"], entry["address"]) for entry in added} == {("eko", "127.0.0.1")}


def test_what_is_refused_to_one_again_and_again_is_noted_once_in_a_minute(own: Service) -> None:
    before = len(entries(own))
    weak = bearer(add_token(own, "edge:mine", name="weak"))
    with nobody(own) as client:
        for number in range(50):
            client.headers["X-Request-ID"] = f"try-{number}"
            assert client.get(f"/nothing/{number}", headers=weak).status_code == 403
            assert client.request("PURGE", f"/{number}", headers=weak).status_code == 403
            assert client.get(f"/api/v1/domains/d{number}.xyz", headers=weak).status_code == 403
            edge = {"edge": f"edge-{number}"}
            assert client.get("/traefik/configuration", params=edge, headers=weak).status_code == 403
            assert client.get(f"/api/v1/domains/d{number}.xyz").status_code == 401
    added = entries(own)[before + 1 :]
    assert [entry["requestId"] for entry in added] == ["try-0", "try-0", None]
    assert {(entry["actor"], entry["outcome"], entry["action"]) for entry in added} == {
        ("weak", "refused", "right.refused")
    }
    assert "/nothing/0" in added[0]["words"]


def test_nobody_fills_the_audit_by_failing_to_log_in(own: Service, browser: Browser) -> None:
    client = browser()
    before = len(entries(own))
    for number in range(40):
        log_in(client, f"guess-{number}", "wrong")
    assert len(entries(own)) - before <= FREE_FAILURES + 2


@pytest.mark.parametrize("path", ["/a%1b%5b31m", "/%e2%80%aegnp.exe", "/" + "é" * 3000, "/%0aadmin%20logged%20in"])
def test_what_was_asked_for_cannot_forge_an_entry(own: Service, path: str) -> None:
    weak = bearer(add_token(own, "edge:mine", name="weak"))
    assert fetch(own.url + path, headers=weak).status_code == 403
    words = entries(own, outcome="refused")[-1]["words"]
    assert words.isprintable()
    assert len(words) < 400


def test_entries_are_found_by_all_that_they_have(own: Service) -> None:
    with http_client(f"{own.url}/api/v1") as client:
        for number in range(5):
            client.put(f"/domains/d{number}.xyz", json={}).raise_for_status()
    add_token(own, "read", name="deploy")
    everything = entries(own)
    assert [entry["id"] for entry in everything] == sorted(entry["id"] for entry in everything)
    assert [entry["revision"] for entry in entries(own, action="state.change")] == [1, 2, 3, 4, 5]
    assert [entry["words"] for entry in entries(own, revision=3)] == ["domain d2.xyz added"]
    assert {entry["actor"] for entry in entries(own, actor="tester")} == {"tester"}
    assert len(entries(own, q="D3.XYZ")) == 1
    assert entries(own, outcome="refused") == []
    middle = everything[len(everything) // 2]["time"]
    earlier, later = entries(own, until=middle), entries(own, since=middle)
    assert earlier + later == everything
    assert all(entry["time"] >= middle for entry in later)
    assert entries(own, actor="nobody-of-that-name") == []
    for wrong in ({"outcome": "x"}, {"revision": "0"}, {"since": "yesterday"}, {"since": "2026-01-01"}, {"limit": 0}):
        assert fetch(f"{own.url}/api/v1/audit", params=wrong).status_code == 422


def test_an_entry_lists_the_first_objects_of_a_large_change_and_its_revision_all(own: Service) -> None:
    domains: Body = {f"d{number}.xyz": {} for number in range(30)}
    with http_client(f"{own.url}/api/v1") as client:
        client.post("/apply", json={"domains": domains}).raise_for_status()
        revision = client.get("/revisions/1").raise_for_status().json()
    (entry,) = entries(own, revision=1)
    assert (entry["changeCount"], len(revision["changes"])) == (30, 30)
    assert entry["changes"] == revision["changes"][:20]


def test_an_entry_can_neither_be_changed_nor_removed_through_the_service(own: Service) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/api/v1/audit", f"/api/v1/audit/{entries(own)[0]['id']}"):
            with http_client(own.url) as client:
                assert client.request(method, path, json={}).status_code in {404, 405}
