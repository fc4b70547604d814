"""Edges in the database: when each was seen, what it rejected. No part of the desired state, and of no revision."""

from collections.abc import Iterable, Sequence

from sqlmodel import col, delete, select

from provider.database.sessions import Session
from provider.models import EdgeRecord, QuarantineRecord


def list_all(session: Session) -> Sequence[EdgeRecord]:
    """Return all edges that were ever remembered, by name."""
    return session.exec(select(EdgeRecord).order_by(EdgeRecord.name)).all()


def remember(session: Session, records: Iterable[EdgeRecord], most: int) -> None:
    """Create or replace what is remembered of edges, and of all of them only those that were seen last."""
    for record in records:
        session.merge(record)
    session.flush()
    newest = select(EdgeRecord.name).order_by(col(EdgeRecord.last_seen).desc()).limit(most)
    session.exec(delete(EdgeRecord).where(col(EdgeRecord.name).not_in(newest)))


def list_quarantines(session: Session) -> Sequence[QuarantineRecord]:
    """Return what is remembered of rejected documents, by edge."""
    return session.exec(select(QuarantineRecord).order_by(QuarantineRecord.edge)).all()


def remember_quarantines(session: Session, records: Iterable[QuarantineRecord]) -> None:
    """Replace all that is remembered of rejected documents."""
    session.exec(delete(QuarantineRecord))
    session.add_all(records)
