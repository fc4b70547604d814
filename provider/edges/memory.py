"""What is remembered of the edges beyond the life of the process.

When each was seen, and from where; and what each rejected, with the document that it is offered instead.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from provider import moments
from provider.configuration import Document
from provider.database.database import Database
from provider.edges.quarantine import HeldPart, Quarantine
from provider.edges.registry import MOST_EDGES, Edges
from provider.edges.states import Edge, EdgeState
from provider.errors import Unavailable
from provider.loops import Bell
from provider.models import EdgeRecord, QuarantineRecord
from provider.nouns import Named
from provider.snapshots import Served
from provider.store import edges as records

logger = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 10.0
"""Time between two writes: a poll must never cost a transaction."""


class _StoredOverlay(msgspec.Struct):
    """What is left out for an edge, as it is stored."""

    held: list[tuple[Named, HeldPart]] = []
    queue: tuple[tuple[Named, ...], ...] = ()


_Essence = tuple[int, str, int, str, bytes]
"""What tells two quarantines of an edge apart: both documents, and what is left out."""


class Memory:
    """What is remembered, and has to be; and what other services on the same database remember."""

    def __init__(self, database: Database, edges: Edges) -> None:
        self._database = database
        self._edges = edges
        self._stored: dict[str, _Essence] = {}
        """What is stored of quarantines, by edge, as far as that is known."""
        self._is_read = False
        self._is_told = False
        """Whether others have stored something since it was read."""
        self._bell = Bell()
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
        found = {record.edge: _quarantine(record, self._database) for record in quarantines}
        self._edges.recall_quarantines(found)
        self._stored = {edge: _essence(quarantine) for edge, quarantine in found.items()}
        self._is_read = True
        return True

    def heard(self, tables: frozenset[str] | None) -> None:
        """Hear that another service has committed something to these tables. Any thread may tell."""
        if tables is None or tables & records.TABLES:
            self._bell.call(self._told)

    def _told(self) -> None:
        self._is_told = True
        self._bell.ring()

    async def keep(self, *, recalled: bool) -> None:
        """Remember the edges now and then, a quarantine at once, and all once more when cancelled."""
        self._bell.enter()
        try:
            while not recalled:
                await asyncio.sleep(1)
                recalled = await self.recall()
            while True:
                await self._bell.wait(_PAUSE_SECONDS)
                if self._is_told:
                    await self._follow()
                await self._remember()
        finally:
            await self._remember()

    async def _follow(self) -> None:
        """Know what other services have stored: which edges poll them, and what those rejected."""
        self._is_told = False
        try:
            seen, quarantines = await asyncio.to_thread(_read, self._database)
        except Unavailable:
            return  # it is told again, once there is a connection
        self._edges.seen_elsewhere(seen)
        found = {record.edge: _quarantine(record, self._database) for record in quarantines}
        stored = {edge: _essence(quarantine) for edge, quarantine in found.items()}
        own = self._edges.quarantines
        theirs = {
            edge: quarantine
            for edge, quarantine in found.items()
            if stored[edge] != self._stored.get(edge) and (edge not in own or not self._edges.polls_here(edge))
        }
        gone = self._stored.keys() - stored.keys()
        # What another service makes of an edge that polls both is no reason to store again what this one made of it.
        kept = {edge for edge in own if edge in stored and edge in self._stored and edge not in theirs}
        self._stored = stored | {edge: self._stored[edge] for edge in kept}
        self._edges.recall_quarantines(theirs)
        self._edges.lifted(gone & own.keys())

    def _judged(self, edge: Edge, before: EdgeState) -> None:
        if EdgeState.REJECTED in {edge.verdict.state, before}:
            self._bell.ring()

    def _observed(self, edge: Edge) -> None:
        if edge.quarantine is not None:
            self._bell.ring()

    async def _remember(self) -> None:
        seen = [_record(edge) for edge in self._edges.take_seen()]
        quarantines = self._edges.quarantines
        now = {edge: _essence(quarantine) for edge, quarantine in quarantines.items()}
        changed = {
            edge: quarantines[edge]
            for edge, essence in now.items()
            if self._is_read and essence != self._stored.get(edge) and self._edges.polls_here(edge)
        }
        gone = self._stored.keys() - now.keys() if self._is_read else frozenset()
        if not seen and not changed and not gone:
            return
        try:
            await asyncio.to_thread(_write, self._database, seen, changed, gone)
        except Unavailable as error:
            logger.debug("what is known of the edges cannot be saved now: %s", error.detail)
            return
        left = {edge: essence for edge, essence in self._stored.items() if edge not in gone}
        self._stored = {**left, **{edge: now[edge] for edge in changed}}


def _read(database: Database) -> tuple[Sequence[EdgeRecord], Sequence[QuarantineRecord]]:
    with database.reading() as session:
        return records.list_all(session), records.list_quarantines(session)


def _write(
    database: Database, seen: Sequence[EdgeRecord], changed: Mapping[str, Quarantine], gone: Collection[str]
) -> None:
    with database.writing() as session:
        if seen:
            records.remember(session, seen, MOST_EDGES)
        listed = [_quarantine_record(edge, quarantine, database) for edge, quarantine in changed.items()]
        records.remember_quarantines(session, listed, gone)


def _essence(quarantine: Quarantine) -> _Essence:
    rejected, accepted = quarantine.rejected, quarantine.accepted
    return (
        *(rejected.revision, rejected.document.digest),
        *(accepted.revision, accepted.document.digest),
        _held(quarantine),
    )


def _held(quarantine: Quarantine) -> bytes:
    resting = quarantine.resting()
    return msgspec.json.encode(_StoredOverlay(list(resting.held.items()), resting.queue))


def _record(edge: Edge) -> EdgeRecord:
    return EdgeRecord(
        name=edge.name,
        first_seen=_written(edge.first_seen),
        last_seen=_written(edge.last_seen),
        address=edge.address,
    )


def _quarantine_record(edge: str, quarantine: Quarantine, database: Database) -> QuarantineRecord:
    """Return what is stored of a quarantine. Parts may have secrets: they are sealed."""
    accepted = quarantine.accepted
    return QuarantineRecord(
        edge=edge,
        rejected_revision=quarantine.rejected.revision,
        rejected_digest=quarantine.rejected.whole.digest,
        accepted_revision=accepted.revision,
        accepted_digest=accepted.document.digest,
        accepted_content=database.keys.seal_bytes(accepted.document.content) if quarantine.is_whole else b"",
        held=database.keys.seal_bytes(_held(quarantine)),
    )


def _quarantine(record: QuarantineRecord, database: Database) -> Quarantine:
    held, content = (database.keys.open_bytes(each) for each in (record.held, record.accepted_content))
    kept = msgspec.json.decode(held, type=_StoredOverlay) if held else _StoredOverlay()
    return Quarantine(
        Served(record.rejected_revision, Document(b"", record.rejected_digest)),
        Served(record.accepted_revision, Document(content, record.accepted_digest)),
        dict(kept.held),
        kept.queue,
    )


def _written(date: datetime | None) -> str:
    return "" if date is None else moments.kept(date)
