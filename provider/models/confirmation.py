"""Changes that roll themselves back unless somebody confirms them in time."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import AwareDatetime
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from provider.durations import find_delay_seconds
from provider.messages import Message
from provider.models.base import one_of
from provider.models.shown import Shown, described
from provider.values import Refusal

_NONE: Final = range(0)


@dataclass(frozen=True, slots=True)
class Confirming:
    """In how many seconds a change has to be confirmed, if at all, and which pending revisions it takes back itself."""

    seconds: int | None = None
    undone: range = _NONE


NO_CONFIRMING: Final = Confirming()


class ConfirmationState(StrEnum):
    """Whether a change that has to be confirmed is pending, or how that ended."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    ROLLED_BACK = "rolledBack"
    UNDONE = "undone"
    """Somebody took it back before its time was up."""


class Confirmation(SQLModel, table=True):
    """That a revision has to be confirmed, and what became of that. Times are UTC, ISO 8601.

    `left` are the messages, as JSON, that say what of it was not taken back.
    """

    revision: int = Field(primary_key=True, foreign_key="revision.number", ondelete="CASCADE")
    seconds: int
    deadline: str = Field(max_length=32)
    state: ConfirmationState = Field(sa_type=one_of(ConfirmationState, "state"))
    ended: str | None = Field(default=None, max_length=32)
    ended_by: str | None = Field(default=None, max_length=200)
    ended_in: int | None = Field(default=None)
    """The revision that took it back."""

    left: list[Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))


class ConfirmationOutput(Shown):
    """Until when a change has to be confirmed, or how that ended."""

    state: ConfirmationState = described()
    within: str = described("The time limit for confirming it.")
    before: AwareDatetime = described("When it is rolled back unless it is confirmed.")
    ended: AwareDatetime | None = described("When it was confirmed, rolled back or undone; null if pending.")
    by: str | None = described("Who confirmed or undid it.")
    revision: int | None = described("The revision that undid it or rolled it back, if there is one.")
    left: list[str] = described("What could not be rolled back, because it has changed again or is used by others.")


def read_within(text: str) -> int:
    """Return the seconds of a duration such as `10m`. Raises `Refusal`."""
    seconds = find_delay_seconds(text)
    if seconds is None:
        raise Refusal("duration.format", Message("this has to be a time from 1s to 168h, such as 90s, 10m or 2h"))
    return seconds
