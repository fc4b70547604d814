"""`/api/v1/conflicts`: routers that stand in one another's way, and what nobody uses."""

from functools import partial
from typing import Annotated, ClassVar, Final

import msgspec
from fastapi import Query, Response

from provider.api import documentation
from provider.api.routers import router_for
from provider.api.streams import Stream
from provider.dependencies import RevisionsDependency, RoutingDependency, TurnsDependency
from provider.findings import Finding
from provider.models import Conflict, ConflictOutput, ObjectOutput
from provider.models.shown import Shown, described
from provider.nouns import Named
from provider.revisions import Revisions
from provider.routing import Routing
from provider.security import needs
from provider.store import domains, history, routers, services

router = router_for("explain", needs=needs.STATE)

_MOST_ROUTERS: Final = 20
MOST: Final = 1000
"""The most conflicts in one answer."""


class ConflictsOutput(Shown):
    """All conflicts."""

    example: ClassVar = {
        "items": [
            {
                "conflict": "hidden",
                "objects": [{"kind": "router", "name": "api"}, {"kind": "router", "name": "wayshub"}],
                "detail": "api never takes a request: wayshub matches everything it does and has a higher "
                "priority, 99 to 39",
            }
        ],
        "total": 1,
    }

    items: list[ConflictOutput] = described(f"The conflicts, at most {MOST}.")
    total: int = described("Number of conflicts.")


ONE = Annotated[
    str | None,
    Query(
        alias="object",
        max_length=400,
        json_schema_extra={"pattern": rf"{history.OBJECT_PATTERN}[\s\S]"},
        description="Only conflicts of this object, KIND/NAME. For a service, also those that hide its routers.",
    ),
]


@router.get("/conflicts", response_model=ConflictsOutput, responses=documentation.LIST, summary="List conflicts")
async def list_conflicts(
    routing: RoutingDependency, revisions: RevisionsDependency, turns: TurnsDependency, one: ONE = None
) -> Response:
    """Return conflicting routers, cookies that services share, and unused domains and services.

    Also names that an edge does not have, if its API tells: entry points, and services and middlewares of other
    providers.
    """
    named = history.read_object_name(one)
    current = revisions.current
    key = ("conflicts", named, current and (current.revision, current.document.digest), repr(routing.edges))
    return Stream(await turns.here(key, partial(_write, routing, revisions, named)), {})


def _write(routing: Routing, revisions: Revisions, named: Named | None) -> bytes:
    found = _find_all(routing, revisions) if named is None else _find_about(routing, revisions, named)
    content: bytes = msgspec.json.encode({"items": [show(each).json() for each in found[:MOST]], "total": len(found)})
    return content


def _find_all(routing: Routing, revisions: Revisions) -> list[Finding]:
    with revisions.reading() as session:
        hosts, names = domains.hosts(session), services.names(session)
    return routing.conflicts(hosts, names)


def _find_about(routing: Routing, revisions: Revisions, named: Named) -> list[Finding]:
    """Find the conflicts that one object is in, and for a service which routers never lead to it."""
    with revisions.reading() as session:
        leading = routers.of_service(session, named[1], limit=_MOST_ROUTERS) if named[0] == "service" else ()
    hiding = (
        each
        for router in leading
        for each in routing.about("router", router.name)
        if each.conflict is Conflict.HIDDEN and each.objects[0] == ("router", router.name)
    )
    return [*routing.about(*named), *hiding]


def show(finding: Finding) -> ConflictOutput:
    return ConflictOutput.of(finding, objects=[ObjectOutput(kind=kind, name=name) for kind, name in finding.objects])
