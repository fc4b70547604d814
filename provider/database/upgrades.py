"""Alembic, as it is asked here to bring a database to this version's schema."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from provider.database.locations import Location
from provider.database.schema import migrations_path
from provider.errors import Unavailable


def alembic_config(location: Location) -> Config:
    """Return Alembic's configuration for a database, without any file of settings."""
    config = Config()
    config.set_main_option("script_location", str(migrations_path()).replace("%", "%%"))
    config.attributes["location"] = location
    return config


def upgrade(location: Location, **attributes: object) -> None:
    """Run the migrations that a database lacks, with what `migrations/env.py` is told. Raises `Unavailable`."""
    config = alembic_config(location)
    config.attributes.update(attributes)
    try:
        command.upgrade(config, "head")
    except CommandError as error:  # which is how Alembic's own command line is told
        raise Unavailable(str(error)) from error
