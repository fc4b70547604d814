"""`backup`."""

from pathlib import Path
from typing import Annotated

import typer

from provider import backups
from provider.cli.options import OutputOption
from provider.cli.output import Format, Output
from provider.cli.paths import shown
from provider.cli.progress import Progress
from provider.database.sealing import beside
from provider.errors import SettingsError
from provider.settings import read_settings

NewBackupArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The file to create.", show_default=False)]
ReplaceOption = Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")]


def backup(file: NewBackupArgument, force: ReplaceOption = False, output: OutputOption = Format.TABLE) -> None:
    """Copy the database to a file and verify the copy.

    Takes a consistent copy of the database in PROVIDER_DATABASE_URL, even while
    the service runs and makes changes. FILE appears once it is verified, and
    only its owner can read it. Its secrets are encrypted: keep the key file
    too, which the backup does not contain.

    Examples:
      wayshub-provider backup /srv/backups/monday.db
      wayshub-provider backup --force latest.db
    """
    settings = read_settings()
    if settings.location.file is None:
        raise SettingsError("a database on PostgreSQL is backed up with pg_dump: keep a copy of the key file too")
    database = settings.database_path
    answer = Output(output)
    with Progress(quiet=answer.is_json) as progress:
        progress.doing(f"Copying the database {shown(database)}")
        state = backups.back_up(
            database,
            file,
            lambda done, total: progress.at(copied(done, total)),
            settings.points,
            force=force,
            key_file=settings.secret_key_file,
        )
        progress.done(f"The backup {file} has revision {state.revision} and is verified")
        key_file = settings.secret_key_file or beside(database)
        if key_file.exists():
            progress.say(f"Keep a copy of the key file {shown(key_file)} too: the secrets in the backup need it")
        if answer.is_json:
            needed = str(key_file) if key_file.exists() else None
            answer.document({"file": str(file), "revision": state.revision, "keyFile": needed})


def copied(done: int, total: int) -> str:
    if done < total:
        return f"Copied {done:,} of {total:,} pages"
    return "Verifying the copy"
