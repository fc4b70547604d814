"""What a service is made of, on its page: the services below it, and what each of them and of their servers gets."""

from collections.abc import Sequence
from dataclasses import dataclass

from provider import shares
from provider.availability import know, observe
from provider.database.sessions import Session
from provider.edges.health import Health
from provider.models import ObservedState, ServiceOutput
from provider.names import in_order
from provider.nouns import Server, Service
from provider.shares import Row


@dataclass(frozen=True, slots=True)
class Leaf:
    """A server in the tree, and its part of all requests, 0 to 1."""

    server: Server
    share: float
    health: ObservedState


@dataclass(frozen=True, slots=True)
class Branch:
    """A service in the tree; `service` is None where it is not kept here. A pool has `leaves`."""

    row: Row
    service: Service | None
    leaves: Sequence[Leaf]


def read(session: Session, service: ServiceOutput, health: Health) -> list[Branch]:
    """Return what is below a service, in order."""
    return [_branch(row, health) for row in shares.find(service.name, know(session, [service], health)).rows()]


def _branch(row: Row, health: Health) -> Branch:
    known = row.known
    if known is None or row.again:
        return Branch(row, None if known is None else known.service, ())
    parts = known.shares
    healths = observe(known.service, known.servers, health)
    leaves = [
        Leaf(server, row.share * parts[server.name], healths[server.name].state)
        for server in sorted(known.servers, key=lambda server: in_order(server.name))
    ]
    return Branch(row, known.service, leaves)
