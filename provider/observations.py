"""Objects as they are shown: as they are wanted, with what the edges observe of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provider import configuration
from provider.database.sessions import Session
from provider.edges.health import Health, HealthState, ServerHealth
from provider.messages import Message
from provider.models import AvailabilityOutput, HealthOutput, ObservedState, ServerOutput, ServiceOutput
from provider.nouns import Object, Server, Service
from provider.store import nouns, servers
from provider.values import ServerState


def show_servers(session: Session, service: Service, listed: Sequence[Server], health: Health) -> list[ServerOutput]:
    """Return servers of a service with their health, and with their shares among all of its servers."""
    pool = servers.pool(session, service.name)
    healths = observe(service, pool, health)
    shares = configuration.shares(pool, down(healths))
    return [
        ServerOutput(**vars(server), share=shares[server.name], health=_health(healths[server.name]))
        for server in listed
    ]


def show_services(session: Session, listed: Sequence[Service], health: Health) -> list[ServiceOutput]:
    """Return services with how many servers they can rely on."""
    pools = servers.of_services(session, [service.name for service in listed])
    return [
        ServiceOutput(**vars(service), availability=availability(service, pools.get(service.name, []), health))
        for service in listed
    ]


@dataclass(frozen=True, slots=True)
class Observed:
    """How a noun is shown with what is observed: as what, and by what function."""

    output: type[Object]
    show: Callable[[Session, str | None, Sequence[Any], Health], list[Any]]


def _show_servers(session: Session, owner: str | None, listed: Sequence[Server], health: Health) -> list[ServerOutput]:
    return show_servers(session, nouns.get(session, Service, owner or ""), listed, health)


def _show_services(
    session: Session, _owner: str | None, listed: Sequence[Service], health: Health
) -> list[ServiceOutput]:
    return show_services(session, listed, health)


OBSERVED: Final[Mapping[str, Observed]] = {
    "service": Observed(ServiceOutput, _show_services),
    "server": Observed(ServerOutput, _show_servers),
}
"""The nouns of which something is observed, by kind."""


def observe(service: Service, pool: Sequence[Server], health: Health) -> dict[str, ServerHealth]:
    """Return the health of each server by name: unknown where Traefik does not look."""
    return {server.name: _observe(service, server, health) for server in pool}


def down(healths: Mapping[str, ServerHealth]) -> set[str]:
    """Return the names of the servers that are down."""
    return {name for name, found in healths.items() if found.state is HealthState.DOWN}


def availability(service: Service, pool: Sequence[Server], health: Health) -> AvailabilityOutput:
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
    return AvailabilityOutput(servers=len(pool), ready=len(ready), available=left, detail=detail)


def _observe(service: Service, server: Server, health: Health) -> ServerHealth:
    if server.state is not ServerState.READY:
        return ServerHealth(
            HealthState.UNKNOWN, None, Message("not checked while its state is {state}", state=server.state)
        )
    if service.health_check is None:
        return ServerHealth(HealthState.UNKNOWN, None, Message("the service has no health check"))
    return health.get(service.name, server.url)


def _health(found: ServerHealth) -> HealthOutput:
    return HealthOutput(state=ObservedState(found.state.value), since=found.since, why=found.why)
