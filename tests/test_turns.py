"""What is long to compute: done in processes of its own, a few at once, and once for all who ask for the same."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provider.apart.turns import AT_ONCE, MOST_OF_ONE, MOST_WAITING, Content, Turns
from provider.database.file import FileDatabase
from provider.database.sessions import Session
from provider.errors import FieldError, Invalid, Unavailable
from provider.messages import Message
from provider.models import Actor
from provider.revisions import Revisions
from tests.running import fetch, http_client, running_service, wait_until


def tell_process(_session: Session, _number: int = 0) -> bytes:
    return b"%d" % os.getpid()


def note_and_wait(_session: Session, notes: Path, number: int) -> bytes:
    """Note that it began, and wait until it may end."""
    (notes / f"began-{number}-{os.getpid()}").touch()
    wait_until((notes / "end").exists, "it may end")
    return b"done"


def began(notes: Path) -> int:
    return len(list(notes.glob("began-*")))


def refuse(_session: Session) -> bytes:
    raise Invalid([FieldError("/name", "name.bad", Message("{name} is {{no}} name", name="{x}"), "query")])


def die(_session: Session) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


@pytest.fixture
def revisions(migrated: Path, tmp_path: Path) -> Iterator[tuple[FileDatabase, Revisions]]:
    path = tmp_path / "provider.db"
    path.write_bytes(migrated.read_bytes())
    database = FileDatabase(path)
    opened = Revisions(database)
    assert opened.load(), opened.problem
    yield database, opened
    database.close()


@pytest.fixture
def turns(revisions: tuple[FileDatabase, Revisions]) -> Iterator[Turns]:
    made = Turns(revisions[0], revisions[1].reading, large_bytes=0)
    yield made
    made.close()


def test_a_job_on_a_large_database_is_done_in_another_process_each_time(turns: Turns) -> None:
    async def ask() -> list[int]:
        return [int((await turns.of("token:a").read(tell_process, number)).whole()) for number in range(2)]

    assert len({os.getpid(), *asyncio.run(ask())}) == 3


def test_a_job_on_a_small_database_costs_no_process(revisions: tuple[FileDatabase, Revisions]) -> None:
    turns = Turns(revisions[0], revisions[1].reading)
    assert asyncio.run(turns.of("token:a").read(tell_process)).whole() == b"%d" % os.getpid()
    turns.close()


def test_what_many_ask_for_at_once_is_computed_once(turns: Turns, tmp_path: Path) -> None:
    async def ask() -> list[Content]:
        asked = [asyncio.ensure_future(turns.of("token:a").read(note_and_wait, tmp_path, 1)) for _ in range(12)]
        await asyncio.to_thread(wait_until, lambda: began(tmp_path) == 1, "it begins")
        (tmp_path / "end").touch()
        return await asyncio.gather(*asked)

    assert [content.whole() for content in asyncio.run(ask())] == [b"done"] * 12
    assert began(tmp_path) == 1


def test_too_many_jobs_are_refused_and_those_that_wait_are_done(turns: Turns, tmp_path: Path) -> None:
    async def ask() -> list[Content | BaseException]:
        many = range(AT_ONCE + MOST_WAITING + 3)
        asked = [asyncio.ensure_future(turns.of(f"token:{n}").read(note_and_wait, tmp_path, n)) for n in many]
        await asyncio.to_thread(wait_until, lambda: began(tmp_path) == AT_ONCE, "as many as may begin at once")
        (tmp_path / "end").touch()
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = asyncio.run(ask())
    assert [isinstance(answer, Unavailable) for answer in answers] == [False] * (AT_ONCE + MOST_WAITING) + [True] * 3


def test_who_asks_for_much_has_one_job_done_at_a_time_and_leaves_places_to_others(turns: Turns, tmp_path: Path) -> None:
    async def ask() -> tuple[list[Content | BaseException], Content]:
        many = range(AT_ONCE + MOST_WAITING)
        asked = [asyncio.ensure_future(turns.of("token:a").read(note_and_wait, tmp_path, n)) for n in many]
        await asyncio.to_thread(wait_until, lambda: began(tmp_path) == 1, "the first begins")
        other = await turns.of("account:b").read(tell_process)
        assert began(tmp_path) == 1
        (tmp_path / "end").touch()
        return await asyncio.gather(*asked, return_exceptions=True), other

    answers, other = asyncio.run(ask())
    assert [isinstance(each, Unavailable) for each in answers] == [False] * MOST_OF_ONE + [True] * MOST_OF_ONE
    assert other.whole()


def test_who_waits_for_a_turn_when_the_service_stops_is_told(turns: Turns, tmp_path: Path) -> None:
    async def ask() -> list[Content | BaseException]:
        asked = [asyncio.ensure_future(turns.of("token:a").read(note_and_wait, tmp_path, n)) for n in range(2)]
        await asyncio.to_thread(wait_until, lambda: began(tmp_path) == 1, "the first begins")
        turns.close()
        (tmp_path / "end").touch()
        return await asyncio.gather(*asked, return_exceptions=True)

    done, refused = asyncio.run(ask())
    assert isinstance(done, Content)
    assert isinstance(refused, Unavailable)


def test_what_is_done_apart_ends_when_the_service_stops(turns: Turns, tmp_path: Path) -> None:
    async def ask() -> None:
        asked = asyncio.ensure_future(turns.apart(note_and_wait, (tmp_path, 1)))
        await asyncio.to_thread(wait_until, lambda: began(tmp_path) == 1, "it has begun")
        turns.close()
        with pytest.raises(Unavailable, match="stopping"):
            await asyncio.wait_for(asked, 20)

    asyncio.run(ask())


def test_an_account_has_one_part_of_what_is_bounded_for_all_its_sessions() -> None:
    one, other, token = (Actor("alvin", credential).holder for credential in ("session:a", "session:b", "token:alvin"))
    assert one == other != token


def test_an_error_arrives_with_its_fields_and_the_words_to_translate(turns: Turns) -> None:
    with pytest.raises(Invalid) as caught:
        asyncio.run(turns.of("token:a").read(refuse))
    (field,) = caught.value.fields
    assert (field.pointer, field.code, field.place) == ("/name", "name.bad", "query")
    assert isinstance(field.detail, Message)
    assert field.detail.values == {"name": "{x}"}


def test_a_process_that_is_killed_takes_nothing_along(turns: Turns) -> None:
    with pytest.raises(Unavailable):
        asyncio.run(turns.of("token:a").read(die))
    assert int(asyncio.run(turns.of("token:a").read(tell_process)).whole()) != os.getpid()


def test_what_was_computed_apart_is_the_same_as_what_was_computed_here(migrated: Path, tmp_path: Path) -> None:
    paths = ["/export", "/revisions/2/difference", "/revisions/2/difference?compare=1", "/revisions/1/configuration"]

    def answers(service_url: str) -> list[Any]:
        return [fetch(f"{service_url}/api/v1{path}").raise_for_status().content for path in paths]

    with running_service(tmp_path, migrated) as service:
        with http_client(f"{service.url}/api/v1") as client:
            for name in ("one", "other"):
                client.post("/domains", json={"name": f"{name}.example"}).raise_for_status()
        here = answers(service.url)
    apart = []
    with running_service(tmp_path, None, prepare=lambda app: setattr(app.plane.turns, "large_bytes", 0)) as service:
        apart = answers(service.url)
        refused = fetch(f"{service.url}/api/v1/revisions/9/difference")
        kept = fetch(f"{service.url}/api/v1/export", headers={"Accept-Encoding": "identity"})
        again = fetch(f"{service.url}/api/v1/export", headers={"If-None-Match": kept.headers["etag"]})
    assert apart == here
    assert refused.status_code == 404
    assert again.status_code == 304
    assert int(kept.headers["content-length"]) == len(kept.content)
