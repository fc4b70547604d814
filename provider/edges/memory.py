"""What is remembered of the edges beyond the life of the process.

When each was seen, and from where; and what each rejected, with the document that it is offered instead.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from provider.configuration import Document
from provider.database.database import Database
from provider.edges.quarantine import HeldPart, Quarantine
from provider.edges.registry import MOST_EDGES, Edges
from provider.edges.states import Edge, EdgeState
from provider.errors import Unavailable
from provider.models import EdgeRecord, QuarantineRecord
from provider.nouns import Named
from provider.snapshots import Served
from provider.store import edges as records

logger = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 10.0
"""Time between two writes: a poll must never cost a transaction."""


class _Kept(msgspec.Struct):
    """What is left out for an edge, as it is stored."""

    held: list[tuple[Named, HeldPart]] = []
    queue: tuple[tuple[Named, ...], ...] = ()


class Memory:
    """What is remembered, and has to be."""

    def __init__(self, database: Database, edges: Edges) -> None:
        self._database = database
        self._edges = edges
        self._stored: dict[str, Quarantine] | None = None
        """What is stored, by edge, once something was."""
        self._is_read = False
        self._rejected = asyncio.Event()
        edges.subscribe(self._judged)
        edges.observe(self._observed)

    async def recall(self) -> bool:
        """Know again what an earlier process knew. Returns whether it could be read, and there is a state to serve."""
        if not self._edges.serving:
            return False
        try:
            seen, quarantines = await asyncio.to_thread(_read, self._database)
        except Unavailable:
            return False
        self._edges.recall(seen)
        self._edges.recall_quarantines({record.edge: _quarantine(record, self._database) for record in quarantines})
        self._stored = None
        self._is_read = True
        return True

    async def keep(self, *, recalled: bool) -> None:
        """Remember the edges now and then, a quarantine at once, and all once more when cancelled."""
        try:
            while not recalled:
                await asyncio.sleep(1)
                recalled = await self.recall()
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._rejected.wait(), _PAUSE_SECONDS)
                self._rejected.clear()
                await self._remember()
        finally:
            await self._remember()

    def _judged(self, edge: Edge, before: EdgeState) -> None:
        if EdgeState.REJECTED in {edge.verdict.state, before}:
            self._rejected.set()

    def _observed(self, edge: Edge) -> None:
        if edge.quarantine is not None:
            self._rejected.set()

    async def _remember(self) -> None:
        seen = [_record(edge) for edge in self._edges.take_seen()]
        quarantines = self._edges.quarantines
        is_changed = self._is_read and (self._stored is None or quarantines != self._stored)
        if not seen and not is_changed:
            return
        try:
            await asyncio.to_thread(_write, self._database, seen, quarantines if is_changed else None)
            if is_changed:
                self._stored = quarantines
        except Unavailable as error:
            logger.debug("the edges are not remembered now: %s", error.detail)


def _read(database: Database) -> tuple[Sequence[EdgeRecord], Sequence[QuarantineRecord]]:
    with database.reading() as session:
        return records.list_all(session), records.list_quarantines(session)


def _write(database: Database, seen: Sequence[EdgeRecord], quarantines: Mapping[str, Quarantine] | None) -> None:
    with database.writing() as session:
        records.remember(session, seen, MOST_EDGES)
        if quarantines is not None:
            listed = [_quarantine_record(edge, quarantine, database) for edge, quarantine in quarantines.items()]
            records.remember_quarantines(session, listed)


def _record(edge: Edge) -> EdgeRecord:
    return EdgeRecord(
        name=edge.name,
        first_seen=_written(edge.first_seen),
        last_seen=_written(edge.last_seen),
        address=edge.address,
    )


def _quarantine_record(edge: str, quarantine: Quarantine, database: Database) -> QuarantineRecord:
    """Return what is stored of a quarantine. Parts may have secrets: they are sealed."""
    accepted, resting = quarantine.accepted, quarantine.resting()
    held = msgspec.json.encode(_Kept(list(resting.held.items()), resting.queue))
    return QuarantineRecord(
        edge=edge,
        rejected_revision=quarantine.rejected.revision,
        rejected_digest=quarantine.rejected.whole.digest,
        accepted_revision=accepted.revision,
        accepted_digest=accepted.document.digest,
        accepted_content=database.keys.seal_bytes(accepted.document.content) if quarantine.is_whole else b"",
        held=database.keys.seal_bytes(held),
    )


def _quarantine(record: QuarantineRecord, database: Database) -> Quarantine:
    held, content = (database.keys.open_bytes(each) for each in (record.held, record.accepted_content))
    kept = msgspec.json.decode(held, type=_Kept) if held else _Kept()
    return Quarantine(
        Served(record.rejected_revision, Document(b"", record.rejected_digest)),
        Served(record.accepted_revision, Document(content, record.accepted_digest)),
        dict(kept.held),
        kept.queue,
    )


def _written(date: datetime | None) -> str:
    return "" if date is None else date.isoformat(timespec="milliseconds")
