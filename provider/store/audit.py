"""The audit in the database: entries are added and listed, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from provider.models import Actor, AuditEntry, AuditOutcome, Change


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries to list: those that fit all that is given."""

    actor: str | None = None
    action: str | None = None
    outcome: AuditOutcome | None = None
    text: str | None = None
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
    """Note what an actor did, or was refused, in the transaction in which it is done."""
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
            changes=[
                {"kind": change.kind, "name": change.name, "before": change.before, "after": change.after}
                for change in changes
            ],
        )
    )


def page(session: Session, wanted: Filter, before: int | None, limit: int) -> Sequence[AuditEntry]:
    """Return the newest entries that fit, of those before a number."""
    query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    for column, value in (
        (AuditEntry.actor, wanted.actor),
        (AuditEntry.action, wanted.action),
        (AuditEntry.outcome, wanted.outcome),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if wanted.text is not None:
        query = query.where(col(AuditEntry.words).icontains(wanted.text, autoescape=True))
    if wanted.since is not None:
        query = query.where(col(AuditEntry.time) >= wanted.since)
    if wanted.until is not None:
        query = query.where(col(AuditEntry.time) < wanted.until)
    if before is not None:
        query = query.where(col(AuditEntry.id) < before)
    return session.exec(query).all()
