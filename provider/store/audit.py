"""The audit in the database: entries are added and listed, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import JSON, ColumnElement, case, type_coerce
from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select

from provider.models import Actor, AuditEntry, AuditOutcome, AuditOutput, Change, Revision
from provider.store import records


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
    changes: Sequence[Change] = (),
) -> None:
    """Note what an actor did, or was refused, in the transaction in which it is done.

    What a revision changed is kept with the revision, and is not given here.
    """
    session.add(
        AuditEntry(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            actor=actor.name,
            credential=actor.credential,
            address=actor.address,
            request_id=actor.request_id,
            outcome=outcome,
            action=action,
            words=words,
            revision=revision,
            changes=msgspec.to_builtins(changes),
        )
    )


def page(
    session: Session, wanted: Filter, *, limit: int, before: int | None = None, longest: int | None = None
) -> Sequence[AuditOutput]:
    """Return the newest entries that fit, of those before a number, with what their revisions changed.

    What has more than `longest` characters, as it is stored, is left out: one revision can have changed everything.
    """
    kept: ColumnElement[Any] = func.coalesce(func.nullif(AuditEntry.changes, "[]"), Revision.changes, "[]")
    if longest is not None:
        kept = case((func.length(kept) <= longest, kept), else_="[]")
    query = select(AuditEntry, type_coerce(kept, JSON)).options(defer(col(AuditEntry.changes)))  # type: ignore[arg-type]  # it is an attribute
    query = query.join(Revision, col(AuditEntry.revision) == col(Revision.number), isouter=True)
    for column, value in (
        (AuditEntry.actor, wanted.actor),
        (AuditEntry.action, wanted.action),
        (AuditEntry.outcome, wanted.outcome),
        (AuditEntry.revision, wanted.revision),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if wanted.q:
        query = query.where(records.contains(AuditEntry.words, wanted.q))
    if wanted.since is not None:
        query = query.where(col(AuditEntry.time) >= wanted.since)
    if wanted.until is not None:
        query = query.where(col(AuditEntry.time) < wanted.until)
    if before is not None:
        query = query.where(col(AuditEntry.id) < before)
    found = session.exec(query.order_by(col(AuditEntry.id).desc()).limit(limit))
    return [_shown(entry, changes) for entry, changes in found]


def _shown(entry: AuditEntry, changes: Sequence[dict[str, object]]) -> AuditOutput:
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
            "changes": list(changes),
        }
    )
