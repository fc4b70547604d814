"""A program that ends when the process that started it ends, however that ends.

This file is run as a script, `python -I -S child.py PARENT PROGRAM ARGUMENT…`, and turns into the program.
A process that is killed with -9 cannot stop its children. On Linux the kernel does it, if each child has
asked for it; that has to be done in the child. It is done here, and not between fork and exec in the
parent, because after a fork of a process with threads hardly any code is safe to run. Elsewhere nothing
is asked, and a child outlives a parent that was killed with -9.

The kernel forgets the wish where the program's file has capabilities of its own or a set-user-ID bit.
"""

import os
import signal
import sys
from typing import Final

try:
    import ctypes
except ImportError:  # a Python may be built without it
    ctypes = None  # type: ignore[assignment]

_PR_SET_PDEATHSIG: Final = 1
_CANNOT_RUN: Final = 126
"""The exit status with which a shell, too, says that a program cannot be run."""


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        if ctypes is not None:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(0)  # it ended before it could be asked to take this one along
    # Python ignores these two, and what is ignored stays so in the program that it turns into.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execv(program[0], program)  # noqa: S606  # what the parent wants to run
    except OSError as error:
        sys.stderr.write(f"{program[0]} cannot be run: {error.strerror}\n")
        sys.exit(_CANNOT_RUN)


if __name__ == "__main__":
    main()
