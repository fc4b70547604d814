"""Trace a request: its way, why it goes that way, and what 60 real ones come to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from provider.dependencies import (
    PlacesDependency,
    RevisionsDependency,
    RoutingDependency,
    TrialsDependency,
)
from provider.edges.entry_points import EntryPoint
from provider.edges.states import EdgeState
from provider.edges.trials import REQUESTS, Busy, Trial, TrialPlan
from provider.errors import FieldError, Invalid, NotFound
from provider.messages import Message
from provider.security import needs
from provider.values import DEFAULT_EDGE
from provider.web import paths, traces
from provider.web.drawings import path, scene, tallies
from provider.web.drawings.blocks import group
from provider.web.drawings.canvas import DrawingWidth
from provider.web.drawings.pool import tone
from provider.web.forms import Form
from provider.web.inputs import SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.languages import Language
from provider.web.notices import Notice, Tone
from provider.web.rendering import is_part, language_of, redirect, render
from provider.web.scenes import EdgeSight, Sight, SightDependency
from provider.web.traces import METHODS, Asked, Trace

router = APIRouter(prefix="/trace", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_LONGEST = 5_000

QueryText = Annotated[str, Query(max_length=_LONGEST)]


@router.get("")
def show(
    request: Request,
    routing: RoutingDependency,
    revisions: RevisionsDependency,
    places: PlacesDependency,
    sight: SightDependency,
    returned: ReturnedDependency,
    url: QueryText = "",
    method: QueryText = "GET",
    headers: QueryText = "",
    client: QueryText = "",
    entry_point: QueryText = "",
) -> Response:
    """Show the form, and for a URL the way that a request takes."""
    asked = _asked(returned) if returned else Asked(url.strip(), method, headers, client.strip(), entry_point)
    if not asked.url:
        return _page(request, Form(asked.values()), places, sight)
    try:
        found = _trace(routing, revisions, sight, asked)
    except Invalid as error:
        return _page(request, Form(asked.values(), error.fields), places, sight)
    return _page(request, Form(asked.values()), places, sight, found)


@router.post("/send")
async def send(
    request: Request,
    routing: RoutingDependency,
    revisions: RevisionsDependency,
    sight: SightDependency,
    places: PlacesDependency,
    trials: TrialsDependency,
    sent: SentDependency,
) -> Response:
    """Send requests for real, and lead to the page that counts their answers."""
    asked = _asked(sent)
    back = paths.with_query("/trace", **asked.values())
    try:
        plan = await run_in_threadpool(_plan, routing, revisions, sight, places, asked)
    except Invalid as error:
        return redirect(request, back, Notice(error.fields[0].detail, Tone.BAD))
    try:
        trial = trials.start(plan)
    except Busy:
        busy = Message("Other requests are being sent. Wait until they are done, then try again.")
        return redirect(request, back, Notice(busy, Tone.WARNING))
    return redirect(request, f"/trace/sent/{trial.id}")


@router.get("/sent/{trial_id}")
def show_sent(request: Request, trials: TrialsDependency, trial_id: str) -> Response:
    """Show what was sent, and who answered so far. Raises `NotFound`."""
    trial = trials.find(trial_id)
    if trial is None:
        raise NotFound(Message("this test no longer exists: trace the request again, then resend"))
    values = _results(request, trial)
    if is_part(request):
        return render(request, "trace/results.html", **values)
    return render(request, "trace/sent.html", again=paths.with_query("/trace", url=trial.plan.url), **values)


def _asked(sent: Texts) -> Asked:
    known = {name: sent[name] for name in Asked().values() if name in sent}
    return replace(Asked(), **known)


def _trace(routing: RoutingDependency, revisions: RevisionsDependency, sight: Sight, asked: Asked) -> Trace:
    views = routing.views()
    with revisions.reading() as session:
        return traces.trace(session, sight, views, asked.settled(sight.listening.points))


def _plan(
    routing: RoutingDependency,
    revisions: RevisionsDependency,
    sight: Sight,
    places: Sequence[EntryPoint],
    asked: Asked,
) -> TrialPlan:
    """Return what is to be sent. Raises `Invalid`."""
    found = _trace(routing, revisions, sight, asked)
    entry_point = found.asked.entry_point
    place = _place(places, entry_point)
    if place is None or place.url is None:
        raise Invalid([FieldError("", "trial.refused", _why_no_place(place, entry_point, sight, places))])
    return traces.plan(found, place.url, place.edge)


def _place(places: Sequence[EntryPoint], entry_point: str) -> EntryPoint | None:
    """Find an entry point by its name: one that can be asked, of an edge that runs what it shall, before others."""
    named = [place for place in places if place.name == entry_point]
    return min(named, key=lambda place: (place.url is None, place.state is not EdgeState.LIVE), default=None)


def _why_no_place(place: EntryPoint | None, entry_point: str, sight: Sight, places: Sequence[EntryPoint]) -> Message:
    """Say why an entry point cannot be asked from here, and what helps: only what is not so already."""
    if place is None:
        return _why_unknown(entry_point, sight.edges, places)
    return Message(
        "The entry point {name} of the edge {edge} listens on {address}, which cannot be reached from here. "
        "Set PROVIDER_ENTRY_POINTS to {name}=http://HOST:PORT.",
        name=entry_point,
        edge=place.edge,
        address=place.address,
    )


def _why_unknown(entry_point: str, edges: Sequence[EdgeSight], places: Sequence[EntryPoint]) -> Message:
    """Say why it is not known where an entry point can be asked, by the edges."""
    awaited = [edge for edge in edges if edge.awaited]
    mute = [edge.name for edge in awaited or edges if edge.api_url is None]
    unread = [edge.trouble for edge in awaited if edge.trouble is not None]
    known = {place.name for place in places}
    if mute or not edges:
        return Message(
            "The address of the entry point {name} is unknown. Set PROVIDER_TRAEFIK_API to {edge}=http://HOST:PORT to "
            "read it from Traefik's API, or PROVIDER_ENTRY_POINTS to {name}=http://HOST:PORT.",
            name=entry_point,
            edge=mute[0] if mute else DEFAULT_EDGE,
        )
    why: str = Message("it has not been read yet")
    if not awaited:
        why = Message("no Traefik is connected")
    elif unread:
        why = unread[0]
    elif known:
        why = Message("no edge has an entry point of this name; there are {names}", names=", ".join(sorted(known)))
    return Message("The address of the entry point {name} is unknown: {why}.", name=entry_point, why=why)


def _page(
    request: Request, form: Form, places: Sequence[EntryPoint], sight: Sight, found: Trace | None = None
) -> Response:
    asked = form.values
    points = sight.listening.points
    names = dict.fromkeys([points.plain, points.secure, *(known.name for known in places), asked["entry_point"]])
    by_address = language_of(request).say(
        Message("by the address: {plain}, or {secure} for https", plain=points.plain, secure=points.secure)
    )
    values: dict[str, Any] = {
        "form": form,
        "methods": {method: method for method in METHODS},
        "entry_points": {"": by_address, **{name: name for name in names if name}},
        "trace": found,
    }
    if found is not None:
        entry_point = found.asked.entry_point
        place = _place(places, entry_point)
        refusal = found.refusal()
        if refusal is None and (place is None or place.url is None):
            refusal = _why_no_place(place, entry_point, sight, places)
        values |= {
            "place": place,
            "refusal": refusal,
            **_way(found, language_of(request)),
            "requests": REQUESTS,
            "by_weight": found.service is not None and traces.is_by_weight(found.answering.strategy),
        }
    return render(request, "trace/page.html", status=422 if form.errors else 200, **values)


def _way(found: Trace, language: Language) -> dict[str, Any]:
    """Return the drawing with the way that is lit up, and the same in a list: the router that takes the request."""
    winner = found.winner
    name = "" if winner is None else winner.name
    taken = [router for router in found.drawn.routers if router.name == name]
    lit = scene.Way(name, found.asked.entry_point, ends_at_router=found.end is not None)
    return {
        "drawing": path.draw(found.drawn, language, way=lit) if found.drawn.routers else None,
        "blocks": group(replace(found.drawn, routers=taken, services=_services(found, taken)), path.MOST_SERVERS),
    }


def _services(found: Trace, taken: Sequence[scene.DrawnRouter]) -> list[scene.DrawnService]:
    used = {router.service for router in taken}
    return [service for service in found.drawn.services if service.name in used]


def _results(request: Request, trial: Trial) -> dict[str, Any]:
    ended = trial.ended  # before the answers are counted: they still come in meanwhile
    tally, plan, language = trial.tally, trial.plan, language_of(request)
    by_weight = traces.is_by_weight(plan.strategy)
    promised = {name: share * REQUESTS for name, share in plan.shares.items()} if by_weight else None
    names = [name for name, share in plan.shares.items() if share or tally.by_server.get(name)]
    return {
        "trial": trial,
        "ended": ended,
        "plan": plan,
        "tally": tally,
        "requests": REQUESTS,
        "names": names,
        "tones": {name: tone(number) for number, name in enumerate(names)},
        "promised": promised,
        "drawings": [tallies.draw(names, tally.by_server, promised, language, layout) for layout in DrawingWidth],
    }
