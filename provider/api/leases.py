"""`/api/v1/leases`, and heartbeats: servers that stay for as long as they say that they are there."""

from typing import Annotated, ClassVar, Final

from fastapi import Depends, Query, Response
from pydantic import AwareDatetime

from provider.api import documentation
from provider.api.answers import answer
from provider.api.heartbeats import ROUTE
from provider.api.outcomes import kept
from provider.api.routers import router_for
from provider.api.writing import ReasonDependency
from provider.dependencies import ActorDependency, LeasingDependency, RevisionsDependency
from provider.errors import NotFound
from provider.leases import LeasedName
from provider.leasing.leasing import Leasing
from provider.messages import Message
from provider.models import LeaseState
from provider.models.shown import Shown, described
from provider.nouns import Server, Service
from provider.security import needs

router = router_for("servers", needs=None)

MOST_HELD: Final = 100

SERVICE = Annotated[str, documentation.name(Service)]
SERVER = Annotated[str, documentation.name(Server)]


class HeldServerOutput(Shown):
    """A server that is silent, and held."""

    service: str = described("Name of its service.")
    server: str = described("Name of the server.")
    last_heartbeat: AwareDatetime | None = described("When its last heartbeat came, if that is known.")


class LeasesOutput(Shown):
    """The leases of all servers, counted by state."""

    example: ClassVar = {
        "live": 28,
        "silent": 1,
        "held": 1,
        "massSince": "2026-01-01T12:00:30Z",
        "servers": [{"service": "wayshub", "server": "a", "lastHeartbeat": "2026-01-01T12:00:00Z"}],
    }

    live: int = described("Servers that send heartbeats.")
    silent: int = described("Servers that were drained because their heartbeats stopped.")
    held: int = described("Servers whose heartbeats stopped, but which are not drained.")
    mass_since: AwareDatetime | None = described(
        "Since when so many have been silent at once that the cause is probably elsewhere. If it is "
        "null, servers are held because no other server of their service can answer."
    )
    servers: list[HeldServerOutput] = described(f"The held servers, at most {MOST_HELD}.")


# These run in the event loop's thread, where leases live.


@router.post(
    ROUTE,
    status_code=204,
    summary="Send a heartbeat",
    responses=documentation.BEAT,
    dependencies=[Depends(needs.SERVERS)],
)
async def beat(leasing: LeasingDependency, revisions: RevisionsDependency, service: SERVICE, name: SERVER) -> Response:
    """Renew the lease of a server that is still there. This makes no revision.

    404 if it has no lease any more, because it was removed: register it again with `PUT`.
    503 if it does not count: send it again.
    """
    if not await leasing.beat(service, name):
        detail = Message("server {name} of {service} has no lease: register it with a ttl", name=name, service=service)
        raise NotFound(detail)
    return kept(revisions)


@router.get(
    "/leases",
    response_model=LeasesOutput,
    summary="Show the leases",
    responses=documentation.SHOW_LEASES,
    dependencies=[Depends(needs.STATE)],
)
async def show_leases(leasing: LeasingDependency) -> Response:
    """Count the servers that have a lease, and list those that are held."""
    counted, hold = leasing.count(), leasing.hold
    held = sorted({*(hold.keys if hold is not None else ()), *leasing.last})
    leases = LeasesOutput(
        live=counted[LeaseState.LIVE],
        silent=counted[LeaseState.SILENT],
        held=counted[LeaseState.HELD],
        mass_since=None if hold is None else hold.since,
        servers=[_held(leasing, key) for key in held[:MOST_HELD]],
    )
    return answer(leases)


@router.delete(
    "/leases/held",
    status_code=204,
    summary="Drain the held servers",
    responses=documentation.DRAIN_HELD,
    dependencies=[Depends(needs.STATE)],
)
async def drain_held(
    leasing: LeasingDependency,
    revisions: RevisionsDependency,
    actor: ActorDependency,
    reason: ReasonDependency,
    service: Annotated[str | None, Query(max_length=63, description="Only the servers of this service.")] = None,
) -> Response:
    """Confirm that the held servers are gone: all of them are drained at once, in one revision."""
    await leasing.release(actor, service, why=reason)
    return kept(revisions)


def _held(leasing: Leasing, key: LeasedName) -> HeldServerOutput:
    found = leasing.find(*key)
    return HeldServerOutput(service=key[0], server=key[1], last_heartbeat=None if found is None else found.heard)
