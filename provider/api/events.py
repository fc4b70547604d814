"""`/api/v1/events`: what becomes new, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Final

from fastapi import Header, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from provider.api import documentation
from provider.api.access import find_principal
from provider.api.routers import router_for
from provider.dependencies import AccessDependency, ActorDependency, EventsDependency
from provider.errors import Unavailable
from provider.events import MOST_LISTENERS, MOST_OF_ONE, Event, Events
from provider.security import needs
from provider.security.access import Access

router = router_for("events", "/events", needs=needs.STATE)

KEEP_ALIVE_SECONDS: Final = 15.0
"""What stands between may take a silent connection for a dead one, some after 30 s."""

CHECK_SECONDS: Final = 2.0
"""Time between two looks at whether whoever listens still may."""

_HEADERS: Final = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}

_RETRY_MS: Final = 2_000
"""How soon a browser comes again that was cut off."""

After = Annotated[
    str | None,
    Query(
        max_length=100,
        description="The same as the header, for clients that cannot send it with their first request, such as "
        "browsers. The header takes precedence.",
    ),
]
LastEventID = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=100,
        description="ID of the last event you received: you get those after it first. If they are no longer known, "
        "you get `reset`.",
    ),
]


@router.get("", summary="Stream events", response_class=StreamingResponse, responses=documentation.EVENTS)
async def listen(
    request: Request,
    events: EventsDependency,
    access: AccessDependency,
    actor: ActorDependency,
    last_event_id: LastEventID = None,
    after: After = None,
) -> EventSourceResponse:
    """Stream events as they happen, until the client disconnects or loses its rights, or the service stops.

    Each event has an ID. `revision` has `number`, `time`, `author`, `summary`, `objects` (at most 100, each
    with `kind` and `name`; `SERVICE/SERVER` for a server) and `more` (whether there are others).
    `edge` has `name`, `state`, `since`, `detail` and `revision` (of the document it was last given).
    `health` has `service`, `name` (of the server), `state`, `since` and `why`, and while the server is kept out of its
    pool also `keptOut` (a list with `edge` and `since`); for a TCP server also `kind` (`tcpService`), and its address
    as the name. `shares` has `service` and `shares` (0 to 1, by server name).
    `lease` has `service`, `name` (of the server), and the state of its lease now and before: `state` and `before`
    (`live`, `silent` or `held`; null: it has no lease).
    `issuance` has `domain` and the status of the certificate that wayshub-provider gets for it: `state`,
    `why` and `next`.
    `reset` is empty: what you read before may be out of date, so read it again.
    """
    if events.listeners >= MOST_LISTENERS:
        raise Unavailable(f"{MOST_LISTENERS} clients are listening already: try again later")
    holder = actor.holder
    if events.listening[holder] >= MOST_OF_ONE:
        raise Unavailable(f"{MOST_OF_ONE} clients are listening with this token or account already: close some of them")

    async def is_good() -> bool:
        await access.follow_soon()
        # Whoever only listens does nothing: a session that is idle ends all the same.
        principal = find_principal(access, request, counts=False)
        return principal is not None and principal.grant.allows("read")

    return EventSourceResponse(
        _stream(events, access, after if last_event_id is None else last_event_id, holder, is_good), headers=_HEADERS
    )


async def _stream(
    events: Events, access: Access, last_event_id: str | None, holder: str, is_good: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    found = events.last if last_event_id is None else events.find(last_event_id)
    position = events.last if found is None else found
    events.listeners += 1
    events.listening[holder] += 1
    try:
        yield format_sse_event(comment="what becomes new", id=events.id(position), retry=_RETRY_MS)
        if found is None:
            yield _reset(events, position)
        checked = sent = loop.time()
        while not events.closed:
            change, listed = access.next_change(), events.after(position)
            if listed is None or listed or loop.time() - checked >= CHECK_SECONDS:
                if not await is_good():
                    return
                checked, listed = loop.time(), events.after(position)
            if listed is None:
                position, sent = events.last, loop.time()
                yield _reset(events, position)
            elif listed:
                position, sent = listed[-1].number, loop.time()
                yield b"".join(_written(events, event) for event in listed)
            elif loop.time() - sent >= KEEP_ALIVE_SECONDS:
                sent = loop.time()
                yield KEEPALIVE_COMMENT
            else:
                await events.changed(CHECK_SECONDS, change)
                if change.done():
                    checked = float("-inf")
    finally:
        events.listeners -= 1
        events.listening[holder] -= 1
        if not events.listening[holder]:
            del events.listening[holder]


def _written(events: Events, event: Event) -> bytes:
    return format_sse_event(event=event.name, data_str=event.content, id=events.id(event.number))


def _reset(events: Events, position: int) -> bytes:
    return format_sse_event(event="reset", data_str="{}", id=events.id(position))
