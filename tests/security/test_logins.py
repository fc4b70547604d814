"""Failed logins: slowed for the account and for the address, kept, forgotten, and never a lock for who is known."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from provider import moments
from provider.database.file import FileDatabase
from provider.errors import TooMany
from provider.models import Actor
from provider.security import passwords
from provider.security.logins import FREE_FAILURES, LONGEST_DELAY_SECONDS, Logins
from provider.store import accounts
from tests.cli.running import run_forked, variables
from tests.people import PASSWORD, add_account, log_in, nobody, writing
from tests.running import Service, running_service
from tests.security.conftest import Browser

ELSEWHERE = "127.0.0.2"


def fail(client: httpx.Client, name: str, times: int = FREE_FAILURES) -> None:
    for _ in range(times):
        assert log_in(client, name, "a wrong password").status_code == 401


def age_failures(path: Path, seconds: float) -> None:
    """Let all failed logins be older by so many seconds."""
    with writing(path) as session:
        for (key,) in rows(path, "SELECT key FROM failure"):
            found = accounts.find_failure(session, str(key))
            assert found is not None
            found.last = moments.kept(datetime.fromisoformat(found.last) - timedelta(seconds=seconds))


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        return connection.execute(query).fetchall()


def test_after_some_failures_an_account_waits_longer_each_time(own: Service, browser: Browser) -> None:
    client = browser()
    fail(client, "desk")
    delays = []
    for _ in range(9):
        refused = log_in(client, "desk")
        assert refused.status_code == 429
        assert "try again in" in refused.text
        delays.append(int(refused.headers["Retry-After"]))
        age_failures(own.database, delays[-1])
        fail(client, "desk", 1)
    assert delays == [1, 2, 4, 8, 16, 32, *[LONGEST_DELAY_SECONDS] * 3]


def test_while_it_waits_even_the_right_password_is_not_looked_at(own: Service, browser: Browser) -> None:
    client = browser()
    fail(client, "desk")
    before = rows(own.database, "SELECT key, count FROM failure")
    for password in (PASSWORD, "a wrong password"):
        assert log_in(client, "desk", password).status_code == 429
    assert rows(own.database, "SELECT key, count FROM failure") == before, "to come too early is no failure"
    age_failures(own.database, 1)
    assert log_in(client, "desk").status_code == 303


def test_an_account_that_does_not_exist_is_slowed_in_the_same_way(browser: Browser) -> None:
    answers = []
    for name, address in (("desk", "127.0.0.3"), ("nobody-at-all", "127.0.0.4")):
        client = browser(address=address)
        fail(client, name)
        refused = log_in(client, name)
        answers.append((refused.status_code, refused.headers["Retry-After"], refused.text.replace(name, "NAME")))
    assert answers[0] == answers[1]


def test_an_address_is_slowed_whatever_the_account(browser: Browser) -> None:
    client = browser(address=ELSEWHERE)
    for number in range(FREE_FAILURES):
        fail(client, f"guess-{number}", 1)
    assert log_in(client, "budi").status_code == 429
    assert log_in(browser(), "budi").status_code == 303, "from another address"


def test_an_account_is_slowed_whatever_the_address(browser: Browser) -> None:
    for number in range(FREE_FAILURES):
        fail(browser(address=f"127.0.1.{number + 1}"), "desk", 1)
    assert log_in(browser(address="127.0.1.99"), "desk").status_code == 429


def test_who_logged_in_from_an_address_is_not_kept_out_by_failures_from_elsewhere(browser: Browser) -> None:
    browser("desk").post("/logout")
    attackers = [browser(address=f"127.0.1.{number + 1}") for number in range(FREE_FAILURES)]
    for attacker in attackers:
        fail(attacker, "desk", 1)
    assert log_in(attackers[0], "desk").status_code == 429
    assert log_in(browser(), "desk").status_code == 303


def test_who_logged_in_with_a_browser_is_not_kept_out_by_guesses_from_the_same_address(browser: Browser) -> None:
    known = browser("desk")
    known.post("/logout")
    stranger = browser()
    fail(stranger, "nobody-at-all")
    fail(stranger, "desk")
    assert log_in(stranger, "desk").status_code == 429
    assert log_in(known, "desk").status_code == 303


def test_in_a_browser_that_is_known_its_own_failures_slow_down(browser: Browser) -> None:
    known = browser("desk")
    known.post("/logout")
    fail(known, "desk")
    assert log_in(known, "desk").status_code == 429
    assert log_in(browser(address=ELSEWHERE), "desk").status_code == 303, "nor does it slow down others"


def test_a_browser_is_known_for_those_who_logged_in_with_it_alone(browser: Browser) -> None:
    shared = browser("desk")
    shared.post("/logout")
    assert log_in(shared, "budi").status_code == 303
    shared.post("/logout")
    fail(browser(), "desk")
    fail(browser(), "budi")
    fail(browser(), "eko")
    assert log_in(shared, "eko").status_code == 429, "never with this one"
    assert log_in(shared, "budi").status_code == 303
    assert log_in(shared, "desk").status_code == 303


@pytest.mark.parametrize("value", ["x", f"wsb_{'A' * 43}", "", "x" * 5000])
def test_a_browser_cannot_choose_by_what_it_is_known(browser: Browser, value: str) -> None:
    client = browser()
    name = f"provider_browser_{client.base_url.port}"
    client.cookies.set(name, value)
    answer = log_in(client, "desk")
    given = [cookie for cookie in answer.headers.get_list("set-cookie") if cookie.startswith(name)]
    assert len(given) == 1
    assert f"={value};" not in given[0]
    assert "HttpOnly" in given[0]


def test_a_one_time_link_lets_in_whatever_others_guess(own: Service, browser: Browser) -> None:
    fail(browser(), "desk")
    link = run_forked("user", "password", "desk", "--link", env=environment(own)).out.split()[-1]
    form = {"secret": link.partition("link=")[2], "password": f"{PASSWORD}!", "repeat": f"{PASSWORD}!"}
    assert browser().post("/password", data=form).status_code == 303


def test_a_browser_that_is_known_does_not_wait_for_strangers(logins: Logins) -> None:
    async def rush() -> None:
        first = await logins.log_in("desk", PASSWORD, Actor("x", None, "127.0.0.1"))
        assert first is not None
        strangers = [
            asyncio.create_task(logins.log_in(f"guess-{number}", "wrong", Actor("x", None, f"10.0.0.{number}")))
            for number in range(120)
        ]
        again = await logins.log_in("desk", PASSWORD, Actor("x", None, "127.0.0.1"), browser=first.browser)
        assert again is not None
        told = await asyncio.gather(*strangers, return_exceptions=True)
        assert any(isinstance(each, TooMany) for each in told)

    asyncio.run(rush())


def test_at_a_familiar_address_failures_from_there_slow_down_too(browser: Browser) -> None:
    browser("desk").post("/logout")
    fail(browser(), "desk")
    assert log_in(browser(), "desk").status_code == 429
    assert log_in(browser(), "budi").status_code == 303, "another account is not meant"


def test_a_login_that_succeeds_forgets_the_failures_of_its_account(own: Service, browser: Browser) -> None:
    browser("desk").post("/logout")
    for address in ("127.0.0.1", ELSEWHERE):
        fail(browser(address=address), "desk", 2)
    browser("desk")
    assert {str(key) for (key,) in rows(own.database, "SELECT key FROM failure")} == {f"address:{ELSEWHERE}"}


def test_failures_are_forgotten_after_15_minutes(own: Service, browser: Browser) -> None:
    client = browser(address=ELSEWHERE)
    fail(client, "desk")
    age_failures(own.database, 400)
    fail(client, "desk", 1)
    age_failures(own.database, 16 * 60)
    fail(client, "desk", FREE_FAILURES)  # without waiting
    age_failures(own.database, 16 * 60)
    fail(client, "somebody-else", 1)
    assert len(rows(own.database, "SELECT * FROM failure")) == 2, "and do not fill the database"


def test_failures_survive_a_restart(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, nobody(service) as client:
        add_account(service.database, "desk")
        fail(client, "desk")
        for waited in (1, 2, 4, 8, 16):  # a restart may take seconds
            age_failures(service.database, waited)
            fail(client, "desk", 1)
    with running_service(tmp_path, None) as service, nobody(service) as client:
        assert log_in(client, "desk").status_code == 429
        run_forked("user", "password", "desk", input=f"{PASSWORD}!\n", env=environment(service)).check()
        age_failures(service.database, 60)  # that of the address
        assert log_in(client, "desk", f"{PASSWORD}!").status_code == 303


def environment(service: Service) -> dict[str, str]:
    return variables(PROVIDER_DATABASE_URL=f"sqlite:///{service.database}")


def test_the_command_that_sets_a_password_lets_its_owner_in_again(own: Service, browser: Browser) -> None:
    for number in range(FREE_FAILURES):
        fail(browser(address=f"127.0.1.{number + 1}"), "desk", 1)
    run_forked("user", "password", "desk", input=f"{PASSWORD}!\n", env=environment(own)).check()
    assert log_in(browser(address=ELSEWHERE), "desk", f"{PASSWORD}!").status_code == 303


def test_guessing_ones_own_current_password_is_slowed_too(browser: Browser) -> None:
    client = browser("desk")
    form = {"current": "a wrong password", "password": "five otters cross", "repeat": "five otters cross"}
    for _ in range(FREE_FAILURES):
        assert client.post("/password", data=form).status_code == 422
    answer = client.post("/password", data=form | {"current": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


@pytest.fixture
def logins(migrated: Path, tmp_path: Path) -> Iterator[Logins]:
    """The ways in, on a database of their own: addresses that this machine does not have come from here."""
    path = tmp_path / "provider.db"
    path.write_bytes(migrated.read_bytes())
    add_account(path, "desk")
    database = FileDatabase(path)
    database.open()
    yield Logins(database)
    database.close()


ONE_MACHINE = [f"2001:db8:0:1::{number:x}" for number in range(1, FREE_FAILURES + 2)]
NEIGHBOURS = [f"2001:db8:0:{number:x}::1" for number in range(1, FREE_FAILURES + 2)]
MAPPED = ["203.0.113.7", *["::ffff:203.0.113.7"] * FREE_FAILURES]


@pytest.mark.parametrize(("addresses", "slowed"), [(ONE_MACHINE, True), (NEIGHBOURS, False), (MAPPED, True)])
def test_all_addresses_of_a_network_that_one_machine_can_have_are_one(
    logins: Logins, addresses: list[str], slowed: bool
) -> None:
    async def guess() -> None:
        for number, address in enumerate(addresses):
            assert await logins.log_in(f"guess-{number}", "a wrong password", Actor("x", None, address)) is None

    if slowed:
        with pytest.raises(TooMany):
            asyncio.run(guess())
    else:
        asyncio.run(guess())


@pytest.mark.parametrize("address", [None, "", "unknown", "x" * 5000, "fe80::1%eth0", "10.0.0.1:80", "\x00"])
def test_a_client_of_which_no_address_is_known_can_log_in(logins: Logins, address: str | None) -> None:
    async def log_in_twice() -> None:
        for _ in range(2):
            login = await logins.log_in("desk", PASSWORD, Actor("x", None, address))
            assert login is not None

    asyncio.run(log_in_twice())


def test_who_comes_with_very_many_others_is_sent_away_and_not_kept_waiting(logins: Logins) -> None:
    """A verification takes 64 MiB and a core: that many at once would be the end of the service."""

    async def guess(number: int) -> bool:
        try:
            await logins.log_in(f"guess-{number}", "a wrong password", Actor("x", None, f"10.0.0.{number}"))
        except TooMany:
            return False
        return True

    async def rush() -> list[bool]:
        return await asyncio.gather(*map(guess, range(120)))

    verified = asyncio.run(rush())
    assert 20 <= sum(verified) < 100


def test_the_wait_begins_when_the_failure_is_known_however_long_that_took(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a busy service, which takes seconds for each, would make nobody wait."""
    known = datetime.max.replace(tzinfo=UTC)

    def verify(password_hash: str | None, password: str) -> bool:
        nonlocal known
        good = verified(password_hash, password)
        known = datetime.now(UTC)
        return good

    verified = passwords.verify
    monkeypatch.setattr(passwords, "verify", verify)
    assert asyncio.run(logins.log_in("desk", "a wrong password", Actor("x", None, ELSEWHERE))) is None
    with logins._database.reading() as session:
        failure = accounts.find_failure(session, f"address:{ELSEWHERE}")
    assert failure is not None
    assert datetime.fromisoformat(failure.last) >= known.replace(microsecond=known.microsecond // 1000 * 1000)
