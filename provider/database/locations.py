"""Where a database is: an SQLite file, or a PostgreSQL server."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from provider.database import sealing
from provider.errors import SettingsError

SERVER_DRIVER: Final = "postgresql+psycopg"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a database is: in a file, or else at the URL of a server, as SQLAlchemy writes it.

    Other processes may be handed one. The URL may have a password: it is shown without. `key_file` has the key with
    which secrets are sealed; without one, that of a file is beside it.
    """

    file: Path | None = None
    url: str = field(default="", repr=False)
    key_file: Path | None = None

    @property
    def path(self) -> Path:
        """The SQLite file. Raises `SettingsError` for a database on a server."""
        if self.file is None:
            raise SettingsError(f"{self} is not an SQLite file: this works on SQLite files only")
        return self.file

    @property
    def keys_path(self) -> Path:
        """The file of the key that seals secrets. Raises `SettingsError` for a server where none is named."""
        if self.key_file is not None:
            return self.key_file
        if self.file is None:
            raise SettingsError("PROVIDER_SECRET_KEY_FILE: PostgreSQL needs a key file, the same for all services")
        return sealing.beside(self.file)

    def __str__(self) -> str:
        """Say it for a person, without user and password."""
        if self.file is not None:
            return str(self.file)
        url = make_url(self.url)
        return f"{url.database or url.username} on {url.host or 'PostgreSQL'}"
