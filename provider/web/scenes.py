"""Scenes of the live state: what is drawn of the routers, with what the edges observe of them.

The edges live in the event loop's thread, the database is read in others: a page depends on `SightDependency`,
which looks at the edges first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends
from sqlmodel import Session

from provider import configuration, rules
from provider.dependencies import EdgesDependency
from provider.edges.health import Health, HealthState
from provider.edges.states import DisabledRouter, Edge, EdgeState, Run, is_gone
from provider.models import RouterInput, ServerInput, ServiceInput
from provider.observations import availability, down, observe
from provider.store import servers, services
from provider.web.drawings import scene
from provider.web.drawings.scene import EntryPoint, Scene

_MOST_EDGES: Final = 4

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
    awaited: bool
    """Whether it is one that polls, so that a change is live only when this one runs it."""
    disabled: Mapping[str, str]
    """The routers that it disabled, with Traefik's own words."""
    hindered: Mapping[str, str]
    """Those, and the ones that it serves only in part."""
    api_url: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Sight:
    """All edges as they were when a page looked at them. `revision` is what they are offered."""

    edges: Sequence[EdgeSight]
    entry_points: Mapping[str, str]
    revision: int | None
    health: Health


async def see(edges: EdgesDependency) -> Sight:
    """Look at the edges, those in trouble first. One that nobody misses any more is left out."""
    current, date = edges.current, datetime.now(UTC)
    known = [edge for edge in edges if not is_gone(edge, date)]
    known.sort(key=lambda edge: _WORST_FIRST.index(edge.verdict.state))
    entry_points: dict[str, str] = {}
    for edge in known:
        if edge.observation is not None:
            entry_points = {**edge.observation.entry_points, **entry_points}
    revision = None if current is None else current.revision
    digest = None if current is None else current.document.digest
    return Sight([_sight(edge, revision, digest) for edge in known], entry_points, revision, edges.health)


SightDependency = Annotated[Sight, Depends(see)]


def _sight(edge: Edge, revision: int | None, digest: str | None) -> EdgeSight:
    observed = edge.observation
    disabled: Sequence[DisabledRouter] = () if observed is None else observed.disabled
    warned: Sequence[DisabledRouter] = () if observed is None else observed.warned
    return EdgeSight(
        name=edge.name,
        state=edge.verdict.state,
        detail=edge.verdict.detail,
        runs=_find_running(edge, revision, digest),
        history=tuple(edge.runs),
        awaited=edge.verdict.state not in {EdgeState.STALE, EdgeState.NEVER_SEEN} and not edge.is_passing,
        disabled={router.name: router.error for router in disabled},
        hindered={router.name: router.error for router in (*warned, *disabled)},
        api_url=edge.api_url,
        address=edge.address,
    )


def _find_running(edge: Edge, revision: int | None, digest: str | None) -> int | None:
    running = edge.given if edge.api_url is None or edge.runs_given() else edge.accepted
    if running is None:
        return None
    return revision if running.document.digest == digest else running.revision


def scene_of(session: Session, routers: Sequence[RouterInput], sight: Sight, also: Sequence[str] = ()) -> Scene:
    """Return the scene of some routers with their services, and of the services `also`."""
    names = list(dict.fromkeys([router.service for router in routers] + list(also)))
    listed = [services.find(session, name) for name in names]
    pools = servers.of_services(session, names)
    used = {point for router in routers for point in router.entry_points}
    shown = [point for point in sight.entry_points if point in used]
    return Scene(
        routers=[_router(router, sight) for router in routers],
        services=[service_of(found, pools.get(found.name, []), sight.health) for found in listed if found is not None],
        entry_points=[EntryPoint(name, sight.entry_points[name]) for name in shown],
        edges=[scene.Edge(edge.name, edge.state, edge.detail, edge.runs) for edge in sight.edges[:_MOST_EDGES]],
        more_edges=max(0, len(sight.edges) - _MOST_EDGES),
        revision=sight.revision,
    )


def service_of(service: ServiceInput, pool: Sequence[ServerInput], health: Health) -> scene.Service:
    """Return a service as it is drawn, with its servers as they are wanted and as they are."""
    healths = observe(service, pool, health)
    shares = configuration.shares(pool, down(healths))
    return scene.Service(
        service.name,
        [
            scene.Server(
                server.name, server.url, server.weight, shares[server.name], server.state, healths[server.name].state
            )
            for server in pool
        ],
        availability(service, pool, health).detail,
    )


def scene_of_wanted(router: RouterInput, pool: Sequence[ServerInput], sight: Sight) -> Scene:
    """Return the scene of what does not exist yet: nothing is known of its health."""
    shares = configuration.shares(pool)
    drawn = [
        scene.Server(server.name, server.url, server.weight, shares[server.name], server.state, HealthState.UNKNOWN)
        for server in pool
    ]
    return Scene(
        routers=[_router(router, None)],
        services=[scene.Service(router.service, drawn)],
        entry_points=[EntryPoint(name, sight.entry_points.get(name)) for name in router.entry_points],
        edges=[scene.Edge(edge.name, edge.state, edge.detail, edge.runs) for edge in sight.edges[:_MOST_EDGES]],
        more_edges=max(0, len(sight.edges) - _MOST_EDGES),
    )


def rule_of(router: RouterInput) -> str:
    """Return a router's rule, as the edge gets it."""
    return router.rule or rules.build(router.ascii_domains, router.path_prefix)


def _router(router: RouterInput, sight: Sight | None) -> scene.Router:
    errors = (
        [] if sight is None else [edge.disabled[router.name] for edge in sight.edges if router.name in edge.disabled]
    )
    return scene.Router(
        router.name,
        rule_of(router),
        router.service,
        router.domains,
        router.path_prefix,
        router.entry_points,
        router.enabled,
        errors[0] if errors else None,
    )
