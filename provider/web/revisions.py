"""The revisions: what changed, when and by whom, and what runs it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from provider.cursors import read_number, write_cursor
from provider.dependencies import EdgesDependency, RevisionsDependency
from provider.edges.registry import Edges
from provider.edges.states import Edge
from provider.models import Change, Revision
from provider.revisions import Revisions
from provider.security import needs
from provider.store import revisions as stored
from provider.web import changes
from provider.web.changes import ObjectChange
from provider.web.lists import Part, PartDependency
from provider.web.rendering import render

router = APIRouter(prefix="/revisions", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_OBJECTS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A revision in the list, with what it changed as messages."""

    number: int
    time: datetime
    author: str
    words: list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One revision. `first` is the place of the first object that is shown, `next` the cursor of what follows."""

    revision: Revision
    time: datetime
    words: list[str]
    objects: list[ObjectChange]
    first: int
    next: str | None
    older: int | None
    newer: int | None


@router.get("")
def list_revisions(request: Request, revisions: RevisionsDependency, wanted: PartDependency) -> Response:
    """List the revisions, the newest first."""
    before = None if wanted.after is None else read_number(wanted.after)
    with revisions.reading() as session:
        found = stored.page_in_words(session, limit=wanted.limit, before=before, q=wanted.q or None)
        known = stored.find_changes(session, [each.number for each in found if changes.is_small(each.summary)])
    rows = [_row(each, known.get(each.number)) for each in found]
    part: Part[Row] = wanted.part(rows, lambda row: str(row.number))
    current = revisions.current
    return render(request, "revisions/list.html", part=part, current=current.revision if current else None)


@router.get("/{number}")
async def show_revision(
    request: Request, revisions: RevisionsDependency, edges: EdgesDependency, wanted: PartDependency, number: str
) -> Response:
    """Show one revision: what happened to each object, and which edges run the document that it gave."""
    first = 0 if wanted.after is None else read_number(wanted.after)
    sheet = await asyncio.to_thread(_read, revisions, number, first)
    running, given = _find_edges(edges, sheet.revision.digest)
    current = revisions.current
    return render(
        request,
        "revisions/show.html",
        sheet=sheet,
        running=running,
        given=given,
        is_current=current is not None and current.revision == sheet.revision.number,
    )


def _row(revision: Revision, listed: list[Change] | None) -> Row:
    words = changes.summary(listed, revision.summary)
    return Row(revision.number, datetime.fromisoformat(revision.time), revision.author, words)


def _read(revisions: Revisions, number: str, first: int) -> Sheet:
    with revisions.reading() as session:
        revision = stored.get(session, stored.read_number(number))
        older, newer = stored.find_neighbours(session, revision.number)
    is_small, last = changes.is_small(revision.summary), first + _OBJECTS_SHOWN
    return Sheet(
        revision,
        datetime.fromisoformat(revision.time),
        changes.summary([Change(**change) for change in revision.changes] if is_small else None, revision.summary),
        [changes.shown(Change(**change)) for change in revision.changes[first:last]],
        first,
        write_cursor(str(last)) if last < len(revision.changes) else None,
        older,
        newer,
    )


def _find_edges(edges: Edges, digest: str) -> tuple[list[Edge], list[Edge]]:
    """Find the edges that are known to run a document, and those that were given it, of which that is not known."""
    running, given = [], []
    for edge in edges:
        if edge.observation is not None and edge.observation.digest == digest:
            running.append(edge)
        elif edge.given is not None and edge.given.document.digest == digest:
            given.append(edge)
    return running, given
