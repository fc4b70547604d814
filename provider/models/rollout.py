"""Rollouts: traffic that moves from one service to another, step by step. Times are UTC, ISO 8601."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final

from pydantic import AwareDatetime, BaseModel
from pydantic import Field as Described
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from provider.models.base import input_config, one_of
from provider.models.revision import MESSAGE_LENGTH
from provider.models.shown import Shown, described
from provider.models.types import Name
from provider.values import DURATION_SCHEMA

MOST_STEPS: Final = 20

BEFORE: Final = -1
"""The step before the first: the new servers are checked, or get copies of requests, and answer nobody."""


class RolloutState(StrEnum):
    """State of a rollout."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    BACK = "back"


ACTIVE: Final = (RolloutState.RUNNING, RolloutState.PAUSED)
"""The states of a rollout that has not ended."""


class Rollout(SQLModel, table=True):
    """One rollout. Each step is stored before any edge is served it."""

    __tablename__ = "rollout"

    id: int | None = Field(default=None, primary_key=True)
    service: str = Field(max_length=63, index=True)
    target: str = Field(max_length=63)
    steps: list[int] = Field(sa_type=JSON)
    """What percentage of requests the target gets at each."""

    hold: str = Field(max_length=30)
    mirror: int | None = Field(default=None)
    """Before the first step: the percentage of requests that the target gets a copy of."""

    state: RolloutState = Field(sa_type=one_of(RolloutState, "state"))
    step: int = Field(default=BEFORE)
    since: str = Field(max_length=32)
    """When its step began."""

    author: str = Field(max_length=255)
    message: str = Field(default="", max_length=MESSAGE_LENGTH)
    started: str = Field(max_length=32)
    ended: str | None = Field(default=None, max_length=32)
    ended_by: str | None = Field(default=None, max_length=255)
    """Who ended it; None where it ended by itself."""

    why: Any = Field(default=None, sa_type=JSON(none_as_null=True), nullable=True)
    """Why it went back or paused by itself: a frozen message."""

    revision: int | None = Field(default=None)
    """The revision that made it permanent."""

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def percent(self) -> int:
        """What part of the requests the target gets, in percent, while it is active."""
        return 0 if self.step == BEFORE else self.steps[self.step]


_HOLD: Final = Described(
    description="Minimum time for each step (units: ms, s, m, h).", json_schema_extra=dict(DURATION_SCHEMA)
)


class RolloutInput(BaseModel):
    """Where a service's traffic goes, and how fast."""

    model_config = input_config({"to": "wayshub-next", "steps": [5, 25, 50, 100], "hold": "2m"})

    to: Annotated[Name, Described(description="Name of the service that the traffic moves to.")]
    steps: Annotated[
        list[Annotated[int, Described(ge=1, le=100)]],
        Described(
            min_length=1,
            max_length=MOST_STEPS,
            description="Percentages of the requests that it gets, rising to 100.",
            json_schema_extra={"uniqueItems": True, "contains": {"const": 100}},
        ),
    ] = [5, 25, 50, 100]
    hold: Annotated[str, Described(max_length=30), _HOLD] = "2m"
    mirror: Annotated[
        int | None,
        Described(
            ge=1,
            le=100,
            description="Percentage of requests that it gets copies of before the first step, for as long as a step.",
        ),
    ] = None
    without_health_check: Annotated[
        bool, Described(description="Start even if the new servers have no health check.")
    ] = False


_EXAMPLE: Final = {
    "id": 3,
    "service": "wayshub",
    "to": "wayshub-next",
    "state": "running",
    "percent": 25,
    "step": 2,
    "steps": [5, 25, 50, 100],
    "hold": "2m",
    "since": "2026-01-01T12:02:00Z",
    "next": "2026-01-01T12:04:00Z",
    "detail": "wayshub-next gets 25 % of the requests",
    "author": "alvin",
    "message": "Version 2",
    "started": "2026-01-01T12:00:00Z",
}


class RolloutOutput(Shown):
    """A rollout: how far it is, or how it ended."""

    example: ClassVar = _EXAMPLE

    id: int = described("Its number.")
    service: str = described("The service that the traffic moves away from.")
    to: str = described("The service that it moves to.")
    state: RolloutState = described()
    percent: int = described("Percentage of requests that the new service gets now.")
    mirror: int | None = described("Percentage of requests that it gets a copy of before the first step.", default=None)
    step: int = described("Which step it is at, from 1; 0 before the first, when the new servers are checked.")
    steps: list[int] = described("Percentages of the requests that the new service gets.")
    hold: str = described("Minimum time for each step.")
    since: AwareDatetime = described("When this step began.")
    next: AwareDatetime | None = described("When the next step begins, if nothing is in the way; null if something is.")
    detail: str = described("Its progress, why it waits, or why it ended, as a sentence.")
    author: str = described("Who started it.")
    message: str = described("Why; may be empty.")
    started: AwareDatetime = described("When it started.")
    ended: AwareDatetime | None = described("When it ended.", default=None)
    ended_by: str | None = described("Who ended it; null while it runs, and if nobody did.", default=None)
    revision: int | None = described("The revision that made it permanent.", default=None)
