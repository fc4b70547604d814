"""`export`."""

from typing import Annotated

import typer

from provider.cli.client import Client, path
from provider.cli.files import documents
from provider.cli.options import reads
from provider.cli.output import Output

SecretsOption = Annotated[
    bool, typer.Option("--secrets", help="With its secrets: for admins, and noted in the audit. Passwords stay hashes.")
]


@reads
def export(client: Client, output: Output, secrets: SecretsOption = False) -> None:
    """Print the whole state, as a file for `apply`.

    All objects stand by name, with defaults left out: as YAML, or as JSON with
    -o json. To apply it again changes nothing. Secrets are masked, unless an
    admin asks for them.

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
