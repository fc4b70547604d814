"""The check: all that may not be as it was meant, found in the state as a whole."""

import json
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from provider.declarations import place
from provider.dependencies import RevisionsDependency, RoutingDependency, TurnsDependency
from provider.messages import freeze, template, thaw
from provider.models import Conflict
from provider.nouns import NOUNS, called
from provider.revisions import Revisions
from provider.routing import Routing
from provider.security import needs
from provider.store import domains, services
from provider.web.paths import object_path
from provider.web.rendering import render

router = APIRouter(prefix="/check", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_MOST: Final = 500
"""How many conflicts a page shows."""

GROUPS: Final = {
    template("Requests that go elsewhere, or nowhere"): (
        Conflict.HIDDEN,
        *(Conflict.SAME_RULE, Conflict.SAME_RANK, Conflict.MIXED_RANKS, Conflict.TAKEN_ENTRY_POINT),
        *(Conflict.OTHER_GONE, Conflict.OTHER_HIGHER, Conflict.OTHER_RULE),
    ),
    template("Missing or disabled on an edge"): (
        *(Conflict.MISSING_ENTRY_POINT, Conflict.MISSING_REFERENCE, Conflict.DISABLED_SERVICE, Conflict.TLS_OPTIONS),
    ),
    template("Certificates"): (
        *(Conflict.MISSING_CERTIFICATE, Conflict.EXPIRED_CERTIFICATE, Conflict.EXPIRING_CERTIFICATE),
        *(Conflict.EARLY_CERTIFICATE, Conflict.SHARED_NAME),
    ),
    template("Doubtful values"): (Conflict.DOUBTFUL_VALUE, Conflict.SHARED_COOKIE),
    template("Unused objects"): (Conflict.UNUSED_DOMAIN, Conflict.UNREACHED_SERVICE),
    template("Not compared"): (Conflict.NOT_COMPARED,),
}
"""The kinds of conflicts by what they mean for people, the gravest first."""


@router.get("")
async def show(
    request: Request, routing: RoutingDependency, revisions: RevisionsDependency, turns: TurnsDependency
) -> Response:
    """Show all conflicts by their kinds, with links to what they are about."""
    current = revisions.current
    key = ("check", current and (current.revision, current.document.digest), repr(routing.edges))
    content = await turns.here(key, partial(_find, routing, revisions))
    found = json.loads(content.whole())
    groups = [
        (title, [_shown(each) for each in found[:_MOST] if each["conflict"] in kinds])
        for title, kinds in GROUPS.items()
    ]
    return await run_in_threadpool(
        render, request, "check.html", groups=[group for group in groups if group[1]], more=max(0, len(found) - _MOST)
    )


def _find(routing: Routing, revisions: Revisions) -> bytes:
    with revisions.reading() as session:
        hosts, names = domains.hosts(session), services.names(session)
    order = [kind for kinds in GROUPS.values() for kind in kinds]
    found = sorted(routing.conflicts(hosts, names), key=lambda each: order.index(each.conflict))
    told = [{"conflict": each.conflict, "objects": each.objects, "detail": freeze(each.detail)} for each in found]
    return json.dumps(told).encode()


def _shown(finding: dict[str, Any]) -> dict[str, Any]:
    """Return a conflict as the page shows it: what is said, and the objects with their pages."""
    objects = [
        (called(kind), name, object_path(*map(str, place(kind, name))))
        for kind, name in finding["objects"]
        if kind in NOUNS
    ]
    return {"detail": thaw(finding["detail"]), "objects": objects}
