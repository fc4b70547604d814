"""Child processes: each in a session of its own, and none that outlives this process."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

_CHILD: Final = str(Path(__file__).with_name("child.py"))
_CHUNK_BYTES: Final = 65_536
_FIRST_SECONDS: Final = 0.5
_LONGEST_SECONDS: Final = 15.0
_STEADY_SECONDS: Final = 30.0
_SECRETS: Final = frozenset({"PROVIDER_TOKEN", "PROVIDER_DATABASE_URL"})
"""Variables that are for our own commands, and not for programs that they start."""


class Process:
    """A running child process.

    It has a session of its own, so that a terminal's Ctrl-C reaches this process alone, which then stops
    its children in order. What it prints on either output can be read as `lines`.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, command: Sequence[str], *, pass_fds: Sequence[int] = (), inherits: bool = False) -> Self:
        """Start a program, named by its whole path. `pass_fds` are open files that it gets too.

        One that `inherits` reads and writes what this process does, and nothing of it can be read as `lines`.
        """
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", _CHILD, str(os.getpid())),
                *command,
                stdin=None if inherits else DEVNULL,
                stdout=None if inherits else PIPE,
                stderr=None if inherits else STDOUT,
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if name not in _SECRETS},
                pass_fds=tuple(pass_fds),
            )
        )
        try:
            return cls(await asyncio.shield(starting))
        except asyncio.CancelledError:
            # It may have started already, and nobody else would know of it.
            cls(await starting).kill()
            raise

    @property
    def pid(self) -> int:
        """The number that the system gave it."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """How it ended, as `wait` returns it; None while it runs."""
        return self._process.returncode

    async def lines(self) -> AsyncIterator[str]:
        """Give what it prints, line by line, until it ends."""
        stream = self._process.stdout
        rest = b""
        while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace")
        if rest:
            yield rest.decode(errors="replace")

    async def wait(self) -> int:
        """Wait until it ends. Returns its exit status, or the number of the signal that ended it, negative."""
        return await self._process.wait()

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it is there still."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, with all processes that it started."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def stop(self, seconds: float) -> None:
        """Ask it to stop, and end it after so many seconds if it has not."""
        self.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), seconds)
        self.kill()
        await self.wait()


class Backoff:
    """How long to wait before something that ended is started again: twice as long each time.

    What ran for half a minute is taken for sound, and the waiting begins anew.
    """

    def __init__(self) -> None:
        self._next_seconds = _FIRST_SECONDS

    def pause_seconds(self, ran_seconds: float) -> float:
        """Return how long to wait now, after it ran for so long."""
        if ran_seconds >= _STEADY_SECONDS:
            self._next_seconds = _FIRST_SECONDS
        pause = self._next_seconds
        self._next_seconds = min(2 * pause, _LONGEST_SECONDS)
        return pause


def ending(status: int) -> str:
    """Say how a process ended, from what `Process.wait` returned."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was ended by {name}"
