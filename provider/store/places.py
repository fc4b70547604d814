"""Where servers may be: what a session is kept to."""

from provider.addresses import find_trouble
from provider.database.sessions import Session
from provider.errors import FieldError, pointer
from provider.nouns import Noun


def find_refusal(session: Session, url: str) -> str | None:
    """Return why no server may be at a URL, or None if one may."""
    return find_trouble(url, session.places)


def check(session: Session, before: Noun | None, item: Noun) -> list[FieldError]:
    """Return what is wrong with where an object leads Traefik; where it leads already it may stay."""
    known = set() if before is None else {url for _where, url in before.asked()}
    return [
        FieldError(pointer(*where), "url.network", trouble)
        for where, url in item.asked()
        if url not in known and (trouble := find_refusal(session, url))
    ]
