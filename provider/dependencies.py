"""What handlers are given: parts of the control plane that they run in, and who asks.

Dependencies that only look something up are `async`, here and in `api`: FastAPI runs each of the others
in a thread of its own, which costs a request more than the dependency does.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from provider import control_plane
from provider.alarms import Alarms
from provider.apart.turns import OwnTurns
from provider.confirmations import Confirmations
from provider.control_plane import ControlPlane
from provider.edges.entry_points import EntryPoint
from provider.edges.health import Health
from provider.edges.registry import Edges
from provider.edges.standings import Standings, stand
from provider.edges.states import is_gone
from provider.edges.trials import Trials
from provider.events import Events
from provider.issuing.issuing import Issuing
from provider.leasing.leasing import Leasing
from provider.metrics.metrics import Metrics
from provider.models import Actor
from provider.revisions import Revisions
from provider.rollouts.rollouts import Rollouts
from provider.routing import Routing
from provider.security.access import Access, Person, Principal
from provider.security.logins import Logins

T = TypeVar("T")


def _of(read: Callable[[ControlPlane], T]) -> Callable[[Request], Awaitable[T]]:
    """Return what gives a handler a part of the control plane that it runs in."""

    async def found(request: Request) -> T:
        return read(control_plane.find(request))

    return found


def _stand(plane: ControlPlane) -> Sequence[Standings]:
    """Return what each edge makes of the routers, as it is now. One that nobody misses is left out."""
    date = datetime.now(UTC)
    return [stand(edge, plane.edges.current) for edge in plane.edges if not is_gone(edge, date)]


async def actor(request: Request) -> Actor:
    """Return who asks, as it is kept with a revision and in the audit."""
    found: Actor = request.state.actor
    return found


async def principal(request: Request) -> Principal:
    """Return who asks, and what they may do."""
    found: Principal = request.state.principal
    return found


async def person(request: Request) -> Person | None:
    """Return who is logged in, if it is a person who asks."""
    found: Person | None = getattr(request.state, "person", None)
    return found


async def plane(request: Request) -> ControlPlane:
    return control_plane.find(request)


async def own_turns(request: Request) -> OwnTurns:
    return control_plane.find(request).turns.of(request.state.actor.holder)


PlaneDependency = Annotated[ControlPlane, Depends(plane)]
AlarmsDependency = Annotated[Alarms, Depends(_of(lambda plane: plane.alarms))]
ConfirmationsDependency = Annotated[Confirmations, Depends(_of(lambda plane: plane.confirmations))]
RevisionsDependency = Annotated[Revisions, Depends(_of(lambda plane: plane.revisions))]
TurnsDependency = Annotated[OwnTurns, Depends(own_turns)]
RoutingDependency = Annotated[Routing, Depends(_of(lambda plane: plane.routing))]
EdgesDependency = Annotated[Edges, Depends(_of(lambda plane: plane.edges))]
PlacesDependency = Annotated[Sequence[EntryPoint], Depends(_of(lambda plane: list(plane.entry_points)))]
RolloutsDependency = Annotated[Rollouts, Depends(_of(lambda plane: plane.rollouts))]
IssuingDependency = Annotated[Issuing, Depends(_of(lambda plane: plane.issuing))]
LeasingDependency = Annotated[Leasing, Depends(_of(lambda plane: plane.leasing))]
TrialsDependency = Annotated[Trials, Depends(_of(lambda plane: plane.trials))]
StandingsDependency = Annotated[Sequence[Standings], Depends(_of(_stand))]
HealthDependency = Annotated[Health, Depends(_of(lambda plane: plane.edges.health))]
EventsDependency = Annotated[Events, Depends(_of(lambda plane: plane.events))]
AccessDependency = Annotated[Access, Depends(_of(lambda plane: plane.access))]
MetricsDependency = Annotated[Metrics, Depends(_of(lambda plane: plane.metrics))]
LoginsDependency = Annotated[Logins, Depends(_of(lambda plane: plane.logins))]
ActorDependency = Annotated[Actor, Depends(actor)]
PrincipalDependency = Annotated[Principal, Depends(principal)]
PersonDependency = Annotated[Person | None, Depends(person)]
