"""Accounts at CAs that speak ACME, and orders, in the database."""

from collections.abc import Sequence
from typing import Final

from sqlmodel import col, delete, select

from provider.database.sessions import Session
from provider.models import AcmeAccount, AcmeChallenge, AcmeOrder


def find_account(session: Session) -> AcmeAccount | None:
    """Find the account with which certificates are ordered."""
    return session.exec(select(AcmeAccount).where(col(AcmeAccount.chosen))).first()


def list_accounts(session: Session) -> Sequence[AcmeAccount]:
    """Return all accounts, also those with which nothing is ordered any more."""
    return session.exec(select(AcmeAccount).order_by(AcmeAccount.directory)).all()


def find_open(session: Session, name: str, directory: str) -> AcmeOrder | None:
    """Find the order for a name that has not ended."""
    query = select(AcmeOrder).where(AcmeOrder.name == name, AcmeOrder.directory == directory)
    return session.exec(query.where(col(AcmeOrder.ended).is_(None)).order_by(col(AcmeOrder.id).desc())).first()


def find_created(
    session: Session, directory: str, dates: tuple[str, str], nth: int, name: str | None = None, *, kept: bool | None
) -> str | None:
    """Find when the nth newest order at a CA was made, of those between two dates; None if there are fewer.

    Of one name, or of all; of those that were kept or not, or of all.
    """
    query = select(AcmeOrder.created).where(AcmeOrder.directory == directory)
    query = query.where(col(AcmeOrder.created).between(*dates))
    if name is not None:
        query = query.where(AcmeOrder.name == name)
    if kept is not None:
        query = query.where(col(AcmeOrder.is_kept).is_(kept))
    return session.exec(query.order_by(col(AcmeOrder.created).desc()).offset(nth - 1).limit(1)).first()


CHALLENGES: Final = str(AcmeChallenge.__tablename__)
"""The table of challenges."""


def list_challenges(session: Session) -> dict[str, str]:
    """Return what is answered to which token."""
    return dict(session.exec(select(AcmeChallenge.token, AcmeChallenge.content)).all())


def add_challenge(session: Session, challenge: AcmeChallenge, forgotten_before: str) -> None:
    """Keep what is answered to a token, and forget what a service left that was killed."""
    session.exec(delete(AcmeChallenge).where(col(AcmeChallenge.created) < forgotten_before))
    session.merge(challenge)


def remove_challenge(session: Session, token: str) -> None:
    """Answer a token no more."""
    session.exec(delete(AcmeChallenge).where(col(AcmeChallenge.token) == token))


def prune(session: Session, before: str) -> None:
    """Forget the orders that ended before a time."""
    for order in session.exec(select(AcmeOrder).where(col(AcmeOrder.ended) < before)):
        session.delete(order)
