"""`schema`."""

import json

import typer

from provider import declarations


def schema() -> None:
    """Print the JSON Schema of the files for `apply`, for editors.

    An editor that knows it completes what one types, and marks what is wrong. In
    many it is enough to name it in the first line of a file:
    # yaml-language-server: $schema=state.schema.json

    Examples:
      wayshub-provider schema
    """
    typer.echo(json.dumps(declarations.schema(), indent=2))
