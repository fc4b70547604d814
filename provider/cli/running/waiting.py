"""Waiting for what can only be asked about."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeVar

T = TypeVar("T")

_PAUSE_SECONDS: Final = 0.05


async def wait_for(find: Callable[[], Awaitable[T | Literal[False] | None]]) -> T:
    """Ask again and again until there is something, and return it."""
    while True:
        found = await find()
        if found is not None and found is not False:
            return found
        await asyncio.sleep(_PAUSE_SECONDS)
