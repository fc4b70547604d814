"""`secrets`: the secrets in the database, and the key that seals them."""

from collections.abc import Callable, Mapping
from typing import Final

from provider.cli.paths import shown
from provider.cli.progress import Progress
from provider.database import rotation
from provider.database.sealing import beside
from provider.errors import SettingsError
from provider.settings import read_settings


def rotate() -> None:
    """Encrypt all secrets with a new key.

    Stop the service first, and start it again afterwards. The new key takes
    the place of the old one in the key file (PROVIDER_SECRET_KEY_FILE), once
    all secrets are encrypted with it. If this is interrupted, nothing is lost:
    until then the file has both keys. Run it again to finish.

    Earlier backups still need the old key, so make a new backup, or keep
    a copy of the old key file with them.

    Examples:
      wayshub-provider secrets rotate
    """
    settings = read_settings()
    if settings.location.file is None:
        raise SettingsError("the key of a database on PostgreSQL cannot be changed yet")
    database = settings.database_path
    key_file = settings.secret_key_file or beside(database)
    progress = Progress()
    try:
        progress.doing(f"Encrypting the secrets in {shown(database)} with a new key")
        count = rotation.rotate(
            database, settings.secret_key_file, lambda done: progress.at(f"Encrypted {done:,} values")
        )
        told = "There was nothing to encrypt" if not count else f"Encrypted {count:,} values with a new key"
        progress.done(f"{told}; the key is in {shown(key_file)}")
        progress.say("Make a new backup, with the key file: earlier backups need the old key, which is gone")
    finally:
        progress.close()


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {"rotate": rotate}
