"""`migrate`."""

from typing import Annotated

import typer

from provider.cli.options import OutputOption
from provider.cli.output import Format, Output
from provider.database import connecting
from provider.database.versions import versions
from provider.settings import read_settings

SchemaOption = Annotated[
    str | None,
    typer.Option("--to", metavar="VERSION", help="Version of the schema, such as 0018.", show_default="the newest"),
]


def migrate(to: SchemaOption = None, output: OutputOption = Format.TABLE) -> None:
    """Create the database, or upgrade its schema to this version.

    Does the same as `alembic upgrade head`. It first copies the database to a
    file next to it. If it fails, the database stays as it was.

    --to migrates to another version: use it to downgrade the database before
    you go back to an earlier wayshub-provider. It refuses if edges would notice
    what gets lost, such as a domain's HTTPS.

    Examples:
      wayshub-provider migrate
      wayshub-provider migrate --to 0018
      PROVIDER_DATABASE_URL=sqlite:////srv/provider.db wayshub-provider migrate
    """
    location = read_settings().location
    shown = Output(output)
    connecting.migrate(location, shown.beside, to=to)
    document = {"database": str(location), "version": to or versions()[-1]}
    shown.told(document, f"The database {location} is {'up to date' if to is None else f'at version {to}'}.")
