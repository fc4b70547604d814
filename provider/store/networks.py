"""Where servers may be: what a session is kept to, and what leads elsewhere."""

from typing import Any

from sqlmodel import Session

from provider.addresses import ANYWHERE, Places, find_trouble
from provider.database.tables import TABLES
from provider.errors import FieldError
from provider.nouns import Server

_PLACES = "server_places"


def keep_to(session: Session, places: Places) -> None:
    """Let servers be there only, whoever writes in this session."""
    session.info[_PLACES] = places


def find_outside(session: Session) -> dict[str, str]:
    """Return the stored servers (`SERVICE/SERVER`) that lead where none may be now, with why."""
    places = session.info.get(_PLACES, ANYWHERE)
    table = TABLES[Server.kind].table
    rows = session.connection().execute(table.select().order_by(table.c.service, table.c.name))
    return {f"{row.service}/{row.name}": trouble for row in rows if (trouble := find_trouble(row.url, places))}


def find_refusal(session: Session, url: str) -> str | None:
    """Return why no server may be at a URL, or None if one may."""
    return find_trouble(url, session.info.get(_PLACES, ANYWHERE))


def check(session: Session, before: Any, server: Any) -> FieldError | None:
    """Return what is wrong with where a server shall lead; one that leads there already may stay."""
    if before is not None and before.url == server.url:
        return None
    trouble = find_refusal(session, server.url)
    return FieldError("/url", "url.network", trouble) if trouble else None
