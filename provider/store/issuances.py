"""The certificates that wayshub-provider gets for domains, in the database."""

from collections.abc import Sequence

from sqlmodel import select

from provider.database.sessions import Session
from provider.models import Issuance


def list_all(session: Session) -> Sequence[Issuance]:
    """Return all, by name."""
    return session.exec(select(Issuance).order_by(Issuance.name)).all()


def get(session: Session, name: str) -> Issuance:
    """Return that of a domain; a new one where there is none."""
    found = session.get(Issuance, name)
    if found is None:
        found = Issuance(name=name)
        session.add(found)
    return found
