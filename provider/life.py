"""What goes on for as long as a control plane runs: its state is read, its edges are watched, and all ends in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from provider import tls
from provider.control_plane import ControlPlane
from provider.duties import CERTIFICATES, ROLLBACKS, ROLLOUTS
from provider.edges.recognition import recognise
from provider.edges.watch import watch
from provider.loops import lasting
from provider.revisions import Revisions
from provider.snapshots import Snapshot

logger = logging.getLogger(__name__)

_RETRY_SECONDS: Final = 1.0


@asynccontextmanager
async def live(plane: ControlPlane) -> AsyncIterator[None]:
    """Let a control plane live within this context. Nothing of it is opened before."""
    loaded = await asyncio.to_thread(plane.revisions.load)
    recalled = loaded and await _begin(plane)
    plane.polls.open(plane.serving.current)
    plane.events.open()
    await plane.access.follow()
    keeping: list[Callable[[], Awaitable[None]]] = [
        partial(watch, plane.edges),
        plane.looks.keep,
        partial(plane.memory.keep, recalled=recalled),
        plane.kept_memory.keep,
        partial(recognise, plane.edges, plane.database, plane.revisions.points, partial(_laid, plane)),
        plane.fallback.keep,
        plane.drains.keep,
        plane.rises.keep,
        plane.rollouts.keep,
        partial(plane.duties.alone, ROLLOUTS, plane.rollouts.lead),
        partial(plane.duties.alone, CERTIFICATES, plane.issuing.keep),
        plane.leasing.keep,
        plane.beats.keep,
        plane.access.keep,
        plane.events.keep,
        partial(plane.duties.alone, ROLLBACKS, plane.confirmations.keep),
        partial(_probe, plane.revisions),
        partial(tls.keep, plane.certificate),
        *([] if loaded else [partial(_load_later, plane)]),
    ]
    tasks = [asyncio.create_task(lasting(work)) for work in keeping]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    plane.release()
    plane.turns.close()
    await asyncio.to_thread(plane.database.close)


async def _begin(plane: ControlPlane) -> bool:
    """Know again what an earlier process knew, and let edges be answered. Returns whether all of it could be read."""
    await asyncio.to_thread(plane.confirmations.start)  # before any edge is given what should be rolled back
    await asyncio.to_thread(plane.rises.recall)  # before any edge is given the whole weight of who has just come
    recalled = await plane.memory.recall()  # before anybody is given what he rejected
    await plane.kept_memory.recall()  # before anybody is given a server that is known to be dead
    plane.serving.open()
    return recalled


def _laid(plane: ControlPlane, edge: str, snapshot: Snapshot) -> tuple[Snapshot, ...]:
    """Return what may have been laid over a snapshot for an edge."""
    laid = plane.serving.lay(snapshot)
    return laid, plane.polls.lay(edge, laid)


async def _probe(revisions: Revisions) -> None:
    """Find out again and again whether changes can be kept, and log what became of it, until cancelled."""
    told: str | None = None
    while True:
        if revisions.current is not None:
            await asyncio.to_thread(revisions.probe)
            if (trouble := revisions.find_trouble()) != told:
                told = trouble
                logger.log(
                    logging.ERROR if told else logging.INFO,
                    "%s",
                    f"changes are refused: {told}" if told else "changes are accepted again",
                )
        await asyncio.sleep(_RETRY_SECONDS)


async def _load_later(plane: ControlPlane) -> None:
    """Try again until the state can be read: the database may be locked now, or migrated later."""
    logger.error("%s", plane.revisions.problem)
    loaded = False
    while not loaded:
        await asyncio.sleep(_RETRY_SECONDS)
        loaded = await asyncio.to_thread(plane.revisions.load)
    await _begin(plane)
    logger.info("the state can be read now")
