"""`restore`."""

from pathlib import Path
from typing import Annotated

import typer

from provider import backups
from provider.cli.backup import copied
from provider.cli.options import OutputOption
from provider.cli.output import Format, Output
from provider.cli.paths import shown
from provider.cli.progress import Progress
from provider.errors import SettingsError
from provider.settings import read_settings

BackupArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.", show_default=False)]


def restore(file: BackupArgument, output: OutputOption = Format.TABLE) -> None:
    """Replace the database with a backup.

    Stop the service first, and start it again afterwards. Put the key file of
    the backup in place too: its secrets need it. FILE is verified, and stays
    as it is; if it is from an older version, its copy is migrated.
    The old database is kept next to the new one.

    Examples:
      wayshub-provider restore /srv/backups/monday.db
      PROVIDER_DATABASE_URL=sqlite:////srv/provider.db wayshub-provider restore monday.db
    """
    settings = read_settings()
    if settings.location.file is None:
        raise SettingsError("a database on PostgreSQL is restored with pg_restore, while no service runs on it")
    database = settings.database_path
    answer = Output(output)
    with Progress(quiet=answer.is_json) as progress:
        progress.doing(f"Copying the backup {file}")
        told = backups.restore(
            database,
            file,
            lambda done, total: progress.at(copied(done, total)),
            progress.say,
            settings.points,
            settings.secret_key_file,
        )
        progress.done(f"The database {shown(database)} is now at revision {told.state.revision} of {file}")
        if told.kept is not None:
            progress.say(f"The old database is kept as {shown(told.kept)}")
        if told.state.changed:
            progress.say("It gives a different document than that revision did: check it before you start the service")
        if answer.is_json:
            kept = None if told.kept is None else str(told.kept)
            revision, changed = told.state.revision, told.state.changed
            answer.document({"database": str(database), "revision": revision, "changed": changed, "kept": kept})
