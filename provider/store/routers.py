"""Routers in the database, by what they lead to and what they match."""

from collections.abc import Sequence

from sqlalchemy import select

from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.nouns import Domain, Router, Server, Service
from provider.store import nouns, referrers
from provider.values import ServerState


def disabled(session: Session) -> Sequence[Router]:
    """Return the routers that the edges do not get, by name."""
    return nouns.matching(session, Router, TABLES[Router.kind].table.c.enabled.is_(False))


def drained(session: Session) -> Sequence[str]:
    """Return the names of the routers to whose service a server belongs that gets no new requests."""
    servers, routers = TABLES[Server.kind].table, TABLES[Router.kind].table
    resting = select(servers.c.service).where(servers.c.state != ServerState.READY.value)
    query = select(routers.c.name).where(routers.c.service.in_(resting))
    return session.connection().execute(query).scalars().all()


def of_service(session: Session, service: str, *, limit: int | None = None) -> Sequence[Router]:
    """Return the routers that lead to a service, by name, at most `limit`."""
    return referrers.users_of(session, Router, Service, service, limit=limit)


def of_domain(session: Session, ascii_name: str) -> Sequence[Router]:
    """Return the routers that match a domain, by name."""
    return referrers.users_of(session, Router, Domain, ascii_name)
