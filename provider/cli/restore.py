"""`restore`."""

from pathlib import Path
from typing import Annotated

import typer

from provider import backups
from provider.cli.backup import copied
from provider.cli.paths import shown
from provider.cli.progress import Progress
from provider.settings import read_settings

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.", show_default=False)]


def restore(file: FileArgument) -> None:
    """Replace the database with a backup.

    FILE is verified first, and stays as it is. An older one is brought to
    this version's schema on the way. The database that was there is kept
    beside it. Stop the service before, and start it afterwards.

    Examples:
      wayshub-provider restore /srv/backups/monday.db
      PROVIDER_DATABASE_URL=sqlite:////srv/provider.db wayshub-provider restore monday.db
    """
    database = read_settings().database_path
    progress = Progress()
    try:
        progress.doing(f"Copying the backup {file}")
        told = backups.restore(database, file, lambda done, total: progress.at(copied(done, total)), progress.say)
        progress.done(f"The database {shown(database)} is at revision {told.state.revision} of {file}")
        if told.kept is not None:
            progress.say(f"The database that was there is kept as {shown(told.kept)}")
        if told.state.changed:
            progress.say("It gives another document than that revision did: look at it before you start the service")
    finally:
        progress.close()
