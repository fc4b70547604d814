"""Services in the database."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.nouns import Router, Service
from provider.store import nouns, referrers


def names(session: Session) -> Sequence[str]:
    """Return the names of all services, in order."""
    return nouns.names(session, Service)


def made_of(session: Session, listed: Iterable[Service]) -> dict[str, Service]:
    """Return services with all those of which they are made, by name."""
    return nouns.with_members(session, Service, listed)


def list_unreached(session: Session, *, limit: int) -> Sequence[str]:
    """Return the names of at most `limit` services that nothing leads to: no router, no service, no middleware."""
    services = TABLES[Service.kind].table
    query = select(services.c.name).order_by(services.c.name).limit(limit)
    for column in referrers.columns_leading_to(Service):
        query = query.where(~select(column).where(column == services.c.name).exists())
    return session.connection().execute(query).scalars().all()


def count_routers(session: Session, keys: Sequence[str]) -> dict[str, int]:
    """Count the routers that lead to services, some hundreds at most, by name. One without any is left out."""
    return referrers.count_users(session, Router, Service, keys)
