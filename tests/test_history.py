"""Earlier states are found again as they were, and brought back byte for byte."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

from provider import configuration, rendering, transitions
from provider.database.file import FileDatabase
from provider.database.sessions import Session
from provider.errors import NotFound, ProviderError
from provider.listening import DEFAULT_POINTS
from provider.models import Actor
from provider.nouns import Router
from provider.revisions import Revisions
from provider.store import declarations, history, writes
from provider.store import revisions as stored
from provider.store.revisions import Retention
from provider.surroundings import apart
from tests.api.checks import problem
from tests.running import cases, http_client, running_service
from tests.test_plans import kept_in
from tests.test_revisions import change, put_domain, put_router, put_service, random_step

ACTOR = Actor("tester")
MADE = cases(100, 250)


@pytest.fixture(scope="module")
def walked(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Revisions, dict[int, bytes]]]:
    """A history of random changes, with the document that was served at each revision."""
    chance = random.Random(20)
    with kept_in(tmp_path_factory.mktemp("history"), migrated) as kept:
        given: dict[int, bytes] = {}
        while len(given) < MADE:
            try:
                change(kept, *(random_step(chance) for _ in range(chance.randint(1, 3))))
            except ProviderError:
                continue
            assert kept.current is not None
            given[kept.current.revision] = kept.current.document.content
        yield kept, given


def test_the_document_of_each_revision_is_found_again_as_it_was_served(
    walked: tuple[Revisions, dict[int, bytes]],
) -> None:
    kept, given = walked
    for number in random.Random(1).sample(sorted(given), cases(8, MADE)):
        with kept.reading() as session:
            state = history.state_at(session, number)
        assert configuration.assemble(rendering.whole(state, DEFAULT_POINTS)).content == given[number]


def roll_back(number: int, session: Session) -> None:
    declarations.write(session, history.plan_back(session, number))


def test_a_rollback_to_any_revision_reproduces_its_bytes(walked: tuple[Revisions, dict[int, bytes]]) -> None:
    kept, given = walked
    for number in random.Random(2).sample(sorted(given), cases(8, 200)):
        with kept.reading() as session:
            wanted, before = history.state_at(session, number), declarations.read(session)
        told = kept.try_change(partial(roll_back, number)).difference
        assert told is not None
        done = kept.change(
            partial(roll_back, number),
            actor=ACTOR,
            compares=True,
            confirmed=told.removal.number,
        )
        assert done.difference == told
        assert kept.current is not None
        assert kept.current.document.content == given[number]
        with kept.reading() as session:
            assert declarations.read(session) == wanted
        # And what leads there is found from the states alone, in the same words, with what becomes of the traffic.
        found = transitions.difference(before, wanted, DEFAULT_POINTS, apart({}))
        assert set(told.words) <= set(found.words)
        assert found.shares == told.shares
        assert found.document == told.document


def test_another_spelling_of_a_domain_is_no_change_of_a_router_between_two_revisions(
    walked: tuple[Revisions, dict[int, bytes]],
) -> None:
    kept, _given = walked
    first = change(
        kept, put_service("s"), put_domain("größe.test"), put_router("r", domains=["größe.test"], service="s")
    )
    last = change(kept, put_domain("GRÖSSE.test".replace("SS", "ß")))
    with kept.reading() as session:
        found = transitions.difference(
            history.state_at(session, first), history.state_at(session, last), DEFAULT_POINTS, apart({})
        )
    assert [(one.kind, one.name) for one in found.changes] == [("domain", "xn--gre-6ka8i.test")]


# What is kept, and for how long


OLD = "2001-01-01T00:00:00.000+00:00"


def numbers(kept: Revisions) -> list[int]:
    with kept.reading() as session:
        return [revision.number for revision in stored.page(session, limit=1000)][::-1]


def age(folder: Path, where: str = "true") -> None:
    """Let revisions have been made long ago."""
    with closing(sqlite3.connect(folder / "provider.db")) as connection:
        connection.execute(f"UPDATE revision SET time = ? WHERE {where}", [OLD])  # noqa: S608  # written here
        connection.commit()


def changed(kept: Revisions, times: int) -> None:
    for count in range(times):
        change(kept, put_service(strategy=["wrr", "p2c"][count % 2]))


def test_a_revision_goes_when_there_are_enough_others_and_it_is_old_and_not_before(
    migrated: Path, tmp_path: Path
) -> None:
    with kept_in(tmp_path, migrated, Retention(revisions=5, days=90)) as kept:
        changed(kept, 8)
        assert numbers(kept) == list(range(1, 9))  # they are many, and young
        age(tmp_path, "number <= 2")
        changed(kept, 2)
        assert numbers(kept) == list(range(3, 11))  # those two are old too
        age(tmp_path)
        changed(kept, 1)
        assert numbers(kept) == list(range(7, 12))  # and of the old ones five stay, with the new one


def test_only_the_beginning_goes_so_that_what_is_left_leads_back_without_a_gap(migrated: Path, tmp_path: Path) -> None:
    with kept_in(tmp_path, migrated, Retention(revisions=2, days=90)) as kept:
        changed(kept, 8)
        age(tmp_path, "number <> 3")  # the clock was wrong for a while
        changed(kept, 1)
        assert numbers(kept) == list(range(3, 10))


def test_revisions_of_a_clock_that_was_ahead_are_kept_no_longer_than_those_after_them(
    migrated: Path, tmp_path: Path
) -> None:
    with kept_in(tmp_path, migrated, Retention(revisions=2, days=90)) as kept:
        changed(kept, 8)
        age(tmp_path)
        with closing(sqlite3.connect(tmp_path / "provider.db")) as connection:
            connection.execute("UPDATE revision SET time = '2999-01-01T00:00:00.000+00:00' WHERE number IN (1, 2, 7)")
            connection.commit()
        changed(kept, 1)
        assert numbers(kept) == [8, 9]


def test_a_revision_of_the_future_is_kept_as_long_as_what_came_after_it(migrated: Path, tmp_path: Path) -> None:
    with kept_in(tmp_path, migrated, Retention(revisions=2, days=90)) as kept:
        changed(kept, 8)
        with closing(sqlite3.connect(tmp_path / "provider.db")) as connection:
            connection.execute("UPDATE revision SET time = '2999-01-01T00:00:00.000+00:00' WHERE number < 4")
            connection.commit()
        changed(kept, 1)
        assert numbers(kept) == list(range(1, 10))


def test_what_was_long_in_coming_goes_some_at_a_time(migrated: Path, tmp_path: Path) -> None:
    with kept_in(tmp_path, migrated) as kept:
        changed(kept, 150)
    age(tmp_path)
    database = FileDatabase(tmp_path / "provider.db")
    kept = Revisions(database, retention=Retention(revisions=1, days=1))
    assert kept.load()
    for oldest in (101, 152, 153):
        change(kept, put_domain(f"d{oldest}.test"))
        assert numbers(kept)[0] == oldest
        age(tmp_path)
    database.close()


def test_the_states_that_are_kept_are_found_after_others_went(migrated: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    with kept_in(tmp_path, migrated, Retention(revisions=20, days=0)) as kept:
        given: dict[int, bytes] = {}
        while len(given) < 60:
            with suppress(ProviderError):
                change(kept, random_step(chance))
                assert kept.current is not None
                given[kept.current.revision] = kept.current.document.content
        assert numbers(kept)[0] in {41, 42}  # one of the same millisecond may stay for one change more
        for number in numbers(kept):
            with kept.reading() as session:
                before, state = history.states_around(session, number)
            assert configuration.assemble(rendering.whole(state, DEFAULT_POINTS)).content == given[number]
            assert configuration.assemble(rendering.whole(before, DEFAULT_POINTS)).content == given[number - 1]
        with (
            kept.reading() as session,
            pytest.raises(NotFound, match="revision 5 is no longer kept: the history starts"),
        ):
            history.state_at(session, 5)


def pages(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "provider.db")) as connection:
        count: int = connection.execute("PRAGMA page_count").fetchone()[0]
        return count


def test_a_history_that_goes_makes_room_for_the_one_that_comes(migrated: Path, tmp_path: Path) -> None:
    """Each of these revisions has 8 kB of changes: without its end the history would take 1.6 MB more."""
    rule = " && ".join([f"PathPrefix(`/{'a' * 60}`)"] * 100)
    with kept_in(tmp_path, migrated, Retention(revisions=20, days=0)) as kept:
        change(kept, put_service())

        def bring(times: int) -> None:
            for _ in range(times // 2):
                change(kept, put_router(domains=[], rule=rule))
                change(kept, lambda session: writes.remove(session, Router, "wayshub"))

        bring(60)
        before = pages(tmp_path)
        bring(200)
        assert len(numbers(kept)) <= 21
        assert (pages(tmp_path) - before) * 4096 < 400_000


def test_the_service_says_which_revisions_are_kept_no_more(migrated: Path, tmp_path: Path) -> None:
    with (
        running_service(tmp_path, migrated, history_revisions=2, history_days=0) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        for name in "abcde":
            client.put(f"/domains/{name}.test", json={}, headers={"Config-Message": f"for {name}"}).raise_for_status()
        kept = [item["number"] for item in client.get("/revisions").raise_for_status().json()["items"]]
        assert kept[-1] in {3, 4}
        told = f"revision 1 is no longer kept: the history starts at revision {kept[-1]}"
        for answer in (
            client.get("/revisions/1"),
            client.get("/revisions/1/configuration"),
            client.get("/revisions/1/difference"),
            client.get("/revisions/5/difference", params={"compare": 1}),
            client.post("/revisions/1/rollback"),
        ):
            assert problem(answer, "not-found")["detail"] == told
        # The audit goes on telling who, when, what in words, and why; object by object it does so no more.
        entries = {
            entry["revision"]: entry
            for entry in client.get("/audit", params={"action": "state.change"}).raise_for_status().json()["items"]
        }
        assert (entries[1]["words"], entries[1]["message"]) == ("domain a.test added", "for a")
        assert entries[1]["changes"] is None
        assert [each["name"] for each in entries[5]["changes"]] == ["e.test"]
