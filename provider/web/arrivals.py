"""On which edges a change is live: what stands below the sentence that tells that it was made."""

import asyncio
from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from provider.dependencies import EdgesDependency, IssuingDependency, RevisionsDependency
from provider.edges.concerns import find_concern
from provider.edges.states import EdgeState
from provider.edges.waiting import list_missing
from provider.nouns import Domain, Named
from provider.parts import Parts
from provider.revisions import Revisions
from provider.security import needs
from provider.store import revisions as stored
from provider.web.rendering import is_part, redirect, render

router = APIRouter(prefix="/revisions", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_MOST_LOOKED_AT: Final = 1000


@router.get("/{number}/arrival")
async def show_arrival(
    request: Request, revisions: RevisionsDependency, edges: EdgesDependency, issuing: IssuingDependency, number: str
) -> Response:
    """Tell, as who waits by REST is told, which edges do not run a revision yet, and why."""
    wanted = stored.read_number(number)
    touched = await asyncio.to_thread(_find_touched, revisions, wanted)
    if not is_part(request):
        return redirect(request, f"/revisions/{wanted}")
    current = revisions.current
    concerns = find_concern(touched, Parts() if current is None else current.parts)
    domains = [key for kind, name in touched if kind == Domain.kind and (key := Domain.find_key(name))]
    missing = list_missing(edges, wanted, concerns, issuing.find_awaited(domains))
    known, absent = list(edges), {each.name for each in missing}
    silent = [edge for edge in known if edge.verdict.state in {EdgeState.STALE, EdgeState.NEVER_SEEN}]
    return render(
        request,
        "revisions/arrival.html",
        number=wanted,
        missing=missing,
        silent=silent,
        degraded=[edge for edge in known if edge.verdict.state is EdgeState.DEGRADED and edge.name not in absent],
        is_over=all(each.is_settled for each in missing),
        is_heard=len(silent) < len(known),
        is_lost=any(edge.verdict.state is EdgeState.STALE for edge in silent),
    )


def _find_touched(revisions: Revisions, number: int) -> list[Named]:
    with revisions.reading() as session:
        changes = stored.changes_of(session, stored.get(session, number).number, first=0, most=_MOST_LOOKED_AT)
    return [(change.kind, change.name) for change in changes]
