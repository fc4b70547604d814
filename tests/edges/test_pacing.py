"""When an edge may get its next document."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from provider.edges.pacing import BLIND, HANGING, Pace
from provider.pools import NO_CHECK, Check

CHECK = Check(1.0, 0.5)
SLOW = Check(5.0, 2.0)
STEP = 0.05
LATE_SECONDS = 3.0


def stormed(check: Check, seconds: float) -> Iterator[tuple[float, float]]:
    """Have changes wait all the time; give when each document goes out, and how long that was run before it.

    Servers are looked at as soon as the next look tells of them.
    """
    pace, begun = Pace(), 100.0
    for step in range(round(seconds / STEP)):
        now = begun + step * STEP
        running = now - pace.given_at
        if pace.next_look is not None and running >= pace.next_look:
            assert pace.seen(running)
        if pace.due(now, is_urgent=True) <= now:
            yield now - begun, running
            pace.given(now, check)


def test_without_health_checks_nothing_waits() -> None:
    assert len(list(stormed(NO_CHECK, 60))) == round(60 / STEP)


@pytest.mark.parametrize("check", [CHECK, SLOW], ids=["short", "default"])
def test_a_change_after_a_quiet_time_goes_out_at_once_and_so_do_some_that_follow(check: Check) -> None:
    free = [at for at, _running in stormed(check, BLIND * check.seconds)]
    assert len(free) == round(BLIND * check.seconds / STEP)


@pytest.mark.parametrize("check", [CHECK, SLOW], ids=["short", "default"])
def test_where_changes_go_on_servers_are_checked_with_each_document(check: Check) -> None:
    """A server that dies is noticed nearly as soon as if nothing changed."""
    running = [each for at, each in stormed(check, 20 * check.seconds) if at > BLIND * check.seconds + STEP]
    assert min(running) > check.interval
    assert sorted(running)[len(running) // 2] <= check.interval + 0.15 + 2 * STEP
    assert max(running) <= check.seconds + 2 * STEP


@pytest.mark.parametrize("check", [CHECK, SLOW], ids=["short", "default"])
def test_servers_that_do_not_answer_are_noticed_too(check: Check) -> None:
    whole = [at for at, running in stormed(check, 30 * check.seconds) if running >= check.seconds]
    assert len(whole) > 3
    assert max(later - earlier for earlier, later in pairwise(whole)) <= (HANGING + 2) * check.seconds


def test_a_pause_ends_a_series() -> None:
    pace = Pace()
    for step in range(round(2 * BLIND * CHECK.seconds / STEP)):
        pace.given(100 + step * STEP, CHECK)
    now = pace.given_at
    assert pace.due(now + STEP, is_urgent=True) > now + CHECK.interval
    pace.given(now + BLIND * CHECK.seconds + STEP, CHECK)  # as nobody has looked: this one has waited all the time
    now = pace.given_at
    pace.seen(CHECK.seconds)
    assert pace.due(now + CHECK.seconds, is_urgent=True) <= now
    pace.given(now + CHECK.seconds, CHECK)
    now = pace.given_at
    assert pace.due(now + STEP, is_urgent=True) > now + CHECK.interval
    pace.given(now + CHECK.seconds, CHECK)
    pace.seen(CHECK.seconds)
    now = pace.given_at + BLIND * CHECK.seconds + STEP
    assert pace.due(now, is_urgent=True) <= now
    pace.given(now, CHECK)
    assert pace.due(now + STEP, is_urgent=True) <= now


def test_a_change_does_not_wait_for_ever_for_somebody_to_look() -> None:
    pace, now = Pace(), 100.0
    for _change in range(100):
        due = pace.due(now, is_urgent=True)
        assert due <= now + CHECK.seconds + LATE_SECONDS
        now = max(due, now + 0.5)
        pace.given(now, CHECK)


def test_what_is_not_urgent_never_cuts_a_check_short() -> None:
    pace = Pace()
    assert pace.due(100, is_urgent=False) <= 100
    pace.given(100, CHECK)
    assert pace.due(100.5, is_urgent=False) >= 100 + CHECK.seconds
    pace.seen(CHECK.interval + 0.2)  # one that does not answer may be checked still
    assert pace.due(101.3, is_urgent=False) >= 100 + CHECK.seconds
    pace.seen(CHECK.seconds)
    assert pace.due(102, is_urgent=False) <= 102
