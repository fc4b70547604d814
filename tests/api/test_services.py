"""`/api/v1/services`."""

from typing import Any

import httpx
import pytest

from tests.api.checks import problem, revision
from tests.running import Service

DEFAULTS: dict[str, Any] = {
    "name": "wayshub",
    "strategy": "wrr",
    "healthCheck": None,
    "sticky": None,
    "passHostHeader": True,
    "labels": {},
}
FULL: dict[str, Any] = {
    "name": "wayshub",
    "strategy": "p2c",
    "healthCheck": {"path": "/health?deep=1", "interval": "10s", "timeout": "1s"},
    "sticky": {"cookie": {"name": "wayshub"}},
    "passHostHeader": False,
    "labels": {"team": "video"},
}

NO_SERVER: dict[str, Any] = {
    "servers": 0,
    "ready": 0,
    "available": 0,
    "detail": "no server is left: requests get 503",
}


def shown(service: dict[str, Any]) -> dict[str, Any]:
    """Return what is shown of a service that has no servers."""
    return service | {"availability": NO_SERVER}


def load_balancer(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.configuration()["http"]["services"]["wayshub"]["loadBalancer"]
    return found


def test_a_service_is_added_shown_replaced_changed_and_removed(client: httpx.Client) -> None:
    added = client.post("/services", json={"name": "wayshub"})
    assert (added.status_code, added.json()) == (201, shown(DEFAULTS))
    assert added.headers["location"] == "/api/v1/services/wayshub"
    found = client.get("/services/wayshub")
    assert (found.json(), found.headers["etag"]) == (shown(DEFAULTS), added.headers["etag"])
    replaced = client.put("/services/wayshub", json=FULL)
    assert (replaced.status_code, replaced.json()) == (200, shown(FULL))
    changed = client.patch("/services/wayshub", json={"strategy": "hrw"})
    assert (changed.status_code, changed.json()) == (200, shown(FULL | {"strategy": "hrw"}))
    removed = client.delete("/services/wayshub")
    assert removed.status_code == 204
    assert revision(removed) > revision(changed) > revision(replaced) > revision(added)
    problem(client.get("/services/wayshub"), "not-found")


def test_put_replaces_as_a_whole(client: httpx.Client) -> None:
    assert client.put("/services/wayshub", json=FULL).status_code == 201
    assert client.put("/services/wayshub", json={}).json() == shown(DEFAULTS)


def test_a_service_says_how_many_servers_take_requests(client: httpx.Client) -> None:
    def availability() -> dict[str, Any]:
        found: dict[str, Any] = client.get("/services/wayshub").json()["availability"]
        assert client.get("/services").json()["items"][0]["availability"] == found
        return found

    client.put("/services/wayshub", json={}).raise_for_status()
    assert availability() == NO_SERVER
    client.put("/services/wayshub/servers/a", json={"url": "http://a"}).raise_for_status()
    only = {"servers": 1, "ready": 1, "available": 1, "detail": "its only server takes requests"}
    assert availability() == only
    client.put("/services/wayshub/servers/b", json={"url": "http://b"}).raise_for_status()
    assert availability() == {"servers": 2, "ready": 2, "available": 2, "detail": "2 of 2 servers take requests"}
    client.patch("/services/wayshub/servers/b", json={"state": "drain"}).raise_for_status()
    assert availability() == {"servers": 2, "ready": 1, "available": 1, "detail": "only one of 2 servers is left"}
    client.patch("/services/wayshub/servers/a", json={"state": "maint"}).raise_for_status()
    assert availability() == NO_SERVER | {"servers": 2}


def test_another_availability_is_shown_under_the_same_tag_and_not_answered_with_304(client: httpx.Client) -> None:
    tag = client.put("/services/wayshub", json={}).headers["etag"]
    client.put("/services/wayshub/servers/a", json={"url": "http://a"}).raise_for_status()
    found = client.get("/services/wayshub", headers={"If-None-Match": tag})
    assert (found.status_code, found.headers["etag"]) == (200, tag)
    assert found.json()["availability"]["available"] == 1


def test_what_is_observed_is_not_written(client: httpx.Client) -> None:
    change = {"availability": NO_SERVER}
    client.put("/services/wayshub", json={}).raise_for_status()
    problem(client.patch("/services/wayshub", json=change), "invalid", ("/availability", "field.unknown"))
    problem(client.put("/services/wayshub", json=change), "invalid", ("/availability", "field.unknown"))


def test_a_service_keeps_its_servers_when_it_is_replaced(client: httpx.Client) -> None:
    client.put("/services/wayshub", json=FULL).raise_for_status()
    client.put("/services/wayshub/servers/a", json={"url": "http://a"}).raise_for_status()
    client.put("/services/wayshub", json={}).raise_for_status()
    assert len(client.get("/services/wayshub/servers").json()["items"]) == 1


PATCHES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"strategy": None}, {"strategy": "wrr"}),
    ({"passHostHeader": None}, {"passHostHeader": True}),
    ({"healthCheck": None}, {"healthCheck": None}),
    ({"healthCheck": {}}, {}),
    ({"healthCheck": {"path": "/"}}, {"healthCheck": FULL["healthCheck"] | {"path": "/"}}),
    ({"healthCheck": {"interval": None}}, {"healthCheck": FULL["healthCheck"] | {"interval": "5s"}}),
    (
        {"healthCheck": {"path": None, "interval": None, "timeout": None}},
        {"healthCheck": {"path": "/", "interval": "5s", "timeout": "2s"}},
    ),
    ({"sticky": None}, {"sticky": None}),
    ({"sticky": {"cookie": {"name": "other"}}}, {"sticky": {"cookie": {"name": "other"}}}),
    ({"name": "wayshub"}, {}),
    ({"name": None}, {}),
]


