"""`schema`."""

import json

import typer

from provider import declarations


def schema() -> None:
    """Print the JSON Schema of the files for `apply`, so that editors complete and check them.

    Examples:
      wayshub-provider schema
    """
    typer.echo(json.dumps(declarations.schema(), indent=2))
