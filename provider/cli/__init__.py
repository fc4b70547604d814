"""The command line: `wayshub-provider`."""

import sys

from provider.cli.commands import app
from provider.errors import ProviderError


def main() -> None:
    """Run the command line. An expected error is one line on standard error, and exit status 1."""
    try:
        app(prog_name="wayshub-provider")
    except ProviderError as error:
        sys.stderr.write(f"wayshub-provider: {error.detail}\n")
        sys.exit(1)
