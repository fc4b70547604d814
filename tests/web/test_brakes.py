"""What takes much away is done from the console when a person types exactly its number, and nothing typed is lost."""

import httpx
import pytest

from tests.running import Service
from tests.web.filling import find_form, revision, send, words

SERVICE = "/services/wayshub"
SERVER = f"{SERVICE}/servers/a"


@pytest.fixture(autouse=True)
def exposed(client: httpx.Client) -> None:
    """An application with one server, which is the last that is ready."""
    servers = [{"name": "a", "url": "http://a.test:3000"}]
    client.post("/expose", json={"domain": "a.test", "name": "wayshub", "servers": servers}).raise_for_status()


def asked(answer: httpx.Response) -> str:
    """Check that an answer asks for the number, and return what it says."""
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return words(answer)


def test_an_edit_is_kept_while_its_number_is_asked_for(
    console: httpx.Client, client: httpx.Client, service: Service
) -> None:
    path = f"{SERVER}/edit"
    before = revision(service)
    changes: dict[str, str | None] = {"url": "http://b.test:1", "weight": "7", "state": "drain"}
    answer = send(console, console.get(path), path, changes)
    told = asked(answer)
    assert "This removes a lot (ready servers: 1): confirm it with the number 1." in told
    assert "Service wayshub has traffic and would lose its last ready server." in told
    assert revision(service) == before
    wrong = send(console, answer, path, {"confirm": "2"})
    assert "This has to be exactly 1." in asked(wrong)
    assert find_form(wrong, path).fields["confirm"] == "2"
    assert revision(service) == before
    done = send(console, wrong, path, {"confirm": " 1 "})
    assert (done.status_code, done.headers["Location"]) == (303, SERVER)
    kept = client.get(SERVER).json()
    assert (kept["url"], kept["weight"], kept["state"]) == ("http://b.test:1", 7, "drain")


@pytest.mark.parametrize("number", ["", "0", "-1", "1.0", "one", "\u0660\u0661", "9" * 400, "1 or 1=1", "<b>"])
def test_what_is_not_exactly_the_number_confirms_nothing(console: httpx.Client, service: Service, number: str) -> None:
    path = f"{SERVER}/edit"
    before = revision(service)
    answer = send(console, console.get(path), path, {"state": "maint"})
    again = send(console, answer, path, {"confirm": number})
    asked(again)
    assert find_form(again, path).fields["confirm"] == number
    assert revision(service) == before


def test_one_click_asks_too_and_leads_back_to_where_it_was(console: httpx.Client, client: httpx.Client) -> None:
    form = find_form(console.get(SERVICE), f"{SERVER}/state")
    answer = console.post(form.action, data={**form.fields, "state": "drain"})
    asked(answer)
    assert f'href="{SERVICE}"' in answer.text
    done = send(console, answer, f"{SERVER}/state", {"confirm": "1"})
    assert (done.status_code, done.headers["Location"]) == (303, SERVICE)
    assert client.get(SERVER).json()["state"] == "drain"


def test_a_removal_asks_for_the_number_after_it_named_what_goes(console: httpx.Client, client: httpx.Client) -> None:
    path = f"{SERVER}/remove"
    answer = send(console, console.get(path), path, {})
    assert "has traffic" in asked(answer)
    assert client.get(SERVER).status_code == 200
    done = send(console, answer, path, {"confirm": "1"})
    assert (done.status_code, done.headers["Location"]) == (303, SERVICE)
    assert client.get(SERVER).status_code == 404


def test_who_confirms_what_somebody_else_has_changed_since_is_shown_that(
    console: httpx.Client, client: httpx.Client
) -> None:
    path = f"{SERVER}/edit"
    answer = send(console, console.get(path), path, {"state": "drain"})
    asked(answer)
    client.patch(SERVER, json={"weight": 9}).raise_for_status()
    late = send(console, answer, path, {"confirm": "1"})
    assert late.status_code == 412
    assert "Somebody else changed this while you had it open." in words(late)
    assert client.get(SERVER).json()["state"] == "ready"


def test_many_routers_that_would_go_are_told_with_their_number(console: httpx.Client, client: httpx.Client) -> None:
    for name in "bcde":
        client.put(f"/routers/{name}", json={"pathPrefix": f"/{name}", "service": "wayshub"}).raise_for_status()
    path = f"{SERVICE}/remove"
    answer = send(console, console.get(path), path, {})
    told = asked(answer)
    assert "This removes a lot (routers: 5, ready servers: 1): confirm it with the number 6." in told
    assert "5 of 5 routers would be lost." in told
    done = send(console, answer, path, {"confirm": "6"})
    assert done.status_code == 303
    assert client.get("/routers").json()["items"] == []
