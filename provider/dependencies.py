"""What handlers are given: the revisions of the app that they run in, and who asks.

Dependencies that only look something up are `async`, here and in `api`: FastAPI runs each of the others
in a thread of its own, which costs a request more than the dependency does.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from provider.alarms import Alarms
from provider.apart.turns import Turns
from provider.edges.entry_points import EntryPoints, Place
from provider.edges.fallback import Fallback
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
from provider.security.access import Access, Person
from provider.security.logins import Logins


async def revisions(request: Request) -> Revisions:
    """Return the app's revisions."""
    found: Revisions = request.app.state.revisions
    return found


async def turns(request: Request) -> Turns:
    """Return the app's turns for what is long to compute."""
    found: Turns = request.app.state.turns
    return found


async def routing(request: Request) -> Routing:
    """Return the app's routers, ready to be asked."""
    found: Routing = request.app.state.routing
    return found


async def edges(request: Request) -> Edges:
    """Return the app's edges."""
    found: Edges = request.app.state.edges
    return found


async def places(request: Request) -> Sequence[Place]:
    """Return the entry points of the app's edges, as they are now."""
    found: EntryPoints = request.app.state.entry_points
    return list(found)


async def trials(request: Request) -> Trials:
    """Return the app's trials."""
    found: Trials = request.app.state.trials
    return found


async def health(request: Request) -> Health:
    """Return what the app's edges observe of the servers."""
    found: Edges = request.app.state.edges
    return found.health


async def standings(request: Request) -> Sequence[Standings]:
    """Return what each of the app's edges makes of the routers, as it is now. One that nobody misses is left out."""
    found: Edges = request.app.state.edges
    date = datetime.now(UTC)
    return [stand(edge, found.current) for edge in found if not is_gone(edge, date)]


async def metrics(request: Request) -> Metrics:
    """Return the app's metrics."""
    found: Metrics = request.app.state.metrics
    return found


async def alarms(request: Request) -> Alarms:
    """Return what is wrong in the app."""
    found: Alarms = request.app.state.alarms
    return found


async def fallback(request: Request) -> Fallback:
    """Return the app's fallback file."""
    found: Fallback = request.app.state.fallback
    return found


async def events(request: Request) -> Events:
    """Return what became new in the app."""
    found: Events = request.app.state.events
    return found


async def access(request: Request) -> Access:
    """Return who may use the app."""
    found: Access = request.app.state.access
    return found


async def actor(request: Request) -> Actor:
    """Return who asks, as it is kept with a revision and in the audit."""
    found: Actor = request.state.actor
    return found


async def person(request: Request) -> Person | None:
    """Return who is logged in, if it is a person who asks."""
    found: Person | None = getattr(request.state, "person", None)
    return found


async def logins(request: Request) -> Logins:
    """Return the app's ways in and out for people."""
    found: Logins = request.app.state.logins
    return found


AlarmsDependency = Annotated[Alarms, Depends(alarms)]
RevisionsDependency = Annotated[Revisions, Depends(revisions)]
TurnsDependency = Annotated[Turns, Depends(turns)]
RoutingDependency = Annotated[Routing, Depends(routing)]
EdgesDependency = Annotated[Edges, Depends(edges)]
PlacesDependency = Annotated[Sequence[Place], Depends(places)]
TrialsDependency = Annotated[Trials, Depends(trials)]
StandingsDependency = Annotated[Sequence[Standings], Depends(standings)]
HealthDependency = Annotated[Health, Depends(health)]
EventsDependency = Annotated[Events, Depends(events)]
AccessDependency = Annotated[Access, Depends(access)]
FallbackDependency = Annotated[Fallback, Depends(fallback)]
MetricsDependency = Annotated[Metrics, Depends(metrics)]
ActorDependency = Annotated[Actor, Depends(actor)]
PersonDependency = Annotated[Person | None, Depends(person)]
LoginsDependency = Annotated[Logins, Depends(logins)]
