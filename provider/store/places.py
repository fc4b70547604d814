"""Where servers may be: what a session is kept to, and what leads elsewhere."""

from typing import Any

from provider.addresses import find_trouble
from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.errors import FieldError
from provider.nouns import Server


def find_outside(session: Session) -> dict[str, str]:
    """Return the stored servers (`SERVICE/SERVER`) that lead where none may be now, with why."""
    table = TABLES[Server.kind].table
    rows = session.connection().execute(table.select().order_by(table.c.service, table.c.name))
    return {f"{row.service}/{row.name}": trouble for row in rows if (trouble := find_trouble(row.url, session.places))}


def find_refusal(session: Session, url: str) -> str | None:
    """Return why no server may be at a URL, or None if one may."""
    return find_trouble(url, session.places)


def check(session: Session, before: Any, server: Any) -> FieldError | None:
    """Return what is wrong with where a server shall lead; one that leads there already may stay."""
    if before is not None and before.url == server.url:
        return None
    trouble = find_refusal(session, server.url)
    return FieldError("/url", "url.network", trouble) if trouble else None
