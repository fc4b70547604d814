"""Only one of the services on a database does what one alone may do, and another takes over when it is gone."""

import asyncio
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from provider.database.connecting import database_at
from provider.database.locations import Location
from provider.duties import TAKEN_OVER_SECONDS, Duties
from tests.postgres import Postgres


class Working:
    """A service that has work to do, and how often it has begun it."""

    def __init__(self, location: Location) -> None:
        self.duties = Duties(database_at(location))
        self.is_working = False
        self.begun = 0
        self.task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self.task = asyncio.create_task(self.duties.alone("counting", self.work))

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


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_another_takes_a_duty_over_when_the_process_that_has_it_is_killed_or_stands_still(
    postgres: Postgres, number: signal.Signals
) -> None:
    location = postgres.empty()
    process = multiprocessing.get_context("forkserver").Process(target=work_until_killed, args=(location,))
    process.start()

    async def run() -> None:
        other = Working(location)
        await until(lambda: is_held(location))
        other.begin()
        assert process.pid is not None
        os.kill(process.pid, number)
        await until(lambda: other.is_working, TAKEN_OVER_SECONDS)
        await other.end()

    try:
        asyncio.run(run())
    finally:
        process.kill()
        process.join()


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
