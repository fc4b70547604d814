"""`/api/v1/domains`."""

from typing import Any

import httpx
import pytest

from tests.api.checks import problem, revision
from tests.running import Service

PLAIN: dict[str, Any] = {"name": "alvin.xyz", "description": "", "tls": None, "redirectToHttps": True, "labels": {}}
ALVIN = PLAIN | {"description": "The class's own name"}


def test_a_domain_is_added_shown_replaced_changed_and_removed(client: httpx.Client) -> None:
    added = client.post("/domains", json=ALVIN)
    assert (added.status_code, added.json()) == (201, ALVIN)
    assert added.headers["location"] == "/api/v1/domains/alvin.xyz"
    shown = client.get("/domains/alvin.xyz")
    assert (shown.status_code, shown.json()) == (200, ALVIN)
    assert shown.headers["etag"] == added.headers["etag"]
    assert "config-revision" not in shown.headers

    replaced = client.put("/domains/alvin.xyz", json={"description": "new"})
    assert (replaced.status_code, replaced.json()) == (200, PLAIN | {"description": "new"})
    assert "location" not in replaced.headers
    assert replaced.headers["etag"] != added.headers["etag"]

    changed = client.patch("/domains/alvin.xyz", json={"description": None})
    assert (changed.status_code, changed.json()) == (200, PLAIN)

    removed = client.delete("/domains/alvin.xyz")
    assert (removed.status_code, removed.content) == (204, b"")
    assert revision(removed) > revision(changed) > revision(replaced) > revision(added)
    problem(client.get("/domains/alvin.xyz"), "not-found")


def test_put_creates_too(client: httpx.Client) -> None:
    made = client.put("/domains/alvin.xyz", json={})
    assert (made.status_code, made.json()) == (201, PLAIN)
    assert made.headers["location"] == "/api/v1/domains/alvin.xyz"
    assert client.put("/domains/alvin.xyz", json={"name": "alvin.xyz"}).status_code == 200
    assert client.put("/domains/alvin.xyz", json={"name": None}).status_code == 200


def test_a_change_that_changes_nothing_makes_no_revision(client: httpx.Client) -> None:
    number = revision(client.post("/domains", json=ALVIN))
    assert revision(client.put("/domains/alvin.xyz", json=ALVIN)) == number
    assert revision(client.patch("/domains/alvin.xyz", json={})) == number
    assert revision(client.patch("/domains/alvin.xyz", json=ALVIN)) == number
    assert revision(client.patch("/domains/alvin.xyz", json={"description": "new"})) == number + 1


def test_a_name_is_taken_once(client: httpx.Client) -> None:
    client.post("/domains", json=ALVIN).raise_for_status()
    found = problem(client.post("/domains", json=ALVIN), "already-exists", ("/name", "name.taken"))
    assert "alvin.xyz" in found["detail"]


@pytest.mark.parametrize(
    ("typed", "ascii_name", "other"),
    [
        ("münchen.example", "xn--mnchen-3ya.example", "MÜNCHEN.example"),
        ("*.Faß.example", "*.xn--fa-hia.example", "*.faß.EXAMPLE"),
        ("Alvin.XYZ", "alvin.xyz", "ALVIN.XYZ"),
    ],
)
def test_a_name_is_shown_as_typed_and_found_in_every_spelling(
    client: httpx.Client, typed: str, ascii_name: str, other: str
) -> None:
    added = client.post("/domains", json={"name": typed})
    assert added.json()["name"] == typed
    assert added.headers["location"] == f"/api/v1/domains/{ascii_name}"
    for spelling in (typed, ascii_name, other):
        assert client.get(f"/domains/{spelling}").json()["name"] == typed
        problem(client.post("/domains", json={"name": spelling}), "already-exists", ("/name", "name.taken"))
    assert client.patch(f"/domains/{ascii_name}", json={"description": "x"}).json()["name"] == typed
    assert [item["name"] for item in client.get("/domains").json()["items"]] == [typed]
    assert client.delete(f"/domains/{other}").status_code == 204


