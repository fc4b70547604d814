"""What is remembered of edges is shared by the services on one database."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime

from provider.app import _connect, _make_plane
from provider.configuration import Document, assemble
from provider.database.locations import Location
from provider.edges.keeping import KeptServer
from provider.edges.pollers import Connection
from provider.edges.quarantine import Quarantine
from provider.models import KeptOutRecord, QuarantineRecord, Token
from provider.settings import Settings
from provider.snapshots import Served
from tests.postgres import Postgres

EDGE = "default"
KEPT = KeptServer("shop", "http://10.0.0.1", datetime(2026, 1, 1, tzinfo=UTC), 0.0)


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.002)


class Service:
    """A service whose edge polls it, and what it has heard of others."""

    def __init__(self, location: Location) -> None:
        self.plane = _make_plane(Settings(database_url=location.url, secret_key_file=location.keys_path), assemble)
        _connect(self.plane)
        self.heard: list[frozenset[str] | None] = []
        self.plane.database.follow(self.heard.append)

    async def begin(self) -> None:
        assert await asyncio.to_thread(self.plane.revisions.load)
        self.plane.edges.asked(EDGE, None, 0.0, Connection())
        await self.plane.kept_memory.recall()
        recalled = await self.plane.memory.recall()
        works = (self.plane.kept_memory.keep(), self.plane.memory.keep(recalled=recalled))
        self.tasks = [asyncio.create_task(work) for work in works]
        await until(lambda: self.heard == [None])

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def keep_out(self) -> None:
        self.plane.edges.keepers.recall({EDGE: [KEPT]}, asyncio.get_running_loop().time())
        self.plane.kept_memory._bell.ring()

    def reject(self, before: str) -> None:
        """Find that the edge rejected what is served, and ran another document before."""
        current = self.plane.serving.current
        assert current is not None
        accepted = Served(0, Document(before.encode(), before))
        self.plane.edges.recall_quarantines({EDGE: Quarantine(current, accepted)})
        self.plane.memory._bell.ring()

    def count(self, table: object) -> int:
        return sum(str(table) in (tables or ()) for tables in self.heard)

    def write(self, number: int) -> None:
        with self.plane.database.writing() as session:
            session.add(Token(id=str(number), name="n", secret_hash="", scopes=[], created=""))


def test_two_services_that_an_edge_polls_do_not_take_turns_to_store_what_each_sees_of_it(postgres: Postgres) -> None:
    location = postgres.migrated()
    first, second = Service(location), Service(location)
    kept, rejected = KeptOutRecord.__tablename__, QuarantineRecord.__tablename__

    async def run() -> None:
        await first.begin()
        await second.begin()
        first.keep_out()
        first.reject("first")
        await until(lambda: min(second.count(kept), second.count(rejected)) > 0)
        second.reject("second")
        await until(lambda: first.count(rejected) > 0)
        for number in range(20):
            await asyncio.to_thread(first.write, number)
            await until(lambda number=number: second.count("token") > number)  # type: ignore[misc]  # bound now
        await first.end()
        await second.end()

    with ExitStack() as stack:
        for service in (first, second):
            stack.enter_context(closing(service.plane.database))
        asyncio.run(run())
    assert (first.count(kept), second.count(kept)) == (0, 1)
    assert (first.count(rejected), second.count(rejected)) == (1, 1)
