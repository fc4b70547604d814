"""Those who wait for something to happen: let go of a few at a time, so that others are answered in between."""

import asyncio
from collections.abc import Sequence
from typing import Final

AT_ONCE: Final = 5
"""How many are let go of before the loop looks at everything else: what they then do takes some milliseconds."""


class Releases:
    """The waiting. Everything here runs in the event loop's thread."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], None] = {}

    def join(self) -> asyncio.Future[None]:
        """Return what is done as soon as all who wait now are let go of. Who waits no more leaves."""
        release: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[release] = None
        return release

    def leave(self, release: asyncio.Future[None]) -> None:
        """Wait no more."""
        self._waiting.pop(release, None)

    def wake(self) -> None:
        """Let go of all who wait now, the first few at once and the others in turns of the loop."""
        waiting, self._waiting = list(self._waiting), {}
        _let_go(waiting, 0)


def _let_go(waiting: Sequence[asyncio.Future[None]], start: int) -> None:
    for release in waiting[start : start + AT_ONCE]:
        if not release.done():
            release.set_result(None)
    following = start + AT_ONCE
    if following < len(waiting):
        waiting[0].get_loop().call_soon(_let_go, waiting, following)
