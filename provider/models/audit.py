"""The audit: who did what, when and from where; and what was refused."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Enum
from sqlmodel import Field, SQLModel


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: with which session or token, from where, in which request."""

    name: str
    credential: str | None = None
    """`token:ID`, `session:ID`, or `database` for a command that works on the database itself."""
    address: str | None = None
    request_id: str | None = None


class AuditOutcome(StrEnum):
    """Whether it was done."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


_OUTCOME = Enum(
    AuditOutcome,
    name="outcome",
    native_enum=False,
    create_constraint=True,
    values_callable=lambda outcomes: [outcome.value for outcome in outcomes],
)


class AuditEntry(SQLModel, table=True):
    """One thing that was done or refused. Entries are never changed."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    time: str = Field(max_length=32)
    actor: str = Field(max_length=63)
    credential: str | None = Field(default=None, max_length=40)
    address: str | None = Field(default=None, max_length=64)
    request_id: str | None = Field(default=None, max_length=64)
    outcome: AuditOutcome = Field(sa_column=Column(_OUTCOME, nullable=False))
    action: str = Field(max_length=40)
    words: str
    revision: int | None = None
    changes: list[dict[str, Any]] = Field(sa_type=JSON)
    """What happened to each object, with before and after, whole."""
