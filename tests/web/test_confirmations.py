"""The bar about changes that are rolled back unless somebody confirms them, and the field that asks for that."""

import re

import httpx
import pytest

from tests.running import Service
from tests.web.filling import forms, send, words
from tests.web.test_rollbacks import change
from tests.web.visiting import add_people, visit

PAGES = ["/", "/routers", "/domains/new", "/revisions", "/learn", "/expose", "/trace"]


@pytest.fixture
def pending(client: httpx.Client) -> int:
    return change(client, "PUT", "/domains/a.test", json={}, params={"confirmWithin": "10m"})


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_is_rolled_back_when_and_how_to_keep_it(
    console: httpx.Client, client: httpx.Client, pending: int, path: str
) -> None:
    page = console.get(path)
    told = rf"Revision {pending} \(domain a.test added\) is rolled back in (9:5\d|10:00) unless you keep it\."
    assert re.search(told, words(page))
    assert f'href="/revisions/{pending}/undo"' in page.text
    kept = send(console, page, f"/revisions/{pending}/confirm", {})
    assert (kept.status_code, kept.headers["Location"]) == (303, path)
    page = console.get(path)
    assert f"Revision {pending} stays." in words(page)
    assert "is rolled back in" not in words(page)
    assert client.get(f"/revisions/{pending}").json()["confirmation"]["state"] == "confirmed"
    assert "Confirmation confirmed by tests" in words(console.get(f"/revisions/{pending}"))


def test_the_bar_says_what_changed_in_the_language_of_the_page(console: httpx.Client, pending: int) -> None:
    told = words(console.get("/", headers={"Accept-Language": "id"}))
    assert f"Revisi {pending} (domain a.test ditambahkan) akan dibatalkan dalam" in told


def test_what_was_taken_back_meanwhile_is_not_kept_and_that_is_said(
    console: httpx.Client, client: httpx.Client, pending: int
) -> None:
    page = console.get("/")
    undone = change(client, "POST", f"/revisions/{pending}/undo")
    send(console, page, f"/revisions/{pending}/confirm", {})
    told = words(console.get("/"))
    assert f"revision {pending} was already undone, in revision {undone}: undo that one to bring it back" in told
    assert "Confirmation undone by tests in time" in words(console.get(f"/revisions/{pending}"))


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/domains/new", {"name": "b.test"}),
        ("/domains/a.test/edit", {"description": "x"}),
        ("/domains/a.test/remove", {}),
        ("/expose", {"domain": "b.test", "servers/0/url": "http://127.0.0.1:3000", "do": "expose"}),
        ("/revisions/{number}/undo", {}),
    ],
)
def test_every_form_lets_one_choose_a_time(
    console: httpx.Client, client: httpx.Client, path: str, typed: dict[str, str]
) -> None:
    number = change(client, "PUT", "/domains/a.test", json={})
    path = path.format(number=number)
    page = console.get(path)
    assert "Roll back unless confirmed" in words(page)
    send(console, page, path, {**typed, "confirmWithin": "30m"})
    [made] = client.get("/revisions", params={"pending": True}).json()["items"]
    assert made["confirmation"]["within"] == "30m"
    client.post(f"/revisions/{made['number']}/confirm").raise_for_status()


def test_a_time_that_is_none_is_refused_at_its_field(console: httpx.Client) -> None:
    page = console.get("/domains/new")
    answer = send(console, page, "/domains/new", {"name": "b.test", "confirmWithin": "soon"})
    assert answer.status_code == 422
    assert "This has to be a time from 1s to 168h" in words(answer)


def test_who_may_not_change_anything_sees_the_bar_without_its_buttons(service: Service, pending: int) -> None:
    add_people(service)
    with visit(service, "sari") as viewer:
        page = viewer.get("/")
        assert f"Revision {pending}" in words(page)
        assert all("/confirm" not in form.action for form in forms(page))
