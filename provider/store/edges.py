"""Edges in the database: when each was seen, what it rejected. No part of the desired state, and of no revision."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sqlmodel import col, delete, select

from provider.database.sessions import Session
from provider.models import EdgeRecord, QuarantineRecord

TABLES: Final = frozenset({str(EdgeRecord.__tablename__), str(QuarantineRecord.__tablename__)})
"""The tables of what is remembered of edges."""


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


def remember_quarantines(session: Session, records: Iterable[QuarantineRecord], gone: Collection[str]) -> None:
    """Create or replace what is remembered of rejected documents, and forget that of other edges."""
    if gone:
        session.exec(delete(QuarantineRecord).where(col(QuarantineRecord.edge).in_(gone)))
    for record in records:
        session.merge(record)
