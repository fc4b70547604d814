"""Leases of servers: those that there are, and those that ran out, each noted beside the revision that drained it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import col, delete, func, select

from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.leases import LeasedName
from provider.models import LapsedLease, RevisionChange
from provider.nouns import Server
from provider.values import ServerState

_SERVERS: Final = TABLES[Server.kind].table
_FORGETTING: Final = delete(LapsedLease).where(
    col(LapsedLease.service) == bindparam("its_service"), col(LapsedLease.server) == bindparam("its_name")
)
"""For one after the other: thousands may come back at once, and no expression takes so many."""


@dataclass(frozen=True, slots=True)
class LeasedServer:
    """A server with a lease. `lapsed` is what was noted when it was drained for its silence, if that still counts."""

    ttl: str
    state: ServerState
    lapsed: LapsedLease | None


def list_all(session: Session) -> dict[LeasedName, LeasedServer]:
    """Return all servers that have a lease, by service and name."""
    table = _SERVERS.c
    columns = table.service, table.name, table.ttl, table.state
    query = select(*columns).where(table.ttl.is_not(None))
    lapsed = {(row.service, row.server): row for row in _list_lapsed(session)}
    return {
        (service, name): LeasedServer(
            ttl, ServerState(state), lapsed.get((service, name)) if state == ServerState.DRAIN.value else None
        )
        for service, name, ttl, state in session.connection().execute(query)
    }


def _list_lapsed(session: Session) -> Iterable[LapsedLease]:
    """Give those that no later revision changed: whoever drains a server himself wants it to stay so."""
    changed, name = col(RevisionChange.revision), col(RevisionChange.name)
    for row in session.exec(select(LapsedLease)).all():
        last = select(func.max(changed)).where(
            col(RevisionChange.kind) == Server.kind, name == f"{row.service}/{row.server}"
        )
        if (session.exec(last).one() or row.revision) <= row.revision:
            session.expunge(row)
            yield row


def has_changed(session: Session, after: int) -> bool:
    """Tell whether a revision after a number changed any server."""
    where = col(RevisionChange.revision) > after, col(RevisionChange.kind) == Server.kind
    return session.exec(select(RevisionChange.revision).where(*where).limit(1)).first() is not None


def note_lapsed(session: Session, heard: Mapping[LeasedName, str | None], revision: int) -> None:
    """Note which servers a revision drains because they are silent, and when each was heard of last."""
    for (service, server), moment in heard.items():
        session.merge(LapsedLease(service=service, server=server, revision=revision, heard=moment))


def forget_lapsed(session: Session, keys: Iterable[LeasedName]) -> None:
    """Forget what was noted of servers."""
    named = [{"its_service": service, "its_name": server} for service, server in keys]
    if named:
        session.connection().execute(_FORGETTING, named)
