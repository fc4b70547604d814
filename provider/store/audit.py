"""The audit in the database: entries are added and listed, never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import insert
from sqlmodel import col, or_, select

from provider import moments
from provider.database.searches import contains
from provider.database.sessions import Session
from provider.models import Actor, AuditEntry, AuditOutcome, AuditOutput, Change, ChangeOutput, Revision
from provider.models.audit import MOST_CHANGES
from provider.store import revisions

_ADDING: Final = insert(AuditEntry)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries to list: those that fit all that is given. Times are UTC, ISO 8601."""

    actor: str | None = None
    action: str | None = None
    outcome: AuditOutcome | None = None
    revision: int | None = None
    q: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An entry as it is kept, with the first of what was changed, and how much that was: None if it is kept no more."""

    row: AuditEntry
    changes: Sequence[Change]
    count: int | None


def add(
    session: Session,
    actor: Actor,
    action: str,
    words: str,
    *,
    outcome: AuditOutcome = AuditOutcome.ACCEPTED,
    revision: int | None = None,
    message: str = "",
    changes: Sequence[Change] = (),
) -> None:
    """Note what an actor did, or was refused, in the transaction in which it is done.

    What a revision changed is kept with the revision, and is not given here. What is only tried is not noted.
    """
    if session.is_tried:
        return
    entry = {
        "time": moments.kept(datetime.now(UTC)),
        "actor": actor.name,
        "credential": actor.credential,
        "address": actor.address,
        "request_id": actor.request_id,
        "outcome": outcome,
        "action": action,
        "words": words,
        "revision": revision,
        "message": message,
        "changes": msgspec.to_builtins(changes),
    }
    session.connection().execute(_ADDING, entry)


def page(session: Session, wanted: Filter, *, limit: int, before: int | None = None) -> list[KeptEntry]:
    """Return the newest entries that fit, of those before a number."""
    rows = _newest(session, wanted, limit, before)
    numbers = [row.revision for row in rows if row.revision is not None]
    changes, counts = revisions.find_changes(session, numbers, MOST_CHANGES), revisions.count_changes(session, numbers)
    found = []
    for row in rows:
        if row.revision is None or row.changes:
            own = [Change(**change) for change in row.changes]
            found.append(KeptEntry(row, own[:MOST_CHANGES], len(own)))
        else:
            found.append(KeptEntry(row, changes.get(row.revision, ()), counts.get(row.revision)))
    return found


def find_words(session: Session, numbers: Iterable[int]) -> dict[int, list[Any] | None]:
    """Find the words of revisions as they are kept, by their numbers."""
    query = select(Revision.number, Revision.words).where(col(Revision.number).in_(list(numbers)))
    return {number: None if words is None else list(words) for number, words in session.exec(query)}


def _newest(session: Session, wanted: Filter, limit: int, before: int | None) -> Sequence[AuditEntry]:
    query = select(AuditEntry)
    for column, value in (
        (AuditEntry.actor, wanted.actor),
        (AuditEntry.action, wanted.action),
        (AuditEntry.outcome, wanted.outcome),
        (AuditEntry.revision, wanted.revision),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if wanted.q:
        found = (contains(column, wanted.q) for column in (AuditEntry.words, AuditEntry.message))
        query = query.where(or_(*found))
    if wanted.since is not None:
        query = query.where(col(AuditEntry.time) >= wanted.since)
    if wanted.until is not None:
        query = query.where(col(AuditEntry.time) < wanted.until)
    if before is not None:
        query = query.where(col(AuditEntry.id) < before)
    return session.exec(query.order_by(col(AuditEntry.id).desc()).limit(limit)).all()


def shown(entry: KeptEntry) -> AuditOutput:
    """Return an entry as it is answered."""
    row = entry.row
    changes = None if entry.count is None else [ChangeOutput.of(change.masked()) for change in entry.changes]
    time = datetime.fromisoformat(row.time)
    return AuditOutput.of(row, time=time, changes=changes, change_count=entry.count)
