"""Entity tags and conditional requests."""

import itertools
import re
from typing import Any

import httpx
import pytest

from provider.tags import etag
from tests.api.checks import problem, revision

PATHS = {
    "/domains/alvin.xyz": {"description": "x"},
    "/services/wayshub": {"strategy": "p2c"},
    "/services/wayshub/servers/a": {"url": "http://a", "weight": 7},
    "/routers/wayshub": {"domains": ["alvin.xyz"], "service": "wayshub", "priority": 7},
}
APPLICATION = {"domain": "alvin.xyz", "name": "wayshub", "servers": [{"name": "a", "url": "http://a"}]}


@pytest.fixture
def client(client: httpx.Client) -> httpx.Client:
    """A client of a service that has an application."""
    client.post("/expose", json=APPLICATION).raise_for_status()
    return client


def tag_of(client: httpx.Client, path: str) -> str:
    tag: str = client.get(path).raise_for_status().headers["etag"]
    return tag


def write(client: httpx.Client, method: str, path: str, **headers: str) -> httpx.Response:
    body = PATHS[path] if method in {"PUT", "PATCH"} else None
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request(method, path, json=body, headers=names)


@pytest.mark.parametrize("path", PATHS)
def test_every_object_has_a_strong_tag_that_changes_with_it(client: httpx.Client, path: str) -> None:
    tag = tag_of(client, path)
    assert re.fullmatch(r'"[0-9a-f]{20}"', tag)
    assert tag_of(client, path) == tag
    changed = write(client, "PATCH", path).raise_for_status().headers["etag"]
    assert changed == tag_of(client, path) != tag


def test_equal_contents_of_different_kinds_have_different_tags() -> None:
    tags = {etag(kind, item) for kind, item in itertools.product(("router", "service"), ({"a": 1}, {"a": 2}))}
    assert len(tags) == 4
    assert etag("router", {"a": 1, "b": 2}) == etag("router", {"b": 2, "a": 1})


@pytest.mark.parametrize("path", [path for path in PATHS if not path.startswith(("/services", "/domains"))])
def test_what_a_client_has_already_is_not_sent_again(client: httpx.Client, path: str) -> None:
    tag = tag_of(client, path)
    for condition in (tag, f"W/{tag}", f'"x", {tag}', f'{tag},"y"', "*"):
        answer = client.get(path, headers={"If-None-Match": condition})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    for condition in ('"x"', "x", "", tag.strip('"'), '"', ","):
        assert client.get(path, headers={"If-None-Match": condition}).status_code == 200
    problem(client.get(path + "x", headers={"If-None-Match": "*"}), "not-found")


@pytest.mark.parametrize(("method", "path"), list(itertools.product(["PUT", "PATCH", "DELETE"], PATHS)))
def test_a_write_is_made_if_the_object_is_as_the_client_knows_it(client: httpx.Client, method: str, path: str) -> None:
    tag = tag_of(client, path)
    cascade = "?cascade=true" if method == "DELETE" and path in {"/domains/alvin.xyz", "/services/wayshub"} else ""
    confirmed = "?confirm=1" if method == "DELETE" and path.endswith("/servers/a") else ""  # it is the last one
    for condition in ('"x"', f"W/{tag}", tag.strip('"'), "", "x, y", '"x", "y"', '"'):
        answer = client.request(
            method, path + cascade, json=PATHS[path] if method != "DELETE" else None, headers={"If-Match": condition}
        )
        problem(answer, "precondition-failed", ("/If-Match", "precondition.failed"))
    assert tag_of(client, path) == tag
    answer = client.request(
        method,
        path + cascade + confirmed,
        json=PATHS[path] if method != "DELETE" else None,
        headers={"If-Match": f'"x" ,{tag}'},
    )
    assert answer.status_code == (204 if method == "DELETE" else 200)


