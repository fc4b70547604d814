"""A program that runs another one and looks after all that this starts: they stop together, and none outlives it.

This file is run as a script, `python -I -S guard.py PROGRAM ARGUMENT…`. It ends as the program does. SIGTERM is handed
on to the program and all that it started, since programs such as `npm run` hand on nothing. SIGUSR1 ends all of them at
once. On Linux the kernel sends that when whoever started this dies, and makes this the parent of whoever loses its own:
in a container nobody else might take note of their end.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final

try:
    import ctypes
except ImportError:  # a Python may be built without it
    ctypes = None  # type: ignore[assignment]

_CHILD: Final = str(Path(__file__).parent.parent / "running" / "child.py")
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_SIGNALS: Final = {signal.SIGTERM, signal.SIGUSR1}


class Guard:
    """A program with all that it started."""

    def __init__(self, program: list[str]) -> None:
        self._is_asked = False
        self._status: int | None = None
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        command = [sys.executable, "-I", "-S", _CHILD, str(os.getpid()), *program]
        self._pid = os.posix_spawn(command[0], command, os.environ, setpgroup=0, setsigmask=before)
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGUSR1, self._end)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def wait(self) -> int:
        """Wait until nothing is left. Returns how the program ended, as `os.waitpid` tells it."""
        while True:
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                return self._status or 0
            if pid == self._pid:
                self._status = status
            if self._status is not None and not (self._is_asked and self._signal(0)):
                self._end()

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._is_asked = True
        self._signal(signal.SIGTERM)

    def _end(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """End what is left, also what has left the process group and lost its parent."""
        self._signal(signal.SIGKILL)
        with suppress(OSError):
            for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)

    def _signal(self, number: int) -> bool:
        """Send a signal to the program and what it started. Returns whether any of these is there."""
        try:
            os.killpg(self._pid, number)
        except (ProcessLookupError, PermissionError):  # on macOS the second, where all have ended
            return False
        return True


def main() -> None:
    if sys.platform == "linux" and ctypes is not None:
        library, parent = ctypes.CDLL(None), os.getppid()
        library.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(0)
    status = Guard(sys.argv[1:]).wait()
    if os.WIFSIGNALED(status):
        _end_by(os.WTERMSIG(status))
    sys.exit(os.waitstatus_to_exitcode(status))


def _end_by(number: int) -> None:
    with suppress(OSError):  # some cannot be set: they end it anyway
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    main()
