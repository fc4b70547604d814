"""The certificates that this service gets for domains, in the database."""

from collections.abc import Collection, Sequence

from sqlmodel import col, select

from provider.database.sessions import Session
from provider.models import Issuance


def list_all(session: Session) -> Sequence[Issuance]:
    """Return all, by name."""
    return session.exec(select(Issuance).order_by(Issuance.name)).all()


def find_all(session: Session, names: Collection[str]) -> dict[str, Issuance]:
    """Return those of some domains, by name."""
    return {each.name: each for each in session.exec(select(Issuance).where(col(Issuance.name).in_(names)))}


def get(session: Session, name: str) -> Issuance:
    """Return that of a domain; a new one where there is none."""
    found = session.get(Issuance, name)
    if found is None:
        found = Issuance(name=name)
        session.add(found)
    return found