@pytest.mark.parametrize("path", PATHS)
def test_the_second_of_two_edits_of_one_version_is_refused(client: httpx.Client, path: str) -> None:
    tag = tag_of(client, path)
    first = write(client, "PATCH", path, If_Match=tag)
    assert first.status_code == 200
    answer = write(client, "PUT", path, If_Match=tag)
    found = problem(answer, "precondition-failed", ("/If-Match", "precondition.failed"))
    assert first.headers["etag"] in found["detail"]
    assert found["errors"][0]["in"] == "header"
    assert write(client, "PUT", path, If_Match=first.headers["etag"]).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_star_asks_for_something_or_for_nothing(client: httpx.Client, path: str) -> None:
    new = path + "-new" if "domains" not in path else "/domains/new.xyz"
    body = PATHS[path]
    answer = client.put(new, json=body, headers={"If-Match": "*"})
    problem(answer, "precondition-failed", ("/If-Match", "precondition.failed"))
    assert client.get(new).status_code == 404
    assert client.put(path, json=body, headers={"If-Match": "*"}).status_code == 200
    answer = client.put(path, json=body, headers={"If-None-Match": "*"})
    problem(answer, "precondition-failed", ("/If-None-Match", "precondition.failed"))
    assert client.put(new, json=body, headers={"If-None-Match": "*"}).status_code == 201
    answer = client.put(new, json=body, headers={"If-None-Match": "*"})
    problem(answer, "precondition-failed", ("/If-None-Match", "precondition.failed"))


def test_a_condition_that_cannot_be_read_is_not_met(client: httpx.Client) -> None:
    path = "/services/wayshub"
    for condition in ("x", '*, "x"', '"x" y', "W/x", '"x', "'x'", "**"):
        answer = write(client, "PUT", path, If_None_Match=condition)
        found = problem(answer, "precondition-failed", ("/If-None-Match", "precondition.failed"))
        assert "in double quotes" in found["detail"]
    assert write(client, "PUT", path, If_None_Match='"x", W/"y"').status_code == 200


def test_what_is_not_there_fails_a_condition_as_missing(client: httpx.Client) -> None:
    for method in ("PATCH", "DELETE"):
        headers = {"If-Match": '"x"'}
        body: Any = {} if method == "PATCH" else None
        problem(client.request(method, "/services/missing", json=body, headers=headers), "not-found")


@pytest.mark.parametrize("noun", ["domains", "services", "routers", "services/wayshub/servers"])
def test_conditions_hold_for_post_too(client: httpx.Client, noun: str) -> None:
    bodies = {
        "domains": {"name": "new.xyz"},
        "services": {"name": "new"},
        "routers": {"name": "new", "pathPrefix": "/new", "service": "wayshub"},
        "services/wayshub/servers": {"name": "new", "url": "http://new"},
    }
    answer = client.post(f"/{noun}", json=bodies[noun], headers={"If-Match": "*"})
    problem(answer, "precondition-failed", ("/If-Match", "precondition.failed"))
    assert client.post(f"/{noun}", json=bodies[noun], headers={"If-None-Match": "*"}).status_code == 201
    answer = client.post(f"/{noun}", json=bodies[noun], headers={"If-None-Match": "*"})
    problem(answer, "precondition-failed", ("/If-None-Match", "precondition.failed"))


def test_a_refused_write_makes_no_revision(client: httpx.Client) -> None:
    number = revision(client.patch("/services/wayshub", json={}))
    write(client, "PUT", "/services/wayshub", If_Match='"x"')
    write(client, "DELETE", "/routers/wayshub", If_Match='"x"')
    assert revision(client.patch("/services/wayshub", json={})) == number


def test_both_conditions_have_to_hold(client: httpx.Client) -> None:
    tag = tag_of(client, "/services/wayshub")
    answer = write(client, "PUT", "/services/wayshub", If_Match=tag, If_None_Match=tag)
    problem(answer, "precondition-failed", ("/If-None-Match", "precondition.failed"))
    assert write(client, "PUT", "/services/wayshub", If_Match=tag, If_None_Match='"x"').status_code == 200
