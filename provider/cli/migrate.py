"""`migrate`."""

import typer

from provider.database import schema
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
    path = settings.database_path
    schema.migrate(path, say=typer.echo, key_file=settings.secret_key_file)
    typer.echo(f"The database {path} is up to date.")
