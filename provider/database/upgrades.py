"""Alembic, as it is asked here to bring a database to this version's schema."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from provider.database.locations import Location
from provider.database.versions import migrations_path, versions
from provider.errors import SettingsError, Unavailable


def alembic_config(location: Location) -> Config:
    """Return Alembic's configuration for a database, without any file of settings."""
    config = Config()
    config.set_main_option("script_location", str(migrations_path()).replace("%", "%%"))
    config.attributes["location"] = location
    return config


def upgrade(
    location: Location, say: Callable[[str], None], version: str | None, to: str | None, **attributes: object
) -> None:
    """Run the migrations that a database at a `version` lacks, with what `migrations/env.py` is told.

    With `to`, go to that version, up or down. A migration refuses with a `ValueError`. Raises `Unavailable`. Whatever
    is raised, the database is as it was.
    """
    config = alembic_config(location)
    config.attributes.update(attributes, say=say)
    if to is not None and to not in versions():
        raise SettingsError(f"--to {to}: the versions of the database are {versions()[0]} to {versions()[-1]}")
    try:
        if to is None or version is None or to >= version:
            command.upgrade(config, to or "head")
        else:
            command.downgrade(config, to)
    except CommandError as error:  # which is how Alembic's own command line is told
        raise Unavailable(str(error)) from error
    except ValueError as error:
        raise Unavailable(f"nothing was changed: {error}") from error
    except BaseException:  # also who stopped it wants to know
        say(
            f"The migration did not finish and changed nothing: the version that served {location} before can continue."
        )
        raise
