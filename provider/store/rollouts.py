"""Rollouts in the database."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import col, func, or_, select

from provider.database.searches import contains
from provider.database.sessions import Session
from provider.models import Rollout
from provider.models.rollout import ACTIVE

TABLE: Final = str(Rollout.__tablename__)

_ACTIVE_OF: Final = select(Rollout.id).where(
    col(Rollout.service) == bindparam("its_service"), col(Rollout.state).in_(ACTIVE)
)
"""Put together once: every change of a server asks it, and mostly there is none."""


def list_active(session: Session) -> Sequence[Rollout]:
    """Return the rollouts that have not ended, by service."""
    return session.exec(select(Rollout).where(col(Rollout.state).in_(ACTIVE)).order_by(Rollout.service)).all()


def list_targets(session: Session) -> Sequence[str]:
    """Return the services that traffic moves to now, or may go on to move to."""
    return session.exec(select(Rollout.target).where(col(Rollout.state).in_(ACTIVE))).all()


def find_active(session: Session, service: str) -> Rollout | None:
    """Find the rollout of a service that has not ended."""
    found = session.connection().execute(_ACTIVE_OF, {"its_service": service}).scalar()
    return None if found is None else session.get(Rollout, found)


def find_newest(session: Session, service: str) -> Rollout | None:
    """Find the newest rollout of a service."""
    query = select(Rollout).where(Rollout.service == service).order_by(col(Rollout.id).desc())
    return session.exec(query.limit(1)).first()


def list_concerning(session: Session, service: str) -> Sequence[Rollout]:
    """Return the rollouts that have not ended and from or to a service."""
    which = or_(col(Rollout.service) == service, col(Rollout.target) == service)
    return session.exec(select(Rollout).where(which, col(Rollout.state).in_(ACTIVE)).order_by(Rollout.service)).all()


def page(
    session: Session, *, limit: int, before: int | None = None, q: str | None = None, active: bool = False
) -> Sequence[Rollout]:
    """Return at most `limit` rollouts, the newest first, of those before one; with `q` in the names of services."""
    query = select(Rollout)
    if before is not None:
        query = query.where(col(Rollout.id) < before)
    if q:
        query = query.where(or_(*(contains(column, q) for column in (Rollout.service, Rollout.target))))
    if active:
        query = query.where(col(Rollout.state).in_(ACTIVE))
    return session.exec(query.order_by(col(Rollout.id).desc()).limit(limit)).all()


def list_last(session: Session, since: str) -> Sequence[Rollout]:
    """Return the newest rollout of each service, of those that ended after a time or have not ended."""
    newest = select(func.max(col(Rollout.id))).group_by(col(Rollout.service))
    recent = or_(col(Rollout.ended).is_(None), col(Rollout.ended) > since)
    return session.exec(select(Rollout).where(col(Rollout.id).in_(newest), recent).order_by(Rollout.service)).all()
