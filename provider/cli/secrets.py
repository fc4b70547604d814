"""`secrets`: the secrets in the database, and the key that seals them."""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import typer

from provider.cli.options import OutputOption
from provider.cli.output import Format, Output
from provider.cli.paths import shown
from provider.cli.progress import Progress
from provider.database.rotation import RotationStep
from provider.database.rotation import rotate as do_rotate
from provider.settings import read_settings

CopiedOption = Annotated[
    bool,
    typer.Option(
        "--copied", help="Take the next step, now that every machine has the current key file. PostgreSQL only."
    ),
]


def rotate(*, copied: CopiedOption = False, output: OutputOption = Format.TABLE) -> None:
    """Encrypt all secrets with a new key.

    With an SQLite file, stop the service first, and start it again
    afterwards. The new key takes the place of the old one in the key file
    (PROVIDER_SECRET_KEY_FILE). If this is interrupted, nothing is lost: until
    all secrets are encrypted with the new key, the file has both. Run it
    again to finish.

    On PostgreSQL, services keep running, and need the key file after each of
    three steps: add a key, use it, remove the old one. Run this, copy the
    file to every machine with a service, then run it with --copied, twice.

    Earlier backups still need the old key, so make a new backup, or keep
    a copy of the old key file with them.

    Examples:
      wayshub-provider secrets rotate
      wayshub-provider secrets rotate --copied
    """
    location = read_settings().location
    answer = Output(output)
    with Progress(quiet=answer.is_json) as progress:
        progress.doing(f"Encrypting the secrets in {location} with a new key")
        step, count = do_rotate(location, lambda done: progress.at(f"Encrypted {done:,} values"), copied=copied)
        file = shown(location.keys_path)
        told = f"Encrypted {count:,} values with the new key" if count else "There was nothing to encrypt"
        if step is RotationStep.ADDED:
            progress.done(f"Added a new key to {file}. It encrypts nothing yet")
        elif step is RotationStep.USED:
            progress.done(f"{told}, which is now the first one in {file}")
        else:
            progress.done(f"{told}; the key is in {file}")
        if step in {RotationStep.ADDED, RotationStep.USED}:
            progress.say("Copy the file to every machine that runs a service on this database, then continue:")
            progress.say("  wayshub-provider secrets rotate --copied")
        elif location.file is None:
            progress.say("The old key is gone from the file. Copy it once more to every machine")
        if step is RotationStep.FINISHED:
            progress.say("Make a new backup, with the key file: earlier backups need the old key, which is gone")
        if answer.is_json:
            answer.document({"step": step.name.lower(), "values": count, "keyFile": str(location.keys_path)})


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {"rotate": rotate}
