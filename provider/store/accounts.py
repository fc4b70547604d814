"""Accounts in the database, with their sessions, one-time links and failed logins."""

from collections.abc import Sequence

from sqlmodel import Session, col, delete, func, select

from provider.errors import AlreadyExists, NotFound
from provider.models import Account, AccountSession, Failure, Invitation, Role


def list_all(session: Session) -> Sequence[Account]:
    """Return all accounts, by name."""
    return session.exec(select(Account).order_by(Account.name)).all()


def find(session: Session, name: str) -> Account | None:
    """Find an account."""
    return session.get(Account, name)


def get(session: Session, name: str) -> Account:
    """Return an account. Raises `NotFound`."""
    found = find(session, name)
    if found is None:
        raise NotFound(f"there is no account {name}")
    return found


def add(session: Session, name: str, role: Role, password_hash: str | None, created: str) -> Account:
    """Make an account. Raises `AlreadyExists`."""
    if find(session, name) is not None:
        raise AlreadyExists(f"there is an account {name} already")
    account = Account(name=name, role=role, password_hash=password_hash, created=created)
    session.add(account)
    session.flush()
    return account


def remove(session: Session, account: Account) -> None:
    """Remove an account; its sessions and its link go with it."""
    session.delete(account)
    session.flush()


def count_admins(session: Session) -> int:
    """Count the admins who can log in."""
    able = select(func.count()).where(col(Account.role) == Role.ADMIN, col(Account.password_hash).is_not(None))
    return session.exec(able).one()


# Sessions


def list_sessions(session: Session) -> Sequence[AccountSession]:
    """Return the sessions of all accounts."""
    return session.exec(select(AccountSession)).all()


def find_session(session: Session, secret_hash: str) -> tuple[AccountSession, Account] | None:
    """Find a session by the hash of its secret, with its account."""
    found = session.get(AccountSession, secret_hash)
    return None if found is None else (found, get(session, found.account))


def end_sessions(session: Session, account: str) -> None:
    """End all sessions of an account."""
    session.exec(delete(AccountSession).where(col(AccountSession.account) == account))


def end_session(session: Session, secret_hash: str) -> None:
    """End one session, if it is there."""
    session.exec(delete(AccountSession).where(col(AccountSession.secret_hash) == secret_hash))


def end_old_sessions(session: Session, created_before: str, used_before: str) -> None:
    """End the sessions that are too old, or were not used for too long."""
    old = (col(AccountSession.created) < created_before) | (col(AccountSession.last_used) < used_before)
    session.exec(delete(AccountSession).where(old))


# One-time links


def invite(session: Session, account: str, secret_hash: str, expires: str) -> None:
    """Keep an account's one-time link, in place of one before."""
    session.merge(Invitation(account=account, secret_hash=secret_hash, expires=expires))


def find_invitation(session: Session, secret_hash: str) -> Invitation | None:
    """Find a one-time link by the hash of its secret."""
    return session.exec(select(Invitation).where(Invitation.secret_hash == secret_hash)).first()


def forget_invitation(session: Session, account: str) -> None:
    """Let an account's one-time link be good no more."""
    session.exec(delete(Invitation).where(col(Invitation.account) == account))


# Failed logins


def find_failure(session: Session, key: str) -> Failure | None:
    """Find the failed logins of an account or an address."""
    return session.get(Failure, key)


def note_failure(session: Session, key: str, now: str, forget_before: str) -> None:
    """Count a failed login; those that are long ago no longer count."""
    session.exec(delete(Failure).where(col(Failure.last) < forget_before))
    known = session.get(Failure, key)
    session.merge(Failure(key=key, count=1 if known is None else known.count + 1, last=now))


def forget_failures(session: Session, key: str) -> None:
    """Forget the failed logins of an account or an address."""
    session.exec(delete(Failure).where(col(Failure.key) == key))
