"""Revisions in the database: listed and read, the newest first. `provider.revisions` alone adds one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, or_, select

from provider.errors import NotFound
from provider.messages import Message
from provider.models import Change, Revision, RevisionOutput
from provider.store import records

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_MOST_PRUNED: Final = 100
"""How many revisions go at once, at most: a change that found many of them would hold up others."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long revisions are kept: one goes when there are more than so many, and it is older than so many days."""

    revisions: int = 1000
    days: int = 90


LONG: Final = Retention()
"""How long they are kept unless somebody says otherwise."""


def read_number(text: str) -> int:
    """Read the number of a revision. Raises `NotFound` for what is none."""
    if not _NUMBER.fullmatch(text):
        raise NotFound(Message("there is no revision {number}", number=text))
    return int(text)


def page(session: Session, *, limit: int, before: int | None = None, q: str | None = None) -> Sequence[RevisionOutput]:
    """Return the newest revisions, of those before a number, with `q` in the summary, the message or the author."""
    return [
        RevisionOutput(
            number=revision.number,
            time=datetime.fromisoformat(revision.time),
            author=revision.author,
            summary=revision.summary,
            message=revision.message,
            digest=revision.digest,
        )
        for revision in _newest(session, limit, before, q, Revision.changes)
    ]


def page_in_words(
    session: Session, *, limit: int, before: int | None = None, q: str | None = None
) -> Sequence[Revision]:
    """Return the newest revisions as `page` does, without their changes and digests.

    SQLite finds what it keeps behind the changes by reading those, and one revision can have changed everything.
    """
    return _newest(session, limit, before, q, Revision.changes, Revision.digest)


def _newest(session: Session, limit: int, before: int | None, q: str | None, *without: Any) -> Sequence[Revision]:
    query = select(Revision).options(*(defer(column, raiseload=True) for column in without))
    if before is not None:
        query = query.where(col(Revision.number) < before)
    if q:
        texts = (Revision.summary, Revision.message, Revision.author)
        query = query.where(or_(*(records.contains(text, q) for text in texts)))
    return session.exec(query.order_by(col(Revision.number).desc()).limit(limit)).all()


def get(session: Session, number: int) -> Revision:
    """Return a revision, whole. Raises `NotFound`, which says so for one that is kept no more."""
    found = session.get(Revision, number)
    if found is not None:
        return found
    oldest = find_oldest(session)
    if oldest is not None and number < oldest:
        told = Message(
            "revision {number} is kept no more: the history goes back to revision {oldest}",
            number=number,
            oldest=oldest,
        )
        raise NotFound(told)
    raise NotFound(Message("there is no revision {number}", number=number))


def find_oldest(session: Session) -> int | None:
    """Find the number of the oldest revision that is kept, if there is any."""
    return session.exec(select(func.min(Revision.number))).one()


def prune(session: Session, retention: Retention, now: datetime) -> None:
    """Remove the oldest revisions that are kept for long enough, some at a time. The newest is always kept.

    What is removed is the beginning, without a gap: an earlier state is found by undoing all that came after it.
    """
    last = session.exec(select(func.max(Revision.number))).one() or 0
    until = (now.astimezone(UTC) - timedelta(days=retention.days)).isoformat(timespec="milliseconds")
    oldest = select(Revision.number, Revision.time).where(col(Revision.number) <= last - max(retention.revisions, 1))
    found = session.exec(oldest.order_by(col(Revision.number)).limit(_MOST_PRUNED)).all()
    numbers = [number for number, _time in takewhile(lambda row: row[1] < until, found)]
    if numbers:
        session.connection().execute(delete(Revision).where(col(Revision.number) <= numbers[-1]))


def find_neighbours(session: Session, number: int) -> tuple[int | None, int | None]:
    """Find the numbers of the revisions before and after one."""
    before = select(func.max(Revision.number)).where(col(Revision.number) < number)
    after = select(func.min(Revision.number)).where(col(Revision.number) > number)
    return session.exec(before).one(), session.exec(after).one()


def find_digests(session: Session, digests: Iterable[str]) -> dict[str, int]:
    """Find the newest revision that gave each of these documents."""
    newest = select(Revision.digest, func.max(Revision.number)).where(col(Revision.digest).in_(list(digests)))
    return dict(session.exec(newest.group_by(Revision.digest)).all())


def find_changes(session: Session, numbers: Iterable[int]) -> dict[int, list[Change]]:
    """Find what revisions changed, by their numbers."""
    found = session.exec(select(Revision.number, Revision.changes).where(col(Revision.number).in_(list(numbers))))
    return {number: [Change(**change) for change in changes] for number, changes in found}
