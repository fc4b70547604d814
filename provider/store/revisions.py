"""Revisions in the database: listed and read, the newest first. `provider.lineage` alone adds one."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, takewhile
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, delete, insert
from sqlalchemy import select as sqlalchemy_select
from sqlmodel import col, func, not_, or_, select

from provider import moments
from provider.database.searches import contains, owner
from provider.database.sessions import Session
from provider.errors import NotFound
from provider.messages import Message
from provider.models import Change, ConfirmationOutput, Revision, RevisionChange, RevisionOutput
from provider.nouns.registry import hidden
from provider.store import confirmations

TABLE: Final = str(Revision.__tablename__)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_READ_AT_ONCE: Final = 1000
_MOST_PRUNED: Final = 100
"""How many revisions go at once, at most: a change that found many of them would hold up others."""

# What each change asks: to put it together anew takes longer than SQLite to answer it.
_ADDING: Final = insert(Revision)
_ADDING_CHANGES: Final = insert(RevisionChange)
_OLDEST: Final = (
    sqlalchemy_select(col(Revision.number), col(Revision.time))
    .where(col(Revision.number) <= bindparam("last"))
    .order_by(col(Revision.number))
    .limit(_MOST_PRUNED)
)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long revisions are kept: one goes when there are more than so many, and it is older than so many days."""

    revisions: int = 1000
    days: int = 90


LONG: Final = Retention()
"""How long they are kept unless somebody says otherwise."""


def read_number(text: str) -> int:
    """Read the number of a revision. Raises `NotFound` for what is none."""
    if not is_number(text):
        raise NotFound(Message("there is no revision {number}", number=text))
    return int(text)


def is_number(text: str) -> bool:
    """Tell whether a revision may have this number."""
    return _NUMBER.fullmatch(text) is not None


def page(
    session: Session,
    *,
    limit: int,
    before: int | None = None,
    q: str | None = None,
    named: tuple[str, str] | None = None,
    pending: bool | None = None,
) -> Sequence[RevisionOutput]:
    """Return the newest revisions, of those before a number, with `q` in the summary, the message or the author.

    With `named` (kind and name) only those that changed this object, which need not be there any more; with `pending`
    only those that wait to be confirmed, or that do not.
    """
    found = newest(session, limit=limit, before=before, q=q, named=named, pending=pending)
    confirming = confirmations.find(session, [revision.number for revision in found])
    return [_shown(revision, confirming.get(revision.number)) for revision in found]


def shown(session: Session, revision: Revision) -> RevisionOutput:
    """Return a revision as it is answered."""
    return _shown(revision, confirmations.find(session, [revision.number]).get(revision.number))


def _shown(revision: Revision, confirmation: ConfirmationOutput | None) -> RevisionOutput:
    return RevisionOutput.of(revision, time=datetime.fromisoformat(revision.time), confirmation=confirmation)


def newest(
    session: Session,
    *,
    limit: int,
    before: int | None = None,
    q: str | None = None,
    named: tuple[str, str] | None = None,
    pending: bool | None = None,
) -> Sequence[Revision]:
    """Return the newest revisions as `page` does, with their words as they are kept."""
    query = select(Revision)
    if pending is not None:
        waiting = col(Revision.number).in_(confirmations.PENDING)
        query = query.where(waiting if pending else not_(waiting))
    if named is not None:
        kind, name = named
        of_object = select(RevisionChange.revision)
        of_object = of_object.where(col(RevisionChange.kind) == kind, col(RevisionChange.name) == name)
        query = query.where(col(Revision.number).in_(of_object))
    if before is not None:
        query = query.where(col(Revision.number) < before)
    if q:
        texts = (Revision.summary, Revision.message, Revision.author)
        query = query.where(or_(*(contains(text, q) for text in texts)))
    return session.exec(query.order_by(col(Revision.number).desc()).limit(limit)).all()


