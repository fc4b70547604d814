"""The revisions: what changed, when and by whom, and what runs it."""

import asyncio
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, TypeGuard

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from provider import transitions
from provider.cursors import read_number, write_cursor
from provider.database.sessions import Session
from provider.dependencies import EdgesDependency, RevisionsDependency, RolloutsDependency, TurnsDependency
from provider.differences import touched_services
from provider.edges.registry import Edges
from provider.edges.states import Edge
from provider.listening import DefaultEntryPoints
from provider.models import Change, ConfirmationOutput, Revision
from provider.models.revision import of_noun
from provider.nouns import Router
from provider.revisions import Revisions
from provider.security import needs
from provider.snapshots import Served
from provider.store import confirmations, history, object_changes
from provider.store import revisions as stored
from provider.surroundings import Apart, apart
from provider.web import changes, revision_rows
from provider.web.changes import ObjectChange
from provider.web.lists import ListPart, PartDependency
from provider.web.rendering import render

router = APIRouter(prefix="/revisions", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_OBJECTS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class RevisionSheet:
    """One revision, with what leads to it from the one before, or from the revision `other`.

    `first` is the place of the first of the `count` objects that is shown, `next` the cursor of what follows.
    `traffic` says how the shares of the servers changed.
    """

    revision: Revision
    time: datetime
    words: list[str]
    objects: list[ObjectChange]
    count: int
    has_changes: bool
    traffic: Sequence[str]
    other: int | None
    first: int
    next: str | None
    older: int | None
    newer: int | None
    may_move_traffic: bool
    is_reload: bool | None
    confirmation: ConfirmationOutput | None
    left: Sequence[str]
    """What of it was not rolled back, in words."""


@router.get("")
def list_revisions(
    request: Request,
    revisions: RevisionsDependency,
    wanted: PartDependency,
    running: RolloutsDependency,
    named: Annotated[str | None, Query(alias="object", max_length=400)] = None,
) -> Response:
    """List the revisions, the newest first; of one object, if that is wanted."""
    one = history.read_object_name(named)
    before = None if wanted.after is None else read_number(wanted.after)
    with revisions.reading() as session:
        found = stored.newest(session, limit=wanted.limit, before=before, q=wanted.q or None, named=one)
        removal = None if one is None else object_changes.find_removal(session, *one)
    rows = [revision_rows.row(each) for each in found]
    part: ListPart[revision_rows.RevisionRow] = wanted.part(rows, lambda row: str(row.number))
    current = revisions.current
    return render(
        request,
        "revisions/list.html",
        part=part,
        current=current.revision if current else None,
        one=one,
        removed=None if removal is None else removal[0],
        rollouts=running.show_active(),
    )


@router.get("/{number}")
async def show_revision(
    request: Request,
    revisions: RevisionsDependency,
    edges: EdgesDependency,
    turns: TurnsDependency,
    wanted: PartDependency,
    number: str,
    compare: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show one revision: what happened to each object, and which edges run the document that it gave.

    `compare` is the number of a revision to compare it with, in place of the one before.
    """
    first = 0 if wanted.after is None else read_number(wanted.after)
    other = stored.read_number(compare.strip()) if compare.strip() else None
    sheet = await asyncio.to_thread(_read, revisions, number, first, other)
    if other is not None or (first == 0 and sheet.count <= changes.MOST and sheet.may_move_traffic):
        known, points = apart(edges.surroundings.known), revisions.points
        told = await turns.read(_compare, sheet.revision.number, other, first, points, known, sheet.revision.time)
        sheet = _compared(sheet, *pickle.loads(told.whole()), is_other=other is not None)  # noqa: S301  # of ours
    running, given = _find_edges(edges, sheet.revision)
    current = revisions.current
    # What is shown first is compiled first, which takes longer than polls can wait.
    return await run_in_threadpool(
        render,
        request,
        "revisions/show.html",
        sheet=sheet,
        running=running,
        given=given,
        is_current=current is not None and current.revision == sheet.revision.number,
    )


def _read(revisions: Revisions, number: str, first: int, other: int | None) -> RevisionSheet:
    with revisions.reading() as session:
        revision = stored.get(session, stored.read_number(number))
        older, newer = stored.find_neighbours(session, revision.number)
        count, last = stored.count_changes(session, [revision.number])[revision.number], first + _OBJECTS_SHOWN
        listed: Sequence[Change] = stored.changes_of(session, revision.number, first=first, most=_OBJECTS_SHOWN)
        words = changes.summary(revision.words, revision.summary)
        is_reload = stored.is_reload(session, revision)
        confirmation = confirmations.find(session, [revision.number]).get(revision.number)
        left = confirmations.find_left(session, revision.number)
    return RevisionSheet(
        revision,
        datetime.fromisoformat(revision.time),
        words,
        [changes.shown(change) for change in listed],
        count,
        count > 0,
        (),
        other,
        first,
        write_cursor(str(last)) if last < count else None,
        older,
        newer,
        _moves_traffic(listed),
        is_reload,
        confirmation,
        left,
    )


def _compare(
    session: Session,
    number: int,
    other: int | None,
    first: int,
    points: DefaultEntryPoints,
    edges: Apart,
    _time: str,
) -> bytes:
    """Read two states as a whole: how traffic moves between them, how many objects differ, and some of these."""
    if other is None:
        before, after = history.states_around(session, number)
    else:
        before, after = history.state_at(session, other), history.state_at(session, number)
    found = transitions.difference(before, after, points, edges)
    shown = list(found.changes[first : first + _OBJECTS_SHOWN])
    return pickle.dumps((found.words[len(found.changes) :], len(found.changes), shown))


def _compared(
    sheet: RevisionSheet, traffic: Sequence[str], count: int, listed: Sequence[Change], *, is_other: bool
) -> RevisionSheet:
    """Return a sheet with what two states as a whole tell."""
    if not is_other:
        return replace(sheet, traffic=traffic)
    last = sheet.first + _OBJECTS_SHOWN
    objects = [changes.shown(change) for change in listed]
    following = write_cursor(str(last)) if last < count else None
    return replace(sheet, traffic=traffic, count=count, objects=objects, next=following)


def _moves_traffic(listed: Sequence[Change]) -> bool:
    """Tell whether changes may move traffic: between servers, or between routers."""
    return bool(touched_services(listed) or of_noun(listed, Router))


def _find_edges(edges: Edges, revision: Revision) -> tuple[list[Edge], list[Edge]]:
    """Find the edges that are known to run what a revision gave, and those that were given it, where it is not."""
    running, given = [], []
    for edge in edges:
        observed = None if edge.observation is None else edge.observation.digest
        digests = {snapshot.document.digest for snapshot in (edge.accepted, edge.given) if _is_of(snapshot, revision)}
        if edge.quarantine is not None or edge.lacks:  # that is not all of it
            digests &= {revision.digest}
        if observed in digests | {revision.digest}:
            running.append(edge)
        elif edge.given is not None and edge.given.document.digest in digests:
            given.append(edge)
    return running, given


def _is_of(snapshot: Served | None, revision: Revision) -> TypeGuard[Served]:
    """Tell whether a snapshot is what a revision gave, or was made from that."""
    return snapshot is not None and (snapshot.revision == revision.number or snapshot.whole.digest == revision.digest)
