"""Who computes next: a few long jobs at once, a few more that wait, and one for all who ask for the same.

Whoever asks has one job done at a time and half of the places, so that others get their turns.
"""

import asyncio
import os
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Concatenate, Final, ParamSpec

from provider.apart import processes
from provider.database.connecting import database_at
from provider.database.database import Database
from provider.database.locations import Location
from provider.database.sessions import Session
from provider.errors import Unavailable
from provider.messages import Message

P = ParamSpec("P")

AT_ONCE: Final = 2
MOST_WAITING: Final = 8
MOST_OF_ONE: Final = 5
"""So many places one account or token may take."""

LARGE_BYTES: Final = 4 * 1024 * 1024
"""From this size of the database on a job is done apart: below, a process costs more than the job."""

LONG_BYTES: Final = 256 * 1024
"""From this length on what somebody sends takes long to bring about."""

_CHUNK_BYTES: Final = 128 * 1024


class Content:
    """What a job gave. Several may read it at once, each at its own pace.

    What was computed apart is in a file without a name and in no memory; the file goes with the last who reads it.
    """

    def __init__(self, source: bytes | int) -> None:
        """Take the content itself, or the descriptor of a file that has it."""
        self._source = source
        if isinstance(source, int):
            self.size_bytes = os.fstat(source).st_size
            weakref.finalize(self, os.close, source)
        else:
            self.size_bytes = len(source)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give it piece by piece."""
        for start in range(0, self.size_bytes, _CHUNK_BYTES):
            yield self._read(start, _CHUNK_BYTES)

    def whole(self) -> bytes:
        """Return all of it."""
        return self._read(0, self.size_bytes)

    def _read(self, start: int, most: int) -> bytes:
        if isinstance(self._source, bytes):
            return self._source[start : start + most]
        return os.pread(self._source, most, start)


class Turns:
    """The long jobs that are being done, and those that wait for their turn. Runs in the event loop's thread."""

    def __init__(
        self,
        database: Database,
        reading: Callable[[], AbstractContextManager[Session]],
        large_bytes: int = LARGE_BYTES,
    ) -> None:
        self._database = database
        self._where = database.location
        self._reading = reading
        self.large_bytes = large_bytes
        self._threads = ThreadPoolExecutor(AT_ONCE, "apart")
        self._flights: dict[object, asyncio.Future[Content]] = {}
        self._taken: Counter[str] = Counter()
        self._lines: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._is_closed = False

    def of(self, holder: str) -> "OwnTurns":
        """Return the turns of one account or token."""
        return OwnTurns(self, holder)

    async def share(self, holder: str, key: object, begin: Callable[[], Coroutine[Any, Any, Content]]) -> Content:
        """Begin something when it is its turn, unless somebody has already: then return what that gives."""
        flight = self._flights.get(key)
        if flight is None:
            self._check_room(holder)
            flight = asyncio.ensure_future(self._in_line(holder, begin))
            self._flights[key] = flight
            self._taken[holder] += 1
            flight.add_done_callback(lambda ended: self._land(holder, key, ended))
        return await asyncio.shield(flight)

    async def _in_line(self, holder: str, begin: Callable[[], Coroutine[Any, Any, Content]]) -> Content:
        line = self._lines.setdefault(holder, asyncio.Lock())
        async with line:
            if self._is_closed:
                raise Unavailable(Message("wayshub-provider is stopping"))
            return await begin()

    def is_long(self, size_bytes: int) -> bool:
        """Tell whether what somebody sends is long to compute, by its length and what there is already."""
        return size_bytes >= LONG_BYTES or (self._database.find_size_bytes() or 0) >= self.large_bytes

    def _check_room(self, holder: str) -> None:
        if self._taken[holder] >= MOST_OF_ONE:
            told = Message(
                "{count} of your long requests are in progress: wait until one is answered", count=MOST_OF_ONE
            )
            raise Unavailable(told)
        if len(self._flights) >= AT_ONCE + MOST_WAITING:
            raise Unavailable(Message("wayshub-provider is busy with other long requests: try again in a moment"))

    def close(self) -> None:
        """Begin no more jobs, and end those that are done apart."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def read(self, job: Callable[..., bytes], arguments: tuple[Any, ...]) -> Content:
        """Do a job on a session for reading: in a process of its own, where that may take long."""
        loop = asyncio.get_running_loop()
        if (self._database.find_size_bytes() or 0) < self.large_bytes:
            return await loop.run_in_executor(self._threads, self._do_here, job, arguments)
        return await self.apart(job, arguments)

    async def apart(self, job: Callable[..., bytes], arguments: tuple[Any, ...]) -> Content:
        """Do a job in a process of its own."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._do_apart, job, arguments)

    def compute(self, job: Callable[Concatenate[Session, P], bytes], *arguments: P.args, **_none: P.kwargs) -> Content:
        """Do a job of the service itself apart, and wait for it: it is not refused, however many wait. In a thread."""
        return self._do_apart(job, arguments)

    async def here(self, compute: Callable[[], bytes]) -> Content:
        """Compute in a thread of this process."""
        return Content(await asyncio.get_running_loop().run_in_executor(self._threads, compute))

    def _do_apart(self, job: Callable[..., bytes], arguments: tuple[Any, ...]) -> Content:
        given = self._where, job, arguments
        return Content(processes.run(_on_database, given, is_over=lambda: self._is_closed))

    def _do_here(self, job: Callable[..., bytes], arguments: tuple[Any, ...]) -> Content:
        with self._reading() as session:
            content = job(session, *arguments)
        return Content(content)

    def _land(self, holder: str, key: object, ended: "asyncio.Future[Content]") -> None:
        self._flights.pop(key, None)
        self._taken[holder] -= 1
        if not self._taken[holder]:
            del self._taken[holder]
        if not ended.cancelled():
            ended.exception()  # whoever asked may be gone


