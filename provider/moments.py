"""Moments with their zone, in ISO 8601: read, and written or kept in UTC. And seconds that nobody sets."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

# A machine that sleeps stops the monotonic clock, and not this one.
seconds: Final[Callable[[], float]] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)
"""Seconds by a clock that nobody sets."""


def read(text: str) -> datetime:
    """Read a moment. Raises `ValueError` for what is none, or has no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def written(moment: datetime) -> str:
    """Write a moment in UTC and whole seconds: `2026-01-01T12:00:00Z`. Raises `OverflowError`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(moment: datetime) -> str:
    """Write a moment in UTC as JSON has it, with the fraction that it has: `2026-01-01T12:00:00.25Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def kept(moment: datetime) -> str:
    """Write a moment as the database keeps it, in UTC and milliseconds, so that later ones are greater as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
