"""What a long-running command says: what it is doing now, what is done, and what happened."""

import io
import os
import sys
from contextlib import suppress
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

from provider.cli.output import printable


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Go on, in silence: nobody reads any more."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class Progress:
    """Lines on standard output and, on a terminal, what is being done now as one that moves.

    A terminal that was closed, or a pipe that nobody reads any more, is no reason for the command to end.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        if not quiet and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # where the terminal knows no "…"
        self._console = _Console(highlight=False, soft_wrap=True, quiet=quiet)
        self._status: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def doing(self, text: str) -> None:
        """Say what is being done from now on."""
        self.close()
        if self._console.quiet:
            return
        if not self._console.is_terminal:
            self.say(f"{text} …")
            return
        self._status = Status(f"{text} …", console=self._console)
        with suppress(OSError):
            self._status.start()

    def at(self, text: str) -> None:
        """Say how far it is, in place of what is being done, where a line can move."""
        if self._status is not None:
            with suppress(OSError):
                self._status.update(f"{text} …")

    def done(self, text: str) -> None:
        """Say what was done, in place of what was being done."""
        self.close()
        self.say(Text.assemble(("✓ ", "green"), text))

    def say(self, line: str | Text = "") -> None:
        with suppress(OSError):
            self._console.print(Text(printable(line)) if isinstance(line, str) else line)

    def close(self) -> None:
        """Let nothing move any more."""
        if self._status is not None:
            with suppress(OSError):
                self._status.stop()
            self._status = None
