"""`/healthz` and `/readyz`: whether the process is alive, whether it can serve, and what is wrong, in words."""

from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from provider import __version__
from provider.api import documentation
from provider.dependencies import EdgesDependency, FallbackDependency, RevisionsDependency
from provider.edges.fallback import Fallback
from provider.edges.registry import Edges
from provider.edges.states import Edge, EdgeState, is_gone
from provider.errors import Unavailable
from provider.models.base import output_config
from provider.revisions import Revisions
from provider.security import needs

router = APIRouter(tags=["health"], dependencies=[Depends(needs.EVERYBODY)])

_GRAVITY: Final = [
    EdgeState.REJECTED,
    EdgeState.DEGRADED,
    EdgeState.STALE,
    EdgeState.UNCONFIRMED,
    EdgeState.NEVER_SEEN,
]
_EXPECTED: Final = {EdgeState.UNCONFIRMED, EdgeState.NEVER_SEEN}
"""States that are as they should be for an edge whose API the settings do not name."""

_MOST_EDGES_TOLD: Final = 20


class Alive(BaseModel):
    """The process answers."""

    model_config = output_config({"status": "alive", "version": __version__, "uptimeSeconds": 3600.0})

    status: Literal["alive"] = "alive"
    version: Annotated[str, Field(description="The version that runs.")] = __version__
    uptime_seconds: Annotated[float, Field(ge=0, description="For how long the process has been running.")]


class Ready(BaseModel):
    """There is a verified snapshot to serve."""

    model_config = output_config(
        {
            "status": "ready",
            "revision": 7,
            "digest": "f8d11bf8ddb1",
            "routers": 2,
            "services": 2,
            "warnings": ["edge default is stale: it has not polled for more than 7.5 s"],
        }
    )

    status: Literal["ready"] = "ready"
    revision: Annotated[int, Field(description="Number of the revision that is served.")]
    digest: Annotated[str, Field(description="Digest of the document that is served: the beacon's value.")]
    routers: Annotated[int, Field(description="Number of routers in the document.")]
    services: Annotated[int, Field(description="Number of services in the document.")]
    warnings: Annotated[
        list[str],
        Field(description="What is wrong although there is a document to serve, a sentence each, the gravest first."),
    ]


@router.get("/healthz", summary="Is the process alive?")
async def healthz(request: Request) -> Alive:
    """Answer as long as the process can."""
    return Alive.model_construct(uptime_seconds=round(monotonic() - request.app.state.started_at, 3))


@router.get("/readyz", summary="Is there a document to serve?", responses=documentation.READY)
async def readyz(revisions: RevisionsDependency, edges: EdgesDependency, fallback: FallbackDependency) -> Ready:
    """Tell which revision is served and what is wrong all the same, or 503 with why there is none."""
    snapshot = revisions.current
    if snapshot is None:
        raise Unavailable(revisions.problem)
    return Ready.model_construct(
        revision=snapshot.revision,
        digest=snapshot.document.digest,
        routers=len(snapshot.parts.routers.parts),
        services=len(snapshot.parts.services.parts),
        warnings=[*_warn_of_database(revisions), *_warn_of_fallback(fallback), *_warn_of_edges(edges)],
    )


def _warn_of_database(revisions: Revisions) -> Iterator[str]:
    trouble = revisions.find_trouble()
    if trouble is not None:
        yield f"changes are refused: {trouble}"
    elif (worry := revisions.find_worry()) is not None:
        yield f"changes would be refused after a restart: {worry}"


def _warn_of_fallback(fallback: Fallback) -> Iterator[str]:
    if fallback.trouble:
        yield fallback.trouble


def _warn_of_edges(edges: Edges) -> Iterator[str]:
    date = datetime.now(UTC)
    listed = [edge for edge in edges if _is_troubled(edge) and not is_gone(edge, date)]
    listed.sort(key=lambda edge: _GRAVITY.index(edge.verdict.state))
    for edge in listed[:_MOST_EDGES_TOLD]:
        yield f"edge {edge.name}: {edge.verdict.state}, {edge.verdict.detail}"
    if len(listed) > _MOST_EDGES_TOLD:
        yield f"and {len(listed) - _MOST_EDGES_TOLD} more edges: /api/v1/edges shows all"


def _is_troubled(edge: Edge) -> bool:
    """Tell whether an edge is in a state in which somebody has to look at it."""
    state = edge.verdict.state
    if edge.is_passing:
        return False
    return state in _GRAVITY and (edge.api_url is not None or state not in _EXPECTED or edge.instances > 1)