class OwnTurns:
    """The turns of one account or token. Runs in the event loop's thread."""

    def __init__(self, turns: Turns, holder: str) -> None:
        self._turns = turns
        self._holder = holder

    def is_long(self, size_bytes: int) -> bool:
        """Tell whether what somebody sends is long to compute, by its length and what there is already."""
        return self._turns.is_long(size_bytes)

    async def read(
        self, job: Callable[Concatenate[Session, P], bytes], *arguments: P.args, **_none: P.kwargs
    ) -> Content:
        """Do a job on a session for reading, and return what it gives; those who ask for the same share it.

        What the arguments stand for must not change: a revision, or the digest of a state, is one of them. Raises
        what the job does, and `Unavailable` if too many jobs wait.
        """
        return await self._share((job, arguments), lambda: self._turns.read(job, arguments))

    async def here(self, key: object, compute: Callable[[], bytes]) -> Content:
        """Compute in a thread what this process knows best, and return it; those who ask for the same share it.

        It counts among the jobs as what is done apart does. Raises as `read` does.
        """
        return await self._share(key, lambda: self._turns.here(compute))

    async def apart(
        self, job: Callable[Concatenate[Session, P], bytes], *arguments: P.args, **_none: P.kwargs
    ) -> Content:
        """Do a job apart, however small the state is and whoever asks for the same. Raises as `read` does."""
        return await self._share(object(), lambda: self._turns.apart(job, arguments))

    async def further(
        self, job: Callable[Concatenate[Session, P], bytes], *arguments: P.args, **_none: P.kwargs
    ) -> Content:
        """Do another job apart for who was given a turn already: it is not refused, however many wait."""
        return await self._turns.apart(job, arguments)

    async def _share(self, key: object, begin: Callable[[], Coroutine[Any, Any, Content]]) -> Content:
        return await self._turns.share(self._holder, key, begin)


def _on_database(where: Location, job: Callable[..., bytes], arguments: tuple[Any, ...]) -> bytes:
    """Do a job on a database that this process opens for itself."""
    database = database_at(where)
    database.open()
    with database.reading() as session:
        return job(session, *arguments)
