"""`export`."""

import typer

from provider.cli.client import Client, path
from provider.cli.files import documents
from provider.cli.options import reads
from provider.cli.output import Output


@reads
def export(client: Client, output: Output) -> None:
    """Print the whole state, as a file for `apply`.

    Domains, services with their servers, and routers, by name, with defaults
    left out: as YAML, or as JSON with -o json. To apply it again changes
    nothing.

    Examples:
      wayshub-provider export
      wayshub-provider export -o json
    """
    state = client.get(path("export")).item
    if output.is_json:
        output.document(state)
    else:
        typer.echo(documents.write(state), nl=False)
