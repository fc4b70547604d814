"""The command line: `wayshub-provider`."""

import io
import sys

from provider.cli.commands import app
from provider.cli.output import note
from provider.errors import ProviderError


def main() -> None:
    """Run the command line. An expected error is one line on standard error, and exit status 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what the locale cannot write, as on standard error
    try:
        app(prog_name="wayshub-provider")
    except ProviderError as error:
        _fail(error.detail)
    except OSError as error:  # a folder that cannot be made, a disk that is full: the system says it well
        _fail(str(error))
    except KeyboardInterrupt:  # where typer does not see it, as while the shell completes
        sys.exit(130)


def _fail(detail: str) -> None:
    note(f"wayshub-provider: {detail}")
    sys.exit(1)
