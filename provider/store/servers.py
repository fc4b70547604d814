"""Servers in the database, each within its service."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from provider.database.sessions import Session
from provider.nouns import Server
from provider.store import nouns


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
