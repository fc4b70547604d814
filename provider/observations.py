"""Objects as they are shown: as they are wanted, with what the edges observe of them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provider import certificates, configuration, passages
from provider import shares as spreads
from provider.answers import sticky_value
from provider.availability import availability, know, observe, observe_server, risen, without
from provider.certificates import CertificateFacts
from provider.database.sessions import Session
from provider.edges.health import Health, ServerHealth
from provider.edges.registry import Edges
from provider.edges.sightings import Sighting
from provider.issuing.issuing import Issuing
from provider.leasing.book import LeaseView
from provider.leasing.leasing import Leasing
from provider.listening import DefaultEntryPoints
from provider.models import (
    CertificateOutput,
    DomainOutput,
    HealthOutput,
    KeptOutOutput,
    LeaseOutput,
    LeaseState,
    LeavingOutput,
    RisingOutput,
    ServerOutput,
    ServiceOutput,
    ShareOutput,
    ShownOutput,
    StayingOutput,
)
from provider.nouns import Domain, Object, Server, Service
from provider.nouns.certificate import Certificate
from provider.nouns.common import SERVICE
from provider.nouns.middlewares.underway import Underway
from provider.passages import Passage
from provider.ranking import Route
from provider.shares import Spread
from provider.store import middlewares, nouns, rollouts
from provider.values import ServerState, Strategy

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
    shares = configuration.shares(pool, without(healths), risen(service, pool, health))
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
class Answering:
    """Who may answer requests to a service: servers, each with the service that has it, and what nothing is known of.

    Their shares are those of the requests to that service; `elsewhere` are the services of other providers.
    """

    servers: Sequence[tuple[Service, ServerOutput]] = ()
    elsewhere: Sequence[str] = ()
    strategy: Strategy = Strategy.WRR
    """The first one on the way that does not go by weights, if one does not."""
    staying: Sequence[StayingOutput] = ()
    """The drained ones that answer those who are their visitors already."""


def show_answering(session: Session, service: Service, health: Health) -> Answering:
    """Return who may answer requests to a service: its own servers, or those of the services of which it is made."""
    spread = spreads.find(service.name, know(session, [service], health))
    shown = [
        (
            pool.service,
            ServerOutput(**vars(server), share=share, health=_health(observe_server(pool.service, server, health))),
        )
        for pool, server, share in spread.servers()
    ]
    on_the_way = [spread.known[name].service for name in spread.answering() if name in spread.known]
    strategies = [Strategy.HRW if each.highest_random_weight else each.strategy for each in on_the_way]
    strategy = next((each for each in strategies if each is not Strategy.WRR), Strategy.WRR)
    staying = [each for pool, server, _share in spread.servers() for each in _staying(pool.service, server, health)]
    return Answering(shown, spread.foreign(), strategy, staying)


def follow(
    session: Session, route: Route, begun: Underway, health: Health, points: DefaultEntryPoints
) -> tuple[Passage, Service | None, Answering]:
    """Return what becomes of a request that a router takes, its service if that is kept here, and who may answer."""
    service = nouns.find(session, Service, route.service)
    passage = passages.follow(begun, middlewares.stops(session, route, service, points))
    if service is not None:
        return passage, service, show_answering(session, service, health)
    # Another provider has it, or it was removed just now.
    return passage, None, Answering(elsewhere=[route.service] if SERVICE.leads_elsewhere(route.service) else [])


def _staying(service: Service, server: Server, health: Health) -> Iterator[StayingOutput]:
    leaving = _leaving(service, server, health)
    if leaving is not None and leaving.until is not None and service.sticky is not None:
        cookie = f"{service.sticky.cookie.name}={sticky_value(server.url)}"
        place = {"service": service.name, "server": server.name, "url": server.url}
        yield StayingOutput(**place, until=leaving.until, cookie=cookie)


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
            issuance=observers.issuing.stand(domain.key),
            certificates=[_shown(edge, seen) for edge, seen in sightings.of_domain(domain.key)] if domain.tls else [],
        )
        for domain in listed
    ]


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


def _leaving(service: Service, server: Server, health: Health) -> LeavingOutput | None:
    if server.state is not ServerState.DRAIN or health.find_leaving is None:
        return None
    return health.find_leaving(service, server)


def _rising(service: Service, server: Server, health: Health) -> RisingOutput | None:
    find = health.find_rise
    found = find(service.name, server.url) if find is not None and service.starts_slowly else None
    return None if found is None else RisingOutput(part=float(found.part), seconds=math.ceil(found.seconds_left))


def _health(found: ServerHealth) -> HealthOutput:
    kept_out = [KeptOutOutput(edge=edge, since=since) for edge, since in found.kept_out.items()]
    return HealthOutput.of(found, kept_out=kept_out)
