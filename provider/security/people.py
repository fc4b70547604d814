"""People: how an account comes to be, how its password is set, and how somebody logs in and out.

Every function takes a session of the database, and notes in the audit what it does in the same
transaction. Whether a login failed because of the name or the password cannot be told, nor measured.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic_core import PydanticCustomError
from sqlmodel import Session

from provider.errors import FieldError, InUse, Invalid, NotFound, TooMany
from provider.models import Account, AccountSession, Actor, AuditOutcome, Role
from provider.security import passwords, secrets
from provider.security.access import IDLE, LONGEST, written
from provider.security.secrets import Secret
from provider.store import accounts, audit
from provider.values import check_name

INVITATION: Final = timedelta(hours=24)
FREE_FAILURES: Final = 5
FORGOTTEN: Final = timedelta(minutes=15)
LONGEST_DELAY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Login:
    """A login that is good: the secret for the browser, and the account."""

    secret: Secret
    account: str


def add(session: Session, actor: Actor, name: str, role: Role, now: datetime) -> Account:
    """Make an account without a password. Raises `Invalid` and `AlreadyExists`."""
    _check(check_name, name, "/name")
    account = accounts.add(session, name, role, None, written(now))
    audit.add(session, actor, "account.add", f"account {name} added as {role}")
    return account


def set_role(session: Session, actor: Actor, name: str, role: Role) -> None:
    """Change what an account is for. Raises `NotFound` and `InUse`."""
    account = accounts.get(session, name)
    if account.role == role:
        return
    before, account.role = account.role, role
    session.flush()
    _check_admins(session, before)
    audit.add(session, actor, "account.set", f"account {name}: role {before} → {role}")


def remove(session: Session, actor: Actor, name: str) -> None:
    """Remove an account, and end its sessions. Raises `NotFound` and `InUse`."""
    account = accounts.get(session, name)
    accounts.remove(session, account)
    _check_admins(session, account.role)
    audit.add(session, actor, "account.remove", f"account {name} removed")


def set_password(session: Session, actor: Actor, name: str, password: str) -> None:
    """Set a password. All sessions of the account end, and its one-time link is good no more."""
    account = accounts.get(session, name)
    account.password_hash = passwords.hashed(_checked_password(password, name))
    accounts.end_sessions(session, name)
    accounts.forget_invitation(session, name)
    accounts.forget_failures(session, _account_key(name))
    audit.add(session, actor, "account.password", f"password of account {name} set, and its sessions ended")


def invite(session: Session, actor: Actor, name: str, now: datetime) -> Secret:
    """Make the secret of a one-time link with which an account's password can be set."""
    accounts.get(session, name)
    secret = secrets.make_plain()
    accounts.invite(session, name, secret.hash, written(now + INVITATION))
    audit.add(session, actor, "account.invite", f"one-time link for account {name} made")
    return secret


def find_invited(session: Session, text: str, now: datetime) -> str | None:
    """Find the account that a one-time link is for, while it is good."""
    found = accounts.find_invitation(session, secrets.hashed(text)) if secrets.is_plain(text) else None
    return None if found is None or found.expires <= written(now) else found.account


def accept(session: Session, actor: Actor, text: str, password: str, now: datetime) -> str:
    """Set the password of the account that a one-time link is for, once. Returns its name. Raises `NotFound`."""
    name = find_invited(session, text, now)
    if name is None:
        raise NotFound("this link is not good any more: ask for another")
    set_password(session, Actor(name, None, actor.address, actor.request_id), name, password)
    return name


def log_in(session: Session, actor: Actor, name: str, password: str, now: datetime) -> Login | None:
    """Begin a session, or note a failure: then it is None, and what was noted has to be kept.

    Raises `TooMany` for who comes too early after failures.
    """
    keys = [key for key in (_account_key(name), _address_key(actor.address)) if key]
    for key in keys:
        check_pace(session, key, now)
    account = accounts.find(session, name)
    password_hash = None if account is None else account.password_hash
    if not passwords.verify(password_hash, password) or account is None or password_hash is None:
        for key in keys:
            accounts.note_failure(session, key, written(now), written(now - FORGOTTEN))
        told = f"login as {name[:63]} refused"
        audit.add(
            session,
            Actor("anonymous", None, actor.address, actor.request_id),
            "account.login",
            told,
            outcome=AuditOutcome.REFUSED,
        )
        return None
    if passwords.needs_rehash(password_hash):
        account.password_hash = passwords.hashed(passwords.normal(password))
    accounts.forget_failures(session, _account_key(name))
    accounts.end_old_sessions(session, written(now - LONGEST), written(now - IDLE))
    secret = secrets.make_plain()
    session.add(AccountSession(secret_hash=secret.hash, account=name, created=written(now), last_used=written(now)))
    audit.add(
        session,
        Actor(name, f"session:{secret.id}", actor.address, actor.request_id),
        "account.login",
        f"{name} logged in",
    )
    return Login(secret, name)


def log_out(session: Session, actor: Actor, text: str) -> None:
    """End a session."""
    accounts.end_session(session, secrets.hashed(text))
    audit.add(session, actor, "account.logout", f"{actor.name} logged out")


def check_pace(session: Session, key: str, now: datetime) -> None:
    """Raise `TooMany` for a login that comes too early after those that failed."""
    failed = accounts.find_failure(session, key)
    if failed is None or failed.count < FREE_FAILURES:
        return
    since = now - datetime.fromisoformat(failed.last)
    if since >= FORGOTTEN:
        return
    delay = timedelta(seconds=min(2 ** (failed.count - FREE_FAILURES), LONGEST_DELAY_SECONDS))
    if since < delay:
        raise TooMany((delay - since).total_seconds())


def _account_key(name: str) -> str:
    return f"account:{name[:63]}"


def _address_key(address: str | None) -> str | None:
    return None if address is None else f"address:{address[:64]}"


def _check_admins(session: Session, lost: Role) -> None:
    """Refuse to lose the last admin: nobody could make another through the service."""
    if lost is Role.ADMIN and accounts.count_admins(session) == 0:
        raise InUse("this is the last admin who can log in: make another first", [])


def _checked_password(password: str, name: str) -> str:
    try:
        return passwords.check_password(password, name)
    except PydanticCustomError as error:
        raise Invalid([FieldError("/password", error.type, error.message())]) from None


def _check(check: Callable[[str], str], value: str, where: str) -> None:
    try:
        check(value)
    except PydanticCustomError as error:
        raise Invalid([FieldError(where, error.type, error.message())]) from None
