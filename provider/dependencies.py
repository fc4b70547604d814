"""What handlers are given: parts of the control plane that they run in, and who asks.

Dependencies that only look something up are `async`, here and in `api`: FastAPI runs each of the others
in a thread of its own, which costs a request more than the dependency does.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from provider import control_plane
from provider.alarms import Alarms
from provider.apart.turns import Turns
from provider.edges.entry_points import EntryPoint
from provider.edges.health import Health
from provider.edges.registry import Edges
from provider.edges.standings import Standings, stand
from provider.edges.states import is_gone
from provider.edges.trials import Trials
from provider.events import Events
from provider.metrics import Metrics
from provider.models import Actor
from provider.revisions import Revisions
from provider.routing import Routing
from provider.security.access import Access, Person, Principal
from provider.security.logins import Logins


async def revisions(request: Request) -> Revisions:
    """Return the app's revisions."""
    return control_plane.find(request).revisions


async def turns(request: Request) -> Turns:
    """Return the app's turns for what is long to compute."""
    return control_plane.find(request).turns


async def routing(request: Request) -> Routing:
    """Return the app's routers, ready to be asked."""
    return control_plane.find(request).routing


async def edges(request: Request) -> Edges:
    """Return the app's edges."""
    return control_plane.find(request).edges


async def places(request: Request) -> Sequence[EntryPoint]:
    """Return the entry points of the app's edges, as they are now."""
    return list(control_plane.find(request).entry_points)


async def trials(request: Request) -> Trials:
    """Return the app's trials."""
    return control_plane.find(request).trials


async def health(request: Request) -> Health:
    """Return what the app's edges observe of the servers."""
    return control_plane.find(request).edges.health


async def standings(request: Request) -> Sequence[Standings]:
    """Return what each of the app's edges makes of the routers, as it is now. One that nobody misses is left out."""
    edges, date = control_plane.find(request).edges, datetime.now(UTC)
    return [stand(edge, edges.current) for edge in edges if not is_gone(edge, date)]


async def metrics(request: Request) -> Metrics:
    """Return the app's metrics."""
    return control_plane.find(request).metrics


async def alarms(request: Request) -> Alarms:
    """Return what is wrong in the app."""
    return control_plane.find(request).alarms


async def events(request: Request) -> Events:
    """Return what became new in the app."""
    return control_plane.find(request).events


async def access(request: Request) -> Access:
    """Return who may use the app."""
    return control_plane.find(request).access


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


async def logins(request: Request) -> Logins:
    """Return the app's ways in and out for people."""
    return control_plane.find(request).logins


AlarmsDependency = Annotated[Alarms, Depends(alarms)]
RevisionsDependency = Annotated[Revisions, Depends(revisions)]
TurnsDependency = Annotated[Turns, Depends(turns)]
RoutingDependency = Annotated[Routing, Depends(routing)]
EdgesDependency = Annotated[Edges, Depends(edges)]
PlacesDependency = Annotated[Sequence[EntryPoint], Depends(places)]
TrialsDependency = Annotated[Trials, Depends(trials)]
StandingsDependency = Annotated[Sequence[Standings], Depends(standings)]
HealthDependency = Annotated[Health, Depends(health)]
EventsDependency = Annotated[Events, Depends(events)]
AccessDependency = Annotated[Access, Depends(access)]
MetricsDependency = Annotated[Metrics, Depends(metrics)]
ActorDependency = Annotated[Actor, Depends(actor)]
PrincipalDependency = Annotated[Principal, Depends(principal)]
PersonDependency = Annotated[Person | None, Depends(person)]
LoginsDependency = Annotated[Logins, Depends(logins)]
