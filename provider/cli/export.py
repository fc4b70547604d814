"""`export`."""

from typing import Annotated

import typer

from provider.cli.client import Client, path
from provider.cli.files import documents
from provider.cli.options import reads
from provider.cli.output import Output

SecretsOption = Annotated[
    bool,
    typer.Option("--secrets", help="Include secrets. Admins only, and recorded in the audit. Passwords stay hashed."),
]


@reads
def export(client: Client, output: Output, secrets: SecretsOption = False) -> None:
    """Print the whole state, as a file for `apply`.

    Lists all objects by name, without default values: as YAML, or as JSON with
    -o json. Applying it again changes nothing. Secrets are masked, unless an
    admin passes --secrets.

    Examples:
      wayshub-provider export
      wayshub-provider export -o json
    """
    where = path("export")
    state = client.ask(where, {"secrets": "true"}) if secrets else client.get(where).item
    if output.is_json:
        output.document(state)
    else:
        typer.echo(documents.write(state), nl=False)
