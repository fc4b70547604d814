"""Scenes of the live state: what is drawn of the routers, with what the edges observe of them.

The edges live in the event loop's thread, the database is read in others: a page depends on `SightDependency`,
which looks at the edges first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends

from provider import configuration, passages, pools, rules, shares
from provider.availability import availability, know, observe
from provider.availability import known as known_service
from provider.database.sessions import Session
from provider.dependencies import EdgesDependency, IssuingDependency, LeasingDependency, RoutingDependency
from provider.edges.health import Health
from provider.edges.observed import DisabledRouter
from provider.edges.sightings import Sightings
from provider.edges.standings import Standing, Standings, Trouble, refused_everywhere, stand
from provider.edges.states import Edge, EdgeState, Run, is_gone
from provider.issuing.issuing import Issuing
from provider.leasing.leasing import Leasing
from provider.listening import Listening
from provider.messages import Message
from provider.models import ObservedState
from provider.names import in_order
from provider.nouns import Middleware, Named, Router, Server, Service
from provider.nouns.common import SERVICE
from provider.passages import Stop
from provider.routing import Routing
from provider.rules import hosts
from provider.shares import KnownService
from provider.snapshots import Snapshot
from provider.store import middlewares, nouns
from provider.web import instructions
from provider.web.drawings import scene
from provider.web.drawings.scene import DrawnEntryPoint, Scene

_MOST_EDGES: Final = 4
_TROUBLES: Final = list(Trouble)

_WORST_FIRST: Final = [
    EdgeState.REJECTED,
    EdgeState.DEGRADED,
    EdgeState.STALE,
    EdgeState.PENDING,
    EdgeState.UNCONFIRMED,
    EdgeState.NEVER_SEEN,
    EdgeState.LIVE,
]


@dataclass(frozen=True, slots=True)
class EdgeSight:
    """An edge as it was when a page looked at it."""

    name: str
    state: EdgeState
    detail: str
    runs: int | None
    """The revision whose document it runs, or was given where nobody can tell what it runs."""
    history: Sequence[Run]
    standings: Standings
    """What it makes of each router."""
    streams: Mapping[Named, str]
    """What is amiss with its routers of TCP and UDP, by kind and name."""
    api_url: str | None
    trouble: str | None
    """Why its API cannot be read."""
    address: str | None

    @property
    def awaited(self) -> bool:
        """Whether it is one that polls, so that a change is live only when this one runs it."""
        return self.standings.awaited


@dataclass(frozen=True, slots=True)
class RouterState:
    """What becomes of a router: what is amiss with it on the edges that poll, the gravest first.

    `is_refused`: no edge serves it. `hidden_by`: a router that takes every request that it matches.
    """

    troubles: Sequence[Standing]
    is_refused: bool
    hidden_by: str | None

    @property
    def is_out(self) -> bool:
        """Whether no request comes through it."""
        return self.is_refused or self.hidden_by is not None


@dataclass(frozen=True, slots=True)
class Sight:
    """All edges as they were when a page looked at them. `revision` is what they are offered."""

    edges: Sequence[EdgeSight]
    entry_points: Mapping[str, str]
    revision: int | None
    health: Health
    routing: Routing
    listening: Listening
    sightings: Sightings
    issuing: Issuing
    leasing: Leasing

    @property
    def standings(self) -> Sequence[Standings]:
        """What each makes of the routers."""
        return [edge.standings for edge in self.edges]

    @property
    def refused(self) -> frozenset[str]:
        """The routers that no edge serves, though some poll."""
        return refused_everywhere(self.standings)

    def troubles(self, router: str) -> list[Standing]:
        """Return what is amiss with a router on the edges that poll, the gravest first."""
        found = (edge.standings.find(router) for edge in self.edges if edge.awaited)
        return sorted((each for each in found if each is not None), key=lambda each: _TROUBLES.index(each.trouble))

    def states(self, routers: Sequence[Router]) -> dict[str, RouterState]:
        """Return what becomes of routers, by name."""
        awaited = sum(edge.awaited for edge in self.edges)
        troubles = {router.name: self.troubles(router.name) for router in routers}
        refused = self.refused
        names = [router.name for router in routers if router.enabled and router.name not in refused]
        hidden = {} if self.revision is None else self.routing.find_hidden(names, refused)
        return {
            name: RouterState(found, 0 < awaited == sum(each.is_refused for each in found), hidden.get(name))
            for name, found in troubles.items()
        }


async def see(
    edges: EdgesDependency, routing: RoutingDependency, issuing: IssuingDependency, leasing: LeasingDependency
) -> Sight:
    """Look at the edges, those in trouble first. One that nobody misses any more is left out."""
    current, date = edges.current, datetime.now(UTC)
    known = [edge for edge in edges if not is_gone(edge, date)]
    known.sort(key=lambda edge: _WORST_FIRST.index(edge.verdict.state))
    entry_points: dict[str, str] = {}
    for edge in known:
        if edge.observation is not None:
            entry_points = {**edge.observation.entry_points, **entry_points}
    revision = None if current is None else current.revision
    listening = Listening() if current is None else current.listening
    return Sight(
        [_sight(edge, current) for edge in known],
        entry_points,
        revision,
        edges.health,
        routing,
        listening,
        edges.sightings,
        issuing,
        leasing,
    )


SightDependency = Annotated[Sight, Depends(see)]


def _sight(edge: Edge, current: Snapshot | None) -> EdgeSight:
    return EdgeSight(
        name=edge.name,
        state=edge.verdict.state,
        detail=edge.verdict.detail,
        runs=_find_running(edge, current),
        history=tuple(edge.runs),
        standings=stand(edge, current),
        streams={} if edge.observation is None else _errors(edge.name, edge.observation.disabled),
        api_url=edge.api_url,
        trouble=None if edge.observation is None else edge.observation.error,
        address=edge.address,
    )


def _errors(edge: str, disabled: Sequence[DisabledRouter]) -> dict[Named, str]:
    return {
        router.named: Message("the edge {edge} does not serve it: {words}", edge=edge, words=router.error)
        for router in disabled
        if router.kind != Router.kind
    }


def drawn_edges(sight: Sight) -> tuple[list[scene.DrawnEdge], int]:
    """Return the edges that a drawing shows, and how many there are besides."""
    shown = sight.edges[:_MOST_EDGES]
    drawn = [scene.DrawnEdge(edge.name, edge.state, edge.detail, edge.runs) for edge in shown]
    return drawn, len(sight.edges) - len(shown)


def _find_running(edge: Edge, current: Snapshot | None) -> int | None:
    running = edge.given if edge.api_url is None or edge.runs_given() else edge.accepted
    if running is None:
        return None
    is_current = current is not None and running.whole.digest == current.document.digest
    return current.revision if current is not None and is_current else running.revision


def scene_of(session: Session, routers: Sequence[Router], sight: Sight, also: Sequence[str] = ()) -> Scene:
    """Return the scene of some routers with their services, and of the services `also`."""
    names = list(dict.fromkeys([router.service for router in routers] + list(also)))
    listed = nouns.find_all(session, Service, names)
    known = know(session, listed, sight.health)
    used = {point for router in routers for point in sight.listening.entry_points(router)}
    shown = [point for point in sight.entry_points if point in used]
    states = sight.states(routers)
    passed = middlewares.of_routers(session, routers)
    edges, more = drawn_edges(sight)
    return Scene(
        routers=[_router(router, sight.listening, states[router.name], passed) for router in routers],
        services=[
            drawn_of(known, name, sight.health) if name in known else scene.DrawnService(name, [_elsewhere(name, 1.0)])
            for name in names
            if name in known or SERVICE.leads_elsewhere(name)
        ],
        entry_points=[DrawnEntryPoint(name, sight.entry_points[name]) for name in shown],
        edges=edges,
        more_edges=more,
        revision=sight.revision,
    )


def service_of(service: Service, listed: Sequence[Server], health: Health) -> scene.DrawnService:
    """Return a pool as it is drawn, with its servers as they are wanted and as they are."""
    return drawn_of({service.name: known_service(service, listed, health)}, service.name, health)


def drawn_of(known: Mapping[str, KnownService], name: str, health: Health) -> scene.DrawnService:
    """Return a service as it is drawn: with its servers, or those of the services of which it is made."""
    spread = shares.find(name, known)
    spares = spread.spares()
    drawn = [
        scene.DrawnServer(
            server.name,
            server.url,
            server.weight,
            share,
            server.state,
            observe(pool.service, [server], health)[server.name].state,
            None if pool.service.name == name else pool.service.name,
            is_spare=pool.service.name in spares,
        )
        for pool, server, share in spread.servers()
    ]
    place = {each: number for number, each in enumerate(spread.services)}
    drawn += [_elsewhere(each, spread.services[each]) for each in spread.foreign()]
    drawn += [scene.DrawnServer(each.name, "", copies=each.number or 0) for each in spread.mirrors()]
    drawn.sort(
        key=lambda server: (
            server.copies is not None,
            place[server.name if server.is_elsewhere or server.copies is not None else server.service or name],
            in_order(server.name),
        )
    )
    members = [pools.service_of(each.name) for each, _part in spread.parts.get(name, ())]
    return scene.DrawnService(name, drawn, availability(known, name).detail, members)


def _elsewhere(name: str, share: float) -> scene.DrawnServer:
    """Return what stands for a service of another provider."""
    return scene.DrawnServer(name, "", share=share)


def scene_of_wanted(router: Router, pool: Sequence[Server], sight: Sight, passed: Mapping[str, Middleware]) -> Scene:
    """Return the scene of what does not exist yet: nothing is known of its health."""
    shares = configuration.shares(pool)
    drawn = [
        scene.DrawnServer(
            server.name, server.url, server.weight, shares[server.name], server.state, ObservedState.UNKNOWN
        )
        for server in pool
    ]
    edges, more = drawn_edges(sight)
    return Scene(
        routers=[_router(router, sight.listening, None, passed)],
        services=[scene.DrawnService(router.service, drawn)],
        entry_points=[
            DrawnEntryPoint(name, sight.entry_points.get(name)) for name in sight.listening.entry_points(router)
        ],
        edges=edges,
        more_edges=more,
    )


def _router(
    router: Router, listening: Listening, state: RouterState | None, known: Mapping[str, Middleware]
) -> scene.DrawnRouter:
    troubles = () if state is None else state.troubles
    return scene.DrawnRouter(
        router.name,
        configuration.rule(router),
        router.service,
        _hosts(router),
        router.path_prefix,
        listening.entry_points(router),
        router.enabled,
        troubles[0].why if troubles else None,
        troubles[0].trouble if troubles else None,
        url=instructions.example_url(router, listening),
        is_served=state is None or not state.is_refused,
        hidden_by=None if state is None else state.hidden_by,
        tls=listening.words(router),
        passage=[*_redirects(router, listening), *passages.stops(router.middlewares, known)],
        has_own_rule=router.rule is not None,
    )


def _redirects(router: Router, listening: Listening) -> list[Stop]:
    """Return what leads visitors of the plain entry point to the secure one, if anything does."""
    points = [point for each in listening.entrances(router) if each.redirects for point in each.entry_points]
    if not points:
        return []
    made = Middleware.read({"name": "redirect", "redirectScheme": configuration.redirect(listening.points).json()})
    return [Stop(configuration.REDIRECT, Message("Redirects {points} to HTTPS", points=", ".join(points)), None, made)]


def _hosts(router: Router) -> Sequence[str]:
    """Return the hosts that a router is for, as far as its rule tells them."""
    if router.rule is None:
        return router.domains
    return sorted(hosts.keys(rules.read(router.rule).condition) or ())
