"""Times that were stored by a clock which then went back: what they bound, and that none of them holds for ever."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlmodel import select

from provider import moments
from provider.database.file import FileDatabase
from provider.database.sessions import Session
from provider.edges.states import Edge, is_gone
from provider.errors import TooMany
from provider.models import AccountSession, Actor, FamiliarAddress, Invitation, Token
from provider.models.rollout import Rollout, RolloutState
from provider.rollouts.showing import has_failed
from provider.security import people
from provider.security.logins import FREE_FAILURES, LONGEST_DELAY_SECONDS, Logins
from provider.store import accounts
from tests.people import TESTER, add_token, bearer, log_in, writing
from tests.running import Service
from tests.security.conftest import Browser

MONTH, YEAR = timedelta(days=30), timedelta(days=365)


def change(service: Service, apply: Callable[[Session], object]) -> None:
    with writing(service.database) as session:
        apply(session)


def later(text: str, by: timedelta) -> str:
    return moments.kept(datetime.fromisoformat(text) + by)


def status(client: httpx.Client) -> int:
    return client.get("/api/v1/domains").status_code


def test_wrong_logins_of_a_clock_that_was_ahead_keep_nobody_out(own: Service, browser: Browser) -> None:
    client = browser()
    for _time in range(FREE_FAILURES + 1):
        log_in(client, "desk", "a wrong password")

    def move(session: Session) -> None:
        for key in ("address:127.0.0.1", accounts.failure_key("desk")):
            found = accounts.find_failure(session, key)
            assert found is not None
            found.last = later(found.last, MONTH)

    assert log_in(client, "desk").status_code == 429
    change(own, move)
    assert log_in(client, "desk").status_code == 303


@pytest.mark.parametrize(("ahead", "is_told"), [(timedelta(0), True), (YEAR, False)])
def test_a_rollout_that_failed_by_a_clock_that_was_ahead_is_not_told_for_years(ahead: timedelta, is_told: bool) -> None:
    ended = moments.kept(datetime.now(UTC) + ahead)
    names = {"service": "a", "target": "b", "author": "alvin", "hold": "1m"}
    row = Rollout.model_validate(
        {**names, "steps": [], "state": RolloutState.BACK, "since": ended, "started": ended, "ended": ended}
    )
    assert has_failed(row) is is_told


def test_wrong_logins_of_a_clock_that_went_back_a_little_are_not_waited_for_any_longer(own: Service) -> None:
    database, actor = FileDatabase(own.database), Actor("anonymous", None, "192.0.2.7")
    database.open()
    logins, ahead = Logins(database), moments.kept(datetime.now(UTC) + timedelta(seconds=30))
    for _time in range(15):
        change(own, lambda session: accounts.note_failure(session, "address:192.0.2.7", ahead, "", "9999"))
    with pytest.raises(TooMany) as caught:
        asyncio.run(logins.log_in("desk", "x", actor))
    assert caught.value.seconds == LONGEST_DELAY_SECONDS


@pytest.mark.parametrize(("by", "good"), [(YEAR, False), (timedelta(hours=2), False), (timedelta(minutes=10), True)])
def test_a_session_that_begins_in_the_future_is_none(own: Service, browser: Browser, by: timedelta, good: bool) -> None:
    client = browser("desk")
    assert status(client) == 200

    def move(session: Session) -> None:
        found = session.exec(select(AccountSession)).one()
        found.created, found.last_used = later(found.created, by), later(found.last_used, by)

    change(own, move)
    assert status(client) == (200 if good else 401)


def test_a_session_that_was_used_in_the_future_is_idle_since_it_began(own: Service, browser: Browser) -> None:
    client = browser("desk")

    def move(session: Session) -> None:
        found = session.exec(select(AccountSession)).one()
        found.created, found.last_used = later(found.created, -timedelta(hours=13)), later(found.last_used, YEAR)

    change(own, move)
    assert status(client) == 401


def test_a_token_that_was_made_in_the_future_is_good_only_if_it_never_expires(own: Service) -> None:
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    limited, endless = add_token(own, "read", expires=soon), add_token(own, "read", name="endless")

    def move(session: Session) -> None:
        for token in session.exec(select(Token).where(Token.id != "tests000")):
            token.created = later(token.created, YEAR)
            token.expires = None if token.expires is None else later(token.expires, YEAR)

    with httpx.Client(base_url=own.url) as client:
        assert client.get("/metrics", headers=bearer(limited)).status_code == 200
        change(own, move)
        assert client.get("/metrics", headers=bearer(limited)).status_code == 401
        assert client.get("/metrics", headers=bearer(endless)).status_code == 200


def test_a_one_time_link_is_good_for_a_day_whatever_the_clock_was(own: Service, browser: Browser) -> None:
    link = ""
    with writing(own.database) as session:
        link = people.invite(session, TESTER, "eko", datetime.now(UTC)).text
    client = browser()
    assert client.get("/password", params={"link": link}).status_code == 200
    change(own, _move_link)
    assert client.get("/password", params={"link": link}).status_code == 404
    listed = browser("desk").get("/accounts").text
    assert "eko" in listed


def _move_link(session: Session) -> None:
    found = session.exec(select(Invitation)).one()
    found.expires = later(found.expires, MONTH)


def test_an_address_of_the_future_does_not_push_out_those_of_the_present(own: Service, browser: Browser) -> None:
    browser("desk")

    def move(session: Session) -> None:
        for number in range(150):
            address, date = f"192.0.2.{number}", moments.kept(datetime.now(UTC) + YEAR)
            session.add(FamiliarAddress(account="desk", address=address, last_used=date))

    change(own, move)
    browser("desk")
    browser("desk")
    with writing(own.database) as session:
        listed = session.exec(select(FamiliarAddress).where(FamiliarAddress.account == "desk")).all()
    assert len(listed) == 100
    assert max(row.last_used for row in listed) <= moments.kept(datetime.now(UTC))
    assert "127.0.0.1" in {row.address for row in listed}


def test_an_edge_that_was_seen_in_the_future_is_gone_a_day_from_now() -> None:
    now, edge = datetime.now(UTC), Edge("default")
    edge.recalled(now + YEAR, now + YEAR, now, 0.0)
    assert (edge.first_seen, edge.last_seen) == (now, now)
    assert is_gone(edge, now + timedelta(hours=25))
