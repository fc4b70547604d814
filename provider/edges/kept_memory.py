"""What is remembered of the servers that are kept out.

Without it the first document after a restart would bring them back, and so would the first one that an edge gets from
another service on the same database.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from provider import pools
from provider.database.database import Database
from provider.edges.keeping import KeptServer
from provider.edges.registry import Edges
from provider.errors import Unavailable
from provider.loops import Bell
from provider.models import KeptOutRecord
from provider.store import edges as records

logger = logging.getLogger(__name__)

_TABLE: Final = str(KeptOutRecord.__tablename__)
_RETRY_SECONDS: Final = 5.0


class KeptMemory:
    """What is remembered of the servers that are kept out. In the event loop's thread, except `heard`."""

    def __init__(self, database: Database, edges: Edges) -> None:
        self._database = database
        self._edges = edges
        self._stored: Mapping[str, Collection[KeptServer]] = {}
        """What is stored, by edge."""
        self._said: Mapping[str, Collection[KeptServer]] = {}
        """What this service has stored itself, or taken over from others, by edge.

        An edge may poll two services, of which each sees it in another way: what others store of it is no reason to
        store it again.
        """
        self._is_read = False
        self._is_told = False
        """Whether another service has stored something since it was read."""
        self._bell = Bell()
        edges.keepers.subscribe(self._bell.ring)

    async def recall(self) -> None:
        """Go on to keep out what an earlier process did, and what others do on edges that do not poll here."""
        self._is_told = False
        try:
            rows = await asyncio.to_thread(_read, self._database)
        except Unavailable:
            return
        stored, before = _by_edge(rows), self._stored
        known = {**before, **stored}
        others = [edge for edge in known if not self._is_read or not self._edges.polls_here(edge)]
        others = [edge for edge in others if self._edges.is_read_back(edge)]  # on any other, nobody sees them return
        told = {edge: stored.get(edge, ()) for edge in others if _urls(stored.get(edge)) != _urls(before.get(edge))}
        self._edges.keepers.recall(told, asyncio.get_running_loop().time())
        self._said = {**self._said, **{edge: stored.get(edge, ()) for edge in others}}
        self._stored, self._is_read = stored, True

    def heard(self, tables: frozenset[str] | None) -> None:
        """Hear that another service has committed something to these tables. Any thread may tell."""
        if tables is None or _TABLE in tables:
            self._bell.call(self._told)

    def _told(self) -> None:
        self._is_told = True
        self._bell.ring()

    async def keep(self) -> None:
        """Remember at once what changes, until cancelled."""
        self._bell.enter()
        while True:
            await self._bell.wait()
            if self._is_told or not self._is_read:
                await self.recall()
            if not await self._remember():
                await asyncio.sleep(_RETRY_SECONDS)
                self._bell.ring()

    async def _remember(self) -> bool:
        """Store what is another than before. Returns whether all is stored."""
        kept, said = self._edges.keepers.kept, self._said
        own = [edge for edge in {**said, **kept} if self._edges.polls_here(edge)]
        changed = [edge for edge in own if _urls(kept.get(edge)) != _urls(said.get(edge))]
        if not self._is_read or not changed:
            return self._is_read
        rows = [_record(edge, server) for edge in changed for server in kept.get(edge, ())]
        try:
            await asyncio.to_thread(_write, self._database, changed, rows)
        except Unavailable as error:
            logger.debug("which servers are kept out cannot be saved now: %s", error.detail)
            return False
        written = {edge: kept.get(edge, ()) for edge in changed}
        self._said, self._stored = {**said, **written}, {**self._stored, **written}
        return True


def _read(database: Database) -> Sequence[KeptOutRecord]:
    with database.reading() as session:
        return records.list_kept_out(session)


def _write(database: Database, edges: Sequence[str], rows: Sequence[KeptOutRecord]) -> None:
    with database.writing() as session:
        records.remember_kept_out(session, edges, rows)


def _record(edge: str, server: KeptServer) -> KeptOutRecord:
    return KeptOutRecord(edge=edge, service=server.service, url=server.url, since=server.since.isoformat())


def _by_edge(rows: Iterable[KeptOutRecord]) -> dict[str, list[KeptServer]]:
    found: dict[str, list[KeptServer]] = {}
    for row in rows:
        # Earlier versions wrote down the name that a pool has while its traffic moves.
        server = KeptServer(pools.service_of(row.service), row.url, datetime.fromisoformat(row.since), 0.0)
        found.setdefault(row.edge, []).append(server)
    return found


def _urls(kept: Iterable[KeptServer] | None) -> frozenset[tuple[str, str]]:
    return frozenset((server.service, server.url) for server in kept or ())
