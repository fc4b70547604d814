"""Snapshots: a committed and verified state, as Traefik gets it and as the next state is made from it."""

from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from provider import configuration
from provider.configuration import Document, Part, Parts, Section
from provider.errors import Unavailable
from provider.messages import Message
from provider.models import Revision
from provider.nouns import Router, Service
from provider.store import nouns, servers


@dataclass(frozen=True, slots=True)
class Served:
    """What Traefik gets of a revision. Never changed, so that any thread may hold it."""

    revision: int
    document: Document


@dataclass(frozen=True, slots=True)
class Snapshot(Served):
    """A committed and verified state: what Traefik gets, and what the next state is made from."""

    parts: Parts
    author: str = field(default="", compare=False)
    changed: frozenset[tuple[str, str]] = field(default=frozenset(), compare=False)
    """The parts that its revision gave another form, by kind and name."""


def read_parts(session: Session) -> Parts:
    """Render the whole stored state."""
    pools = dict(servers.by_service(session))
    listed = [router for _name, router in nouns.read_all(session, Router)]
    router_parts = {router.name: part for router in listed if (part := router_part(router)) is not None}
    service_parts = {
        service.name: configuration.service_part(service, pools.get(service.name, ()))
        for _name, service in nouns.read_all(session, Service)
    }
    return Parts(Section(router_parts), Section(service_parts))


def read_verified(session: Session) -> tuple[Parts, Document]:
    """Render the whole stored state, and verify it as a whole. Raises `Unavailable` or `Unverified`."""
    try:
        parts = read_parts(session)
    except (ValueError, LookupError, TypeError) as error:
        raise Unavailable(
            Message("the database has a row that this service did not write: {error}", error=str(error))
        ) from error
    document = configuration.assemble(parts)
    configuration.verify(document.content)
    return parts, document


def last_revision(session: Session) -> tuple[int, str | None]:
    """Return the number of the last revision and the digest of its document, or 0 and None before the first."""
    newest = select(Revision.number, Revision.digest).order_by(col(Revision.number).desc()).limit(1)
    return session.exec(newest).first() or (0, None)


def router_part(router: Router) -> Part | None:
    """Return the part of a router, or None if the edge shall not have it."""
    return configuration.router_part(router, router.ascii_domains)