def test_a_merge_patch_changes_what_it_names_and_null_takes_the_default(client: httpx.Client) -> None:
    for patch, changed in PATCHES:
        client.put("/services/wayshub", json=FULL).raise_for_status()
        answer = client.patch("/services/wayshub", json=patch)
        assert (answer.status_code, answer.json()) == (200, shown(FULL | changed)), patch
    assert client.get("/services/wayshub").json() == answer.json()


def test_a_merge_patch_makes_what_was_not_there(client: httpx.Client) -> None:
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    answer = client.patch("/services/wayshub", json={"healthCheck": {"interval": "10s"}})
    assert answer.json()["healthCheck"] == {"path": "/", "interval": "10s", "timeout": "2s"}


WRONG_PATCHES: list[tuple[dict[str, Any], str, str]] = [
    ({"sticky": {"cookie": None}}, "/sticky/cookie", "field.required"),
    ({"sticky": {"cookie": {"name": None}}}, "/sticky/cookie/name", "field.required"),
    ({"healthCheck": {"path": 7}}, "/healthCheck/path", "type.string"),
    ({"healthCheck": {"timeout": "11s"}}, "/healthCheck/timeout", "timeout.interval"),
    ({"healthCheck": {"interval": "900ms"}}, "/healthCheck/timeout", "timeout.interval"),
    ({"healthCheck": []}, "/healthCheck", "type.object"),
    ({"strategy": "random"}, "/strategy", "value.choice"),
    ({"strategy": 1}, "/strategy", "value.choice"),
    ({"passHostHeader": 1}, "/passHostHeader", "type.boolean"),
    ({"passHostHeader": "true"}, "/passHostHeader", "type.boolean"),
    ({"health_check": None}, "/health_check", "field.unknown"),
    ({"health_check": {}}, "/health_check", "field.unknown"),
    ({"pass_host_header": False}, "/pass_host_header", "field.unknown"),
    ({"servers": []}, "/servers", "field.unknown"),
    ({"healthCheck": {"intervall": None}}, "/healthCheck/intervall", "field.unknown"),
    ({"name": "other"}, "/name", "name.immutable"),
    ({"name": "NOT A NAME"}, "/name", "name.format"),
]


def test_a_merge_patch_is_checked_as_what_it_makes(client: httpx.Client) -> None:
    added = client.put("/services/wayshub", json=FULL)
    for patch, pointer, code in WRONG_PATCHES:
        problem(client.patch("/services/wayshub", json=patch), "invalid", (pointer, code))
    assert client.get("/services/wayshub").headers["etag"] == added.headers["etag"]


def test_the_options_are_in_the_document(client: httpx.Client, service: Service) -> None:
    client.put("/services/wayshub", json=FULL).raise_for_status()
    assert load_balancer(service) == {
        "servers": [],
        **{name: FULL[name] for name in FULL if name not in {"name", "labels"}},
    }
    client.put("/services/wayshub", json={}).raise_for_status()
    assert load_balancer(service) == {"servers": []}


def test_what_is_in_use_is_not_removed_and_its_users_are_named(client: httpx.Client) -> None:
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    for number in range(12):
        router = {"name": f"r{number:02}", "pathPrefix": f"/{number}", "service": "wayshub"}
        client.post("/routers", json=router).raise_for_status()
    found = problem(client.delete("/services/wayshub"), "in-use")
    assert "is used by router r00, router r01," in found["detail"]
    assert found["detail"].endswith("router r09 and 2 more: remove them first, or together")
    problem(client.delete("/services/wayshub", params={"cascade": "false"}), "in-use")


def test_cascade_takes_the_routers_along_in_one_revision(client: httpx.Client, service: Service) -> None:
    application = {"domain": "alvin.xyz", "name": "wayshub", "servers": [{"url": "http://a"}, {"url": "http://b"}]}
    number = revision(client.post("/expose", json=application))
    assert revision(client.delete("/services/wayshub", params={"cascade": "true"})) == number + 1
    problem(client.get("/routers/wayshub"), "not-found")
    problem(client.get("/services/wayshub/servers"), "not-found")
    assert client.get("/domains/alvin.xyz").status_code == 200
    assert set(service.configuration()["http"]) == {"middlewares"}


def test_a_service_goes_with_its_servers(client: httpx.Client) -> None:
    client.put("/services/wayshub", json={}).raise_for_status()
    client.put("/services/wayshub/servers/a", json={"url": "http://a"}).raise_for_status()
    assert client.delete("/services/wayshub").status_code == 204
    client.put("/services/wayshub", json={}).raise_for_status()
    assert client.get("/services/wayshub/servers").json()["items"] == []


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
def test_what_is_not_there_is_not_found(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "/services/missing", json={} if method == "PATCH" else None)
    assert problem(answer, "not-found")["detail"] == "there is no service missing"
