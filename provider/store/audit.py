"""The audit in the database: entries are added and listed, never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import insert
from sqlalchemy import select as sqlalchemy_select
from sqlalchemy.orm import defer
from sqlmodel import col, func, or_, select

from provider import moments
from provider.database.searches import contains
from provider.database.sessions import Session
from provider.models import Actor, AuditEntry, AuditOutcome, AuditOutput, Change, Revision
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


def page(session: Session, wanted: Filter, *, limit: int, before: int | None = None) -> Sequence[AuditOutput]:
    """Return the newest entries that fit, of those before a number, with what their revisions changed."""
    entries = _newest(session, wanted, limit, before)
    changes = find_changes(session, [entry.id for entry in entries if entry.id is not None])
    return [_shown(entry, changes[entry.id or 0]) for entry in entries]


def page_in_words(session: Session, wanted: Filter, *, limit: int, before: int | None = None) -> Sequence[AuditOutput]:
    """Return entries as `page` does, without what was changed: one revision can have changed everything."""
    return [_shown(entry, ()) for entry in _newest(session, wanted, limit, before)]


def find_last(session: Session) -> int:
    """Return the number of the newest entry, or 0 before the first."""
    return session.exec(select(func.max(AuditEntry.id))).one() or 0


def find_changes(
    session: Session, ids: Iterable[int], most: int | None = None
) -> dict[int, list[dict[str, Any]] | None]:
    """Find what was changed, object by object, by the numbers of the entries: None where that is kept no more.

    Of what a revision changed the first `most`.
    """
    query = sqlalchemy_select(AuditEntry.id, AuditEntry.revision, AuditEntry.changes, Revision.number)  # type: ignore[call-overload]
    query = query.where(col(AuditEntry.id).in_(list(ids)))
    query = query.join(Revision, col(AuditEntry.revision) == col(Revision.number), isouter=True)
    rows = session.connection().execute(query).all()
    kept = revisions.find_changes(session, [number for *_entry, number in rows if number is not None], most)
    found: dict[int, list[dict[str, Any]] | None] = {}
    for entry, revision, changes, number in rows:
        if revision is None or changes:
            found[entry] = changes
        else:
            found[entry] = None if number is None else msgspec.to_builtins(kept.get(number, []))
    return found


def find_words(session: Session, numbers: Iterable[int]) -> dict[int, list[Any] | None]:
    """Find the words of revisions as they are kept, by their numbers."""
    query = select(Revision.number, Revision.words).where(col(Revision.number).in_(list(numbers)))
    return {number: None if words is None else list(words) for number, words in session.exec(query)}


def _newest(session: Session, wanted: Filter, limit: int, before: int | None) -> Sequence[AuditEntry]:
    changes: Any = AuditEntry.changes
    query = select(AuditEntry).options(defer(changes, raiseload=True))
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


def _shown(entry: AuditEntry, changes: Sequence[dict[str, Any]] | None) -> AuditOutput:
    return AuditOutput.model_validate(
        {
            "id": entry.id,
            "time": datetime.fromisoformat(entry.time),
            "actor": entry.actor,
            "credential": entry.credential,
            "address": entry.address,
            "requestId": entry.request_id,
            "outcome": entry.outcome,
            "action": entry.action,
            "words": entry.words,
            "revision": entry.revision,
            "message": entry.message,
            "changes": None
            if changes is None
            else [msgspec.to_builtins(Change(**change).masked()) for change in changes],
        }
    )
