"""Accounts in the database, with their sessions, one-time links, familiar addresses and failed logins."""

import hashlib
from collections.abc import Iterable, Sequence

from sqlmodel import col, delete, func, select

from provider.database.sessions import Session
from provider.models import Account, AccountSession, FailedLogins, FamiliarAddress, Invitation, Role
from provider.store import records

_MOST_FAMILIAR = 100
_MOST_SESSIONS = 100
"""Of an account. All sessions of all accounts are in memory, and read anew after each login."""


def list_all(session: Session) -> Sequence[Account]:
    """Return all accounts, by name."""
    return session.exec(select(Account).order_by(Account.name)).all()


def page(session: Session, *, limit: int, after: str | None = None, q: str | None = None) -> Sequence[Account]:
    """Return at most `limit` accounts by name, after `after`, with `q` in the name."""
    return records.page(session, Account, (Account.name,), limit=limit, after=after, q=q)


def find(session: Session, name: str) -> Account | None:
    """Find an account."""
    return session.get(Account, name)


def get(session: Session, name: str) -> Account:
    """Return an account. Raises `NotFound`."""
    return records.required(find(session, name), "account", name)


def add(session: Session, name: str, role: Role, created: str) -> Account:
    """Make an account, which has no password yet."""
    account = Account(name=name, role=role, created=created)
    session.add(account)
    session.flush()
    return account


def remove(session: Session, account: Account) -> None:
    """Remove an account; its sessions and its link go with it."""
    session.delete(account)
    session.flush()


def has_passwords(session: Session) -> bool:
    """Tell whether any account has a password."""
    able = select(Account.name).where(col(Account.password_hash).is_not(None)).limit(1)
    return session.exec(able).first() is not None


def count_admins(session: Session) -> int:
    """Count the admins who can log in."""
    able = select(func.count()).where(col(Account.role) == Role.ADMIN, col(Account.password_hash).is_not(None))
    return session.exec(able).one()


# Sessions


def list_sessions(session: Session) -> Sequence[AccountSession]:
    """Return the sessions of all accounts."""
    return session.exec(select(AccountSession)).all()


def count_sessions(
    session: Session, names: Iterable[str], *, created_after: str, created_before: str, used_after: str
) -> dict[str, int]:
    """Count the sessions of accounts that began within a time, and were used since another."""
    counted = select(AccountSession.account, func.count()).where(
        col(AccountSession.account).in_(list(names)),
        col(AccountSession.created) > created_after,
        col(AccountSession.created) <= created_before,
        col(AccountSession.last_used) > used_after,
    )
    return dict(session.exec(counted.group_by(AccountSession.account)).all())


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


def end_surplus_sessions(session: Session, account: str) -> None:
    """End the oldest sessions of an account, where it has too many."""
    session.flush()
    newest = (
        select(AccountSession).where(AccountSession.account == account).order_by(col(AccountSession.created).desc())
    )
    for old in session.exec(newest.offset(_MOST_SESSIONS)):
        session.delete(old)


# One-time links


def invite(session: Session, account: str, secret_hash: str, expires: str) -> None:
    """Keep an account's one-time link, in place of one before."""
    session.merge(Invitation(account=account, secret_hash=secret_hash, expires=expires))
    session.flush()


def list_invited(session: Session, names: Iterable[str], now: str, latest: str) -> dict[str, str]:
    """Return until when the one-time links of accounts are good, for those that have one that is.

    None that was made until now is good after `latest`.
    """
    good = select(Invitation.account, Invitation.expires).where(
        col(Invitation.account).in_(list(names)), col(Invitation.expires) > now, col(Invitation.expires) <= latest
    )
    return dict(session.exec(good).all())


def find_invitation(session: Session, secret_hash: str) -> Invitation | None:
    """Find a one-time link by the hash of its secret."""
    return session.exec(select(Invitation).where(Invitation.secret_hash == secret_hash)).first()


def forget_invitation(session: Session, account: str) -> None:
    """Let an account's one-time link be good no more."""
    session.exec(delete(Invitation).where(col(Invitation.account) == account))


# Familiar addresses and browsers


def browser_place(secret_hash: str) -> str:
    """Return under what a browser is kept beside the addresses, by the hash of its secret."""
    return f"browser:{secret_hash[:32]}"


def is_known_place(session: Session, address: str) -> bool:
    """Tell whether anybody has logged in from an address or a browser."""
    return session.exec(select(FamiliarAddress).where(FamiliarAddress.address == address).limit(1)).first() is not None


def is_familiar(session: Session, account: str, address: str) -> bool:
    """Tell whether somebody has logged in to an account from an address or a browser."""
    return session.get(FamiliarAddress, {"account": account, "address": address}) is not None


def note_familiar(session: Session, account: str, address: str, now: str) -> None:
    """Note that somebody has logged in from an address or a browser; the oldest beyond some are forgotten."""
    of_account = select(FamiliarAddress).where(FamiliarAddress.account == account)
    for ahead in session.exec(of_account.where(col(FamiliarAddress.last_used) > now)):  # a clock was wrong
        ahead.last_used = now
    session.merge(FamiliarAddress(account=account, address=address, last_used=now))
    session.flush()
    newest = of_account.order_by(col(FamiliarAddress.last_used).desc())
    for old in session.exec(newest.offset(_MOST_FAMILIAR)):
        session.delete(old)


# Failed logins


def failure_key(account: str) -> str:
    """Return the key of the failed logins of an account. It is a hash: a password may have been typed as a name."""
    return f"account:{hashlib.sha256(account.encode('utf-8', 'replace')).hexdigest()[:32]}"


def find_failure(session: Session, key: str) -> FailedLogins | None:
    """Find the failed logins under a key."""
    return session.get(FailedLogins, key)


def note_failure(session: Session, key: str, now: str, forget_before: str, forget_after: str) -> None:
    """Count a failed login; those that are long ago no longer count, nor those in a future that cannot be."""
    session.exec(
        delete(FailedLogins).where((col(FailedLogins.last) < forget_before) | (col(FailedLogins.last) > forget_after))
    )
    known = session.get(FailedLogins, key)
    session.merge(FailedLogins(key=key, count=1 if known is None else known.count + 1, last=now))


def forget_failures(session: Session, account: str) -> None:
    """Forget the failed logins of an account, wherever they came from."""
    key = failure_key(account)
    session.exec(
        delete(FailedLogins).where((col(FailedLogins.key) == key) | col(FailedLogins.key).startswith(f"{key}@"))
    )
