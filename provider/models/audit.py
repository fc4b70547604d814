"""The audit: who did what, when and from where; and what was refused."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final

from pydantic import AwareDatetime
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from provider.models.base import one_of
from provider.models.revision import MESSAGE_LENGTH, ChangeOutput
from provider.models.shown import Shown, described

MOST_CHANGES: Final = 20
"""How many changes an entry lists: one revision can have changed everything, and has all of them itself."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: with which session or token, from where, in which request."""

    name: str
    credential: str | None = None
    """`token:ID`, `session:ID`, or `database` for a command that works on the database itself."""
    address: str | None = None
    request_id: str | None = None
    is_admin: bool = False
    """Whether they may write what only admins may."""

    @property
    def holder(self) -> str:
        """Whose part of what is bounded is taken: a token has its own, an account one for all its sessions."""
        credential = self.credential or ""
        return f"account:{self.name}" if credential.startswith("session:") else credential


class AuditOutcome(StrEnum):
    """Whether the action was accepted or refused."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class AuditEntry(SQLModel, table=True):
    """One thing that was done or refused. Entries are never changed."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    time: str = Field(max_length=32)
    actor: str = Field(max_length=63)
    credential: str | None = Field(default=None, max_length=40)
    address: str | None = Field(default=None, max_length=64)
    request_id: str | None = Field(default=None, max_length=64)
    outcome: AuditOutcome = Field(sa_type=one_of(AuditOutcome, "outcome"))
    action: str = Field(max_length=40)
    words: str
    revision: int | None = None
    message: str = Field(default="", max_length=MESSAGE_LENGTH)
    changes: list[dict[str, Any]] = Field(sa_type=JSON)
    """What happened to each object, with before and after, whole; for a revision it is kept there, once."""


class AuditOutput(Shown):
    """One entry of the audit."""

    example: ClassVar = {
        "id": 41,
        "time": "2026-01-01T12:00:00Z",
        "actor": "deploy",
        "credential": "token:k3v9x0ab",
        "address": "127.0.0.1",
        "requestId": "4f1c2a9b7d3e5f60",
        "outcome": "accepted",
        "action": "state.change",
        "words": "server wayshub/c: state ready → drain",
        "revision": 7,
        "message": "a new disk goes in",
        "changes": [
            {
                "kind": "server",
                "name": "wayshub/c",
                "before": {"name": "c", "url": "http://10.0.0.13:3000", "weight": 1, "state": "ready"},
                "after": {"name": "c", "url": "http://10.0.0.13:3000", "weight": 1, "state": "drain"},
            }
        ],
        "changeCount": 1,
    }

    id: int = described("Number of the entry.")
    time: AwareDatetime = described("When it was done.")
    actor: str = described("Who did it: an account, a token, or the system user who ran a command.")
    credential: str | None = described(
        "How they were authenticated: `token:ID`, `session:ID`, or `database` for a command on the database."
    )
    address: str | None = described("IP address of the client.")
    request_id: str | None = described("ID of the request, as in the log.")
    outcome: AuditOutcome = described()
    action: str = described("Kind of action, such as `state.change`.")
    words: str = described("What was done, as a sentence.")
    revision: int | None = described("The revision it created.")
    message: str = described("Why, from `Config-Message`; may be empty.")
    changes: list[ChangeOutput] | None = described(
        f"The first {MOST_CHANGES} changed objects, before and after; `/revisions/{{number}}` has all. "
        "Null if the revision is no longer kept."
    )
    change_count: int | None = described("How many objects changed; null if the revision is no longer kept.")
