"""When an edge may get its next document."""

from itertools import pairwise

from provider.edges.pacing import BLIND, Pace

CHECK_SECONDS = 1.5


def test_without_health_checks_nothing_waits() -> None:
    pace = Pace()
    for number in range(1_000):
        assert pace.due(number * 0.1, is_urgent=True) <= number * 0.1
        pace.given(number * 0.1, 0.0)


def test_a_change_after_a_quiet_time_goes_out_at_once_and_so_do_some_that_follow() -> None:
    pace, now = Pace(), 100.0
    while now - 100 < BLIND * CHECK_SECONDS:
        assert pace.due(now, is_urgent=True) <= now
        pace.given(now, CHECK_SECONDS)
        now += 0.5


def test_in_a_storm_servers_are_checked_again_and_again() -> None:
    pace, now, given, checked = Pace(), 100.0, [], []
    while now < 160:
        if now - pace.given_at >= CHECK_SECONDS and not pace.is_checked:
            pace.is_checked = True
            checked.append(now)
        if pace.due(now, is_urgent=True) <= now:
            pace.given(now, CHECK_SECONDS)
            given.append(now)
        now += 0.1
    assert max(later - earlier for earlier, later in pairwise(checked)) <= (BLIND + 2) * CHECK_SECONDS
    assert max(later - earlier for earlier, later in pairwise(given)) <= CHECK_SECONDS + 0.5


def test_a_change_does_not_wait_for_ever_for_somebody_to_look() -> None:
    pace, now = Pace(), 100.0
    for _change in range(100):
        due = pace.due(now, is_urgent=True)
        assert due <= now + CHECK_SECONDS + 3
        now = max(due, now + 0.5)
        pace.given(now, CHECK_SECONDS)


def test_what_is_not_urgent_never_cuts_a_check_short() -> None:
    pace = Pace()
    assert pace.due(100, is_urgent=False) <= 100
    pace.given(100, CHECK_SECONDS)
    assert pace.due(100.5, is_urgent=False) >= 100 + CHECK_SECONDS
    pace.is_checked = True
    assert pace.due(102, is_urgent=False) <= 102
