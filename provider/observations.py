"""Objects as they are shown: as they are wanted, with what the edges observe of them."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from provider import configuration
from provider.edges.health import Health, HealthState, ServerHealth
from provider.messages import Message
from provider.models import AvailabilityOutput, HealthOutput, ServerInput, ServerOutput, ServiceInput, ServiceOutput
from provider.store import servers
from provider.values import ServerState


def show_servers(
    session: Session, service: ServiceInput, listed: Sequence[ServerInput], health: Health
) -> list[ServerOutput]:
    """Return servers of a service with their health, and with their shares among all of its servers."""
    pool = servers.page(session, service.name)
    healths = observe(service, pool, health)
    shares = configuration.shares(pool, down(healths))
    return [
        ServerOutput.model_construct(**dict(server), share=shares[server.name], health=_health(healths[server.name]))
        for server in listed
    ]


def show_services(session: Session, listed: Sequence[ServiceInput], health: Health) -> list[ServiceOutput]:
    """Return services with how many servers they can rely on."""
    pools = servers.of_services(session, [service.name for service in listed])
    return [
        ServiceOutput.model_construct(
            **dict(service), availability=availability(service, pools.get(service.name, []), health)
        )
        for service in listed
    ]


def observe(service: ServiceInput, pool: Sequence[ServerInput], health: Health) -> dict[str, ServerHealth]:
    """Return the health of each server by name: unknown where Traefik does not look."""
    return {server.name: _observe(service, server, health) for server in pool}


def down(healths: Mapping[str, ServerHealth]) -> set[str]:
    """Return the names of the servers that are down."""
    return {name for name, found in healths.items() if found.state is HealthState.DOWN}


def availability(service: ServiceInput, pool: Sequence[ServerInput], health: Health) -> AvailabilityOutput:
    """Count the servers on which a service can rely, and say it in words."""
    ready = [server for server in pool if server.state is ServerState.READY]
    missing = len(down(observe(service, ready, health)))
    left = len(ready) - missing
    detail = Message("{left} of {servers} servers take requests", left=left, servers=len(pool))
    if left == 0:
        detail = Message("no server is left: requests are answered with 503")
    elif left == 1 and len(pool) > 1:
        detail = Message("one server is left of {servers}", servers=len(pool))
    elif len(pool) == 1:
        detail = Message("its only server takes requests")
    return AvailabilityOutput.model_construct(servers=len(pool), ready=len(ready), available=left, detail=detail)


def _observe(service: ServiceInput, server: ServerInput, health: Health) -> ServerHealth:
    if server.state is not ServerState.READY:
        return ServerHealth(
            HealthState.UNKNOWN, None, Message("not checked while its state is {state}", state=server.state)
        )
    if service.health_check is None:
        return ServerHealth(HealthState.UNKNOWN, None, Message("the service has no health check"))
    return health.get(service.name, server.url)


def _health(found: ServerHealth) -> HealthOutput:
    return HealthOutput.model_construct(state=found.state.value, since=found.since, why=found.why)
