"""Going back to a revision from the console: its plan is shown, and then exactly that is done."""

from typing import Any

import httpx
import pytest

from tests.running import Service, fetch
from tests.web.filling import find_form, revision, send, words
from tests.web.visiting import HOSTILE

SERVERS = [{"name": "a", "url": "http://a.test:3000"}, {"name": "b", "url": "http://b.test:3000"}]


def change(client: httpx.Client, method: str, path: str, **options: Any) -> int:
    return int(client.request(method, path, **options).raise_for_status().headers["Config-Revision"])


@pytest.fixture(autouse=True, params=["planned here", "planned apart"])
def _planned(request: pytest.FixtureRequest, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where plans are made: what a large state gives takes long, and is planned in a process apart."""
    if request.param == "planned apart":
        monkeypatch.setattr(service.server._app.plane.turns, "large_bytes", 0)


@pytest.fixture
def number(client: httpx.Client) -> int:
    """The revision at which an application was exposed."""
    return change(client, "POST", "/expose", json={"domain": "a.test", "name": "wayshub", "servers": SERVERS})


def served(service: Service) -> bytes:
    return fetch(f"{service.url}/traefik/configuration").raise_for_status().content


def test_going_back_shows_its_plan_first_and_then_does_that(
    console: httpx.Client, client: httpx.Client, service: Service, number: int
) -> None:
    before = served(service)
    change(client, "PATCH", "/services/wayshub/servers/b", json={"weight": 3})
    page = console.get(f"/revisions/{number}")
    path = f"/revisions/{number}/rollback"
    assert f'href="{path}"' in page.text
    plan = console.get(path)
    assert served(service) != before
    told = words(plan)
    assert "What changes: one object" in told
    assert "server wayshub/b changed Field Before After Weight 3 1" in told
    assert "a.test: 25 % of the traffic moves from b to a" in told
    done = send(console, plan, path, {"message": "b is <slow>"})
    now = revision(service)
    assert (done.status_code, done.headers["Location"]) == (303, f"/revisions/{now}")
    assert served(service) == before
    shown = console.get(f"/revisions/{now}")
    assert f"Restored from revision {number}. This is the current state." in words(shown)
    assert "Why b is <slow>" in words(shown)
    assert "b is <slow>" in words(console.get("/revisions"))
    assert "b is <slow>" in words(console.get("/audit"))


def test_who_says_nothing_has_it_said_for_them(console: httpx.Client, client: httpx.Client, number: int) -> None:
    change(client, "PATCH", "/domains/a.test", json={"description": "x"})
    path = f"/revisions/{number}/rollback"
    send(console, console.get(path), path, {})
    assert client.get("/revisions").json()["items"][0]["message"] == f"back to revision {number}"


def test_what_others_did_since_the_plan_is_told_and_nothing_is_done(
    console: httpx.Client, client: httpx.Client, service: Service, number: int
) -> None:
    change(client, "PATCH", "/services/wayshub/servers/b", json={"weight": 3})
    path = f"/revisions/{number}/rollback"
    plan = console.get(path)
    other = change(client, "PATCH", "/services/wayshub/servers/a", json={"weight": 5})
    late = send(console, plan, path, {"message": "kept"})
    assert late.status_code == 412
    assert f"Revision {other} (tests): server wayshub/a: weight 1 → 5" in words(late)
    assert find_form(late, path).fields["message"] == "kept"
    assert revision(service) == other
    assert send(console, late, path, {}).status_code == 303
    weights = [item["weight"] for item in client.get("/services/wayshub/servers").json()["items"]]
    assert weights == [1, 1]


def test_what_takes_much_away_is_done_when_its_number_is_typed(
    console: httpx.Client, client: httpx.Client, service: Service, number: int
) -> None:
    for name in "bcde":
        change(client, "PUT", f"/routers/{name}", json={"pathPrefix": f"/{name}", "service": "wayshub"})
    before = revision(service)
    path = f"/revisions/{number}/rollback"
    plan = console.get(path)
    assert "4 of 5 routers would be lost." in words(plan)
    assert "Type 4 to confirm" in words(plan)
    wrong = send(console, plan, path, {"confirm": "5", "message": "too many"})
    assert wrong.status_code == 409
    assert "This has to be exactly 4." in words(wrong)
    fields = find_form(wrong, path).fields
    assert (fields["confirm"], fields["message"]) == ("5", "too many")
    assert revision(service) == before
    assert send(console, wrong, path, {"confirm": "4"}).status_code == 303
    assert [item["name"] for item in client.get("/routers").json()["items"]] == ["wayshub"]


def test_one_object_is_brought_back_alone(console: httpx.Client, client: httpx.Client, number: int) -> None:
    change(client, "PATCH", "/services/wayshub/servers/a", json={"weight": 9})
    change(client, "PATCH", "/services/wayshub/servers/b", json={"weight": 9})
    path = f"/revisions/{number}/rollback"
    one = f"{path}?kind=server&name=wayshub%2Fb"
    assert one.replace("&", "&amp;") in console.get(f"/revisions/{number}").text
    plan = console.get(one)
    assert f"Restores only server wayshub/b to revision {number}" in words(plan)
    assert send(console, plan, path, {}).status_code == 303
    weights = {item["name"]: item["weight"] for item in client.get("/services/wayshub/servers").json()["items"]}
    assert weights == {"a": 9, "b": 1}


def test_where_nothing_would_change_there_is_nothing_to_do(console: httpx.Client, number: int) -> None:
    page = console.get(f"/revisions/{number}/rollback")
    assert "Nothing would change" in words(page)
    assert 'class="sheet"' not in page.text
    assert f"/revisions/{number}/rollback" not in console.get(f"/revisions/{number}").text  # it is the current one


def test_a_message_that_is_wrong_stands_at_its_field(
    console: httpx.Client, client: httpx.Client, service: Service, number: int
) -> None:
    before = change(client, "PATCH", "/domains/a.test", json={"description": "x"})
    path = f"/revisions/{number}/rollback"
    for message, told in (
        ("x" * 501, "This is longer than 500 characters."),
        ("a\x00b", "The text has a control character: use a single line of plain text."),
    ):
        answer = send(console, console.get(path), path, {"message": message})
        assert answer.status_code == 422
        assert told in words(answer)
        assert 'id="field-message-wrong"' in answer.text
    assert revision(service) == before


@pytest.mark.parametrize("message", [text[:500] for text in HOSTILE])
def test_a_message_is_shown_as_text_everywhere(
    console: httpx.Client, client: httpx.Client, number: int, message: str
) -> None:
    change(client, "PATCH", "/domains/a.test", json={"description": "x"})
    path = f"/revisions/{number}/rollback"
    done = send(console, console.get(path), path, {"message": message})
    assert done.status_code == 303
    for page in (console.get(done.headers["Location"]), console.get("/revisions"), console.get("/audit")):
        assert " ".join(message.split()) in words(page)
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


def test_a_revision_is_compared_with_any_other(console: httpx.Client, client: httpx.Client, number: int) -> None:
    change(client, "PATCH", "/domains/a.test", json={"description": "x"})
    last = change(client, "PATCH", "/services/wayshub/servers/b", json={"state": "drain"})
    itself = words(console.get(f"/revisions/{last}"))
    assert "a.test: 50 % of the traffic moves from b to a" in itself
    assert "domain a.test" not in itself.partition("What it changed")[2]
    compared = words(console.get(f"/revisions/{last}", params={"compare": number}))
    assert f"Changes from revision {number}" in compared
    assert "Description nothing x" in compared
    assert "a.test: 50 % of the traffic moves from b to a" in compared
    same = words(console.get(f"/revisions/{last}", params={"compare": last}))
    assert "There are no differences." in same
    assert console.get(f"/revisions/{last}", params={"compare": "x"}).status_code == 404
    assert console.get(f"/revisions/{last}", params={"compare": "999999999"}).status_code == 404


def test_what_is_no_revision_has_no_plan(console: httpx.Client, number: int) -> None:
    assert console.get("/revisions/x/rollback").status_code == 404
    assert console.get("/revisions/999999999/rollback").status_code == 404
    assert console.get(f"/revisions/{number}/rollback?kind=router&name=none").status_code == 404
    assert console.get(f"/revisions/{number}/rollback?kind=account&name=none").status_code == 422
    assert console.post("/revisions/999999999/rollback", data={}).status_code == 404


def test_a_state_that_would_not_hold_any_more_is_told_as_such(console: httpx.Client, client: httpx.Client) -> None:
    first = change(client, "PUT", "/services/wayshub", json={})
    change(client, "PUT", "/routers/wayshub", json={"pathPrefix": "/", "service": "wayshub"})
    change(client, "DELETE", "/services/wayshub", params={"cascade": True})
    path = f"/revisions/{first + 1}/rollback?kind=router&name=wayshub"
    answer = console.get(path)
    assert answer.status_code == 422
    assert "there is no service wayshub: add it first" in words(answer)


def test_conflicts_are_told_in_the_plan_and_on_the_page_of_the_router(
    console: httpx.Client, client: httpx.Client, number: int
) -> None:
    assert "chance decides" not in words(console.get("/routers/wayshub"))
    with_twin = change(client, "PUT", "/routers/twin", json={"domains": ["a.test"], "service": "wayshub"})
    told = "twin and wayshub have the same rule and the same priority 25 on web"
    assert told in words(console.get("/routers/twin"))
    assert told in words(console.get("/routers/wayshub"))
    change(client, "DELETE", "/routers/twin")
    assert told in words(console.get(f"/revisions/{with_twin}/rollback"))
    assert told not in words(console.get(f"/revisions/{number}/rollback"))


# One revision is undone


def test_each_revision_has_undo_the_newest_too_and_shows_its_plan_first(
    console: httpx.Client, client: httpx.Client, service: Service, number: int
) -> None:
    before = served(service)
    bad = change(client, "PATCH", "/routers/wayshub", json={"enabled": False})
    page = console.get(f"/revisions/{bad}")
    assert "Undo this change" in words(page)
    assert f'href="/revisions/{number}/rollback"' in page.text  # the state before it
    path = f"/revisions/{bad}/undo"
    plan = console.get(path)
    assert f"Reverts what revision {bad} did" in words(plan)
    assert "Enabled no yes" in words(plan)
    done = send(console, plan, path, {"message": "that was wrong"})
    assert done.status_code == 303
    assert served(service) == before
    shown = words(console.get(done.headers["Location"]))
    assert f"Revision {bad} is undone. This is the current state." in shown
    assert f"Undid revision {bad}" in shown
    assert "Why that was wrong" in shown
    assert "This revision is already undone." in words(console.get(path))


def test_who_undoes_in_bahasa_indonesia_does_not_choose_between_two_words_for_cancel(
    console: httpx.Client, number: int
) -> None:
    plan = words(console.get(f"/revisions/{number}/undo", headers={"Accept-Language": "id"}))
    assert "Batalkan Kembali" in plan
    assert " Batal " not in plan


def test_what_was_changed_since_is_asked_for_and_then_done_as_it_was_chosen(
    console: httpx.Client, client: httpx.Client, number: int
) -> None:
    assert number
    bad = change(client, "PATCH", "/routers/wayshub", json={"priority": 5, "pathPrefix": "/x"})
    since = change(client, "PATCH", "/routers/wayshub", json={"priority": 7})
    path = f"/revisions/{bad}/undo"
    asked = console.get(path)
    assert asked.status_code == 409
    assert f"priority of router wayshub was nothing, and has been set to 7 in revision {since} by tests." in (
        words(asked).lower()
    )
    place = "at:/router/wayshub/priority"
    assert f'name="{place}"' in asked.text
    plan = console.get(path, params={place: "newer"})
    assert send(console, plan, path, {}).status_code == 303
    found = client.get("/routers/wayshub").json()
    assert (found["priority"], found["pathPrefix"]) == (7, None)
    plan = console.get(path, params={"at:true": "older"})
    assert send(console, plan, path, {}).status_code == 303
    assert client.get("/routers/wayshub").json()["priority"] is None


def test_what_was_removed_comes_back_alone_from_the_newest_revision_and_from_a_comparison(
    console: httpx.Client, client: httpx.Client, number: int
) -> None:
    gone = change(client, "DELETE", "/services/wayshub", params={"cascade": "true", "confirm": "3"})
    one = "?kind=router&name=wayshub"
    assert f"/revisions/{gone}/undo{one}".replace("&", "&amp;") in console.get(f"/revisions/{gone}").text
    compared = console.get(f"/revisions/{gone}", params={"compare": number})
    assert f"/revisions/{number}/rollback?kind=service&amp;name=wayshub" in compared.text
    path = f"/revisions/{gone}/undo"
    plan = console.get(path + one)
    assert send(console, plan, path, {}).status_code == 303
    assert client.get("/routers/wayshub").is_success
    assert len(client.get("/services/wayshub/servers").json()["items"]) == 2


def test_who_uses_what_goes_is_named_and_taken_along_if_that_is_wanted(
    console: httpx.Client, client: httpx.Client, number: int
) -> None:
    assert number
    made = change(client, "PUT", "/services/pool", json={})
    change(client, "PUT", "/routers/user", json={"pathPrefix": "/user", "service": "pool"})
    path = f"/revisions/{made}/undo"
    asked = console.get(path)
    assert asked.status_code == 409
    assert "service pool would be removed, but is used by router user." in words(asked).lower()
    assert f"{path}?cascade=true" in asked.text
    plan = console.get(path, params={"cascade": "true"})
    assert send(console, plan, path, {}).status_code == 303
    assert client.get("/routers/user").status_code == 404


def test_going_back_says_that_what_was_added_since_goes(
    console: httpx.Client, client: httpx.Client, number: int
) -> None:
    change(client, "PUT", "/routers/twin", json={"pathPrefix": "/twin", "service": "wayshub"})
    told = words(console.get(f"/revisions/{number}/rollback"))
    assert "Anything added since is removed." in told
    assert "nothing of what came since is lost" not in told


def test_an_object_has_a_history_that_brings_it_back_when_it_is_gone(
    console: httpx.Client, client: httpx.Client, number: int
) -> None:
    change(client, "PATCH", "/routers/wayshub", json={"priority": 5})
    assert 'href="/revisions?object=router%2Fwayshub"' in console.get("/routers/wayshub").text
    gone = change(client, "DELETE", "/routers/wayshub")
    missing = console.get("/routers/wayshub", headers={"Accept": "text/html"})
    assert missing.status_code == 404
    assert 'href="/revisions?object=router%2Fwayshub"' in missing.text
    listed = console.get("/revisions", params={"object": "router/wayshub"})
    assert f"It was removed in revision {gone}." in words(listed)
    assert f'href="/revisions/{number}"' in listed.text
    assert f"/revisions/{gone}/undo?kind=router&amp;name=wayshub" in listed.text


def test_a_trace_that_finds_nobody_says_since_when_and_how_to_undo_that(
    console: httpx.Client, client: httpx.Client, number: int
) -> None:
    assert number
    gone = change(client, "DELETE", "/routers/wayshub")
    page = console.get("/trace", params={"url": "http://a.test/"})
    assert f"outer wayshub took it, and was removed in revision {gone} by tests" in words(page)
    assert f"/revisions/{gone}/undo?kind=router&amp;name=wayshub" in page.text
