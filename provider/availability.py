"""Availability: on which servers services can rely, by what is desired of them and what the edges observe."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Final

from provider import draining, shares, shifts
from provider.database.sessions import Session
from provider.edges.health import Health, ServerHealth
from provider.messages import Message, listed
from provider.models import AvailabilityOutput, ObservedState
from provider.nouns import Server, Service
from provider.shares import KnownService, Spread
from provider.shifts import Shift
from provider.store import nouns, rollouts, servers, services
from provider.values import ServerState

_NAMED: Final = 3
"""How many services without servers a sentence names."""


def know(session: Session, listed: Iterable[Service], health: Health) -> dict[str, KnownService]:
    """Return services, and all those of which they are made, with their servers and with which of these are down."""
    found = services.made_of(session, listed)
    rolled = _find_rolled(session, found)
    pools = servers.of_services(session, sorted(found))
    as_wanted = {name: known(service, pools.get(name, []), health) for name, service in found.items()}
    return reduce(lambda laid, shift: shifts.lay_over_known(shift, laid), rolled, as_wanted)


def _find_rolled(session: Session, found: dict[str, Service]) -> list[Shift]:
    """Return the rollouts of some services, and find the services that these lead to, too."""
    running = {row.service: row for row in rollouts.list_active(session)}
    shifting: list[Shift] = []
    while waiting := [running.pop(name) for name in list(running) if name in found]:
        targets = nouns.find_all(session, Service, [row.target for row in waiting])
        found |= services.made_of(session, targets)
        shifting += [Shift(row.service, row.target, row.percent, row.mirror or 0, row.id or 0) for row in waiting]
    return shifting


def known(service: Service, pool: Sequence[Server], health: Health) -> KnownService:
    """Return a service with its servers, and with which of these are down."""
    healths = observe(service, pool, health)
    named = down(healths)
    return KnownService(service, pool, named, risen(service, pool, health), named - without(healths))


def observe(service: Service, pool: Sequence[Server], health: Health) -> dict[str, ServerHealth]:
    """Return the health of each server by name: unknown where Traefik does not look."""
    return {server.name: observe_server(service, server, health) for server in pool}


def down(healths: Mapping[str, ServerHealth]) -> set[str]:
    """Return the names of the servers that are down."""
    return {name for name, found in healths.items() if found.state is ObservedState.DOWN}


def without(healths: Mapping[str, ServerHealth]) -> set[str]:
    """Return the names of the servers that get no requests because they are down: on each edge that tells of them."""
    return {name for name in down(healths) if not healths[name].is_partly}


def risen(service: Service, pool: Sequence[Server], health: Health) -> dict[str, float]:
    """Return which part of their weights the servers have that have not all of it yet, by name."""
    find = health.find_rise
    if find is None or not service.starts_slowly:
        return {}
    found = {server.name: find(service.name, server.url) for server in pool}
    return {name: float(rise.part) for name, rise in found.items() if rise is not None}


def observe_server(service: Service, server: Server, health: Health) -> ServerHealth:
    """Return the health of a server: unknown where Traefik does not look."""
    kept = health.get(draining.name_of(service.name), server.url)
    if server.state is ServerState.DRAIN and kept.state is not ObservedState.UNKNOWN:
        return kept
    if server.state is not ServerState.READY:
        return ServerHealth(
            ObservedState.UNKNOWN, None, Message("not checked while its state is {state}", state=server.state)
        )
    if service.health_check is None:
        return ServerHealth(ObservedState.UNKNOWN, None, Message("the service has no health check"))
    return health.get(service.name, server.url)


def availability(found: Mapping[str, KnownService], name: str) -> AvailabilityOutput:
    """Count the servers on which a service can rely, and say it in words."""
    if found[name].service.composition is not None:
        return _availability_of_others(shares.find(name, found))
    pool = found[name].servers
    ready, left = _count(found[name])
    detail = Message("{left} of {servers} servers take requests", left=left, servers=len(pool))
    if left == 0:
        detail = Message("no server is left: requests get 503")
    elif left == 1 and len(pool) > 1:
        detail = Message("only one of {servers} servers is left", servers=len(pool))
    elif len(pool) == 1:
        detail = Message("its only server takes requests")
    return AvailabilityOutput(servers=len(pool), ready=ready, available=left, detail=detail)


def _availability_of_others(spread: Spread) -> AvailabilityOutput:
    """Count the servers of the services of which one is made."""
    pools = [spread.known[name] for name in spread.answering() if name in spread.known]
    counts = [_count(pool) for pool in pools]
    is_answered = spread.answered > 0
    foreign = len(spread.foreign())
    total, left = sum(len(pool.servers) for pool in pools), sum(left for _ready, left in counts) if is_answered else 0
    detail = Message("{left} of {servers} servers of its services take requests", left=left, servers=total)
    if not is_answered:
        detail = Message("no server of its services is left: requests get 503")
    elif lacking := spread.lacking():
        names = listed(lacking, _NAMED)
        detail = Message("requests for {services} get 503: no server is left", services=names)
    elif foreign:
        detail = Message("some of its services are not managed here, so their servers are unknown")
    return AvailabilityOutput(
        servers=total, ready=sum(ready for ready, _left in counts), available=left, detail=detail, elsewhere=foreign
    )


def _count(pool: KnownService) -> tuple[int, int]:
    """Return how many servers of a pool are ready, and how many of these are not down."""
    return sum(server.state is ServerState.READY for server in pool.servers), len(pool.taking)