def get(session: Session, number: int) -> Revision:
    """Return a revision, whole. Raises `NotFound`, which says so for one that is kept no more."""
    found = session.get(Revision, number)
    if found is not None:
        return found
    oldest = find_oldest(session)
    if oldest is not None and number < oldest:
        told = Message(
            "revision {number} is no longer kept: the history starts at revision {oldest}",
            number=number,
            oldest=oldest,
        )
        raise NotFound(told)
    raise NotFound(Message("there is no revision {number}", number=number))


def find_oldest(session: Session) -> int | None:
    """Find the number of the oldest revision that is kept, if there is any."""
    return session.exec(select(func.min(Revision.number))).one()


def prune(session: Session, newest: int, retention: Retention, now: datetime) -> None:
    """Remove the oldest revisions that are kept for long enough, some at a time. The `newest` is always kept.

    What is removed is the beginning, without a gap: an earlier state is found by undoing all that came after it.
    It ends before what waits to be confirmed, which may have to be taken back.
    One whose time is in the future was made by a clock that was wrong, and no later than what came after it.
    """
    last = newest - max(retention.revisions, 1)
    if last < 1:
        return
    found = [(number, time) for number, time in session.connection().execute(_OLDEST, {"last": last})]
    if not found:
        return
    until = moments.kept(now - timedelta(days=retention.days))
    present = moments.kept(now)
    if any(time > present for _number, time in found):
        later = session.exec(select(func.min(Revision.time)).where(col(Revision.number) > found[-1][0])).one()
        times = list(accumulate([later or present, *(time for _number, time in reversed(found))], min))
        found = [(number, time) for (number, _time), time in zip(found, reversed(times[1:]), strict=True)]
    numbers = [number for number, _time in takewhile(lambda row: row[1] < until, found)]
    if numbers and (pending := confirmations.find_oldest_pending(session)) is not None:
        numbers = [number for number in numbers if number < pending]
    if numbers:
        session.connection().execute(delete(Revision).where(col(Revision.number) <= numbers[-1]))


def authors_since(session: Session, number: int) -> dict[int, str]:
    """Return who made each of the revisions after one."""
    authors = select(Revision.number, Revision.author).where(col(Revision.number) > number)
    return dict(session.exec(authors).all())


def find_neighbours(session: Session, number: int) -> tuple[int | None, int | None]:
    """Find the numbers of the revisions before and after one."""
    before = select(func.max(Revision.number)).where(col(Revision.number) < number)
    after = select(func.min(Revision.number)).where(col(Revision.number) > number)
    return session.exec(before).one(), session.exec(after).one()


def is_reload(session: Session, revision: Revision) -> bool | None:
    """Tell whether a revision gave edges another document than the one before; None where that is no longer stored."""
    if revision.number == 1:
        return True
    before = session.get(Revision, revision.number - 1)
    return None if before is None else before.digest != revision.digest


def find_digests(session: Session, digests: Iterable[str]) -> dict[str, int]:
    """Find the newest revision that gave each of these documents."""
    newest = select(Revision.digest, func.max(Revision.number)).where(col(Revision.digest).in_(list(digests)))
    return dict(session.exec(newest.group_by(Revision.digest)).all())


def find_digest(session: Session, number: int) -> str | None:
    """Find the digest of a revision, if it is kept."""
    return session.exec(select(Revision.digest).where(Revision.number == number)).first()


def add(session: Session, revision: Mapping[str, Any]) -> None:
    """Keep a revision, by its columns."""
    session.connection().execute(_ADDING, revision)


def add_changes(session: Session, number: int, changes: Sequence[Change], *, first: int = 0) -> None:
    """Keep what a revision changed, object by object, in this order; the first of them at a place."""
    placed = enumerate(changes, first)
    rows = [{"revision": number, "position": position, **_columns(change)} for position, change in placed]
    if rows:
        session.connection().execute(_ADDING_CHANGES, rows)


