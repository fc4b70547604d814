"""Times as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from provider.cli.times import ago, span

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (1.9, "1 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (3 * 86400 - 1, "71 h"),
        (3 * 86400, "3 days"),
        (400 * 86400, "400 days"),
    ],
)
def test_a_span_has_one_unit_that_fits(seconds: float, told: str) -> None:
    since = (NOW - timedelta(seconds=seconds)).isoformat()
    assert span(since, NOW) == told
    assert ago(since, NOW) == ("just now" if seconds == 0 else f"{told} ago")


def test_a_clock_that_is_ahead_makes_no_time_to_come() -> None:
    assert ago("2026-01-02T12:00:07Z", NOW) == "just now"


def test_what_never_was_is_told() -> None:
    assert ago(None, NOW) == "never"


def test_the_nanoseconds_of_traefik_are_read() -> None:
    assert ago("2026-01-02T11:59:00.123456789Z", NOW) == "59 s ago"
