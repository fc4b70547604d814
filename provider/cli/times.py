"""Times, as people say them."""

from datetime import UTC, datetime
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_UNITS: Final = ((3 * _DAY, _DAY, "days"), (2 * _HOUR, _HOUR, "h"), (2 * _MINUTE, _MINUTE, "min"))
"""From so many seconds on, a time is told in this unit."""


def span(since: str, now: datetime | None = None) -> str:
    """Say how long ago a date (ISO 8601) was: `12 s`, `5 min`. A clock that is ahead of ours makes `0 s`."""
    seconds = max(0, int(((now or datetime.now(UTC)) - datetime.fromisoformat(since)).total_seconds()))
    for least_seconds, unit_seconds, unit in _UNITS:
        if seconds >= least_seconds:
            return f"{seconds // unit_seconds} {unit}"
    return f"{seconds} s"


def ago(since: str | None, now: datetime | None = None) -> str:
    """Say when something was, from now: `12 s ago`, or `never`."""
    if since is None:
        return "never"
    told = span(since, now)
    return "just now" if told == "0 s" else f"{told} ago"


def when(date: str) -> str:
    """Say when something will be, from now: `in 12 s`, or `now`."""
    told = span(datetime.now(UTC).isoformat(), datetime.fromisoformat(date))
    return "now" if told == "0 s" else f"in {told}"
