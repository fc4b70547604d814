"""The session: what one transaction reads and writes, and what has to be known of it until its end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, event
from sqlmodel import Session as SQLModelSession

from provider.addresses import ANYWHERE, Places
from provider.models import Change


class Session(SQLModelSession):
    """A session that keeps what it has read: SQLAlchemy forgets a row that nobody holds, and reads it again."""

    hash_secret: Callable[[str], str]
    """Hashes a secret with the key of the database: see `SealingKeys.hash`."""

    def __init__(self, bind: Engine | Connection) -> None:
        super().__init__(bind, expire_on_commit=False, autoflush=False)
        self.kept: Final[list[object]] = []
        self.changes: Final[list[Change]] = []
        """What was changed in it so far, in order. Every write of the state notes its own."""
        self.found: Final[dict[object, Any]] = {}
        """What was read of the state since it was last written to: nobody reads the same object twice."""
        self.places: Places = ANYWHERE
        """Where servers may be that are written in it."""
        self.write_json: Callable[[object], str] = json.dumps
        """Writes a column of JSON, with its secrets sealed, for what does not write it by itself."""
        self.beside: Path | None = None
        """The file with rows that somebody put ready: see `scratch`."""
        self.is_tried = False
        """Whether nothing of what is written in it is kept."""
        self.is_admin = False
        """Whether what is written in it may lead to what Traefik makes itself, such as its API."""


@event.listens_for(Session, "loaded_as_persistent")
@event.listens_for(Session, "pending_to_persistent")
def _keep(session: Session, row: object) -> None:
    session.kept.append(row)
