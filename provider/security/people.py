"""People: how an account comes to be, and how its password is set.

Every function takes a session of the database, and notes in the audit what it does in the same
transaction. None hashes a password: that takes a while, and nobody could write meanwhile.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from provider import moments
from provider.database.sessions import Session
from provider.errors import AlreadyExists, FieldError, InUse, Invalid, NotFound
from provider.messages import Message
from provider.models import Account, Actor, Change, Role
from provider.security import passwords, secrets, words
from provider.security.access import AHEAD
from provider.security.secrets import Secret
from provider.store import accounts, audit
from provider.values import Refusal, check_name

INVITATION: Final = timedelta(hours=24)
FIRST_ADMIN: Final = "admin"
"""The account for which the first start makes a one-time link."""


def add(session: Session, actor: Actor, name: str, role: Role, now: datetime) -> Account:
    """Make an account without a password. Raises `Invalid` and `AlreadyExists`."""
    checked(check_name, name, "/name")
    if accounts.find(session, name) is not None:
        detail = Message("account {name} already exists", name=name)
        raise AlreadyExists(detail, [FieldError("/name", "name.taken", detail)])
    account = accounts.add(session, name, role, moments.kept(now))
    _note(session, actor, "account.add", Message(words.ACCOUNT_ADDED, name=name, role=role), name, None, role)
    return account


def set_role(session: Session, actor: Actor, name: str, role: Role) -> None:
    """Change what an account is for. Raises `NotFound`, and `InUse` for the last admin."""
    account = accounts.get(session, name)
    before = account.role
    if before is role:
        return
    account.role = role
    session.flush()
    _check_admins(session, account, before)
    told = Message(words.ACCOUNT_SET, name=name, before=before, after=role)
    _note(session, actor, "account.set", told, name, before, role)


def remove(session: Session, actor: Actor, name: str) -> None:
    """Remove an account and end its sessions. Raises `NotFound`, and `InUse` for the last admin."""
    account = accounts.get(session, name)
    accounts.remove(session, account)
    _check_admins(session, account, account.role)
    _note(session, actor, "account.remove", Message(words.ACCOUNT_REMOVED, name=name), name, account.role, None)


def set_password(session: Session, actor: Actor, name: str, password_hash: str) -> None:
    """Set a password. All sessions of the account end, and its one-time link is good no more. Raises `NotFound`."""
    accounts.get(session, name).password_hash = password_hash
    accounts.end_sessions(session, name)
    accounts.forget_invitation(session, name)
    accounts.forget_failures(session, name)
    audit.add(session, actor, "account.password", Message(words.PASSWORD_SET, name=name))


def end_sessions(session: Session, actor: Actor, name: str) -> None:
    """End all sessions of an account. Raises `NotFound`."""
    accounts.get(session, name)
    accounts.end_sessions(session, name)
    audit.add(session, actor, "account.sessions", Message(words.SESSIONS_ENDED, name=name))


def invite(session: Session, actor: Actor, name: str, now: datetime) -> Secret:
    """Make the secret of a one-time link with which an account's password can be set. Raises `NotFound`."""
    accounts.get(session, name)
    secret = secrets.make_link()
    accounts.invite(session, name, secret.hash, moments.kept(now + INVITATION))
    audit.add(session, actor, "account.invite", Message(words.LINK_MADE, name=name))
    return secret


def invite_first(session: Session, actor: Actor, now: datetime) -> Secret | None:
    """Make the one-time link of the first admin, or None if there is an admin who can log in."""
    if accounts.count_admins(session):
        return None
    if accounts.find(session, FIRST_ADMIN) is None:
        add(session, actor, FIRST_ADMIN, Role.ADMIN, now)
    else:
        set_role(session, actor, FIRST_ADMIN, Role.ADMIN)
    return invite(session, actor, FIRST_ADMIN, now)


def get_invited(session: Session, text: str, now: datetime) -> str:
    """Return the account that a one-time link is for. Raises `NotFound` if it is not good, or not any more."""
    found = accounts.find_invitation(session, secrets.hashed(text)) if secrets.is_plain(text) else None
    if found is None or not moments.kept(now) < found.expires <= moments.kept(now + INVITATION + AHEAD):
        raise NotFound(Message("this link was used already, or has expired"))
    return found.account


def check_password(password: str, name: str) -> str:
    """Check a password for an account, and return it as it is hashed. Raises `Invalid`."""
    try:
        return passwords.check_password(password, name)
    except Refusal as error:
        raise Invalid([FieldError("/password", error.code, error.detail)]) from None


def checked(check: Callable[[str], str], value: str, where: str) -> str:
    """Return a value that fits. Raises `Invalid` that names the field `where`."""
    try:
        return check(value)
    except Refusal as error:
        raise Invalid([FieldError(where, error.code, error.detail)]) from None


def _check_admins(session: Session, account: Account, before: Role) -> None:
    """Refuse to lose the last admin: nobody could make another through the service."""
    if before is Role.ADMIN and account.password_hash is not None and accounts.count_admins(session) == 0:
        raise InUse(Message("{name} is the last admin who can log in: add another first", name=account.name), [])


def _note(
    session: Session, actor: Actor, action: str, told: str, name: str, before: Role | None, after: Role | None
) -> None:
    audit.add(session, actor, action, told, changes=[Change("account", name, _shown(before), _shown(after))])


def _shown(role: Role | None) -> dict[str, Any] | None:
    return None if role is None else {"role": role.value}
