"""What an edge runs that this process never gave it: a document of the history, known again by its digest.

After a restart this says what an edge accepted last. Without it nothing could be told from what it rejects next.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from provider import configuration, rendering
from provider.database.database import Database
from provider.database.sessions import Session
from provider.edges.registry import Edges
from provider.errors import ProviderError, Unavailable
from provider.listening import DefaultEntryPoints
from provider.nouns import Named
from provider.rendering import part_of
from provider.snapshots import Snapshot, last_revision
from provider.store import history, revisions

logger = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 1.0

_NEWEST: Final = 2
"""Among so many revisions it is looked for what an edge runs, where none gave that document by itself."""

Lay = Callable[[str, Snapshot], Iterable[Snapshot]]
"""Gives what may have been laid over a snapshot for an edge of this name."""


async def recognise(edges: Edges, database: Database, points: DefaultEntryPoints, lay: Lay) -> None:
    """Look up what edges run until it is known what each accepted, until cancelled."""
    asked: set[tuple[str, str]] = set()
    while True:
        for edge in edges.known:
            digest = edge.unrecognised
            if digest is None or (edge.name, digest) in asked:
                continue
            try:
                found = await asyncio.to_thread(_find, database, points, digest, partial(lay, edge.name))
            except Unavailable as error:
                logger.debug("what edge %s runs cannot be looked up now: %s", edge.name, error.detail)
                continue
            asked.add((edge.name, digest))
            if found is not None:
                edges.recognised(edge, *found)
        await asyncio.sleep(_PAUSE_SECONDS)


def _find(
    database: Database, points: DefaultEntryPoints, digest: str, lay: Callable[[Snapshot], Iterable[Snapshot]]
) -> tuple[Snapshot, Mapping[Named, tuple[int, str]]] | None:
    """Find the revision that gave a document, and which revision changed each part since, by whom."""
    with database.reading() as session:
        given = revisions.find_digests(session, [digest]).get(digest)
        newest = last_revision(session)[0]
        for number in range(newest, max(newest - _NEWEST, 0), -1) if given is None else [given]:
            found = _put_together(session, points, number)
            known = () if found is None else (found, *lay(found))
            made = next((each for each in known if each.document.digest == digest), None)
            if made is not None:
                authors = revisions.authors_since(session, number)
                origins = {
                    part_of(change): (later, authors.get(later, ""))
                    for later, change in revisions.changes_since(session, number)
                }
                return made, origins
    return None  # another version of this service gave it


def _put_together(session: Session, points: DefaultEntryPoints, number: int) -> Snapshot | None:
    """Return what a revision gave, as this version renders it."""
    try:
        state = history.state_at(session, number)
        parts = rendering.whole(state, points)
        return Snapshot(number, configuration.assemble(parts), parts, state.listening(points))
    except Unavailable:
        raise
    except ProviderError as error:
        logger.debug("revision %d can no longer be rendered: %s", number, error.detail)
        return None
