"""Domains in the database. Their key is the A-label."""

from collections.abc import Sequence

from provider.database.sessions import Session
from provider.nouns import Domain
from provider.store import nouns


def hosts(session: Session) -> Sequence[str]:
    """Return all domains as A-labels, in order."""
    return nouns.names(session, Domain)
