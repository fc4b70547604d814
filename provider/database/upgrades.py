"""Alembic, as it is asked here to bring a database to this version's schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from provider.database.schema import migrations_path
from provider.errors import Unavailable


def alembic_config(path: Path) -> Config:
    """Return Alembic's configuration for a database file, without any file of settings."""
    config = Config()
    config.set_main_option("script_location", str(migrations_path()).replace("%", "%%"))
    config.attributes["database_path"] = path
    return config


def upgrade(path: Path, **attributes: object) -> None:
    """Run the migrations that a database lacks, with what `migrations/env.py` is told. Raises `Unavailable`."""
    config = alembic_config(path)
    config.attributes.update(attributes)
    try:
        command.upgrade(config, "head")
    except CommandError as error:  # which is how Alembic's own command line is told
        raise Unavailable(str(error)) from error
