"""Moments with their zone, in ISO 8601: read, and written or kept in UTC."""

from datetime import UTC, datetime


def read(text: str) -> datetime:
    """Read a moment. Raises `ValueError` for what is none, or has no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def written(moment: datetime) -> str:
    """Write a moment in UTC and whole seconds: `2026-01-01T12:00:00Z`. Raises `OverflowError`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def kept(moment: datetime) -> str:
    """Write a moment as the database keeps it, in UTC and milliseconds, so that later ones are greater as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
