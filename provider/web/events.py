"""The newest events, in words: what happened lately, besides what somebody changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from provider.dependencies import EventsDependency, RevisionsDependency
from provider.events import Event, EventName
from provider.messages import Message, template
from provider.security import needs
from provider.store import revisions as stored
from provider.web import revision_rows
from provider.web.paths import object_path
from provider.web.rendering import render

router = APIRouter(prefix="/events", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_MOST: Final = 200

KINDS: Final[Mapping[EventName, str]] = {
    "revision": template("Revisions"),
    "confirmation": template("Confirmations"),
    "edge": template("Edges"),
    "health": template("Health"),
    "rollout": template("Rollouts"),
    "lease": template("Leases"),
    "issuance": template("Certificates"),
}
"""What is shown. Shares follow from the others."""

_CONFIRMATIONS: Final = {
    "pending": template("revision {number} is waiting to be confirmed"),
    "confirmed": template("revision {number} was confirmed, and stays"),
    "undone": template("revision {number} was undone before it had to be confirmed"),
    "rolledBack": template("revision {number} was rolled back: nobody confirmed it in time"),
}
_LEASES: Final = {
    (None, "live"): template("server {name} of {service} registered itself"),
    ("live", "silent"): template("server {name} of {service} stopped sending heartbeats: it is drained"),
    ("live", "held"): template("server {name} of {service} stopped sending heartbeats: it is held, and not drained"),
    ("held", "silent"): template("server {name} of {service}, which was held, is drained"),
    ("held", "live"): template("server {name} of {service}, which was held, sends heartbeats again"),
    ("silent", "live"): template("server {name} of {service} sends heartbeats again: it is active"),
}
_KEPT_OUT: Final = template("server {name} of {service} is kept out of its pool for now: {why}")
_ENDED: Final = template("the lease of server {name} of {service} has ended")
_ISSUANCES: Final = {
    "ordering": template("getting a certificate for {domain}"),
    "held": template("got a certificate for {domain}"),
    "waiting": template("no certificate for {domain}: {why}"),
    "blocked": template("no certificate for {domain}: {why}"),
}


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event in the list: in words, with the path of the page of what it is about.

    Those of a revision are a list, as on every page; those of another event are one sentence.
    """

    time: datetime
    kind: str
    words: str | list[str]
    path: str


@router.get("")
def list_events(
    request: Request,
    events: EventsDependency,
    revisions: RevisionsDependency,
    kind: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    wanted = {kind} if kind in KINDS else KINDS.keys()
    found = list(islice((event for event in events.newest() if event.name in wanted), _MOST))
    return render(
        request,
        "events.html",
        rows=_rows(found, revisions),
        kinds=KINDS,
        kind=kind if kind in KINDS else None,
    )


def _rows(found: Sequence[Event], revisions: RevisionsDependency) -> list[EventRow]:
    numbers = [event.data["number"] for event in found if event.name == "revision"]
    with revisions.reading() as session:
        listed = stored.newest(session, limit=len(numbers), before=max(numbers) + 1) if numbers else []
        words = {each.number: revision_rows.row(each).words for each in listed}
    return [_row(event, words) for event in found]


def _row(event: Event, words: Mapping[int, list[str]]) -> EventRow:
    data = event.data
    told, path = _say(event.name, data)
    said = words.get(data["number"], [told]) if event.name == "revision" else told
    return EventRow(event.time, KINDS[event.name], said, path)


def _say(name: EventName, data: Mapping[str, Any]) -> tuple[str, str]:
    """Say an event in words, and return the path of the page of what it is about."""
    match name:
        case "revision":
            told, path = data["summary"], f"/revisions/{data['number']}"
        case "confirmation":
            told, path = _CONFIRMATIONS[data["state"]], f"/revisions/{data['number']}"
        case "edge":
            told, path = template("edge {name}: {state}, {detail}"), object_path("edges", data["name"])
        case "rollout":
            told, path = template("rollout of {service} to {to}: {detail}"), f"/services/{data['service']}/rollout"
        case "issuance":
            told, path = _ISSUANCES[data["state"]], object_path("domains", data["domain"])
        case "lease":
            told = _LEASES.get((data["before"], data["state"]), _ENDED)
            path = object_path("services", data["service"])
        case _:
            told = _KEPT_OUT if "keptOut" in data else template("server {name} of {service} is {state}: {why}")
            path = object_path(data.get("kind", "service") + "s", data["service"])
    if name == "revision":
        return told, path
    values = {key: value if isinstance(value, str) else str(value) for key, value in data.items()}
    if name in {"edge", "health"}:
        state = values.pop("state")
        values["state"] = Message(state)
    return Message(told, **values), path
