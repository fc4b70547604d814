"""`copy`."""

from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from provider import moving
from provider.cli.options import OutputOption
from provider.cli.output import Format, Output
from provider.cli.progress import Progress
from provider.database.locations import Location
from provider.settings import Settings, read_settings
from provider.validation import detail_of

DestinationOption = Annotated[
    str, typer.Option("--to", metavar="URL", help="The empty database to copy into.", show_default=False)
]


def copy(to: DestinationOption, output: OutputOption = Format.TABLE) -> None:
    """Copy everything to an empty SQLite or PostgreSQL database.

    Moves a service from an SQLite file to PostgreSQL, or back. Stop the
    service first. This copies from the database in PROVIDER_DATABASE_URL,
    creates or migrates the new one, and keeps the copy only if nothing in it
    differs.

    Secrets stay encrypted with the same key: keep the key file in use. Give
    the password for PostgreSQL in PGPASSWORD or in ~/.pgpass.

    Examples:
      wayshub-provider copy --to postgresql+psycopg://provider@db.example/provider
      wayshub-provider copy --to sqlite:////srv/provider.db
    """
    settings = read_settings()
    target = _read_target(to, settings.location)
    answer = Output(output)
    with Progress(quiet=answer.is_json) as progress:
        progress.doing(f"Copying the database {settings.location} to {target}")
        moved = moving.move(
            settings.location, target, settings.points, lambda rows: progress.at(f"Copied {rows:,} rows")
        )
        progress.done(f"Copied {moved.rows:,} rows, up to revision {moved.revision}, and verified them")
        progress.say(f"The document is the same: {moved.digest}")
        progress.say(
            f"To use the new database, set PROVIDER_DATABASE_URL to it, and PROVIDER_SECRET_KEY_FILE to "
            f"{settings.location.keys_path}: its secrets need that key"
        )
        if answer.is_json:
            answer.document({"rows": moved.rows, "revision": moved.revision, "digest": moved.digest})


def _read_target(to: str, source: Location) -> Location:
    try:
        target = Settings(database_url=to, secret_key_file=source.keys_path).location
    except ValidationError as error:
        raise typer.BadParameter(detail_of(error.errors()[0]), param_hint="--to") from None
    if target.file is None and make_url(to).password is not None:
        raise typer.BadParameter(
            "others can see a password on a command line: give it in PGPASSWORD or in ~/.pgpass", param_hint="--to"
        )
    if target == source:
        raise typer.BadParameter("this is the same database", param_hint="--to")
    return target
