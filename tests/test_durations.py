"""Durations are read in one way, whoever writes them."""

import pytest

from provider import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("12h", 43_200), ("90d", 7_776_000), ("2w", 1_209_600), ("5s", None), ("12", None), ("٣d", None)],
)
def test_a_span_is_in_minutes_to_weeks(text: str, seconds: int | None) -> None:
    assert durations.find_span_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "nanoseconds", "shown"),
    [
        ("5", 5 * 10**9, "5s"),
        ("1h0m0.5s", 3_600_500_000_000, "1h500ms"),
        ("1.5ms", 1_500_000, None),
        ("90s", 90 * 10**9, "1m30s"),
        (".5s", 5 * 10**8, "500ms"),
        ("-1s", -(10**9), None),
        ("0", 0, None),
        ("100µs", 100_000, None),
        ("5 s", None, None),
        ("1.2.3s", None, None),
        ("1d", None, None),
        (".s", None, None),
        ("", None, None),
    ],
)
def test_durations_are_those_of_go(text: str, nanoseconds: int | None, shown: str | None) -> None:
    assert durations.find_nanoseconds(text) == nanoseconds
    assert (durations.find_text(nanoseconds) if nanoseconds is not None else None) == shown
