"""`/api/v1/revisions/{number}/undo`: what one revision did is taken back, whatever came since."""

from typing import Any

import httpx
import pytest

from tests.api.checks import problem
from tests.api.test_revisions import change, exposed, served
from tests.running import Service


def undo(client: httpx.Client, number: int, **params: Any) -> httpx.Response:
    return client.post(f"/revisions/{number}/undo", params=params)


def objects(answer: httpx.Response) -> set[tuple[str, str, str]]:
    listed = answer.raise_for_status().json()["difference"]["objects"]
    return {(one["action"], one["kind"], one["name"]) for one in listed}


def test_a_change_is_undone_and_what_came_since_stays(client: httpx.Client) -> None:
    exposed(client, a=3, b=1)
    number = change(client, "PATCH", "/services/alvin/servers/b", json={"state": "drain", "weight": 5})
    change(client, "PATCH", "/services/alvin/servers/b", json={"labels": {"rack": "7"}})
    change(client, "PATCH", "/services/alvin/servers/a", json={"weight": 9})
    answer = undo(client, number)
    assert objects(answer) == {("change", "server", "alvin/b")}
    found = client.get("/services/alvin/servers/b").json()
    assert (found["state"], found["weight"], found["labels"]) == ("ready", 1, {"rack": "7"})
    assert client.get("/services/alvin/servers/a").json()["weight"] == 9
    kept = client.get(f"/revisions/{answer.json()['revision']}").json()
    assert (kept["summary"], kept["message"]) == (f"Undid revision {number}", "")


def test_an_application_that_was_removed_comes_back_in_one_step(client: httpx.Client, service: Service) -> None:
    exposed(client, a=3, b=1)
    before, exported = served(service), client.get("/export").content
    number = change(client, "DELETE", "/services/alvin", params={"cascade": "true"})
    change(client, "DELETE", "/domains/alvin.test")
    # The router alone brings its service with the servers, and the domain that went in another revision.
    answer = undo(client, number, kind="router", name="alvin")
    assert objects(answer) == {
        ("create", "domain", "alvin.test"),
        ("create", "router", "alvin"),
        ("create", "service", "alvin"),
        ("create", "server", "alvin/a"),
        ("create", "server", "alvin/b"),
    }
    assert (served(service), client.get("/export").content) == (before, exported)
    undone = client.get(f"/revisions/{answer.json()['revision']}").json()
    assert undone["summary"] == f"Undid revision {number} for router alvin"


def test_exposing_is_undone_in_one_step_and_that_as_well(client: httpx.Client, service: Service) -> None:
    empty = served(service)
    number = exposed(client, a=3, b=1)
    full = served(service)
    undone = undo(client, number).raise_for_status().json()["revision"]
    assert served(service) == empty
    undo(client, undone).raise_for_status()
    assert served(service) == full


def test_what_was_changed_since_is_named_with_who_did_it_and_nothing_is_done(
    client: httpx.Client, service: Service
) -> None:
    exposed(client, a=1)
    number = change(client, "PATCH", "/routers/alvin", json={"priority": 5, "pathPrefix": "/x"})
    since = change(client, "PATCH", "/routers/alvin", json={"priority": 7})
    change(client, "PATCH", "/routers/alvin", json={"labels": {"a": "b"}})
    before = served(service)
    told = problem(undo(client, number), "clash", ("/router/alvin/priority", "undo.changed"))
    assert told["errors"][0]["detail"] == (
        f"priority of router alvin was nothing, and has been set to 7 in revision {since} by tests"
    )
    assert [(each["number"], each["author"]) for each in told["revisions"]] == [(since, "tests")]
    assert served(service) == before
    problem(undo(client, number, dryRun=True), "clash", ("/router/alvin/priority", "undo.changed"))


@pytest.mark.parametrize(
    ("params", "priority"),
    [
        ({"force": "true"}, None),
        ({"force": "/router/alvin/priority"}, None),
        ({"keep": "/router/alvin/priority"}, 7),
        ({"keep": "true"}, 7),
        ({"force": "true", "keep": "/router/alvin/priority"}, 7),
    ],
)
def test_of_what_clashes_the_older_can_be_taken_or_the_newer_kept(
    client: httpx.Client, params: dict[str, str], priority: int | None
) -> None:
    exposed(client, a=1)
    number = change(client, "PATCH", "/routers/alvin", json={"priority": 5, "pathPrefix": "/x"})
    change(client, "PATCH", "/routers/alvin", json={"priority": 7})
    tried = undo(client, number, dryRun=True, **params).raise_for_status().json()
    done = undo(client, number, **params).raise_for_status().json()
    assert tried["difference"] == done["difference"]
    found = client.get("/routers/alvin").json()
    assert (found["priority"], found["pathPrefix"]) == (priority, None)


def test_what_a_revision_made_is_not_taken_from_under_who_uses_it_unless_that_goes_along(client: httpx.Client) -> None:
    number = change(client, "PUT", "/services/pool", json={})
    change(client, "PUT", "/domains/user.test", json={})
    change(client, "PUT", "/routers/user", json={"domains": ["user.test"], "service": "pool"})
    told = problem(undo(client, number), "in-use")
    assert told["detail"] == "service pool would be removed, but is used by router user"
    assert objects(undo(client, number, cascade=True)) == {("remove", "router", "user"), ("remove", "service", "pool")}


