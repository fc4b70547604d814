"""The page of the audit: who did what, to be searched, and opened to what it changed."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from provider.messages import Message, recognise
from provider.models import Role
from provider.rollouts import words as rollout_words
from provider.security import words
from tests.people import add_account, begin_session, log_in, nobody
from tests.running import Service, http_client, running_service
from tests.web.visiting import HOSTILE, Page, read, visit


@pytest.fixture(scope="module")
def lived(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service in which everything was done that leaves an entry, but for the lifting of a quarantine."""
    with running_service(tmp_path_factory.mktemp("lived"), migrated) as service:
        add_account(service.database, "desk", Role.ADMIN)
        add_account(service.database, "sari", Role.VIEWER)
        with http_client(service.url, headers={"Accept": "text/html"}) as machine:
            machine.put("/api/v1/services/wayshub", json={}).raise_for_status()
            server = {"url": "http://10.0.0.1:3000", "weight": 3}
            machine.put("/api/v1/services/wayshub/servers/a", json=server).raise_for_status()
            machine.patch("/api/v1/services/wayshub/servers/a", json={"state": "drain"}).raise_for_status()
            page = Page(machine.post("/accounts/new", data={"name": "rina", "role": "viewer"}).text)
            [link] = [each["value"] for each in page.all("input") if each.get("id") == "link"]
            etag = Page(machine.get("/accounts/rina").text).value("etag")
            machine.post("/accounts/rina/role", data={"role": "operator", "etag": etag})
            token = {"name": "ci", "level": "write", "edges": "paris", "expires": "never"}
            page = Page(machine.post("/tokens/new", data=token).text)
            [secret] = [each["value"] for each in page.all("input") if each.get("id") == "token"]
            machine.post(f"/tokens/{secret.split('_')[1]}/revoke")
            with nobody(service) as client:
                new = {"password": "two brown dogs sleep", "repeat": "two brown dogs sleep"}
                secret = httpx.URL(link).params["link"]
                assert client.post("/password", data={"secret": secret, **new}).status_code == 303
                assert client.post("/logout").status_code == 303
                assert log_in(client, "rina", "wrong").status_code == 401
                assert log_in(client, "nobody-knows", "wrong").status_code == 401
            machine.get("/api/v1/export", params={"secrets": "true"}).raise_for_status()
            chosen = {"directory": "https://ca.test/directory", "termsAccepted": True}
            machine.put("/api/v1/acme", json=chosen).raise_for_status()
            machine.delete("/api/v1/acme").raise_for_status()
            steer_rollouts(machine)
            machine.post("/accounts/rina/sessions/end")
            machine.post("/accounts/rina/remove")
        with visit(service, "sari") as viewer:
            assert viewer.get("/audit").status_code == 403
        yield service


def steer_rollouts(machine: httpx.Client) -> None:
    """Start a rollout and steer it: back to the start, and to its end."""
    machine.put("/api/v1/services/next", json={}).raise_for_status()
    machine.put("/api/v1/services/next/servers/a", json={"url": "http://10.0.0.2:3000"}).raise_for_status()
    machine.put("/api/v1/routers/way", json={"rule": "Host(`a.test`)", "service": "wayshub"}).raise_for_status()
    machine.put("/api/v1/services/wayshub/servers/b", json={"url": "http://10.0.0.1:3001"}).raise_for_status()
    rollout = "/api/v1/services/wayshub/rollout"
    for acts in (("pause", "resume", "back"), ("finish",)):
        machine.post(rollout, json={"to": "next", "withoutHealthCheck": True}).raise_for_status()
        for act in acts:
            machine.post(f"{rollout}/{act}").raise_for_status()


@pytest.fixture
def admin(lived: Service) -> Iterator[httpx.Client]:
    with visit(lived, "desk") as made:
        yield made


def shown(client: httpx.Client, **parameters: str) -> Page:
    return read(client.get("/audit", params=parameters))


def count(page: Page) -> int:
    return len([each for each in page.all("details") if each.get("id", "").startswith("entry-")])


def test_entries_say_who_did_what_and_open_to_what_it_changed(admin: httpx.Client) -> None:
    page = shown(admin, action="state.change", q="drain")
    assert count(page) == 1
    assert "tests Drained server a of wayshub" in page.text
    assert "token:tests000" in page.text
    assert "Source 127.0.0.1" in page.text
    assert "Field Before After State ready: takes requests drain: gets no new requests" in page.text
    assert "/revisions/3" in page.paths()
    assert "/services/wayshub/servers/a" in page.paths()


