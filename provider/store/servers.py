"""Servers in the database, each within its service."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from sqlalchemy import func, select

from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.errors import Forbidden
from provider.messages import Message
from provider.nouns import Server
from provider.store import nouns

MOST_REGISTERED: Final = 1_000
"""Servers of a service up to which whoever may only register some adds another one."""


def check_room(session: Session, service: str) -> None:
    """Raise `Forbidden` unless a service has room for a server that registers itself."""
    table = TABLES[Server.kind].table
    counting = select(func.count()).select_from(table).where(table.c[Server.within] == service)
    if session.connection().execute(counting).scalar_one() >= MOST_REGISTERED:
        detail = Message(
            "service {service} has {most} servers already: tokens with the scope write can add more, tokens that may "
            "only register servers cannot",
            service=service,
            most=MOST_REGISTERED,
        )
        raise Forbidden(detail)


def pool(session: Session, service: str) -> list[Server]:
    """Return the servers of a service by name. Raises `NotFound` for a service that does not exist."""
    return nouns.page(session, Server, service)


def by_service(session: Session) -> Iterator[tuple[str, list[Server]]]:
    """Return the servers of all services, a service at a time."""
    for service, group in groupby(nouns.read_all(session, Server), key=lambda named: named[0].partition("/")[0]):
        yield service, [server for _name, server in group]


def of_services(session: Session, names: Sequence[str]) -> dict[str, list[Server]]:
    """Return the servers of some services, at most some thousands, by the service's name."""
    return nouns.owned(session, Server, names)
