"""How a rollout is shown: how far it is, what it waits for, or how it ended."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from provider.messages import Message, thaw
from provider.models import Rollout, RolloutOutput, RolloutState
from provider.rollouts import words

TOLD_FOR: Final = timedelta(days=1)
"""For so long it is told that a rollout went back by itself, unless another follows it."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What was seen of a rollout last, and when its next step is due, where nothing is in the way."""

    since: str
    wait: str | None
    next: datetime | None

    @property
    def said(self) -> tuple[str, str | None, bool]:
        """What is to be said of it, but for when: that moves a little with each look."""
        return self.since, self.wait, self.next is None


def show(row: Rollout, noted: Noted | None) -> RolloutOutput:
    """Return a rollout as it is shown, with what was seen of it last, if that is still so."""
    if noted is None or noted.since != row.since or not row.is_active:
        noted = Noted(row.since, None, None)
    return RolloutOutput.of(
        row,
        to=row.target,
        percent=_percent_of(row),
        step=row.step + 1,
        since=_date(row.since),
        next=noted.next if row.state is RolloutState.RUNNING else None,
        detail=_detail(row, noted.wait),
        started=_date(row.started),
        ended=None if row.ended is None else _date(row.ended),
    )


def has_failed(row: Rollout) -> bool:
    """Tell whether one went back by itself not long ago."""
    if row.state is not RolloutState.BACK or row.ended_by is not None or row.ended is None:
        return False
    return abs(datetime.now(UTC) - _date(row.ended)) < TOLD_FOR  # a clock may have been ahead


def is_stuck(row: Rollout) -> bool:
    """Tell whether one paused by itself."""
    return row.state is RolloutState.PAUSED and row.why is not None


def _percent_of(row: Rollout) -> int:
    if row.is_active:
        return row.percent
    return 100 if row.state is RolloutState.FINISHED else 0


def _detail(row: Rollout, wait: str | None) -> str:
    """Say how a rollout is."""
    how = words.say_how(row)
    match row.state:
        case RolloutState.RUNNING:
            return how if wait is None else Message("{how}; {wait}", how=how, wait=wait)
        case RolloutState.PAUSED if row.why is not None:
            return Message("paused because it could not finish: {why}", why=thaw(row.why))
        case RolloutState.PAUSED:
            return Message("paused: {how}", how=how)
        case RolloutState.FINISHED:
            return Message(
                "everything that referred to {service} now refers to {target}", service=row.service, target=row.target
            )
    if row.why is not None:
        return Message("rolled back from {percent} %: {why}", percent=row.percent, why=thaw(row.why))
    return Message("rolled back by {name} from {percent} %", name=row.ended_by or "", percent=row.percent)


def _date(text: str) -> datetime:
    return datetime.fromisoformat(text)
