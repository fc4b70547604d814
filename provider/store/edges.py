"""Edges in the database: when each was seen, what it rejected. No part of the desired state, and of no revision."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sqlmodel import col, delete, select

from provider.database.sessions import Session
from provider.models import EdgeRecord, KeptOutRecord, QuarantineRecord

TABLES: Final = frozenset({str(EdgeRecord.__tablename__), str(QuarantineRecord.__tablename__)})
"""The tables of what is remembered of edges."""


def list_all(session: Session) -> Sequence[EdgeRecord]:
    """Return all edges that were ever remembered, by name."""
    return session.exec(select(EdgeRecord).order_by(EdgeRecord.name)).all()


def remember(session: Session, records: Iterable[EdgeRecord], most: int) -> None:
    """Create or replace what is remembered of edges, and of all of them only those that were seen last."""
    listed = list(records)
    # In a few statements, however many edges poll: who writes on a server keeps all others waiting.
    session.exec(delete(EdgeRecord).where(col(EdgeRecord.name).in_([record.name for record in listed])))
    session.add_all(listed)
    session.flush()
    newest = select(EdgeRecord.name).order_by(col(EdgeRecord.last_seen).desc()).limit(most)
    session.exec(delete(EdgeRecord).where(col(EdgeRecord.name).not_in(newest)))


def list_kept_out(session: Session) -> Sequence[KeptOutRecord]:
    """Return the servers that are kept out, by edge."""
    return session.exec(select(KeptOutRecord).order_by(KeptOutRecord.edge, KeptOutRecord.service)).all()


def remember_kept_out(session: Session, edges: Iterable[str], records: Iterable[KeptOutRecord]) -> None:
    """Replace what is remembered of the servers that are kept out on some edges."""
    session.exec(delete(KeptOutRecord).where(col(KeptOutRecord.edge).in_(list(edges))))
    session.add_all(records)


def list_quarantines(session: Session) -> Sequence[QuarantineRecord]:
    """Return what is remembered of rejected documents, by edge."""
    return session.exec(select(QuarantineRecord).order_by(QuarantineRecord.edge)).all()


def remember_quarantines(session: Session, records: Iterable[QuarantineRecord], gone: Collection[str]) -> None:
    """Create or replace what is remembered of rejected documents, and forget that of other edges."""
    if gone:
        session.exec(delete(QuarantineRecord).where(col(QuarantineRecord.edge).in_(gone)))
    for record in records:
        session.merge(record)
