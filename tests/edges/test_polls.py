"""The polls that wait: when they are released, and with what. A real loop and a real clock, in short times."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from provider.edges.polls import Polls
from provider.edges.quarantine import Quarantine
from provider.snapshots import Served
from tests.edges.snapshots import snapshot

COALESCE_SECONDS = 0.5
AN_HOUR = 3600.0

FIRST = snapshot(1)


async def opened(coalesce_seconds: float = COALESCE_SECONDS) -> Polls:
    polls = Polls(coalesce_seconds)
    polls.open(FIRST)
    return polls


async def ask(polls: Polls, given: Served, seconds: float = AN_HOUR) -> Served:
    """Poll as one who stays until there is an answer."""
    found = await polls.wait("default", given, seconds, asyncio.get_running_loop().create_future())
    assert found is not None
    return found


def held(polls: Polls, given: Served = FIRST, seconds: float = AN_HOUR) -> asyncio.Task[Served]:
    return asyncio.create_task(ask(polls, given, seconds))


async def settled(polls: Polls, held_polls: int) -> None:
    """Wait until so many polls are held."""
    async with asyncio.timeout(60):
        while polls.held != held_polls:  # noqa: ASYNC110  # the count is a number, and tells nobody when it changes
            await asyncio.sleep(0)


Scenario = Callable[[], Awaitable[None]]


def run(scenario: Scenario) -> None:
    async def limited() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(limited())


def test_a_poll_is_held_until_the_document_changes() -> None:
    async def scenario() -> None:
        polls = await opened()
        poll = held(polls)
        await settled(polls, 1)
        assert not poll.done()
        polls.publish(snapshot(2))
        assert await poll == snapshot(2)
        assert polls.held == 0

    run(scenario)


def test_a_poll_gets_what_it_had_when_its_time_is_up() -> None:
    async def scenario() -> None:
        polls = await opened()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        assert await held(polls, seconds=0.1) is FIRST
        assert loop.time() - begun >= 0.09
        assert polls.held == 0

    run(scenario)


def test_a_poll_for_an_older_document_is_answered_at_once() -> None:
    async def scenario() -> None:
        polls = await opened()
        polls.publish(snapshot(2))
        await asyncio.sleep(0)
        assert await held(polls, given=FIRST) == snapshot(2)

    run(scenario)


def test_the_first_change_after_quiet_goes_out_at_once_and_the_next_is_held_back() -> None:
    async def scenario() -> None:
        polls = await opened(AN_HOUR)
        polls._released_at = asyncio.get_running_loop().time() - AN_HOUR
        poll = held(polls)
        await settled(polls, 1)
        polls.publish(snapshot(2))
        first = await poll
        again = held(polls, given=first)
        await settled(polls, 1)
        polls.publish(snapshot(3))
        await asyncio.sleep(0)
        assert polls._timer is not None
        assert not again.done()
        polls.close()
        await again

    run(scenario)


def test_what_is_held_back_goes_out_as_its_newest_when_the_time_is_up() -> None:
    async def scenario() -> None:
        polls = await opened()
        loop = asyncio.get_running_loop()
        poll = held(polls)
        await settled(polls, 1)
        begun = loop.time()
        polls.publish(snapshot(2))
        first = await poll
        polls.publish(snapshot(3))
        polls.publish(snapshot(4))
        assert await held(polls, given=first) == snapshot(4)
        assert loop.time() - begun >= COALESCE_SECONDS

    run(scenario)


def test_in_a_storm_documents_come_at_the_pace_that_is_set_and_the_last_one_always() -> None:
    async def scenario() -> None:
        polls = await opened(0.05)
        loop = asyncio.get_running_loop()
        got: list[tuple[float, int]] = []

        async def edge() -> None:
            known = FIRST
            while known.revision < 301:
                known = await ask(polls, known)
                got.append((loop.time(), known.revision))

        polling = asyncio.create_task(edge())
        await settled(polls, 1)
        for revision in range(2, 302):
            polls.publish(snapshot(revision))
            await asyncio.sleep(0.001)
        await polling
        times = [time for time, _revision in got]
        revisions = [revision for _time, revision in got]
        assert revisions[-1] == 301
        assert revisions == sorted(set(revisions))
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert sum(gaps) / len(gaps) >= 0.045
        assert 3 <= len(got) <= (times[-1] - times[0]) / 0.05 + 2

    run(scenario)


def test_without_coalescing_every_change_goes_out() -> None:
    async def scenario() -> None:
        polls = await opened(0)
        known = FIRST
        for revision in range(2, 12):
            poll = held(polls, known)
            await settled(polls, 1)
            polls.publish(snapshot(revision))
            known = await poll
            assert known.revision == revision

    run(scenario)


def test_a_revision_with_the_same_document_releases_nobody() -> None:
    async def scenario() -> None:
        polls = await opened()
        poll = held(polls, seconds=0.2)
        await settled(polls, 1)
        polls.publish(snapshot(2, digest=FIRST.document.digest))
        assert await poll is FIRST

    run(scenario)


def test_a_change_that_is_taken_back_in_a_storm_releases_nobody_for_nothing() -> None:
    async def scenario() -> None:
        polls = await opened()
        poll = held(polls)
        await settled(polls, 1)
        polls.publish(snapshot(2))
        second = await poll
        polls.publish(snapshot(3))
        polls.publish(snapshot(4, digest=second.document.digest))
        again = held(polls, given=second, seconds=1.5 * COALESCE_SECONDS)
        assert await again is second

    run(scenario)


def test_an_older_snapshot_never_follows_a_newer_one() -> None:
    async def scenario() -> None:
        polls = await opened(0)
        polls.publish(snapshot(3))
        polls.publish(snapshot(2))
        assert await held(polls, given=FIRST) == snapshot(3)
        assert await held(polls, given=snapshot(3), seconds=0.05) == snapshot(3)

    run(scenario)


def test_polls_are_released_when_the_service_stops_and_none_is_held_after() -> None:
    async def scenario() -> None:
        polls = await opened()
        several = [held(polls) for _ in range(50)]
        await settled(polls, 50)
        polls.publish(snapshot(2))
        await asyncio.gather(*several)
        several = [held(polls, given=snapshot(2)) for _ in range(50)]
        await settled(polls, 50)
        polls.publish(snapshot(3))  # held back: the storm goes on
        polls.close()
        assert set(await asyncio.gather(*several)) <= {snapshot(2), snapshot(3)}
        assert await held(polls, given=snapshot(2)) in {snapshot(2), snapshot(3)}
        assert polls.held == 0

    run(scenario)


def test_a_poll_to_which_nobody_listens_any_more_ends() -> None:
    async def scenario() -> None:
        polls = await opened()
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        poll = asyncio.create_task(polls.wait("default", FIRST, AN_HOUR, gone))
        await settled(polls, 1)
        gone.set_result(None)
        assert await poll is None
        assert polls.held == 0

    run(scenario)


def test_a_poll_that_is_cancelled_is_not_counted_any_more() -> None:
    async def scenario() -> None:
        polls = await opened()
        poll = held(polls)
        await settled(polls, 1)
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
        assert polls.held == 0

    run(scenario)


def test_a_change_is_published_from_any_thread() -> None:
    async def scenario() -> None:
        polls = await opened()
        several = [held(polls) for _ in range(3)]
        await settled(polls, 3)
        await asyncio.to_thread(polls.publish, snapshot(2))
        assert await asyncio.gather(*several) == [snapshot(2)] * 3

    run(scenario)


def test_nobody_is_hurt_by_a_change_before_the_start_and_after_the_end() -> None:
    polls = Polls(COALESCE_SECONDS)
    polls.publish(snapshot(2))

    async def scenario() -> None:
        polls.open(FIRST)

    run(scenario)
    polls.publish(snapshot(3))


def test_an_edge_in_quarantine_is_offered_what_it_accepted_at_once() -> None:
    async def scenario() -> None:
        polls = await opened(0)
        second = snapshot(2)
        polls.publish(second)
        await asyncio.sleep(0)
        poll = held(polls, given=second)
        await settled(polls, 1)
        polls.quarantine("default", Quarantine(second, FIRST))
        assert await poll is FIRST
        assert polls.offer("default", second) is FIRST
        assert polls.offer("other", second) is second
        assert await held(polls, given=FIRST, seconds=0.05) is FIRST

    run(scenario)


def test_a_change_is_offered_to_an_edge_in_quarantine() -> None:
    async def scenario() -> None:
        polls = await opened(0)
        second = snapshot(2)
        polls.publish(second)
        await asyncio.sleep(0)
        polls.quarantine("default", Quarantine(second, FIRST))
        poll = held(polls, given=FIRST)
        await settled(polls, 1)
        polls.publish(snapshot(3))
        assert await poll == snapshot(3)

    run(scenario)


def test_when_a_quarantine_is_lifted_the_rejected_document_is_offered_again() -> None:
    async def scenario() -> None:
        polls = await opened(0)
        second = snapshot(2)
        polls.publish(second)
        await asyncio.sleep(0)
        polls.quarantine("default", Quarantine(second, FIRST))
        poll = held(polls, given=FIRST)
        await settled(polls, 1)
        polls.quarantine("default", None)
        assert await poll is second

    run(scenario)


def test_a_newer_revision_of_a_rejected_document_stays_in_quarantine() -> None:
    async def scenario() -> None:
        polls = await opened(0)
        second = snapshot(2)
        polls.publish(second)
        await asyncio.sleep(0)
        polls.quarantine("default", Quarantine(second, FIRST))
        again = snapshot(3, digest=second.document.digest)
        polls.publish(again)
        assert await held(polls, given=FIRST, seconds=0.1) is FIRST
        assert polls.offer("default", again) is FIRST

    run(scenario)
