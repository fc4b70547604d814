"""Edges in the database: when each was seen. No part of the desired state, and of no revision."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, delete, select

from provider.models import EdgeRecord


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
