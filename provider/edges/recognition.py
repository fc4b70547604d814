"""What an edge runs that this process never gave it: a document of the history, known again by its digest.

After a restart this says what an edge accepted last. Without it nothing could be told from what it rejects next.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from provider import configuration, rendering
from provider.database.file import Database
from provider.edges.registry import Edges
from provider.errors import ProviderError, Unavailable
from provider.listening import DefaultEntryPoints
from provider.nouns import Named
from provider.rendering import part_of
from provider.snapshots import Snapshot
from provider.store import history, revisions

logger = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 1.0


async def recognise(edges: Edges, database: Database, points: DefaultEntryPoints) -> None:
    """Look up what edges run until it is known what each accepted, until cancelled."""
    asked: set[tuple[str, str]] = set()
    while True:
        for edge in edges.known:
            digest = edge.unrecognised
            if digest is None or (edge.name, digest) in asked:
                continue
            try:
                found = await asyncio.to_thread(_find, database, points, digest)
            except Unavailable as error:
                logger.debug("it cannot be looked up now what edge %s runs: %s", edge.name, error.detail)
                continue
            asked.add((edge.name, digest))
            if found is not None:
                edges.recognised(edge, *found)
        await asyncio.sleep(_PAUSE_SECONDS)


def _find(
    database: Database, points: DefaultEntryPoints, digest: str
) -> tuple[Snapshot, Mapping[Named, tuple[int, str]]] | None:
    """Find the revision that gave a document, and which revision changed each part since, by whom."""
    with database.reading() as session:
        number = revisions.find_digests(session, [digest]).get(digest)
        if number is None:
            return None
        try:
            state = history.state_at(session, number)
            parts = rendering.whole(state, points)
        except Unavailable:
            raise
        except ProviderError as error:
            logger.debug("revision %d cannot be put together any more: %s", number, error.detail)
            return None
        document = configuration.assemble(parts)
        if document.digest != digest:
            return None  # another version of this service gave it
        authors = revisions.authors_since(session, number)
        origins = {
            part_of(change): (later, authors.get(later, ""))
            for later, change in revisions.changes_since(session, number)
        }
        return Snapshot(number, document, parts, state.listening(points)), origins
