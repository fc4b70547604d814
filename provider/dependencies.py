"""What handlers are given: the revisions of the app that they run in, and who asks.

Dependencies that only look something up are `async`, here and in `api`: FastAPI runs each of the others
in a thread of its own, which costs a request more than the dependency does.
"""

from typing import Annotated

from fastapi import Depends, Request

from provider.edges.fallback import Fallback
from provider.edges.health import Health
from provider.edges.registry import Edges
from provider.metrics import Metrics
from provider.revisions import Revisions
from provider.routing import Routing


async def revisions(request: Request) -> Revisions:
    """Return the app's revisions."""
    found: Revisions = request.app.state.revisions
    return found


async def routing(request: Request) -> Routing:
    """Return the app's routers, ready to be asked."""
    found: Routing = request.app.state.routing
    return found


async def edges(request: Request) -> Edges:
    """Return the app's edges."""
    found: Edges = request.app.state.edges
    return found


async def health(request: Request) -> Health:
    """Return what the app's edges observe of the servers."""
    found: Edges = request.app.state.edges
    return found.health


async def metrics(request: Request) -> Metrics:
    """Return the app's metrics."""
    found: Metrics = request.app.state.metrics
    return found


async def fallback(request: Request) -> Fallback:
    """Return the app's fallback file."""
    found: Fallback = request.app.state.fallback
    return found


async def author(_request: Request) -> str:
    """Return who asks, as it is kept with a revision."""
    return "anonymous"


RevisionsDependency = Annotated[Revisions, Depends(revisions)]
RoutingDependency = Annotated[Routing, Depends(routing)]
EdgesDependency = Annotated[Edges, Depends(edges)]
HealthDependency = Annotated[Health, Depends(health)]
FallbackDependency = Annotated[Fallback, Depends(fallback)]
MetricsDependency = Annotated[Metrics, Depends(metrics)]
AuthorDependency = Annotated[str, Depends(author)]
