"""Whether a database still has the schema with which it was opened: a later version may migrate it meanwhile."""

from typing import Final

from sqlalchemy import Connection, text

from provider.database.locations import Location
from provider.database.versions import versions
from provider.errors import Unavailable
from provider.messages import Message

_VERSION: Final = text("SELECT version_num FROM alembic_version")


def find_other(connection: Connection, location: Location) -> Message | None:
    """Say, if another version than this one has migrated the database, what to do; None if it is as it was."""
    version = connection.execute(_VERSION).scalar()
    if version == versions()[-1]:
        return None
    return Message(
        "the database {path} was migrated to {version}, but this version of wayshub-provider needs {ours}: "
        "start the version that migrated it. Until then, polls are answered and changes are refused",
        path=str(location),
        version=str(version),
        ours=versions()[-1],
    )


def check_same(connection: Connection, location: Location) -> None:
    """Raise `Unavailable` if it is another one: nobody may write what a later version would not understand."""
    if (told := find_other(connection, location)) is not None:
        raise Unavailable(told)