def test_the_newest_entry_stands_first(admin: httpx.Client) -> None:
    ids = [int(each["id"].removeprefix("entry-")) for each in shown(admin).all("details") if "id" in each]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) > 10


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"actor": "rina"}, 3),
        ({"actor": "nobody"}, 0),
        ({"action": "account.login", "outcome": "refused"}, 2),
        ({"action": "account.login"}, 3),
        ({"outcome": "refused"}, 3),
        ({"q": "DRAIN"}, 1),
        ({"since": "2999-01-01"}, 0),
        ({"until": "2001-01-01T00:00"}, 0),
        ({"since": "2001-01-01T00:00", "until": "2999-01-01T00:00+07:00", "action": "token.revoke"}, 1),
        ({"actor": "tests", "action": "state.change", "outcome": "accepted", "q": "service wayshub"}, 1),
    ],
)
def test_entries_are_filtered(admin: httpx.Client, parameters: dict[str, str], expected: int) -> None:
    page = shown(admin, **parameters)
    assert count(page) == expected
    assert ("Nothing found" in page.text) == (expected == 0)
    for name in ("actor", "q"):
        assert page.value(name) == parameters.get(name, "")


def test_times_are_shown_as_a_browser_can_show_them(admin: httpx.Client) -> None:
    page = shown(admin, since="2001-01-01", until="2999-01-01T06:30+07:00")
    assert (page.value("since"), page.value("until")) == ("2001-01-01T00:00:00", "2998-12-31T23:30:00")
    assert {each["type"] for each in page.all("input") if each.get("name") in {"since", "until"}} == {"datetime-local"}


@pytest.mark.parametrize("text", ["yesterday", "2030-13-01", "0001-01-01T00:00+23:00", *HOSTILE])
def test_a_time_that_is_none_is_said_at_its_field(admin: httpx.Client, text: str) -> None:
    for name in ("since", "until"):
        page = read(admin.get("/audit", params={name: text[:200]}), 422)
        assert page.wrong(name)
        assert page.value(name) == text[:200].strip()
        assert [each["type"] for each in page.all("input") if each.get("name") == name] == ["text"]
        assert count(page) == 0


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_shown_as_texts(admin: httpx.Client, text: str) -> None:
    page = read(admin.get("/audit", params={"actor": text[:200], "action": text[:200], "q": text[:200]}))
    assert page.value("actor") == page.value("q") == text[:200].strip()
    assert not page.all("img")[1:]
    assert all("onfocus" not in attributes and "onerror" not in attributes for _tag, attributes in page.elements)


def test_an_outcome_that_there_is_not_is_said_at_its_field(admin: httpx.Client) -> None:
    assert read(admin.get("/audit", params={"outcome": "maybe"}), 422).wrong("outcome")


def test_a_page_follows_the_other_and_keeps_the_filters(admin: httpx.Client, lived: Service) -> None:
    with http_client(f"{lived.url}/api/v1") as client:
        for index in range(60):
            client.put(f"/domains/paged-{index:02}.test", json={}).raise_for_status()
    first = shown(admin, q="paged-", actor="tests")
    [path] = [path for path in first.paths() if "cursor=" in path]
    assert "actor=tests" in path
    second = read(admin.get(path))
    assert (count(first), count(second)) == (50, 10)


def test_every_kind_of_thing_can_be_said_in_other_languages(lived: Service) -> None:
    with http_client(f"{lived.url}/api/v1") as client:
        entries = client.get("/audit", params={"limit": 1000}).raise_for_status().json()["items"]
    assert {entry["action"] for entry in entries} == set(words.ACTIONS) - {
        "edge.lift",
        "domain.retry",
        "rollout.finish",
    }
    said = {entry["words"] for entry in entries if entry["action"] != "state.change"}
    recognised = {recognise(text, words.ALL) for text in said}
    assert all(isinstance(text, Message) for text in recognised)
    used = {text.template for text in recognised if isinstance(text, Message)}
    elsewhere = {words.QUARANTINE_LIFTED, words.CERTIFICATE_TRIED}
    elsewhere |= {rollout_words.FAILED, rollout_words.STUCK, rollout_words.FINISHED}
    assert used == set(words.ALL) - elsewhere


def test_the_page_speaks_indonesian(lived: Service) -> None:
    with visit(lived, "desk", "id") as client:
        page = read(client.get("/audit", params={"q": "rina"}))
    assert "akun rina: peran viewer → operator" in page.text
    assert "login sebagai rina ditolak" in page.text


def test_who_may_not_is_told_in_words(lived: Service) -> None:
    with nobody(lived, headers={"Accept": "text/html", "Accept-Language": "id"}) as client:
        client.cookies.set("provider_session", begin_session(lived.database, "sari"))
        assert "Ini tidak diizinkan" in read(client.get("/audit"), 403).text
