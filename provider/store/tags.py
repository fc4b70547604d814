"""Entity tags of objects, in which their secrets are hashed with the key of the database."""

from collections.abc import Sequence

from provider.database.sessions import Session
from provider.nouns import Noun
from provider.nouns.registry import hidden
from provider.tags import etag


def tag(session: Session, item: Noun) -> str:
    """Return the tag of an object. Raises `Unavailable` where it has secrets and there is no key."""
    return etag(item.kind, hidden(item.kind, item.json()), session.hash_secret)


def tag_together(session: Session, items: Sequence[Noun]) -> str:
    """Return one tag of several objects. Raises `Unavailable` as `tag` does."""
    return etag("several", [tag(session, item) for item in items])