def test_a_name_can_be_written_in_another_spelling_and_not_in_another_name(client: httpx.Client) -> None:
    client.post("/domains", json={"name": "alvin.xyz"}).raise_for_status()
    respelled = client.patch("/domains/alvin.xyz", json={"name": "Alvin.xyz"})
    assert respelled.json()["name"] == "Alvin.xyz"
    for method in (client.put, client.patch):
        answer = method("/domains/alvin.xyz", json={"name": "other.xyz"})
        problem(answer, "invalid", ("/name", "name.immutable"))


def test_a_host_is_an_a_label_in_the_document(client: httpx.Client, service: Service) -> None:
    client.post(
        "/expose", json={"domain": "münchen.example", "name": "m", "servers": [{"url": "http://a"}]}
    ).raise_for_status()
    rule = service.configuration()["http"]["routers"]["m"]["rule"]
    assert rule == "Host(`xn--mnchen-3ya.example`)"


def test_a_wildcard_is_allowed_one_level_deep(client: httpx.Client) -> None:
    assert client.post("/domains", json={"name": "*.example.com"}).status_code == 201
    assert client.get("/domains/*.example.com").status_code == 200
    problem(client.get("/domains/example.com"), "not-found")
    problem(client.post("/domains", json={"name": "*.*.example.com"}), "invalid", ("/name", "host.wildcard"))


def test_what_is_in_use_is_not_removed_and_its_users_are_named(client: httpx.Client, service: Service) -> None:
    for prefix in ("/", "/api"):
        name = "web" if prefix == "/" else "api"
        application = {"domain": "alvin.xyz", "name": name, "pathPrefix": prefix, "servers": [{"url": "http://a"}]}
        client.post("/expose", json=application).raise_for_status()
    before = service.configuration()
    found = problem(client.delete("/domains/alvin.xyz"), "in-use")
    assert found["detail"].startswith("domain alvin.xyz is used by router api, router web:")
    assert service.configuration() == before


def test_cascade_takes_routers_along_that_have_no_other_domain(client: httpx.Client) -> None:
    for name in ("a.test", "b.test"):
        client.post("/domains", json={"name": name}).raise_for_status()
    client.post("/services", json={"name": "s"}).raise_for_status()
    client.post("/routers", json={"name": "both", "domains": ["a.test", "b.test"], "service": "s"}).raise_for_status()
    number = revision(client.post("/routers", json={"name": "one", "domains": ["a.test"], "service": "s"}))
    removed = client.delete("/domains/a.test", params={"cascade": True})
    assert (removed.status_code, revision(removed)) == (204, number + 1)
    assert client.get("/routers/both").json()["domains"] == ["b.test"]
    problem(client.get("/routers/one"), "not-found")
    assert client.get("/services/s").status_code == 200


def test_a_domain_that_nobody_uses_goes_with_or_without_cascade(client: httpx.Client) -> None:
    for cascade in ("true", "false"):
        client.put("/domains/alvin.xyz", json={}).raise_for_status()
        assert client.delete("/domains/alvin.xyz", params={"cascade": cascade}).status_code == 204


@pytest.mark.parametrize("name", ["missing.test", "not a host", "a`b", "*", "\U0001f6a2", "x" * 300])
def test_no_other_domain_is_there(client: httpx.Client, name: str) -> None:
    problem(client.get(f"/domains/{name}"), "not-found")
    problem(client.patch(f"/domains/{name}", json={}), "not-found")
    problem(client.delete(f"/domains/{name}"), "not-found")


def test_a_name_in_the_path_is_checked_like_one_in_the_body(client: httpx.Client) -> None:
    found = problem(client.put("/domains/a`b", json={}), "invalid", ("/name", "host.format"))
    assert found["errors"][0]["in"] == "path"
