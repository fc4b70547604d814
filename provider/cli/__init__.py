"""The command line: `wayshub-provider`.

Nothing of it is loaded before it can be told to stop: that takes a second on a small machine.
"""

import os
import signal
import sys
from importlib import import_module


def main() -> None:
    """Run the command line. An expected error is one line on standard error, and exit status 1."""
    if os.getpid() == 1:
        # The first process of a container gets no signal that it has not asked for: it could not be told to stop.
        signal.signal(signal.SIGTERM, _stop)
    sys.exit(import_module("provider.cli.program").run())


def _stop(number: int, _frame: object) -> None:
    sys.exit(128 + number)  # as a shell tells it
