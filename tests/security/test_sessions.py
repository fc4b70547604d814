"""Sessions of people: how one begins, what it is in a browser, and what ends it."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import httpx
import pytest

from provider import moments
from provider.models import Role
from provider.security import passwords, people
from provider.security.secrets import hashed
from provider.store import accounts
from tests.api.checks import problem
from tests.people import (
    PASSWORD,
    TESTER,
    add_account,
    bearer,
    log_in,
    session_cookie,
    session_name,
    session_of,
    writing,
)
from tests.running import TOKEN, Service, running_service
from tests.security.conftest import Browser

OTHER = "five otters cross the creek"


def is_in(client: httpx.Client) -> bool:
    """Tell whether somebody is logged in, as far as REST and the pages say."""
    listed, home = client.get("/api/v1/domains"), client.get("/")
    assert (listed.status_code, home.status_code) in {(200, 200), (401, 303)}
    return listed.status_code == 200


def execute(path: object, statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(str(path), timeout=60, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def test_a_session_begins_with_name_and_password_and_with_nothing_else(browser: Browser) -> None:
    client = browser()
    for name, password in (("desk", ""), ("desk", PASSWORD.upper()), ("", PASSWORD), ("DEWI", PASSWORD)):
        assert log_in(client, name, password).status_code == 401
        assert not client.cookies
        assert not is_in(client)
    assert log_in(browser(), "budi").status_code == 303


def test_spaces_around_a_name_are_not_meant(browser: Browser) -> None:
    assert log_in(browser(), "  desk ").status_code == 303


def test_the_cookie_is_kept_from_scripts_and_other_sites(own: Service, browser: Browser) -> None:
    name, value, attributes = session_cookie(log_in(browser(), "desk"))
    assert name == session_name(own.url)
    assert re.fullmatch(r"wss_[A-Za-z0-9_-]{43}", value)
    assert attributes == {"httponly": "True", "path": "/", "samesite": "lax"}, "no domain, no age: this host's alone"


def test_the_oldest_session_of_an_account_ends_where_it_has_too_many(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_MOST_SESSIONS", 2)
    other = browser("budi")
    first, second, third = browser("desk"), browser("desk"), browser("desk")
    assert [is_in(each) for each in (first, second, third, other)] == [False, True, True, True]


def test_each_login_is_another_session_and_ends_the_one_that_the_browser_had(own: Service, browser: Browser) -> None:
    client, other = browser("desk"), browser("desk")
    first = session_of(client)
    assert log_in(client, "desk").status_code == 303
    second = session_of(client)
    assert len({first, second, session_of(other)}) == 3
    client.cookies.set(session_name(client.base_url), first)
    assert is_in(other)
    stale = browser()
    stale.cookies.set(session_name(stale.base_url), first)
    assert not is_in(stale)
    kept = execute(own.database, "SELECT secret_hash FROM session")
    assert set(kept) == {(hashed(second),), (hashed(session_of(other)),)}


def test_services_on_two_ports_of_a_host_keep_their_sessions_apart(
    own: Service, migrated: Path, tmp_path: Path
) -> None:
    with running_service(tmp_path, migrated, name="other.db") as other, httpx.Client() as client:
        add_account(other.database, "desk")
        for service in (own, other, own):
            client.post(f"{service.url}/login", data={"name": "desk", "password": PASSWORD})
        for service in (own, other):
            assert client.get(f"{service.url}/api/v1/audit").status_code == 200
        client.post(f"{other.url}/logout")
        assert [client.get(f"{service.url}/api/v1/audit").status_code for service in (own, other)] == [200, 401]


def test_a_session_from_before_the_port_was_in_the_name_goes_on(browser: Browser) -> None:
    client, old = browser("desk"), browser()
    old.cookies.set("provider_session", session_of(client))
    assert is_in(old)


def test_an_id_that_somebody_else_chose_is_never_a_session(browser: Browser) -> None:
    chosen = f"wss_{'A' * 43}"
    client = browser()
    client.cookies.set(session_name(client.base_url), chosen)
    answer = log_in(client, "desk")
    assert session_cookie(answer)[1] != chosen
    attacker = browser()
    attacker.cookies.set(session_name(attacker.base_url), chosen)
    assert not is_in(attacker)


def test_logging_out_ends_the_session_on_the_server(own: Service, browser: Browser) -> None:
    client, other = browser("desk"), browser("desk")
    stolen = browser()
    stolen.cookies.set(session_name(stolen.base_url), session_of(client))
    assert is_in(stolen)
    answer = client.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert session_name(client.base_url) not in client.cookies
    assert not is_in(client)
    assert not is_in(stolen)
    assert is_in(other), "another browser stays logged in"
    assert execute(own.database, "SELECT count(*) FROM session") == [(1,)]


def test_another_password_ends_all_sessions_but_the_one_that_set_it(browser: Browser) -> None:
    client, other, colleague = browser("desk"), browser("desk"), browser("budi")
    before = session_of(client)
    form = {"current": PASSWORD, "password": OTHER, "repeat": OTHER}
    assert client.post("/password", data=form | {"current": "wrong"}).status_code == 422
    assert is_in(other), "it was not changed"
    assert client.post("/password", data=form).status_code == 303
    assert session_of(client) != before
    assert is_in(client)
    assert not is_in(other)
    assert is_in(colleague)
    assert log_in(browser(), "desk").status_code == 401
    assert log_in(browser(), "desk", OTHER).status_code == 303


def test_who_was_removed_is_out_at_once(own: Service, browser: Browser) -> None:
    client = browser("budi")
    assert is_in(client)
    with writing(own.database) as session:
        people.remove(session, TESTER, "budi")
    assert not is_in(client)
    assert execute(own.database, "SELECT * FROM session WHERE account = 'budi'") == []
    with writing(own.database) as session:
        people.add(session, TESTER, "budi", Role.ADMIN, datetime.now(UTC))
    assert not is_in(client), "another of that name is somebody else"


def test_another_role_is_in_force_at_once(own: Service, browser: Browser) -> None:
    client = browser("budi")

    def may() -> list[int]:
        written_now = client.put("/api/v1/domains/alvin.xyz", json={}).status_code
        return [client.get("/api/v1/domains").status_code, written_now, client.get("/api/v1/audit").status_code]

    expected = {Role.OPERATOR: [200, 201, 403], Role.VIEWER: [200, 403, 403], Role.ADMIN: [200, 200, 200]}
    for role, statuses in expected.items():
        with writing(own.database) as session:
            people.set_role(session, TESTER, "budi", role)
        assert may() == statuses


@pytest.mark.parametrize(
    ("created", "used", "good"),
    [
        (timedelta(), timedelta(hours=11, minutes=59), True),
        (timedelta(), timedelta(hours=12, seconds=1), False),
        (timedelta(days=6, hours=23), timedelta(), True),
        (timedelta(days=7, seconds=1), timedelta(), False),
    ],
)
def test_a_session_ends_after_12_idle_hours_and_after_7_days(
    own: Service, browser: Browser, created: timedelta, used: timedelta, good: bool
) -> None:
    client, now = browser("desk"), datetime.now(UTC)
    # Its cookie alone is sent to a service that has not seen it used.
    times = (moments.kept(now - max(created, used)), moments.kept(now - used), hashed(session_of(client)))
    execute(own.database, "UPDATE session SET created = ?, last_used = ? WHERE secret_hash = ?", *times)
    assert is_in(client) == good


def test_sessions_that_are_over_are_removed_by_the_next_login(own: Service, browser: Browser) -> None:
    browser("desk")
    execute(own.database, "UPDATE session SET last_used = '2020-01-01T00:00:00.000+00:00'")
    browser("budi")
    assert execute(own.database, "SELECT account FROM session") == [("budi",)]


def test_a_session_outlives_a_restart(own: Service, browser: Browser) -> None:
    client = browser("desk")
    kept = execute(own.database, "SELECT secret_hash FROM session")
    assert kept == [(hashed(session_of(client)),)], "nothing but its hash, in the database"


def test_a_token_beside_a_session_is_the_one_that_counts(browser: Browser) -> None:
    client = browser("eko")
    answer = client.put("/api/v1/domains/alvin.xyz", json={}, headers=bearer(TOKEN))
    assert answer.status_code == 201
    with_wrong = client.get("/api/v1/domains", headers=bearer("wsp_aaaaaaaa_" + "a" * 43))
    problem(with_wrong, "unauthenticated")
    entries = client.get("/api/v1/audit", headers=bearer(TOKEN)).json()["items"]
    assert [entry["actor"] for entry in entries if entry["action"] == "state.change"] == ["tests"]


def test_a_one_time_link_is_good_once_even_for_two_at_once(own: Service, browser: Browser) -> None:
    with writing(own.database) as session:
        link = people.invite(session, TESTER, "budi", datetime.now(UTC)).text
    attempts = [f"{word} otters cross the creek" for word in ("five", "nine", "many")]
    clients = [browser() for _ in attempts]
    answers: dict[str, httpx.Response] = {}
    barrier = Barrier(len(attempts))

    def accept(client: httpx.Client, password: str) -> None:
        barrier.wait()
        form = {"secret": link, "password": password, "repeat": password}
        answers[password] = client.post("/password", data=form)

    threads = [Thread(target=accept, args=pair) for pair in zip(clients, attempts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = {password: answer.status_code for password, answer in answers.items()}
    assert sorted(statuses.values()) == [303, 404, 404]
    for client, password in zip(clients, attempts, strict=True):
        assert is_in(client) == (statuses[password] == 303)
    (won,) = (password for password, status in statuses.items() if status == 303)
    with writing(own.database) as session:
        people.set_role(session, TESTER, "budi", Role.OPERATOR)
    assert log_in(browser(), "budi", won).status_code == 303
    assert browser().get("/password", params={"link": link}).status_code == 404


def test_a_one_time_link_ends_after_a_day_and_by_the_next_one(own: Service, browser: Browser) -> None:
    with writing(own.database) as session:
        first = people.invite(session, TESTER, "budi", datetime.now(UTC)).text
        second = people.invite(session, TESTER, "budi", datetime.now(UTC)).text
    client = browser()
    assert client.get("/password", params={"link": first}).status_code == 404
    assert client.get("/password", params={"link": second}).status_code == 200
    execute(own.database, "UPDATE invitation SET expires = ?", moments.kept(datetime.now(UTC)))
    assert client.get("/password", params={"link": second}).status_code == 404
    form = {"secret": second, "password": OTHER, "repeat": OTHER}
    assert client.post("/password", data=form).status_code == 404
    assert log_in(client, "budi").status_code == 303, "its password is as it was"


def test_a_password_that_was_set_while_another_is_being_set_stays(own: Service, browser: Browser) -> None:
    """Who resets a password keeps out whoever knows the old one, and is at it right now."""
    client = browser("budi")
    answers: list[int] = []
    form = {"current": PASSWORD, "password": OTHER, "repeat": OTHER}
    reset = passwords.hashed("nine geese fly south again")
    with writing(own.database) as session:
        people.set_password(session, TESTER, "budi", reset)
        # The service still knows of the old one: it waits for this transaction to write.
        thread = Thread(target=lambda: answers.append(client.post("/password", data=form).status_code))
        thread.start()
        thread.join(timeout=1.5)
    thread.join()
    assert answers[0] != 303
    assert log_in(browser(), "budi", "nine geese fly south again").status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        *("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example"),
        *("javascript:alert(1)", "/%0d%0aSet-Cookie:x=1", "/\r\nSet-Cookie: x=1", " //evil.example", "evil.example"),
        *("/" + "a" * 3000, "///evil.example", "/.//evil.example\\", "http:/evil.example", ""),
    ],
)
def test_nobody_is_led_to_another_site_by_logging_in(browser: Browser, target: str) -> None:
    client = browser()
    answer = log_in(client, "desk", next=target)
    led = [answer.headers.get("Location", "/")]
    led.append(client.get("/login", params={"next": target}).headers.get("Location", "/"))
    for location in led:
        there = httpx.URL("http://here.example").join(location)
        assert (there.scheme, there.host) == ("http", "here.example")
        assert "set-cookie" not in {name for name in answer.headers if name == "x"}
    assert "evil" not in answer.headers.get("Set-Cookie", "")


def test_an_account_that_has_no_password_yet_cannot_log_in(own: Service, browser: Browser) -> None:
    with writing(own.database) as session:
        people.add(session, TESTER, "sari", Role.ADMIN, datetime.now(UTC))
    for password in ("", PASSWORD, "of an account that does not exist"):
        assert log_in(browser(), "sari", password).status_code == 401


HOSTILE = ["\x00", "a\x00b", "\ufffe", "\u202e", "é" * 900, "'; DROP TABLE account; --", "\ufdfa" * 900]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_in_a_form_is_a_fault(browser: Browser, text: str) -> None:
    client = browser()
    assert log_in(client, text, PASSWORD).status_code in {401, 422}
    assert log_in(client, "desk", text).status_code in {401, 422}
    assert client.post("/password", data={"secret": text, "password": text, "repeat": text}).status_code == 404
    inside = browser("budi")
    form = {"current": text, "password": text * 20, "repeat": text * 20}
    assert inside.post("/password", data=form).status_code == 422


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "raw_unicode_escape", "utf-16", "idna", "hex", "\x00"])
def test_no_encoding_of_a_form_is_a_fault(browser: Browser, charset: str) -> None:
    kind = f"multipart/form-data; boundary=x; charset={charset}".replace("\x00", "%00")
    for value in (b"+2AA-", b"\\ud800", b"\xff\xfe\x00\xd8", b"\xed\xa0\x80", b"desk"):
        parts = [
            b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)
            for name in (b"name", b"password", b"next", b"secret", b"current", b"repeat", b"language")
        ]
        body = b"".join(parts) + b"--x--\r\n"
        for client in (browser(), browser("budi")):
            for path in ("/login", "/password", "/preferences/language"):
                answer = client.post(path, content=body, headers={"Content-Type": kind})
                assert answer.status_code in {303, 400, 401, 404, 422, 429}, (path, value, answer.text)


@pytest.mark.parametrize("length", [1024, 1025, 2000, 2001, 100_000, 1_000_000, 1_100_000])
def test_a_huge_password_costs_no_more_than_another(browser: Browser, length: int) -> None:
    client = browser()
    answer = log_in(client, "desk", "x" * length)
    assert answer.status_code == (401 if length <= 2000 else 422 if length <= 1_000_000 else 413)


def test_a_form_with_files_and_a_thousand_fields_is_refused(browser: Browser) -> None:
    client = browser()
    answer = client.post("/login", data={"name": "desk"}, files={"password": ("x.txt", PASSWORD.encode())})
    assert answer.status_code in {400, 401, 422}
    many = client.post("/login", data={f"field{number}": "x" for number in range(20_000)})
    assert many.status_code in {400, 401, 422}
    assert not client.cookies


def test_an_account_of_a_name_that_was_changed_in_letters_is_another(own: Service, browser: Browser) -> None:
    add_account(own.database, "de-wi", Role.VIEWER)
    for name in ("de\u2013wi", "DE-WI", "\uff44ewi", "desk\x00", "desk\n"):
        assert log_in(browser(), name).status_code in {303 if name.strip() == "desk" else 401, 429}
