"""`/api/v1/revisions`: what changed, one after the other."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.checks import problem, state
from tests.running import Service, fetch, http_client, running_service


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
    assert set(items[0]) == {"number", "time", "author", "summary", "message", "digest", "confirmation"}
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
    assert numbers(client.get("/revisions", params={"q": "%%"})) == []


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
    assert shown["summary"] == "Exposed alvin.test"


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


# What a revision gave, and what differs from another


def exposed(client: httpx.Client, name: str = "alvin", **servers: int) -> int:
    """Expose an application with servers of these weights, and return the revision."""
    listed = [
        {"name": server, "url": f"http://10.0.0.{index}:3000", "weight": weight}
        for index, (server, weight) in enumerate(servers.items(), 1)
    ]
    return change(client, "POST", "/expose", json={"domain": f"{name}.test", "name": name, "servers": listed})


def served(service: Service) -> bytes:
    return fetch(f"{service.url}/traefik/configuration").raise_for_status().content


def test_the_document_of_a_revision_is_what_was_served_byte_for_byte(client: httpx.Client, service: Service) -> None:
    first = exposed(client, a=3, b=1)
    before = served(service)
    second = change(client, "PATCH", "/services/alvin/servers/b", json={"state": "drain"})
    after = served(service)
    change(client, "DELETE", "/services/alvin", params={"cascade": True})
    assert client.get(f"/revisions/{first}/configuration").raise_for_status().content == before
    shown = client.get(f"/revisions/{second}/configuration").raise_for_status()
    assert shown.content == after
    known = {"If-None-Match": shown.headers["ETag"]}
    assert client.get(f"/revisions/{second}/configuration", headers=known).status_code == 304
    assert client.get(f"/revisions/{first}/configuration", headers=known).status_code == 200


def test_a_document_that_this_version_would_give_in_another_form_is_not_passed_off_as_what_was_served(
    migrated: Path, tmp_path: Path
) -> None:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        change(client, "PUT", "/domains/a.test", json={})
        with closing(sqlite3.connect(service.database)) as connection:
            connection.execute("UPDATE revision SET digest = 'another-form'")
            connection.commit()
        told = problem(client.get("/revisions/1/configuration"), "not-found")
        assert told["detail"] == "this version of wayshub-provider renders a different document for revision 1"


def test_a_revision_is_compared_with_the_one_before(client: httpx.Client) -> None:
    exposed(client, a=1, b=1)
    number = change(client, "PUT", "/services/alvin/servers/c", json={"url": "http://10.0.0.9:3000", "weight": 2})
    found = client.get(f"/revisions/{number}/difference").raise_for_status().json()
    assert (found["before"], found["after"]) == (number - 1, number)
    difference = found["difference"]
    assert difference["words"] == ["server alvin/c added", "alvin.test: 50 % of the traffic moves from a and b to c"]
    assert [(one["action"], one["kind"], one["name"]) for one in difference["objects"]] == [
        ("create", "server", "alvin/c")
    ]
    assert {one["server"]: (one["before"], one["after"]) for one in difference["shares"]} == {
        "a": (0.5, 0.25),
        "b": (0.5, 0.25),
        "c": (None, 0.5),
    }
    (place,) = difference["document"]
    assert place["pointer"] == "/http/services/alvin/loadBalancer/servers"
    assert (len(place["before"]), len(place["after"])) == (2, 3)
    assert difference["brake"] is None


def test_a_revision_is_compared_with_any_other_and_both_ways(client: httpx.Client) -> None:
    first = exposed(client, a=1)
    change(client, "PATCH", "/domains/alvin.test", json={"description": "x"})
    change(client, "PATCH", "/domains/alvin.test", json={"description": "y"})
    last = change(client, "PATCH", "/routers/alvin", json={"pathPrefix": "/api"})
    there = client.get(f"/revisions/{last}/difference", params={"compare": first}).json()["difference"]
    back = client.get(f"/revisions/{first}/difference", params={"compare": last}).json()["difference"]
    assert there["words"] == [
        "domain alvin.test: description '' → y",
        "router alvin: pathPrefix nothing → /api",
        "no router takes GET alvin.test/ any more; alvin used to",
    ]
    assert [(one["before"], one["after"]) for one in there["document"]] == [
        (one["after"], one["before"]) for one in back["document"]
    ]
    same = client.get(f"/revisions/{last}/difference", params={"compare": last}).json()["difference"]
    assert (same["objects"], same["document"], same["words"]) == ([], [], [])


def test_the_first_revision_is_compared_with_nothing(start_service: Callable[..., Service]) -> None:
    with http_client(f"{start_service().url}/api/v1") as client:
        change(client, "PUT", "/domains/a.test", json={})
        found = client.get("/revisions/1/difference").raise_for_status().json()
        assert (found["before"], found["difference"]["words"]) == (0, ["domain a.test added"])


def test_what_a_revision_cannot_be_compared_with_is_refused(client: httpx.Client, domains: list[int]) -> None:
    where = f"/revisions/{domains[0]}/difference"
    problem(client.get(where, params={"compare": 999_999_999}), "not-found")
    problem(client.get(where, params={"compare": 0}), "invalid", ("/compare", "value.small"))
    problem(client.get(where, params={"compare": "x"}), "invalid", ("/compare", "type.integer"))


# Rollback


def roll_back(client: httpx.Client, number: int, **params: Any) -> httpx.Response:
    return client.post(f"/revisions/{number}/rollback", params=params)


def test_a_rollback_brings_the_state_back_as_a_new_revision(client: httpx.Client, service: Service) -> None:
    first = exposed(client, a=3, b=1)
    before, exported = served(service), client.get("/export").content
    change(client, "PATCH", "/services/alvin/servers/b", json={"state": "drain"})
    last = exposed(client, "budi", a=1)
    answer = roll_back(client, first).raise_for_status()
    assert answer.json()["revision"] == last + 1 == int(answer.headers["Config-Revision"])
    assert served(service) == before
    assert client.get("/export").content == exported
    kept = client.get(f"/revisions/{last + 1}").json()
    assert kept["message"] == f"back to revision {first}"
    assert {(one["kind"], one["name"], one["after"] is None) for one in kept["changes"]} == {
        ("server", "alvin/b", False),
        ("domain", "budi.test", True),
        ("service", "budi", True),
        ("server", "budi/a", True),
        ("router", "budi", True),
    }


def test_a_rollback_can_be_taken_back_itself(client: httpx.Client, service: Service) -> None:
    first = exposed(client, a=1)
    second = change(client, "PATCH", "/routers/alvin", json={"pathPrefix": "/x"})
    after = served(service)
    roll_back(client, first).raise_for_status()
    assert served(service) != after
    roll_back(client, second).raise_for_status()
    assert served(service) == after


def test_a_rollback_to_what_is_makes_no_revision(client: httpx.Client) -> None:
    number = exposed(client, a=1)
    answer = roll_back(client, number).raise_for_status()
    assert (answer.json()["revision"], answer.json()["difference"]["objects"]) == (number, [])


def test_a_rollback_is_tried_in_the_same_way_and_keeps_nothing(client: httpx.Client, service: Service) -> None:
    first = exposed(client, a=1, b=1)
    change(client, "DELETE", "/services/alvin/servers/b")
    before = state(service)
    announced = roll_back(client, first, dryRun=True).raise_for_status().json()
    assert state(service) == before
    done = roll_back(client, first).raise_for_status().json()
    assert done["difference"] == announced["difference"]
    assert done["revision"] == announced["revision"] + 1


def test_a_rollback_is_braked_and_confirmed_with_its_number(client: httpx.Client, service: Service) -> None:
    change(client, "PUT", "/services/alvin", json={})
    first = change(client, "PUT", "/domains/alvin.test", json={})
    names = [f"{letter}{digit}" for letter in "ab" for digit in range(4)]
    for name in names:
        change(client, "PUT", f"/routers/{name}", json={"domains": ["alvin.test"], "service": "alvin"})
    before = state(service)
    told = problem(roll_back(client, first), "brake", ("/confirm", "brake.routers"))
    assert told["confirm"] == len(names)
    assert state(service) == before
    tried = roll_back(client, first, dryRun=True).raise_for_status().json()
    assert tried["difference"]["brake"]["confirm"] == len(names)
    problem(roll_back(client, first, confirm=len(names) + 1), "brake", ("/confirm", "brake.routers"))
    roll_back(client, first, confirm=len(names)).raise_for_status()
    assert client.get("/routers").json()["items"] == []


def test_who_is_late_with_a_rollback_is_told_what_others_did(client: httpx.Client) -> None:
    first = exposed(client, a=1)
    change(client, "PATCH", "/domains/alvin.test", json={"description": "x"})
    planned = roll_back(client, first, dryRun=True).headers["ETag"]
    other = change(client, "PATCH", "/domains/alvin.test", json={"description": "y"})
    late = client.post(f"/revisions/{first}/rollback", headers={"If-Match": planned})
    told = problem(late, "precondition-failed", ("/If-Match", "precondition.failed"))
    assert [(each["number"], each["summary"]) for each in told["revisions"]] == [
        (other, "domain alvin.test: description x → y")
    ]
    planned = roll_back(client, first, dryRun=True).headers["ETag"]
    done = client.post(f"/revisions/{first}/rollback", headers={"If-Match": planned}).raise_for_status()
    assert done.headers["ETag"] == client.get("/export").headers["ETag"]


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        ("domain", "ALVIN.test", "/domains/alvin.test"),
        ("router", "alvin", "/routers/alvin"),
        ("server", "alvin/b", "/services/alvin/servers/b"),
        ("service", "alvin", "/services/alvin"),
    ],
)
def test_one_object_is_rolled_back_alone(client: httpx.Client, kind: str, name: str, path: str) -> None:
    first = exposed(client, a=1, b=2)
    wanted = client.get(path).json()
    change(client, "PATCH", "/domains/alvin.test", json={"description": "later"})
    change(client, "PATCH", "/routers/alvin", json={"pathPrefix": "/later"})
    change(client, "PATCH", "/services/alvin", json={"passHostHeader": False})
    last = change(client, "PATCH", "/services/alvin/servers/b", json={"weight": 7})
    answer = roll_back(client, first, kind=kind, name=name).raise_for_status()
    assert client.get(path).json() == wanted
    changed = client.get(f"/revisions/{last + 1}").json()["changes"]
    expected = {(kind, name.lower())} | ({("server", "alvin/b")} if kind == "service" else set())
    assert {(one["kind"], one["name"]) for one in changed} == expected
    assert int(answer.headers["Config-Revision"]) == last + 1


def test_a_service_comes_back_with_its_servers_and_goes_with_them(client: httpx.Client) -> None:
    none = change(client, "PUT", "/domains/a.test", json={})
    change(client, "PUT", "/services/s", json={})
    with_one = change(client, "PUT", "/services/s/servers/a", json={"url": "http://10.0.0.1"})
    change(client, "PUT", "/services/s/servers/b", json={"url": "http://10.0.0.2"})
    roll_back(client, with_one, kind="service", name="s").raise_for_status()
    assert [item["name"] for item in client.get("/services/s/servers").json()["items"]] == ["a"]
    change(client, "DELETE", "/services/s")
    roll_back(client, with_one, kind="service", name="s").raise_for_status()
    assert [item["name"] for item in client.get("/services/s/servers").json()["items"]] == ["a"]
    roll_back(client, none, kind="service", name="s").raise_for_status()
    problem(client.get("/services/s"), "not-found")


def test_an_object_that_others_need_or_that_needs_others_is_not_rolled_back_alone(client: httpx.Client) -> None:
    none = change(client, "PUT", "/domains/a.test", json={})
    there = exposed(client, a=1)
    told = problem(roll_back(client, none, kind="service", name="alvin"), "in-use")
    assert told["detail"] == "service alvin would be removed, but is used by router alvin"
    gone = change(client, "DELETE", "/services/alvin", params={"cascade": True})
    unknown = ("/routers/alvin/service", "service.unknown")
    problem(roll_back(client, there, kind="router", name="alvin"), "invalid", unknown)
    problem(roll_back(client, there, kind="server", name="alvin/a"), "invalid", ("/services/alvin", "service.unknown"))
    assert client.get("/revisions").json()["items"][0]["number"] == gone


def test_what_was_never_there_is_not_found(client: httpx.Client) -> None:
    number = exposed(client, a=1)
    for kind, name in (("domain", "*"), ("domain", "b.test"), ("service", "x"), ("server", "alvin"), ("router", "-")):
        told = problem(roll_back(client, number, kind=kind, name=name), "not-found")
        assert told["detail"] == f"there was no {kind} {name} at revision {number}"


def test_an_object_is_named_by_both_kind_and_name(client: httpx.Client) -> None:
    number = exposed(client, a=1)
    problem(roll_back(client, number, kind="router"), "invalid", ("/name", "field.required"))
    problem(roll_back(client, number, name="alvin"), "invalid", ("/kind", "field.required"))
    problem(roll_back(client, number, kind="token", name="x"), "invalid", ("/kind", "value.choice"))
    problem(roll_back(client, number, kind="router", name="x" * 401), "invalid", ("/name", "value.long"))


@pytest.mark.parametrize("number", ["0", "x", "999999999", "9" * 400])
def test_there_is_no_rollback_to_what_is_no_revision(client: httpx.Client, number: str) -> None:
    problem(client.post(f"/revisions/{number}/rollback"), "not-found")
    problem(client.get(f"/revisions/{number}/configuration"), "not-found")
    problem(client.get(f"/revisions/{number}/difference"), "not-found")


def test_an_object_that_an_earlier_version_took_and_this_one_does_not_is_told(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        change(client, "PUT", "/services/s", json={})
        change(client, "DELETE", "/services/s")
        with closing(sqlite3.connect(service.database)) as connection:
            connection.execute("UPDATE revision_change SET before = replace(before, '\"wrr\"', '\"none\"')")
            connection.commit()
        told = problem(roll_back(client, 1), "invalid", ("/number", "value.choice"))
        assert "service s of revision 1 is not valid in this version" in told["detail"]


# Why


def test_a_write_says_why_and_the_revision_keeps_it(client: httpx.Client) -> None:
    headers = {b"Config-Message": "Wartung — neue Platte für „a“ 🚀".encode()}
    number = change(client, "PUT", "/domains/a.test", json={}, headers=headers)
    assert client.get(f"/revisions/{number}").json()["message"] == "Wartung — neue Platte für „a“ 🚀"
    assert client.get("/revisions").json()["items"][0]["message"] == "Wartung — neue Platte für „a“ 🚀"
    assert numbers(client.get("/revisions", params={"q": "NEUE PLATTE"})) == [number]
    entry = client.get("/audit", params={"revision": number}).json()["items"][0]
    assert entry["message"] == "Wartung — neue Platte für „a“ 🚀"
    plain = change(client, "DELETE", "/domains/a.test")
    assert client.get(f"/revisions/{plain}").json()["message"] == ""


def test_a_rollback_says_why_in_the_words_of_who_does_it(client: httpx.Client) -> None:
    first = exposed(client, a=1)
    change(client, "PATCH", "/routers/alvin", json={"enabled": False})
    headers = {"Config-Message": "the release was bad"}
    answer = client.post(f"/revisions/{first}/rollback", headers=headers, params={"kind": "router", "name": "alvin"})
    assert client.get(f"/revisions/{answer.json()['revision']}").json()["message"] == "the release was bad"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"\xff", "header.format"),
        (b"\xed\xa0\x80", "header.format"),
        ("\u0085".encode(), "text.control"),
        ("x\u2028y".encode(), "text.control"),
        (b"a\tb", "text.control"),
        (b"x" * 501, "value.long"),
        ("ü".encode() * 501, "value.long"),
        (b"x" * 5000, "value.long"),
    ],
)
def test_a_message_is_one_line_of_utf8_and_not_too_long(client: httpx.Client, message: bytes, code: str) -> None:
    headers = {b"Config-Message": message}
    for answer in (
        client.put("/domains/a.test", json={}, headers=headers),
        client.post("/apply", json={}, headers=headers),
        client.post("/revisions/1/rollback", headers=headers),
    ):
        problem(answer, "invalid", ("/Config-Message", code))


def test_a_message_of_the_greatest_length_is_kept_and_two_are_refused(client: httpx.Client) -> None:
    number = change(client, "PUT", "/domains/a.test", json={}, headers={b"Config-Message": "🚀".encode() * 500})
    assert client.get(f"/revisions/{number}").json()["message"] == "🚀" * 500
    twice = [("Config-Message", "a"), ("Config-Message", "b")]
    answer = client.put("/domains/b.test", json={}, headers=twice)
    problem(answer, "invalid", ("/Config-Message", "header.format"))
