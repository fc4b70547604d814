"""Who waits for a change is let go of a few at a time."""

import asyncio
import contextlib

from provider.edges.releases import AT_ONCE, Releases


async def waiting(releases: Releases, count: int) -> list[asyncio.Future[None]]:
    return [releases.join() for _ in range(count)]


def test_few_are_let_go_of_at_once() -> None:
    async def wake() -> bool:
        releases = Releases()
        few = await waiting(releases, AT_ONCE)
        releases.wake()
        return all(release.done() for release in few)

    assert asyncio.run(wake())


def test_among_many_the_loop_comes_to_everything_else() -> None:
    async def wake() -> int:
        releases = Releases()
        many = await waiting(releases, 100 * AT_ONCE)
        releases.wake()
        asked_later = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(asked_later.set_result, None)
        await asked_later
        released = sum(release.done() for release in many)
        await asyncio.wait(many)
        return released

    assert asyncio.run(wake()) <= 3 * AT_ONCE


def test_who_left_is_not_waited_for_and_who_comes_later_waits_for_the_next() -> None:
    async def wake() -> list[bool]:
        releases = Releases()
        gone, here = await waiting(releases, 2)
        releases.leave(gone)
        releases.wake()
        later = releases.join()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(later), 0)
        found = [gone.done(), here.done(), later.done()]
        releases.wake()
        return [*found, later.done()]

    assert asyncio.run(wake()) == [False, True, False, True]
