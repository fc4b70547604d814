"""The edges: what each is given and runs, what it rejected, and how a Traefik comes to poll."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from provider.dependencies import ActorDependency, EdgesDependency, RevisionsDependency
from provider.edges.sightings import find_next_end
from provider.edges.states import Edge
from provider.edges.verdicts import words_of_part
from provider.errors import FieldError
from provider.messages import Message
from provider.models import Change, ShownState
from provider.revisions import Revisions
from provider.security import needs, quarantines
from provider.store import revisions as stored
from provider.store.records import Order
from provider.values import DEFAULT_EDGE
from provider.web import polling
from provider.web.forms import Form
from provider.web.lists import LENGTH, ListPart, PartDependency
from provider.web.notices import Notice, Tone
from provider.web.paths import object_path
from provider.web.rendering import redirect, render

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_EDGES: Final = "/edges"
CONNECT: Final = "/connect"
"""How to let a Traefik poll. Not below the edges: one of them may have this name."""


# All of these run in the event loop's thread, where the edges live.


@router.get(_EDGES)
async def list_edges(
    request: Request, edges: EdgesDependency, revisions: RevisionsDependency, wanted: PartDependency
) -> Response:
    found = {edge.name: edge for edge in edges if wanted.q.lower() in edge.name}
    known = [found[name] for name in Order().first(list(found), wanted.limit, wanted.after)]
    part: ListPart[Edge] = wanted.part(known, lambda edge: edge.name)
    running = await asyncio.to_thread(_find_running, revisions, part.rows)
    return render(request, "edges/list.html", part=part, running=running)


@router.get(_EDGES + "/{name}")
async def show_edge(request: Request, edges: EdgesDependency, revisions: RevisionsDependency, name: str) -> Response:
    """Show one edge, and for one that has never polled how to let it."""
    edge = edges.get(name)
    running = await asyncio.to_thread(_find_running, revisions, [edge])
    changes: list[Change] = []
    parts: list[str] = []
    if (quarantine := edge.quarantine) is not None:
        parts = [words_of_part(key, held) for key, held in quarantine.culprits.items()]
        rejected = quarantine.rejected.revision
        changes = await asyncio.to_thread(revisions.changed_between, quarantine.since, rejected)
    observed, shown = edge.observation, edges.sightings.of_edge(edge.name)
    return render(
        request,
        "edges/show.html",
        edge=edge,
        running=running.get(name),
        started=None if observed is None or observed.started is None else datetime.fromisoformat(observed.started),
        disabled=observed.disabled if observed else (),
        warned=observed.warned if observed else (),
        shown=shown,
        amiss=[(domain, shown[domain]) for domain in sorted(shown) if shown[domain].state is not ShownState.GOOD],
        next_end=find_next_end(shown.values()),
        changes=changes,
        parts=parts,
        most=LENGTH,
        static_configuration=polling.static_configuration(str(request.base_url), name),
    )


@router.post(_EDGES + "/{name}/lift")
async def lift_quarantine(
    request: Request, edges: EdgesDependency, revisions: RevisionsDependency, actor: ActorDependency, name: str
) -> Response:
    """Offer an edge again what it rejected."""
    lifted = await quarantines.lift(edges, revisions, edges.get(name), actor)
    notice = Notice(Message("Edge {name} is offered the current document again.", name=name))
    if not lifted:
        notice = Notice(Message("Edge {name} is no longer in quarantine.", name=name), Tone.INFO)
    return redirect(request, object_path("edges", name), notice)


@router.get(CONNECT)
async def show_connection(request: Request, edge: Annotated[str, Query(max_length=200)] = DEFAULT_EDGE) -> Response:
    """Show the static configuration with which a Traefik polls as an edge of a name that one chooses."""
    refusal = polling.find_refusal(edge)
    name = edge if refusal is None else DEFAULT_EDGE
    return render(
        request,
        "edges/connect.html",
        status=200 if refusal is None else 422,
        edge=name,
        form=Form({"edge": edge}, [] if refusal is None else [FieldError("/edge", "name.format", refusal, "query")]),
        static_configuration=polling.static_configuration(str(request.base_url), name),
    )


def _find_running(revisions: Revisions, edges: Sequence[Edge]) -> dict[str, int]:
    """Find the revision that each edge runs, where its API tells a document that a revision gave."""
    digests = {edge.name: edge.observation.digest for edge in edges if edge.observation and edge.observation.digest}
    known = (snapshot for edge in edges for snapshot in (edge.accepted, edge.given) if snapshot is not None)
    numbers = {snapshot.document.digest: snapshot.revision for snapshot in known}
    with revisions.reading() as session:
        numbers = stored.find_digests(session, set(digests.values()) - numbers.keys()) | numbers
    return {name: numbers[digest] for name, digest in digests.items() if digest in numbers}
