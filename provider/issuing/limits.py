"""How many orders CAs allow: how many were made is counted before one is asked for another.

A CA of one's own may sign for hours only: how often Let's Encrypt signs for a name in a week says nothing of others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from provider.database.sessions import Session
from provider.directories import DIRECTORIES
from provider.issuing.schedules import written
from provider.messages import Message, template
from provider.store import acme

_FAILED: Final = template("{count} orders for it failed within an hour, and the CA allows the next one at {at}")
_GOT: Final = template("it got {count} certificates within a week, and the CA allows the next one at {at}")
_ALL: Final = template("{count} certificates were ordered within 3 hours, and the CA allows the next one at {at}")


@dataclass(frozen=True, slots=True)
class _Limit:
    """How many orders are made at most in a time: those that failed, succeeded or all; of one name or of all."""

    span: timedelta
    most: int
    kept: bool | None
    is_of_name: bool
    words: str
    is_of_all: bool = False
    """Whether it is kept at each CA, and not at Let's Encrypt alone."""


_LIMITS: Final = (
    _Limit(timedelta(hours=1), 5, kept=False, is_of_name=True, words=_FAILED, is_of_all=True),
    _Limit(timedelta(days=7), 5, kept=True, is_of_name=True, words=_GOT),
    _Limit(timedelta(hours=3), 250, kept=None, is_of_name=False, words=_ALL),
)
"""Let's Encrypt allows as many, and 300 in place of 250."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that is reached: until when, and why in words."""

    until: datetime
    why: Message


def find_reached(session: Session, directory: str, name: str, now: datetime) -> Reached | None:
    """Find what forbids one more order of a name at a CA: of several limits the one that holds longest."""
    return max(_find_all(session, directory, name, now), key=lambda each: each.until, default=None)


def _find_all(session: Session, directory: str, name: str, now: datetime) -> Iterator[Reached]:
    is_lets_encrypt = directory in DIRECTORIES.values()
    for limit in (each for each in _LIMITS if each.is_of_all or is_lets_encrypt):
        of_name = name if limit.is_of_name else None
        # What a clock that was ahead has dated later than now counts for nothing.
        dates = written(now - limit.span), written(now)
        oldest = acme.find_created(session, directory, dates, limit.most, of_name, kept=limit.kept)
        if oldest is not None:
            until = datetime.fromisoformat(oldest) + limit.span
            told = Message(limit.words, count=limit.most, at=f"{until:%Y-%m-%d %H:%M} UTC")
            yield Reached(until, told)
