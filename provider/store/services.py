"""Services in the database."""

from collections.abc import Sequence

from sqlalchemy import select

from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.nouns import Router, Service
from provider.store import nouns


def names(session: Session) -> Sequence[str]:
    """Return the names of all services, in order."""
    return nouns.names(session, Service)


def list_unreached(session: Session, *, limit: int) -> Sequence[str]:
    """Return the names of at most `limit` services that no router leads to."""
    services, routers = TABLES[Service.kind].table, TABLES[Router.kind].table
    used = select(routers.c.name).where(routers.c.service == services.c.name).exists()
    query = select(services.c.name).where(~used).order_by(services.c.name).limit(limit)
    return session.connection().execute(query).scalars().all()


def count_routers(session: Session, keys: Sequence[str]) -> dict[str, int]:
    """Count the routers that lead to services, some hundreds at most, by name. One without any is left out."""
    return nouns.count_users(session, Router, Service, keys)
