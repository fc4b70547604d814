"""What is remembered of the edges beyond the life of the process: when each was seen, and from where."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from provider.database import Database
from provider.edges.registry import MOST_EDGES, Edges
from provider.edges.states import Edge
from provider.errors import Unavailable
from provider.models import EdgeRecord
from provider.store import edges as records

logger = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 10.0
"""Time between two writes: a poll must never cost a transaction."""


async def keep(database: Database, edges: Edges) -> None:
    """Remember the edges now and then, and once more when cancelled."""
    try:
        await _recall(database, edges)
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            await _remember(database, edges)
    finally:
        await _remember(database, edges)


async def _recall(database: Database, edges: Edges) -> None:
    while True:
        try:
            edges.recall(await asyncio.to_thread(_read, database))
        except Unavailable:
            await asyncio.sleep(1)
        else:
            return


async def _remember(database: Database, edges: Edges) -> None:
    seen = [_record(edge) for edge in edges.take_seen()]
    if not seen:
        return
    try:
        await asyncio.to_thread(_write, database, seen)
    except Unavailable as error:
        logger.debug("the edges are not remembered now: %s", error.detail)


def _read(database: Database) -> Sequence[EdgeRecord]:
    with database.reading() as session:
        return records.list_all(session)


def _write(database: Database, seen: Sequence[EdgeRecord]) -> None:
    with database.writing() as session:
        records.remember(session, seen, MOST_EDGES)


def _record(edge: Edge) -> EdgeRecord:
    return EdgeRecord(
        name=edge.name,
        first_seen=_written(edge.first_seen),
        last_seen=_written(edge.last_seen),
        address=edge.address,
    )


def _written(date: datetime | None) -> str:
    return "" if date is None else date.isoformat(timespec="milliseconds")
