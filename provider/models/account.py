"""Accounts of people: what is kept of them, of their sessions, of their one-time links and of failed logins."""

from enum import StrEnum

from sqlmodel import Field, SQLModel

from provider.models.base import one_of


class Role(StrEnum):
    """What an account is for."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Account(SQLModel, table=True):
    """A person's account. It has no password until one was set."""

    name: str = Field(primary_key=True, max_length=63)
    role: Role = Field(sa_type=one_of(Role, "role"))
    password_hash: str | None = Field(default=None, max_length=200)
    created: str = Field(max_length=32)


class AccountSession(SQLModel, table=True):
    """A person who is logged in, in one browser."""

    __tablename__ = "session"

    secret_hash: str = Field(primary_key=True, max_length=64)
    account: str = Field(max_length=63, foreign_key="account.name", ondelete="CASCADE")
    created: str = Field(max_length=32)
    last_used: str = Field(max_length=32)


class Invitation(SQLModel, table=True):
    """The one-time link with which an account's password is set. An account has one at most."""

    account: str = Field(primary_key=True, max_length=63, foreign_key="account.name", ondelete="CASCADE")
    secret_hash: str = Field(max_length=64)
    expires: str = Field(max_length=32)


class FamiliarAddress(SQLModel, table=True):
    """An address from which somebody has logged in to an account."""

    __tablename__ = "familiar_address"

    account: str = Field(primary_key=True, max_length=63, foreign_key="account.name", ondelete="CASCADE")
    address: str = Field(primary_key=True, max_length=64)
    last_used: str = Field(max_length=32)


class FailedLogins(SQLModel, table=True):
    """Logins that failed lately, for an account or from an address; for an account the key has a hash of its name."""

    __tablename__ = "failure"

    key: str = Field(primary_key=True, max_length=120)
    count: int
    last: str = Field(max_length=32)