def _columns(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "name": change.name,
        **{side: hidden(change.kind, getattr(change, side)) for side in ("before", "after")},
    }


def changes_of(session: Session, number: int, *, first: int = 0, most: int | None = None) -> list[Change]:
    """Return what a revision changed: `most` of it, from a place on."""
    wanted = col(RevisionChange.revision) == number, col(RevisionChange.position) >= first
    return [change for _number, change in _read(session, *wanted, most=most)]


def count_changes(session: Session, numbers: Iterable[int]) -> dict[int, int]:
    """Count the objects that revisions changed, by their numbers, of those that are kept."""
    # By the last of each, which the index has: to count them all takes longer the more there are.
    last = select(func.max(RevisionChange.position)).where(col(RevisionChange.revision) == col(Revision.number))
    query = select(Revision.number, func.coalesce(last.scalar_subquery(), -1) + 1)
    return dict(session.exec(query.where(col(Revision.number).in_(list(numbers)))).all())


def changes_between(session: Session, first: int, last: int) -> Iterator[Change]:
    """Give what the revisions after `first` until `last` changed, one after the other."""
    return (change for _number, change in _read(session, *_between(first, last)))


def changes_since(session: Session, number: int) -> Iterator[tuple[int, Change]]:
    """Give what was changed after a revision, with the numbers of the revisions, the oldest first."""
    return _read(session, col(RevisionChange.revision) > number)


def find_changes(session: Session, numbers: Iterable[int], most: int | None = None) -> dict[int, list[Change]]:
    """Find what revisions changed, by their numbers; of each the first `most`."""
    found: dict[int, list[Change]] = {}
    wanted: list[ColumnElement[bool]] = [col(RevisionChange.revision).in_(list(numbers))]
    if most is not None:
        wanted.append(col(RevisionChange.position) < most)
    for number, change in _read(session, *wanted):
        found.setdefault(number, []).append(change)
    return found


def find_names(session: Session, numbers: Iterable[int], most: int) -> dict[int, list[tuple[str, str]]]:
    """Find which objects revisions changed, as kind and name; of each revision the first `most`."""
    names = select(RevisionChange.revision, RevisionChange.kind, RevisionChange.name)
    names = names.where(col(RevisionChange.revision).in_(list(numbers)), col(RevisionChange.position) < most)
    found: dict[int, list[tuple[str, str]]] = {}
    for number, kind, name in session.exec(names.order_by(col(RevisionChange.revision), col(RevisionChange.position))):
        found.setdefault(number, []).append((kind, name))
    return found


def touched_services(session: Session, numbers: Iterable[int], most: int) -> set[str]:
    """Return the services that revisions may have given other shares, at most so many: there may be 30,000."""
    name = col(RevisionChange.name)
    found = select(owner(name)).where(col(RevisionChange.revision).in_(list(numbers)))
    found = found.where(col(RevisionChange.kind).in_(("service", "server"))).distinct().limit(most)
    return set(session.exec(found).all())


def _between(first: int, last: int) -> Sequence[ColumnElement[bool]]:
    return col(RevisionChange.revision) > first, col(RevisionChange.revision) <= last


def _read(session: Session, *wanted: ColumnElement[bool], most: int | None = None) -> Iterator[tuple[int, Change]]:
    columns = (
        RevisionChange.revision,
        RevisionChange.kind,
        RevisionChange.name,
        RevisionChange.before,
        RevisionChange.after,
    )
    query = sqlalchemy_select(*map(col, columns)).where(*wanted).limit(most)
    query = query.order_by(col(RevisionChange.revision), col(RevisionChange.position))
    # Closed at once, also where somebody reads only the beginning.
    with session.connection().execute(query.execution_options(yield_per=_READ_AT_ONCE)) as rows:
        for number, kind, name, before, after in rows:
            yield number, Change(kind, name, before, after)
