"""What goes on in the background: work that no bug ends, the event loop in which it lives, and what wakes it there."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

logger = logging.getLogger(__name__)

_REST_SECONDS: Final = 0.05
"""How long after a bell the next is heard: several writes, and a time that people do not notice."""
_AGAIN_SECONDS: Final = 5.0
"""How long work that a bug has ended rests: it may meet it again, and the log is to stay readable."""


async def lasting(work: Callable[[], Awaitable[None]], again_seconds: float = _AGAIN_SECONDS) -> None:
    """Work until cancelled or done. Work that a bug ends begins anew, after so many seconds."""
    while True:
        try:
            return await work()
        except Exception:  # whatever it met
            logger.exception("a bug stopped background work, which starts again")
        await asyncio.sleep(again_seconds)


class OwnLoop:
    """The loop of something that other threads tell of what happens."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self) -> None:
        """Live in the loop that runs, from now on."""
        self._loop = asyncio.get_running_loop()

    def leave(self) -> None:
        """Live in no loop any more."""
        self._loop = None

    def call(self, function: Callable[..., object], *arguments: Any) -> bool:
        """Call a function in the loop's thread, if the loop is there. Any thread may ask. Returns whether it is."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return False
        loop.call_soon_threadsafe(function, *arguments)
        return True


class Bell(OwnLoop):
    """Wakes work in the background, which waits for what happens or for its next time.

    It rings at once, and then rests for a moment: however much happens, it costs those who make it happen next to
    nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rung = asyncio.Event()
        self._rests_until = 0.0

    def ring(self, *_news: object) -> None:
        """Wake it, now or as soon as it waits. Any thread may ring, and tell what happened: that is not heard."""
        if self._rung.is_set():
            return
        if self._loop is None:
            self._rung.set()
        else:
            self.call(self._rung.set)

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until it rings, or for so long. What rang since the last time counts."""
        # Not `asyncio.wait_for`: up to Python 3.11 it forgets that it was cancelled if it rings at that moment, and who
        # waits here would go on, and keep the service from stopping.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        now = asyncio.get_running_loop().time()
        if now < self._rests_until:
            await asyncio.sleep(self._rests_until - now)
        self._rests_until = asyncio.get_running_loop().time() + _REST_SECONDS
        self._rung.clear()  # before who has waited looks at what happened: what rings from here on is heard


class NextTime:
    """The next time that something happens, for all who wait for it. In the event loop's thread."""

    def __init__(self) -> None:
        self._next: asyncio.Future[None] | None = None

    def future(self) -> asyncio.Future[None]:
        """Return what is done when it happens. All who wait share it: nobody may cancel it."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        return self._next

    def come(self) -> None:
        """Let go of all who wait now."""
        if self._next is not None:
            self._next.set_result(None)
            self._next = None
