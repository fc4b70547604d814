"""Only one of the services on a database does what one alone may do, and another takes over when it is gone."""

import asyncio
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import pytest
from sqlmodel import select

from provider.database.connecting import database_at
from provider.database.database import Database, Hold
from provider.database.locations import Location
from provider.database.sessions import Session
from provider.duties import TAKEN_OVER_SECONDS, Duties
from provider.errors import Unavailable
from provider.issuing.threads import aside
from provider.models import Issuance
from tests.postgres import Postgres


class Working:
    """A service that has work to do, and how often it has begun it."""

    def __init__(self, location: Location, name: str = "counting") -> None:
        self.duties = Duties(database_at(location))
        self._name = name
        self.is_working = False
        self.begun = 0
        self.task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self.task = asyncio.create_task(self.duties.alone(self._name, self.work))

    async def work(self) -> None:
        self.is_working = True
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.is_working = False

    async def end(self) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.02)


def test_one_has_a_duty_and_another_takes_it_over_when_it_ends_or_is_cut_off(postgres: Postgres) -> None:
    location = postgres.empty()

    async def run() -> None:
        first, second = Working(location), Working(location)
        first.begin()
        await until(lambda: first.is_working)
        second.begin()
        assert not second.is_working
        assert first.duties.has("counting")
        postgres.cut(location.url.rpartition("/")[2].partition("?")[0])
        await until(lambda: first.begun + second.begun > 1)  # it stops, and whoever comes first has it
        await until(lambda: first.is_working != second.is_working, TAKEN_OVER_SECONDS)
        one, other = (first, second) if first.is_working else (second, first)
        await one.end()
        await until(lambda: other.is_working, TAKEN_OVER_SECONDS)
        assert not one.is_working
        await other.end()

    asyncio.run(run())


def work_until_killed(location: Location) -> None:
    """Have a duty for as long as this process lives."""

    async def run() -> None:
        working = Working(location)
        working.begin()
        await asyncio.Event().wait()

    asyncio.run(run())


def test_another_takes_a_duty_over_when_the_process_that_has_it_is_killed(postgres: Postgres) -> None:
    location = postgres.empty()
    process = multiprocessing.get_context("forkserver").Process(target=work_until_killed, args=(location,))
    process.start()

    async def run() -> None:
        other = Working(location)
        await until(lambda: is_held(location))
        other.begin()
        process.kill()
        await until(lambda: other.is_working, TAKEN_OVER_SECONDS)
        await other.end()

    try:
        asyncio.run(run())
    finally:
        process.kill()
        process.join()


class Standing:
    """A service that stands still while it writes for one duty, and just before it writes for another."""

    def __init__(self, location: Location, told: Connection) -> None:
        self._database = database_at(location)
        self._database.open()
        self._duties = Duties(self._database)
        self._is_writing, self._goes_on = threading.Event(), threading.Event()
        self._told = told

    def write_and_wait(self) -> None:
        with self._database.writing() as session:
            put(session, "inside")
            self._is_writing.set()
            self._goes_on.wait()

    def stop_and_write(self) -> None:
        self._is_writing.wait()
        self._told.send("stands still")
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        self._told.send(self._duties.has("outside"))
        self._goes_on.set()
        with self._database.writing() as session:
            put(session, "outside")

    def write(self, write: Callable[[], None]) -> None:
        try:
            write()
        except Unavailable:
            self._told.send("cannot write")
        else:
            self._told.send("has written")

    async def work(self, write: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(self.write, write)
        finally:
            await aside(self._told.send, "goes on")

    async def run(self) -> None:
        works = {"inside": self.write_and_wait, "outside": self.stop_and_write}
        await asyncio.gather(*(self._duties.alone(name, partial(self.work, work)) for name, work in works.items()))


def stand_still(location: Location, told: Connection) -> None:
    """Have two duties, and stand still."""
    asyncio.run(Standing(location, told).run())


def put(session: Session, by: str) -> None:
    session.add(Issuance(name=by))
    session.flush()


def test_another_takes_over_from_a_process_that_stands_still_which_does_nothing_more_of_its_duties_when_it_goes_on(
    postgres: Postgres,
) -> None:
    location = postgres.migrated()
    told, telling = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("forkserver").Process(target=stand_still, args=(location, telling))
    process.start()
    database = database_at(location)
    database.open()
    names = ("inside", "outside")

    def write() -> bool:
        with suppress(Unavailable), database.writing() as session:
            put(session, "other")
            return True
        return False

    async def write_at_last() -> None:
        while not await asyncio.to_thread(write):
            pass

    async def run() -> None:
        others = [Working(location, name) for name in names]
        await until(told.poll)
        assert told.recv() == "stands still"
        for other in others:
            other.begin()
        writing = asyncio.create_task(write_at_last())
        await until(lambda: writing.done() and all(other.is_working for other in others), TAKEN_OVER_SECONDS)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGCONT)
        said = []
        for _ in range(3):
            await until(told.poll)
            said.append(told.recv())
        assert said == [False, "cannot write", "cannot write"]
        with database.reading() as session:
            assert session.exec(select(Issuance.name)).all() == ["other"]
        assert not told.poll(0.5)  # it does nothing else of them either
        for other in others:
            await other.end()

    try:
        asyncio.run(run())
    finally:
        process.kill()
        process.join()
        database.close()


def is_held(location: Location) -> bool:
    """Tell whether somebody has the duty."""
    hold = database_at(location).hold("counting")
    if hold is not None:
        hold.release()
    return hold is None


def test_on_a_file_one_service_has_all_duties_at_once(migrated: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(migrated, tmp_path / "provider.db"))

    async def run() -> None:
        only = Working(Location(file=path))
        only.begin()
        await until(lambda: only.is_working)
        await only.end()
        assert not only.duties.has("counting")

    asyncio.run(run())


@pytest.mark.parametrize("fails", [True, False])
def test_work_that_ends_or_fails_ends_its_duty(tmp_path: Path, *, fails: bool) -> None:
    async def work() -> None:
        if fails:
            raise ValueError("broken")

    duties = Duties(database_at(Location(file=tmp_path / "provider.db")))
    if fails:
        with pytest.raises(ValueError, match="broken"):
            asyncio.run(duties.alone("counting", work))
    else:
        asyncio.run(duties.alone("counting", work))
    assert not duties.has("counting")


def test_a_duty_that_is_only_got_after_its_work_was_ended_is_let_go(postgres: Postgres) -> None:
    location = postgres.migrated()
    asked, ended = threading.Event(), threading.Event()

    class Slow:
        """The database, which a service asks for a duty just before it stops."""

        is_shared = True

        def hold(self, name: str) -> Hold | None:
            asked.set()
            ended.wait(60)
            return database_at(location).hold(name)

    async def run() -> None:
        async def work() -> None:
            await asyncio.Event().wait()

        task = asyncio.create_task(Duties(cast("Database", Slow())).alone("counting", work))
        await until(asked.is_set)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        ended.set()

    asyncio.run(run())  # which waits for its threads
    found = database_at(location).hold("counting")
    assert found is not None
    found.release()
