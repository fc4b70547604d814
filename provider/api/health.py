"""`/healthz` and `/readyz`: whether the process is alive, whether it can serve, and what is wrong, in words."""

from time import monotonic
from typing import ClassVar, Final, Literal

from fastapi import APIRouter, Depends, Request, Response

from provider import control_plane
from provider.api import documentation
from provider.api.answers import AnsweringRoute, answer
from provider.api.routers import name_of
from provider.dependencies import AlarmsDependency, EdgesDependency, RevisionsDependency
from provider.errors import Unavailable
from provider.models.shown import Shown, Verbatim, described
from provider.security import needs
from provider.version import VERSION

router = APIRouter(
    tags=["health"],
    dependencies=[Depends(needs.EVERYBODY)],
    route_class=AnsweringRoute,
    generate_unique_id_function=name_of,
)

_SECONDS: Final = Verbatim({"type": "number", "minimum": 0})


class Alive(Shown):
    """The process works."""

    example: ClassVar = {"status": "alive", "version": VERSION, "uptimeSeconds": 3600.0}

    status: Literal["alive"] = described(default="alive")
    version: str = described("The version that runs.", default=VERSION)
    uptime_seconds: float = described("How long the process has been running, in seconds.", _SECONDS)


class Ready(Shown):
    """There is a verified document to serve."""

    example: ClassVar = {
        "status": "ready",
        "revision": 7,
        "digest": "f8d11bf8ddb1",
        "routers": 2,
        "services": 2,
        "warnings": ["edge default is stale: it has not polled for more than 7.5 s"],
    }

    status: Literal["ready"] = described(default="ready")
    revision: int = described("Number of the revision being served.")
    digest: str = described("Digest of the document being served, as in the beacon.")
    routers: int = described("Number of routers in the document.")
    services: int = described("Number of services in the document.")
    warned: list[str] = described("Current problems, one sentence each, the most serious first.", key="warnings")


@router.get("/healthz", response_model=Alive, summary="Is the process alive?")
async def healthz(request: Request) -> Response:
    """Return 200 as long as the process works."""
    return answer(Alive(uptime_seconds=round(monotonic() - control_plane.find(request).started_at, 3)))


@router.get("/readyz", response_model=Ready, summary="Is there a document to serve?", responses=documentation.READY)
async def readyz(revisions: RevisionsDependency, edges: EdgesDependency, alarms: AlarmsDependency) -> Response:
    """Return the revision being served and current problems, or 503 with the reason why there is no document."""
    snapshot = edges.current
    if snapshot is None:
        raise Unavailable(revisions.problem)
    ready = Ready(
        revision=snapshot.revision,
        digest=snapshot.document.digest,
        routers=len(snapshot.parts.routers.parts),
        services=len(snapshot.parts.services.parts),
        warned=[alarm.said for alarm in alarms.list_all()],
    )
    return answer(ready)
