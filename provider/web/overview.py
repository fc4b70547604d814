"""The overview: the way that requests take, drawn from the live state, a page of applications at a time."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from provider.database.sessions import Session
from provider.dependencies import AlarmsDependency, RevisionsDependency, RolloutsDependency
from provider.nouns import Router
from provider.security import needs
from provider.store import counts, nouns, services
from provider.store.counts import CountsByState
from provider.store.records import Order
from provider.web import filters
from provider.web.drawings import path as drawing
from provider.web.drawings.blocks import Block, group
from provider.web.drawings.layout import DENSE
from provider.web.drawings.scene import Scene
from provider.web.filters import ApplicationState
from provider.web.languages import Language
from provider.web.lists import ListPart, PartDependency
from provider.web.rendering import language_of, render
from provider.web.scenes import SightDependency, scene_of
from provider.web.streams import Streams, read_streams

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_LENGTH: Final = 20
"""The most routers of a page. A search finds the others sooner than a taller drawing would."""

_FEW_SERVERS: Final = 1
_MOST_UNREACHED: Final = 5


class OverviewForm(StrEnum):
    """How the way is shown: drawn, or told in lists, as it always is where there is little room."""

    DRAWING = "drawing"
    LIST = "list"


@router.get("/")
def overview(
    request: Request,
    revisions: RevisionsDependency,
    sight: SightDependency,
    wanted: PartDependency,
    alarms: AlarmsDependency,
    running: RolloutsDependency,
    view: Annotated[OverviewForm, Query()] = OverviewForm.DRAWING,
    state: Annotated[ApplicationState, Query()] = ApplicationState.ALL,
) -> HTMLResponse:
    """Draw the way of requests through what is found."""
    with revisions.reading() as session:
        names = filters.find_names(session, state, sight, alarms.list_outages())
        found = nouns.page(
            session, Router, limit=_LENGTH + 1, after=wanted.after, q=wanted.q or None, order=Order(names)
        )
        part = wanted.part(found, lambda router: router.name, _LENGTH)
        unreached = _list_unreached(session, part) if state is ApplicationState.ALL else []
        scene = scene_of(session, part.rows, sight, unreached)
        counted = counts.count(session)
        is_whole = state is ApplicationState.ALL and wanted.after is None
        streams = read_streams(session, sight, wanted.q, _LENGTH) if is_whole else []
    return render(
        request,
        "overview.html",
        part=part,
        view=view,
        scene=scene,
        state=state,
        states=filters.WORDS,
        drawing=drawing.draw(scene, language_of(request), most_servers=_most_servers(scene), with_acts=True),
        blocks=group(scene, _most_servers(scene)),
        streams=[_draw(each, language_of(request)) for each in streams],
        totals=_totals(counted),
        rollouts=running.show_active(),
        sight=sight,
    )


def _draw(streams: Streams, language: Language) -> tuple[Streams, Markup, Sequence[Block]]:
    """Draw a scene in which nothing leads to an application, and return the same in blocks."""
    most = _most_servers(streams.scene)
    return streams, drawing.draw(streams.scene, language, most_servers=most), group(streams.scene, most)


def _most_servers(scene: Scene) -> int:
    """Return how many servers of a service are shown one by one."""
    return _FEW_SERVERS if len(scene.routers) > DENSE else drawing.MOST_SERVERS


def _list_unreached(session: Session, part: ListPart[Router]) -> list[str]:
    """Return services that no router leads to, where all that routers lead to was shown before."""
    if part.next is not None or part.q:
        return []
    return list(services.list_unreached(session, limit=_MOST_UNREACHED))


def _totals(counted: CountsByState) -> dict[str, int]:
    totals: dict[str, int] = {}
    for (kind, _state), count in counted.items():
        totals[kind] = totals.get(kind, 0) + count
    return totals
