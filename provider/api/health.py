"""`/healthz` and `/readyz`."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from provider.api import documentation
from provider.dependencies import RevisionsDependency
from provider.errors import Unavailable

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """There is a verified snapshot to serve."""

    status: Literal["ready"] = "ready"
    revision: Annotated[int, Field(description="Number of the revision that is served.")]
    digest: Annotated[str, Field(description="Digest of the document that is served: the beacon's value.")]
    routers: Annotated[int, Field(description="Number of routers in the document.")]
    services: Annotated[int, Field(description="Number of services in the document.")]


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Alive:
    """Answer as long as the process can."""
    return Alive()


@router.get("/readyz", summary="Is there a snapshot to serve?", responses=documentation.READY)
async def readyz(revisions: RevisionsDependency) -> Ready:
    """Tell which revision is served, or 503 with why there is none."""
    snapshot = revisions.current
    if snapshot is None:
        raise Unavailable(revisions.problem)
    return Ready(
        revision=snapshot.revision,
        digest=snapshot.document.digest,
        routers=len(snapshot.parts.routers.parts),
        services=len(snapshot.parts.services.parts),
    )
