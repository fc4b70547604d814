"""The command line as a program: what each command comes to, in one line and an exit status."""

import errno
import os
import sys

from provider.cli import streams
from provider.cli.output import note
from provider.cli.starting import LATE, new_app
from provider.errors import ProviderError
from provider.late import Late


def run() -> int | str | None:
    streams.secure()
    status = _run()
    return _tell_trouble() or status


def _run() -> int | str | None:
    try:
        app = new_app() if {*sys.argv[1:2]} & LATE.keys() else Late("provider.cli.commands").app
        app(prog_name="wayshub-provider")
    except SystemExit as ended:
        return ended.code
    except ProviderError as error:
        return _fail(error.detail)
    except OSError as error:  # a folder that cannot be made, a disk that is full: the system says it well
        return 1 if streams.find_trouble() else _fail(_words(error))
    except KeyboardInterrupt:  # where typer does not see it, as while the shell completes
        return 130
    return 0


def _words(error: OSError) -> str:
    """Say what failed, without the number that the system has for it."""
    if error.strerror is None:
        return str(error)
    return error.strerror if error.filename is None else f"{os.fsdecode(error.filename)}: {error.strerror}"


def _tell_trouble() -> int:
    """Say why the answer cannot be written, if it cannot; whoever closed a pipe has seen enough."""
    trouble = streams.find_trouble()
    if trouble is None:
        return 0
    if trouble.errno == errno.EPIPE:
        return 1
    return _fail(f"the answer cannot be written to standard output: {trouble.strerror}")


def _fail(detail: str) -> int:
    note(f"wayshub-provider: {detail}")
    return 1
