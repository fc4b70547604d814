"""Accounts at CAs that speak ACME, and orders, in the database."""

from collections.abc import Sequence

from sqlmodel import col, func, select

from provider.database.sessions import Session
from provider.models import AcmeAccount, AcmeOrder


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


def count(session: Session, since: str, name: str | None = None, *, kept: bool | None = None) -> int:
    """Count the orders that were made since a time: of one name, or of all; those that were kept or not, or all."""
    query = select(func.count()).select_from(AcmeOrder).where(AcmeOrder.created >= since)
    if name is not None:
        query = query.where(AcmeOrder.name == name)
    if kept is not None:
        query = query.where(col(AcmeOrder.is_kept).is_(kept))
    return session.exec(query).one()


def prune(session: Session, before: str) -> None:
    """Forget the orders that ended before a time."""
    for order in session.exec(select(AcmeOrder).where(col(AcmeOrder.ended) < before)):
        session.delete(order)
