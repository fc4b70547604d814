"""`schema`."""

import json

import typer

from provider import declarations


def schema() -> None:
    """Print the JSON Schema of the files for `apply`, for editors.

    With it, an editor completes what you type and marks mistakes. In many
    editors it is enough to name it in the first line of the file:
    # yaml-language-server: $schema=state.schema.json

    Examples:
      wayshub-provider schema
    """
    typer.echo(json.dumps(declarations.schema(), indent=2))
