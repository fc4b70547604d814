"""Domains in the database. Their key is the A-label."""

from collections.abc import Sequence

from provider.database.sessions import Session
from provider.nouns import Domain, Router
from provider.store import nouns


def hosts(session: Session) -> Sequence[str]:
    """Return all domains as A-labels, in order."""
    return nouns.names(session, Domain)


def count_routers(session: Session, ascii_names: Sequence[str]) -> dict[str, int]:
    """Count the routers that match domains, some hundreds at most, by A-label. A domain without any is left out."""
    return nouns.count_users(session, Router, Domain, ascii_names)
