"""What is stored and leads Traefik where nothing may lead it now: a setting may be another than it was."""

from provider.addresses import find_trouble
from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.nouns import NOUNS, Named, Server
from provider.store import nouns


def find_outside(session: Session) -> dict[Named, str]:
    """Return the stored objects that lead where none may, by kind and name, each with why."""
    found = dict[Named, str]()
    for kind, noun in NOUNS.items():
        if kind == Server.kind:  # of which there may be many, with a column for the URL
            table = TABLES[kind].table
            rows = session.connection().execute(table.select().order_by(table.c.service, table.c.name))
            asked = ((f"{row.service}/{row.name}", row.url) for row in rows)
        elif noun.is_asking():
            asked = ((name, url) for name, item in nouns.read_all(session, noun) for _where, url in item.asked())
        else:
            continue
        for name, url in asked:
            if (kind, name) not in found and (trouble := find_trouble(url, session.places)):
                found[kind, name] = trouble
    return found