def test_a_domain_that_goes_along_is_taken_from_routers_with_others(client: httpx.Client) -> None:
    exposed(client, a=1)
    number = change(client, "PUT", "/domains/alias.test", json={})
    change(client, "PATCH", "/routers/alvin", json={"domains": ["alvin.test", "alias.test"]})
    assert objects(undo(client, number, cascade=True)) == {
        ("change", "router", "alvin"),
        ("remove", "domain", "alias.test"),
    }
    assert client.get("/routers/alvin").json()["domains"] == ["alvin.test"]


@pytest.mark.parametrize("named", [{}, {"kind": "router", "name": "alvin"}], ids=["all", "one"])
def test_what_comes_back_brings_along_what_it_refers_to(client: httpx.Client, named: dict[str, str]) -> None:
    exposed(client, a=1)
    number = change(client, "DELETE", "/routers/alvin")
    change(client, "DELETE", "/services/alvin")
    assert objects(undo(client, number, **named)) == {
        ("create", "router", "alvin"),
        ("create", "service", "alvin"),
        ("create", "server", "alvin/a"),
    }


def test_an_undo_is_a_write_like_any_other(client: httpx.Client) -> None:
    exposed(client, a=1, b=1)
    number = change(client, "PATCH", "/services/alvin/servers/b", json={"weight": 3})
    stale = {"If-Match": '"another"'}
    problem(
        client.post(f"/revisions/{number}/undo", headers=stale),
        "precondition-failed",
        ("/If-Match", "precondition.failed"),
    )
    answer = client.post(f"/revisions/{number}/undo", headers={"Config-Message": "too heavy"})
    again = client.get(f"/revisions/{answer.raise_for_status().headers['Config-Revision']}").json()
    assert again["message"] == "too heavy"
    assert answer.headers["Config-Warnings"] == "0"
    # What is back already stays, and makes no revision.
    assert undo(client, number).raise_for_status().json()["revision"] == again["number"]


def test_an_undo_that_takes_the_last_server_has_to_be_confirmed(client: httpx.Client) -> None:
    exposed(client, a=1)
    change(client, "PATCH", "/services/alvin/servers/a", json={"state": "maint"}, params={"confirm": 1})
    number = change(client, "PATCH", "/services/alvin/servers/a", json={"state": "ready"})
    told = problem(undo(client, number), "brake", ("/confirm", "brake.service"))
    assert undo(client, number, confirm=told["confirm"]).is_success


def test_what_cannot_be_undone_is_refused(client: httpx.Client) -> None:
    number = exposed(client, a=1)
    problem(undo(client, 999_999_999), "not-found")
    problem(client.post("/revisions/x/undo"), "not-found")
    problem(undo(client, number, kind="router", name="other"), "not-found")
    problem(undo(client, number, kind="router"), "invalid", ("/name", "field.required"))
    problem(undo(client, number, force="priority"), "invalid", ("/force/0", "undo.place"))


# The history of one object, and who took a request before


def test_an_object_has_a_history_also_where_it_is_gone(client: httpx.Client) -> None:
    made = exposed(client, a=1)
    edited = change(client, "PATCH", "/services/alvin/servers/a", json={"weight": 7})
    other = change(client, "PATCH", "/routers/alvin", json={"priority": 7})
    gone = change(client, "DELETE", "/services/alvin", params={"cascade": "true"})

    def numbers(**params: Any) -> list[int]:
        items = client.get("/revisions", params=params).raise_for_status().json()["items"]
        # Other tests of the shared service had objects of these names before.
        return [each["number"] for each in items if each["number"] >= made]

    assert numbers(object="server/alvin/a") == [gone, edited, made]
    assert numbers(object="router/alvin") == [gone, other, made]
    assert numbers(object="domain/ALVIN.test") == [made]
    assert numbers(object="router/never") == []
    assert numbers(object="router/alvin", limit=1) == [gone]
    for wrong in ("alvin", "router/", "thing/alvin"):
        problem(client.get("/revisions", params={"object": wrong}), "invalid", ("/object", "object.format"))


@pytest.mark.parametrize(
    ("method", "options", "why"),
    [
        ("DELETE", {}, "removed"),
        ("PATCH", {"json": {"enabled": False}}, "disabled"),
        ("PATCH", {"json": {"pathPrefix": "/elsewhere"}}, "changed"),
    ],
)
def test_an_explanation_of_a_404_says_who_took_the_request_before(
    client: httpx.Client, method: str, options: dict[str, Any], why: str
) -> None:
    exposed(client, a=1)
    asked, elsewhere = {"url": "http://alvin.test/"}, {"url": "http://never.test/"}
    lost = client.get("/explain", params=elsewhere).json()["lost"]  # by what another test did: the service is shared
    assert client.get("/explain", params=asked).json()["lost"] is None
    number = change(client, method, "/routers/alvin", **options)
    change(client, "PUT", "/domains/other.test", json={})
    found = client.get("/explain", params=asked).json()
    assert found["router"] is None
    assert found["lost"] == {
        "router": "alvin",
        "revision": number,
        "author": "tests",
        "why": f"router alvin took it, and was {why} in revision {number} by tests",
    }
    assert client.get("/explain", params=elsewhere).json()["lost"] == lost
    undo(client, number, kind="router", name="alvin").raise_for_status()
    assert client.get("/explain", params=asked).json()["router"] == "alvin"
