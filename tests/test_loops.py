"""What runs in the background is woken from any thread, and misses nothing."""

import asyncio
import threading

import pytest

from provider.loops import Bell, OwnLoop, lasting
from tests.running import DEADLINE_SECONDS


def test_another_thread_wakes_what_waits() -> None:
    async def wait() -> None:
        bell = Bell()
        bell.enter()
        waiting = asyncio.create_task(bell.wait())
        await asyncio.to_thread(bell.ring)
        await asyncio.wait_for(waiting, 20)

    asyncio.run(wait())


def test_what_rang_before_it_waits_counts_once() -> None:
    async def wait() -> None:
        bell = Bell()
        await asyncio.to_thread(bell.ring)
        bell.enter()
        await asyncio.wait_for(bell.wait(), 20)
        await asyncio.to_thread(bell.ring)
        await asyncio.to_thread(bell.ring)
        await asyncio.wait_for(bell.wait(), 20)
        again = asyncio.create_task(bell.wait())
        _done, waiting = await asyncio.wait({again}, timeout=0.05)
        assert waiting
        again.cancel()

    asyncio.run(wait())


def test_whatever_rings_right_after_it_rang_is_heard_together_and_soon() -> None:
    async def wait() -> int:
        bell = Bell()
        bell.enter()
        heard, loop = 0, asyncio.get_running_loop()
        ends = loop.time() + 0.5
        bell.ring()
        while loop.time() < ends:
            await asyncio.wait_for(bell.wait(), 20)
            heard += 1
            loop.call_soon(bell.ring)
        return heard

    assert 2 <= asyncio.run(wait()) <= 12


def test_it_wakes_by_itself_when_its_time_has_come() -> None:
    async def wait() -> None:
        bell = Bell()
        bell.enter()
        await asyncio.wait_for(bell.wait(0.01), 20)

    asyncio.run(wait())


def test_it_is_called_in_the_thread_of_its_loop_and_not_at_all_once_that_has_ended() -> None:
    called: list[threading.Thread] = []
    home = OwnLoop()

    async def live() -> None:
        home.enter()
        await asyncio.to_thread(home.call, lambda: called.append(threading.current_thread()))

    home.call(called.clear)  # nobody is there yet
    asyncio.run(live())
    home.call(called.clear)
    assert called == [threading.current_thread()]


def test_work_that_meets_a_bug_is_logged_and_begins_anew_until_it_is_done(caplog: pytest.LogCaptureFixture) -> None:
    begun: list[int] = []

    async def work() -> None:
        begun.append(len(begun))
        if len(begun) < 3:
            raise ZeroDivisionError(f"bug {len(begun)}")

    asyncio.run(asyncio.wait_for(lasting(work, again_seconds=0.01), 20))
    assert begun == [0, 1, 2]
    assert "ZeroDivisionError: bug 1" in caplog.text
    assert "ZeroDivisionError: bug 2" in caplog.text


def test_work_that_is_cancelled_ends() -> None:
    ended: list[bool] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def cancel() -> None:
        task = asyncio.create_task(lasting(work))
        await asyncio.sleep(0)  # it begins
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=20)
        assert task.cancelled()

    asyncio.run(cancel())
    assert ended == [True]


@pytest.mark.parametrize("turns", range(8))
def test_who_is_ended_at_the_moment_at_which_it_rings_ends(turns: int) -> None:
    async def ring_and_end() -> None:
        bell = Bell()
        bell.enter()

        async def work() -> None:
            while True:
                await bell.wait(DEADLINE_SECONDS)

        task = asyncio.create_task(work())
        await asyncio.sleep(0.01)
        bell.ring()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=1)
        assert task.cancelled()

    asyncio.run(ring_and_end())
