"""`/api/v1/conflicts`: routers that stand in one another's way, and what nobody uses."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from provider.api import documentation
from provider.api.bodies import StrictRoute
from provider.conflicts import Finding
from provider.dependencies import RevisionsDependency, RoutingDependency
from provider.models import ConflictOutput, ObjectOutput
from provider.models.base import output_config
from provider.security import needs
from provider.store import domains, services

router = APIRouter(tags=["explain"], route_class=StrictRoute, dependencies=[Depends(needs.STATE)])

MOST: Final = 1000
"""The most conflicts in one answer."""


class ConflictsOutput(BaseModel):
    """All conflicts."""

    model_config = output_config(
        {
            "items": [
                {
                    "conflict": "hidden",
                    "objects": [{"kind": "router", "name": "api"}, {"kind": "router", "name": "wayshub"}],
                    "detail": "api never takes a request: wayshub matches all that it does, and ranks higher, 99 to 39",
                }
            ],
            "total": 1,
        }
    )

    items: Annotated[list[ConflictOutput], Field(description=f"The conflicts, at most {MOST}.")]
    total: Annotated[int, Field(description="How many there are.")]


@router.get("/conflicts", responses=documentation.LIST, summary="List conflicts")
def list_conflicts(routing: RoutingDependency, revisions: RevisionsDependency) -> ConflictsOutput:
    """Find routers that stand in one another's way, cookies that services share, unused domains and services.

    And routers with an entry point that an edge does not have, where its API tells which it has.
    """
    with revisions.reading() as session:
        hosts, names = domains.hosts(session), services.names(session)
    found = routing.conflicts(hosts, names)
    return ConflictsOutput(
        items=[show(each) for each in found[:MOST]],
        total=len(found),
    )


def show(finding: Finding) -> ConflictOutput:
    """Return a conflict as it is shown."""
    objects = [ObjectOutput(kind=kind, name=name) for kind, name in finding.objects]
    return ConflictOutput(conflict=finding.conflict, objects=objects, detail=finding.detail)
