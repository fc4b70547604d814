"""`migrate`."""

import typer

from provider.database import connecting
from provider.settings import read_settings


def migrate() -> None:
    """Create the database, or upgrade its schema to this version.

    Does the same as `alembic upgrade head`. It first copies the database to a
    file next to it.

    Examples:
      wayshub-provider migrate
      PROVIDER_DATABASE_URL=sqlite:////srv/provider.db wayshub-provider migrate
    """
    settings = read_settings()
    connecting.migrate(settings.location, typer.echo)
    typer.echo(f"The database {settings.location} is up to date.")
