"""Objects as they are shown: as they are wanted, with what the edges observe of them."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

from provider import certificates, configuration, draining, shifts
from provider import shares as spreads
from provider.certificates import CertificateFacts
from provider.database.sessions import Session
from provider.edges.health import Health, HealthState, ServerHealth
from provider.edges.registry import Edges
from provider.edges.sightings import Sighting
from provider.issuing.issuing import Issuing
from provider.issuing.standing import IssuanceStanding
from provider.leasing.book import LeaseView
from provider.leasing.leasing import Leasing
from provider.messages import Message, listed
from provider.models import (
    AvailabilityOutput,
    CertificateOutput,
    DomainOutput,
    HealthOutput,
    IssuanceOutput,
    KeptOutOutput,
    LeaseOutput,
    LeaseState,
    LeavingOutput,
    ObservedState,
    RisingOutput,
    ServerOutput,
    ServiceOutput,
    ShareOutput,
    ShownOutput,
)
from provider.nouns import Domain, Object, Server, Service
from provider.nouns.certificate import Certificate
from provider.shares import KnownService, Spread
from provider.shifts import Shift
from provider.store import nouns, rollouts, servers, services
from provider.values import ServerState, Strategy

_NAMED: Final = 3


FindLease = Callable[[str, str], LeaseView | None]
"""Tells how the lease of a server stands, by its service and its name."""


def show_servers(
    session: Session,
    service: Service,
    listed: Sequence[Server],
    health: Health,
    find_lease: FindLease = lambda _service, _server: None,
) -> list[ServerOutput]:
    """Return servers of a service with their health and leases, and with their shares among all of its servers."""
    pool = nouns.of_one(session, Server, service.name)
    healths = observe(service, pool, health)
    shares = configuration.shares(pool, down(healths), risen(service, pool, health))
    rollout = rollouts.find_active(session, service.name)
    kept = 1.0 if rollout is None else 1 - rollout.percent / 100
    return [
        ServerOutput(
            **vars(server),
            share=shares[server.name] * kept,
            health=_health(healths[server.name]),
            leaving=_leaving(service, server, health),
            lease=None if server.ttl is None else _lease(find_lease(service.name, server.name)),
            rising=_rising(service, server, health),
        )
        for server in listed
    ]


def _lease(found: LeaseView | None) -> LeaseOutput:
    """Show how a lease stands; one that began just now, and is not known yet, has all its time."""
    if found is None:
        return LeaseOutput(state=LeaseState.LIVE)
    return LeaseOutput(state=found.state, last_heartbeat=found.heard, until=found.until)


def show_services(session: Session, listed: Sequence[Service], health: Health) -> list[ServiceOutput]:
    """Return services with how many servers they can rely on."""
    found = know(session, listed, health)
    return [
        ServiceOutput(
            **vars(service),
            availability=availability(found, service.name),
            shares=[]
            if found[service.name].service.composition is None
            else _shares(spreads.find(service.name, found)),
        )
        for service in listed
    ]


def _shares(spread: Spread) -> list[ShareOutput]:
    return [
        *(
            ShareOutput(service=pool.service.name, server=server.name, share=share)
            for pool, server, share in spread.servers()
        ),
        *(ShareOutput(service=name, server=None, share=spread.services[name]) for name in spread.foreign()),
    ]


@dataclass(frozen=True, slots=True)
class Staying:
    """A drained server that keeps its visitors, those who have its `cookie` (`NAME=VALUE`), until a time."""

    service: str
    server: str
    url: str
    until: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Answering:
    """Who may answer requests to a service: servers, each with the service that has it, and what nothing is known of.

    Their shares are those of the requests to that service; `elsewhere` are the services of other providers.
    """

    servers: Sequence[tuple[Service, ServerOutput]] = ()
    elsewhere: Sequence[str] = ()
    strategy: Strategy = Strategy.WRR
    """The first one on the way that does not go by weights, if one does not."""
    staying: Sequence[Staying] = ()
    """The drained ones that answer those who are their visitors already."""


def show_answering(session: Session, service: Service, health: Health) -> Answering:
    """Return who may answer requests to a service: its own servers, or those of the services of which it is made."""
    spread = spreads.find(service.name, know(session, [service], health))
    shown = [
        (
            pool.service,
            ServerOutput(**vars(server), share=share, health=_health(_observe(pool.service, server, health))),
        )
        for pool, server, share in spread.servers()
    ]
    on_the_way = [spread.known[name].service for name in spread.answering() if name in spread.known]
    strategies = [Strategy.HRW if each.highest_random_weight else each.strategy for each in on_the_way]
    strategy = next((each for each in strategies if each is not Strategy.WRR), Strategy.WRR)
    staying = [each for pool, server, _share in spread.servers() for each in _staying(pool.service, server, health)]
    return Answering(shown, spread.foreign(), strategy, staying)


def _staying(service: Service, server: Server, health: Health) -> Iterator[Staying]:
    leaving = _leaving(service, server, health)
    if leaving is not None and leaving.until is not None and service.sticky is not None:
        cookie = f"{service.sticky.cookie.name}={draining.cookie_value(server.url)}"
        yield Staying(service.name, server.name, server.url, leaving.until, cookie)


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
    return KnownService(service, pool, down(observe(service, pool, health)), risen(service, pool, health))


@dataclass(frozen=True, slots=True)
class Observers:
    """Who knows more of objects than what was given for them."""

    edges: Edges
    issuing: Issuing
    leasing: Leasing


@dataclass(frozen=True, slots=True)
class Observed:
    """How a noun is shown with what is observed: as what, and by what function."""

    output: type[Object]
    show: Callable[[Session, str | None, Sequence[Any], Observers], list[Any]]


def _show_servers(
    session: Session, owner: str | None, listed: Sequence[Server], observers: Observers
) -> list[ServerOutput]:
    service = nouns.get(session, Service, owner or "")
    return show_servers(session, service, listed, observers.edges.health, observers.leasing.find)


def _show_services(
    session: Session, _owner: str | None, listed: Sequence[Service], observers: Observers
) -> list[ServiceOutput]:
    return show_services(session, listed, observers.edges.health)


def _show_domains(
    _session: Session, _owner: str | None, listed: Sequence[Domain], observers: Observers
) -> list[DomainOutput]:
    sightings = observers.edges.sightings
    return [
        DomainOutput(
            **vars(domain),
            issuance=_issuance(observers.issuing.stand(domain.key)),
            certificates=[_shown(edge, seen) for edge, seen in sightings.of_domain(domain.key)] if domain.tls else [],
        )
        for domain in listed
    ]


def _issuance(standing: IssuanceStanding | None) -> IssuanceOutput | None:
    if standing is None:
        return None
    return IssuanceOutput(state=standing.state, why=standing.why, failures=standing.failures, next=standing.next)


def _shown(edge: str, seen: Sighting) -> ShownOutput:
    found = seen.certificate
    return ShownOutput(
        edge=edge,
        state=seen.state,
        since=seen.since,
        why=seen.why,
        names=[] if found is None else list(found.names),
        issuer=None if found is None else found.issuer,
        not_after=None if found is None else found.not_after,
        serial=None if found is None else found.serial,
    )


def show_certificates(listed: Sequence[Certificate]) -> list[CertificateOutput]:
    """Return certificates with what they say of themselves."""
    return [_show_certificate(each, certificates.read(each.cert_file)) for each in listed]


def _show_certificate(certificate: Certificate, facts: CertificateFacts) -> CertificateOutput:
    return CertificateOutput(
        **vars(certificate),
        names=list(facts.names),
        issuer=facts.issuer,
        not_before=facts.not_before,
        not_after=facts.not_after,
        serial=facts.serial,
        fingerprint=facts.fingerprint,
    )


def _show_certificates(
    _session: Session, _owner: str | None, listed: Sequence[Certificate], _observers: Observers
) -> list[CertificateOutput]:
    return show_certificates(listed)


OBSERVED: Final[Mapping[str, Observed]] = {
    "domain": Observed(DomainOutput, _show_domains),
    "service": Observed(ServiceOutput, _show_services),
    "server": Observed(ServerOutput, _show_servers),
    "certificate": Observed(CertificateOutput, _show_certificates),
}
"""The nouns of which more is known than was given, by kind: what is observed of them, or what they say."""


def observe(service: Service, pool: Sequence[Server], health: Health) -> dict[str, ServerHealth]:
    """Return the health of each server by name: unknown where Traefik does not look."""
    return {server.name: _observe(service, server, health) for server in pool}


def down(healths: Mapping[str, ServerHealth]) -> set[str]:
    """Return the names of the servers that are down."""
    return {name for name, found in healths.items() if found.state is HealthState.DOWN}


def risen(service: Service, pool: Sequence[Server], health: Health) -> dict[str, float]:
    """Return which part of their weights the servers have that have not all of it yet, by name."""
    find = health.find_rise
    if find is None or not service.starts_slowly:
        return {}
    found = {server.name: find(service.name, server.url) for server in pool}
    return {name: float(rise.part) for name, rise in found.items() if rise is not None}


def availability(found: Mapping[str, KnownService], name: str) -> AvailabilityOutput:
    """Count the servers on which a service can rely, and say it in words."""
    if found[name].service.composition is not None:
        return _availability_of_others(spreads.find(name, found))
    pool = found[name].servers
    ready, left = _count(found[name])
    detail = Message("{left} of {servers} servers take requests", left=left, servers=len(pool))
    if left == 0:
        detail = Message("no server is left: requests are answered with 503")
    elif left == 1 and len(pool) > 1:
        detail = Message("one server is left of {servers}", servers=len(pool))
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
        detail = Message("no server of its services is left: requests are answered with 503")
    elif lacking := spread.lacking():
        names = listed(lacking, _NAMED)
        detail = Message("requests that go to {services} are answered with 503: no server is left", services=names)
    elif foreign:
        detail = Message("some of its services are not kept here, so their servers are unknown")
    return AvailabilityOutput(
        servers=total, ready=sum(ready for ready, _left in counts), available=left, detail=detail, elsewhere=foreign
    )


def _count(pool: KnownService) -> tuple[int, int]:
    """Return how many servers of a pool are ready, and how many of these are not down."""
    return sum(server.state is ServerState.READY for server in pool.servers), len(pool.taking)


def _observe(service: Service, server: Server, health: Health) -> ServerHealth:
    kept = health.get(draining.name_of(service.name), server.url)
    if server.state is ServerState.DRAIN and kept.state is not HealthState.UNKNOWN:
        return kept
    if server.state is not ServerState.READY:
        return ServerHealth(
            HealthState.UNKNOWN, None, Message("not checked while its state is {state}", state=server.state)
        )
    if service.health_check is None:
        return ServerHealth(HealthState.UNKNOWN, None, Message("the service has no health check"))
    return health.get(service.name, server.url)


def _leaving(service: Service, server: Server, health: Health) -> LeavingOutput | None:
    if server.state is not ServerState.DRAIN or health.find_leaving is None:
        return None
    found = health.find_leaving(service, server)
    return LeavingOutput(until=found.until, edges=list(found.edges))


def _rising(service: Service, server: Server, health: Health) -> RisingOutput | None:
    find = health.find_rise
    found = find(service.name, server.url) if find is not None and service.starts_slowly else None
    return None if found is None else RisingOutput(part=float(found.part), seconds=math.ceil(found.seconds_left))


def _health(found: ServerHealth) -> HealthOutput:
    return HealthOutput(
        state=ObservedState(found.state.value),
        since=found.since,
        why=found.why,
        kept_out=[KeptOutOutput(edge=edge, since=since) for edge, since in found.kept_out.items()],
    )
