"""`backup`."""

from pathlib import Path
from typing import Annotated

import typer

from provider import backups
from provider.cli.paths import shown
from provider.cli.progress import Progress
from provider.settings import read_settings

NewBackupArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The file to make.", show_default=False)]
ReplaceOption = Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")]


def backup(file: NewBackupArgument, force: ReplaceOption = False) -> None:
    """Copy the database to a file and verify the copy.

    Works while the service runs and others write: FILE has the state of one
    moment. It appears once it is verified, and only its owner can read it.
    PROVIDER_DATABASE_URL says which database.

    Examples:
      wayshub-provider backup /srv/backups/monday.db
      wayshub-provider backup --force latest.db
    """
    settings = read_settings()
    database = settings.database_path
    progress = Progress()
    try:
        progress.doing(f"Copying the database {shown(database)}")
        state = backups.back_up(
            database, file, lambda done, total: progress.at(copied(done, total)), settings.points, force=force
        )
        progress.done(f"The backup {file} has revision {state.revision} and is verified")
    finally:
        progress.close()


def copied(done: int, total: int) -> str:
    """Say how far a copy is."""
    if done < total:
        return f"Copied {done:,} of {total:,} pages"
    return "Verifying the copy"
