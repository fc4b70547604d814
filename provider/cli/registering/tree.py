"""A child process with all that it starts."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from provider.cli.running.processes import Process

_GUARD: Final = str(Path(__file__).with_name("guard.py"))
_ENDING_SECONDS: Final = 5.0
"""What was killed is gone sooner, unless it waits for a disk."""


class Tree:
    """A program that reads and writes what this process does, and all that it starts: they end with this process."""

    def __init__(self, guard: Process) -> None:
        self._guard = guard

    @classmethod
    async def start(cls, command: Sequence[str]) -> Self:
        """Start a program, named by its whole path."""
        return cls(await Process.start([sys.executable, "-I", "-S", _GUARD, *command], inherits=True))

    @property
    def status(self) -> int | None:
        """How the program ended, as `wait` returns it; None while anything of it runs."""
        return self._guard.status

    async def wait(self) -> int:
        """Wait until all of it has ended. Returns what `Process.wait` does of the program."""
        return await self._guard.wait()

    async def stop(self, seconds: float) -> int:
        """Ask all to stop, and end what has not after so many seconds. Returns what `wait` does."""
        self._guard.send_signal(signal.SIGTERM)
        await self._wait_for(seconds)
        self._guard.send_signal(signal.SIGUSR1)
        await self._wait_for(_ENDING_SECONDS)
        self._guard.kill()
        return await self.wait()

    async def _wait_for(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), seconds)
