"""`/api/v1/revisions`: what changed, one after the other."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.api.checks import problem
from tests.running import Service, http_client


def change(client: httpx.Client, method: str, path: str, **options: Any) -> int:
    """Change something, and return the number of its revision."""
    return int(client.request(method, path, **options).raise_for_status().headers["Config-Revision"])


def numbers(answer: httpx.Response) -> list[int]:
    return [item["number"] for item in answer.raise_for_status().json()["items"]]


@pytest.fixture
def domains(client: httpx.Client) -> list[int]:
    """The revisions that five domains made."""
    return [change(client, "PUT", f"/domains/{name}.test", json={}) for name in "abcde"]


def test_revisions_are_listed_the_newest_first_without_what_they_changed(
    client: httpx.Client, domains: list[int]
) -> None:
    before = datetime.now(UTC)
    newest = change(client, "PATCH", "/domains/a.test", json={"description": "x"})
    items = client.get("/revisions").raise_for_status().json()["items"]
    assert [item["number"] for item in items][:6] == [newest, *reversed(domains)]
    assert set(items[0]) == {"number", "time", "author", "summary", "digest"}
    assert items[0]["summary"] == "domain a.test: description '' → x"
    assert items[0]["author"] == "tests"
    assert abs((datetime.fromisoformat(items[0]["time"]) - before).total_seconds()) < 60


def test_a_page_follows_the_other(client: httpx.Client, domains: list[int]) -> None:
    first = client.get("/revisions", params={"limit": 2})
    second = client.get("/revisions", params={"limit": 3, "cursor": first.json()["next"]})
    assert numbers(first) + numbers(second) == list(reversed(domains))


def test_the_last_page_has_no_next(start_service: Callable[..., Service]) -> None:
    with http_client(f"{start_service().url}/api/v1") as client:
        assert client.get("/revisions").json() == {"items": [], "next": None}
        change(client, "PUT", "/domains/a.test", json={})
        assert client.get("/revisions", params={"limit": 1}).json()["next"] is None


def test_q_looks_in_the_summary_and_the_author_in_either_case(client: httpx.Client, domains: list[int]) -> None:
    assert numbers(client.get("/revisions", params={"q": "DOMAIN C.TEST", "limit": 1})) == [domains[2]]
    assert numbers(client.get("/revisions", params={"q": "Tests", "limit": 1})) == [domains[-1]]
    assert numbers(client.get("/revisions", params={"q": "%"})) == []


def test_a_cursor_that_was_not_given_here_is_refused(client: httpx.Client) -> None:
    for cursor in ("x", "YQ", "LTE"):
        problem(client.get("/revisions", params={"cursor": cursor}), "invalid", ("/cursor", "cursor.format"))
    problem(client.get("/revisions", params={"order": "asc"}), "invalid", ("/order", "query.unknown"))


def test_a_revision_shows_what_happened_to_each_object(client: httpx.Client) -> None:
    change(client, "PUT", "/services/s", json={})
    server = {"url": "http://10.0.0.1:3000", "weight": 3, "labels": {"team": "video"}}
    added = change(client, "PUT", "/services/s/servers/a", json=server)
    drained = change(client, "PATCH", "/services/s/servers/a", json={"state": "drain"})
    removed = change(client, "DELETE", "/services/s/servers/a")
    [made] = client.get(f"/revisions/{added}").raise_for_status().json()["changes"]
    assert (made["kind"], made["name"], made["before"]) == ("server", "s/a", None)
    [changed] = client.get(f"/revisions/{drained}").json()["changes"]
    assert changed["before"] == made["after"] == {**server, "name": "a", "state": "ready"}
    assert changed["after"] == {**server, "name": "a", "state": "drain"}
    [gone] = client.get(f"/revisions/{removed}").json()["changes"]
    assert (gone["before"], gone["after"]) == (changed["after"], None)


def test_one_revision_has_all_that_was_done_at_once(client: httpx.Client) -> None:
    exposed = {"domain": "alvin.test", "servers": [{"url": "http://10.0.0.1:3000"}]}
    number = change(client, "POST", "/expose", json=exposed)
    shown = client.get(f"/revisions/{number}").json()
    assert {change["kind"] for change in shown["changes"]} == {"domain", "service", "server", "router"}
    assert shown["number"] == number
    assert shown["summary"].count("added") == 4


def test_the_digest_is_that_of_the_document(client: httpx.Client, service: Service, domains: list[int]) -> None:
    assert client.get(f"/revisions/{domains[-1]}").json()["digest"] == service.digest()


def test_a_revision_has_a_tag_and_never_another(client: httpx.Client, domains: list[int]) -> None:
    first = client.get(f"/revisions/{domains[0]}")
    change(client, "DELETE", "/domains/a.test")
    again = client.get(f"/revisions/{domains[0]}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert client.get(f"/revisions/{domains[1]}").headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("number", ["0", "-1", "01", "x", "1.5", "999999999", "9" * 400, "\u0661", "1%00"])
def test_what_is_no_revision_is_not_found(client: httpx.Client, number: str) -> None:
    problem(client.get(f"/revisions/{number}"), "not-found")


def test_revisions_are_for_those_who_may_read(client: httpx.Client) -> None:
    made = client.post("/tokens", json={"name": "edge", "scopes": ["edge:default"]}).raise_for_status().json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    problem(client.get("/revisions", headers=headers), "forbidden")
    problem(client.get("/revisions/1", headers=headers), "forbidden")
