"""`/healthz` and `/readyz`: whether the process is alive, whether it can serve, and what is wrong, in words."""

from time import monotonic
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from provider import control_plane
from provider.api import documentation
from provider.api.routers import name_of
from provider.dependencies import AlarmsDependency, EdgesDependency, RevisionsDependency
from provider.errors import Unavailable
from provider.models.base import output_config
from provider.security import needs
from provider.version import VERSION

router = APIRouter(tags=["health"], dependencies=[Depends(needs.EVERYBODY)], generate_unique_id_function=name_of)


class Alive(BaseModel):
    """The process works."""

    model_config = output_config({"status": "alive", "version": VERSION, "uptimeSeconds": 3600.0})

    status: Literal["alive"] = "alive"
    version: Annotated[str, Field(description="The version that runs.")] = VERSION
    uptime_seconds: Annotated[float, Field(ge=0, description="How long the process has been running, in seconds.")]


class Ready(BaseModel):
    """There is a verified document to serve."""

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
    revision: Annotated[int, Field(description="Number of the revision being served.")]
    digest: Annotated[str, Field(description="Digest of the document being served, as in the beacon.")]
    routers: Annotated[int, Field(description="Number of routers in the document.")]
    services: Annotated[int, Field(description="Number of services in the document.")]
    warnings: Annotated[
        list[str],
        Field(description="Current problems, one sentence each, the most serious first."),
    ]


@router.get("/healthz", summary="Is the process alive?")
async def healthz(request: Request) -> Alive:
    """Return 200 as long as the process works."""
    return Alive.model_construct(uptime_seconds=round(monotonic() - control_plane.find(request).started_at, 3))


@router.get("/readyz", summary="Is there a document to serve?", responses=documentation.READY)
async def readyz(revisions: RevisionsDependency, edges: EdgesDependency, alarms: AlarmsDependency) -> Ready:
    """Return the revision being served and current problems, or 503 with the reason why there is no document."""
    snapshot = edges.current
    if snapshot is None:
        raise Unavailable(revisions.problem)
    return Ready.model_construct(
        revision=snapshot.revision,
        digest=snapshot.document.digest,
        routers=len(snapshot.parts.routers.parts),
        services=len(snapshot.parts.services.parts),
        warnings=[alarm.said for alarm in alarms.list_all()],
    )
