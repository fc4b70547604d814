"""Revisions: the committed changes of the desired state."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from provider.messages import Message

Kind = Literal["domain", "service", "server", "router", "account", "token"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one object: `before` is None when it was made, `after` when it was removed.

    `name` is the object's name; a server's is `SERVICE/SERVER`. Both sides are the object as JSON, whole,
    so that a sequence of changes can be replayed, and undone.
    """

    kind: Kind
    name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def words(self) -> str:
        """Say it in a few words."""
        if self.before is None:
            return Message("{kind} {name} added", kind=self.kind, name=self.name)
        if self.after is None:
            return Message("{kind} {name} removed", kind=self.kind, name=self.name)
        fields = [
            f"{field} {_word(self.before.get(field))} → {_word(value)}"
            for field, value in self.after.items()
            if self.before.get(field) != value
        ]
        return f"{self.kind} {self.name}: {', '.join(fields)}"


def _word(value: object) -> str:
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) and value != "" else repr(value)


class Revision(SQLModel, table=True):
    """One committed change: when (UTC, ISO 8601), who, in words, object by object, and what it gave."""

    number: int = Field(primary_key=True)
    time: str = Field(max_length=32)
    author: str = Field(max_length=200)
    summary: str
    changes: list[dict[str, Any]] = Field(sa_type=JSON)
    digest: str = Field(max_length=64)
