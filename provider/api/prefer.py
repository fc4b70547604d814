"""`Prefer: wait=SECONDS` (RFC 7240): answer a write when the edges run it.

A write is committed before anybody waits, and stays so: the time is for its way to the edges. Waiting
takes no thread.
"""

import re
from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import Any, ClassVar, Final

import msgspec
from fastapi import Response

from provider.api import cautions
from provider.api.answers import written
from provider.api.streams import Stream
from provider.control_plane import ControlPlane
from provider.edges.missing import Awaited
from provider.edges.states import EdgeState
from provider.edges.waiting import wait_for
from provider.errors import FieldError, Invalid
from provider.models.shown import Shown, described
from provider.nouns import Named

LONGEST_WAIT_SECONDS: Final = 300
REVISION_HEADER: Final = "Config-Revision"

_WAIT: Final = re.compile(r'(?:^|,)\s*wait\s*=\s*"?([^",;\s]*)"?', re.IGNORECASE)


class PendingOutput(Shown):
    """An edge that does not run a change yet."""

    name: str = described("Name of the edge.")
    state: EdgeState = described()
    detail: str = described("Why it does not run the change, as a sentence.")


class UnconfirmedOutput(Shown):
    """A change that was made, but that some edges do not run yet."""

    example: ClassVar = {
        "revision": 7,
        "pending": [
            {"name": "default", "state": "pending", "detail": "it was given revision 7, but does not run it yet"}
        ],
        "result": {"name": "alvin.xyz", "description": ""},
    }

    revision: int = described("Number of the current revision.")
    pending: list[PendingOutput] = described("The edges that do not run it yet.")
    result: dict[str, Any] | None = described("The response as it would be without waiting; null if it has no body.")


def read_wait(prefer: str) -> int | None:
    """Return the seconds that a client would wait, or None if it does not say. Raises `Invalid`."""
    found = _WAIT.search(prefer)
    if found is None:
        return None
    if not re.fullmatch(r"[0-9]{1,3}", found[1]) or int(found[1]) > LONGEST_WAIT_SECONDS:
        detail = f"wait has to be a whole number of seconds from 0 to {LONGEST_WAIT_SECONDS}"
        raise Invalid([FieldError("/Prefer", "prefer.wait", detail, "header")])
    return int(found[1])


async def when_confirmed(
    plane: ControlPlane,
    response: Response,
    seconds: int,
    concerns: Callable[[Named], bool],
    find_awaited: Callable[[], Sequence[Awaited]],
    secured: Collection[str],
) -> Response:
    """Return a write's response once every edge that is not stale runs it, or 202 with who does not.

    `concerns` tells of a router whether the write is about it: the edges have to serve that. `find_awaited` gives what
    else they have to have: the certificates of domains that it is about. Of `secured`, those with HTTPS by A-label,
    they really have to show a good certificate, if it comes from here: of others the response only warns.
    """
    revision = int(response.headers[REVISION_HEADER])
    deadline = monotonic() + seconds
    missing = await wait_for(plane.edges, revision, seconds, concerns, find_awaited)
    if not missing and secured:
        missing, warnings = await plane.awaited.confirmed(secured, deadline - monotonic())
        if warnings:
            cautions.add(response.headers, warnings)
    if not missing:
        response.headers["Preference-Applied"] = "wait"
        return response
    body = response.whole() if isinstance(response, Stream) else bytes(response.body)
    content = {
        "revision": revision,
        "pending": [{"name": each.name, "state": each.state.value, "detail": str(each.detail)} for each in missing],
        "result": msgspec.Raw(body) if body else None,
    }
    kept = {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}
    return written(content, 202, kept)
