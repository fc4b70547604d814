"""Edges: the Traefiks that poll, and the polls that wait for a change.

A poll that waits is answered when the document changes. The first change after a quiet time is released
at once; in a storm the polls are released at most once in `coalesce_seconds`, with the newest document.

Everything here runs in the event loop's thread, except `Polls.publish`.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from provider.revisions import Snapshot

CONNECTION: Final = "connection"
"""Where the server puts the `Connection` of a request, in the scope's state."""


class Connection:
    """What one TCP connection was given last, by edge. It lives as long as the connection."""

    __slots__ = ("given",)

    def __init__(self) -> None:
        self.given: dict[str, Snapshot] = {}


class Polls:
    """The polls that wait, and when they are released."""

    def __init__(self, coalesce_seconds: float) -> None:
        self._coalesce_seconds = coalesce_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._newest: Snapshot | None = None
        self._released: Snapshot | None = None
        self._released_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._release: asyncio.Future[None] | None = None
        self._closed = False
        self.held = 0

    def open(self, loop: asyncio.AbstractEventLoop, snapshot: Snapshot | None) -> None:
        """Begin to hold polls, in this loop."""
        self._loop = loop
        self._newest = self._released = snapshot

    def publish(self, snapshot: Snapshot) -> None:
        """Say that there is a new snapshot. May be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, snapshot)

    def close(self) -> None:
        """Release all polls, and hold no more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._wake()

    async def wait(self, given: Snapshot, seconds: float, gone: Callable[[], object]) -> Snapshot:
        """Return the newest snapshot to release once its document is not the one given, or `given` in the end.

        `gone` is an awaitable's maker: when what it makes is done, nobody listens any more.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        listener = asyncio.ensure_future(gone())  # type: ignore[call-overload]
        self.held += 1
        try:
            while not self._closed and not listener.done():
                found = self._released
                if (
                    found is not None
                    and found.revision > given.revision
                    and found.document.digest != given.document.digest
                ):
                    return found
                remaining = deadline - asyncio.get_running_loop().time()
                if remaining <= 0:
                    break
                await asyncio.wait({listener, self._next()}, timeout=remaining, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.held -= 1
            listener.cancel()
        return given

    def _next(self) -> asyncio.Future[None]:
        if self._release is None:
            self._release = asyncio.get_running_loop().create_future()
        return self._release

    def _take(self, snapshot: Snapshot) -> None:
        if self._newest is not None and snapshot.revision <= self._newest.revision:
            return
        self._newest = snapshot
        if self._timer is None and not self._closed:
            self._pace()

    def _pace(self) -> None:
        """Release the newest snapshot now, or when the last release is long enough ago."""
        self._timer = None
        newest, released = self._newest, self._released
        if newest is None or (released is not None and newest.document.digest == released.document.digest):
            self._released = newest
            return
        loop = asyncio.get_running_loop()
        early = self._released_at + self._coalesce_seconds - loop.time()
        if early > 0:
            self._timer = loop.call_later(early, self._pace)
            return
        self._released, self._released_at = newest, loop.time()
        self._wake()

    def _wake(self) -> None:
        if self._release is not None:
            self._release.set_result(None)
            self._release = None
