"""What was computed and may be wanted again soon: a few things, for some minutes, each given once."""

import asyncio
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST: Final = 2
SECONDS: Final = 300.0
"""How long a thing is kept: somebody reads a plan before they apply it."""


class Shelf(Generic[T]):
    """Things by what they are the answer to. Runs in the event loop's thread."""

    def __init__(self) -> None:
        self._kept: dict[bytes, tuple[T, asyncio.TimerHandle]] = {}

    def put(self, key: bytes, thing: T) -> None:
        """Keep a thing, in the place of the oldest if there are too many."""
        self.take(key)
        while len(self._kept) >= MOST:
            self.take(next(iter(self._kept)))
        self._kept[key] = thing, asyncio.get_running_loop().call_later(SECONDS, self.take, key)

    def take(self, key: bytes) -> T | None:
        """Return a thing that is still kept, and keep it no longer."""
        if key not in self._kept:
            return None
        thing, ending = self._kept.pop(key)
        ending.cancel()
        return thing
