"""Waiting until edges run a revision, or a part of what is served."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from provider.edges.missing import Awaited, MissingEdge, find_missing
from provider.edges.registry import Edges
from provider.edges.states import Edge
from provider.nouns import Named

_MOST_PAUSE_SECONDS: Final = 1.0
"""Time alone makes an edge stale, and tells nobody."""


async def wait_for(
    edges: Edges,
    revision: int,
    seconds: float,
    concerns: Callable[[Named], bool] = bool,
    find_awaited: Callable[[], Sequence[Awaited]] = tuple,
) -> list[MissingEdge]:
    """Wait until every edge that is not stale runs a revision; return those that do not when the time is up.

    One that disabled a router does not run it, if the router `concerns` who waits, and neither does one that lacks
    a part which `find_awaited` gives.
    Nobody waits for an edge of which nothing more can be learned, nor when this service stops.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    missing = list_missing(edges, revision, concerns, find_awaited())
    edges.wake()  # who follows the revisions may have slept through this one
    while not _is_over(edges, missing, revision):
        remaining = deadline - loop.time()
        if remaining <= 0:
            break
        await edges.changed(min(remaining, _MOST_PAUSE_SECONDS))
        missing = list_missing(edges, revision, concerns, find_awaited())
    return missing


def _is_over(edges: Edges, missing: Sequence[MissingEdge], revision: int) -> bool:
    """Tell whether there is nothing left to wait for."""
    return edges.closed or (all(each.is_settled for each in missing) and edges.is_followed(revision))


def list_missing(
    edges: Edges, revision: int, concerns: Callable[[Named], bool], awaited: Sequence[Awaited]
) -> list[MissingEdge]:
    """Return the edges that do not run a revision, each judged now: what was said of it may be of another."""

    def find(edge: Edge) -> MissingEdge | None:
        return find_missing(edge, revision, edges.fit(edge), edges.find_offered(edge), concerns, awaited)

    found = [find(edges.refresh(edge)) for edge in edges.known if find(edge) is not None]
    return [missing for missing in found if missing is not None]
