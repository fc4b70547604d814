"""Changes that roll themselves back: what waits to be confirmed, and when its time is up.

Deadlines are kept in the database, by the wall clock, so that a restart forgets none. Within the life of a process they
go by a clock that nobody sets; after a start, by what the wall clock says is left, and that is never more than the
change was given at first. What another service has just begun has all its time: its clock may be another one.
"""

import asyncio
import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from provider import moments
from provider.apart.turns import Turns
from provider.database.sessions import Session
from provider.durations import find_text
from provider.errors import ProviderError, Unavailable
from provider.loops import Bell
from provider.messages import Message, thaw
from provider.models import Actor, Confirmation, ConfirmationState, Revision
from provider.revisions import Revisions
from provider.store import audit
from provider.store import confirmations as stored
from provider.store import revisions as history
from provider.unconfirmed import Unconfirmed

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS: Final = 60.0
"""However far away the next deadline is: a machine may sleep meanwhile."""

_RETRY_SECONDS: Final = 2.0
_TOLD_FOR: Final = timedelta(days=1)
"""For so long it is told that something was rolled back."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A revision that waits to be confirmed. `due` is a time of the clock by which it goes here.

    `words` say what it did, as messages. `trouble` is why it could not be rolled back, although its time is up.
    """

    revision: int
    words: tuple[str, ...]
    author: str
    within: str
    before: datetime
    due: float
    trouble: str | None = None

    @property
    def left_seconds(self) -> float:
        return max(self.due - moments.seconds(), 0.0)

    @property
    def clock(self) -> str:
        """What is left as a clock shows it, such as `9:59`, or `1:00:00`."""
        minutes, seconds = divmod(math.ceil(self.left_seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A revision that nobody confirmed. `left` is what of it stays."""

    revision: int
    ended: datetime
    within: str
    left: Sequence[str]


@dataclass(frozen=True, slots=True)
class ConfirmationNews:
    """What became new of a revision that has to be confirmed, or had to be."""

    revision: int
    state: ConfirmationState
    before: datetime


class Confirmations:
    """What waits to be confirmed. Any thread may ask."""

    def __init__(self, revisions: Revisions, turns: Turns) -> None:
        self._revisions = revisions
        self._turns = turns
        self._lock = threading.Lock()
        self._pending: Sequence[Pending] = ()
        self._rolled_back: Sequence[RolledBack] = ()
        self._troubles: dict[int, str] = {}
        self._listeners: list[Callable[[ConfirmationNews], None]] = []
        self._bell = Bell()
        self._is_read = False
        self.rollbacks = 0
        """How many revisions were rolled back in the life of this process."""

        revisions.follow(self._refresh)

    @property
    def pending(self) -> Sequence[Pending]:
        """What waits to be confirmed, the newest first."""
        return self._pending

    @property
    def rolled_back(self) -> Sequence[RolledBack]:
        """What was rolled back within the last day, the newest first."""
        now = datetime.now(UTC)
        return [each for each in self._rolled_back if abs(now - each.ended) <= _TOLD_FOR]  # a clock may have been ahead

    def subscribe(self, listener: Callable[[ConfirmationNews], None]) -> None:
        """Call `listener` with what becomes new, in the thread in which it does."""
        self._listeners.append(listener)

    def confirm(self, number: int, actor: Actor) -> None:
        """Keep a revision for good. Raises `NotFound`, `NotPending` and `Unavailable`."""

        def apply(session: Session) -> None:
            history.get(session, number)
            if stored.confirm(session, number, actor.name):
                audit.add(session, actor, "state.confirm", Message("Confirmed revision {number}", number=number))

        self._revisions.change(apply, actor=actor)
        self._refresh()

    def heard(self, tables: frozenset[str] | None) -> None:
        """Hear that another service has committed something to these tables."""
        if tables is None or stored.TABLE in tables:
            self._refresh()

    def start(self) -> None:
        """Know what waits, and roll back what is overdue: before any edge is answered."""
        if self._revisions.current is not None:
            self._refresh()
            self._roll_back_due()

    async def keep(self) -> None:
        """Roll back what nobody confirms, each when its time is up, until cancelled."""
        self._bell.enter()
        while True:
            if not self._is_read:
                await asyncio.to_thread(self.start)
            else:
                await asyncio.to_thread(self._roll_back_due)
            await self._bell.wait(self._find_pause())

    def _find_pause(self) -> float:
        if not self._is_read or any(each.trouble for each in self._pending):
            return _RETRY_SECONDS
        return min([_LONGEST_PAUSE_SECONDS, *(each.left_seconds for each in self._pending)])

    # What waits

    def _refresh(self) -> None:
        """Read what waits, and tell what became new of it."""
        with self._lock:
            known = {each.revision: each for each in self._pending}
            try:
                pending, self._rolled_back, ended = self._read(known)
            except Unavailable as error:
                self._is_read = False
                logger.debug("the pending changes cannot be read now: %s", error.detail)
                return
            self._pending, was_read, self._is_read = pending, self._is_read, True
        begun = [each for each in pending if each.revision not in known]
        news = [ConfirmationNews(each.revision, ConfirmationState.PENDING, each.before) for each in begun]
        for told in [*news, *ended] if was_read else ():
            for listener in self._listeners:
                listener(told)
        self._bell.ring()

    def _read(self, known: Mapping[int, Pending]) -> tuple[list[Pending], list[RolledBack], list[ConfirmationNews]]:
        now = datetime.now(UTC)
        with self._revisions.reading() as session:
            rows = stored.list_pending(session)
            numbers = {row.revision for row in rows}
            pending = [
                self._as_pending(row, known.get(row.revision), history.get(session, row.revision), now) for row in rows
            ]
            rolled_back = [_as_rolled_back(row) for row in stored.list_rolled_back(session, now - _TOLD_FOR)]
            ended = [
                ConfirmationNews(number, shown.state, shown.before)
                for number, shown in stored.find(session, known.keys() - numbers).items()
            ]
        return pending, rolled_back, ended

    def _as_pending(self, row: Confirmation, known: Pending | None, revision: Revision, now: datetime) -> Pending:
        before = datetime.fromisoformat(row.deadline)
        left: float = row.seconds
        if not self._is_read:  # else it has just begun
            left = min(max((before - now).total_seconds(), 0.0), left)
        due = moments.seconds() + left if known is None else known.due
        trouble = self._troubles.get(row.revision)
        words = tuple(map(thaw, revision.words or [revision.summary]))
        return Pending(row.revision, words, revision.author, _within(row), before, due, trouble)

    # What is rolled back

    def _roll_back_due(self) -> None:
        """Roll back each revision whose time is up, the newest first."""
        for pending in self._pending:
            if pending.left_seconds == 0 and pending.revision in {each.revision for each in self._pending}:
                self._roll_back(pending)

    def _roll_back(self, pending: Pending) -> None:
        """Roll one back. Whatever is in the way, the others are, and it is tried again.

        What nobody has thought of is a bug: it is logged, as a request that meets one is.
        """
        number = pending.revision
        rollback = Unconfirmed(number, pending.within)
        try:
            rollback.do(self._revisions, self._turns)
        except ProviderError as error:
            if self._troubles.get(number) != error.detail:
                logger.error("revision %d cannot be rolled back now: %s", number, error.detail)  # noqa: TRY400
            self._troubles[number] = error.detail
        except Exception:  # a bug: others are rolled back all the same
            logger.exception("revision %d cannot be rolled back now", number)
            self._troubles[number] = Message("this is a bug in wayshub-provider; see its log")
        else:
            self._troubles.pop(number, None)
            self.rollbacks += len(rollback.done)
            for each, left in rollback.done.items():
                logger.warning("revision %d was not confirmed, and is rolled back", each)
                for told in left:
                    logger.warning("part of revision %d stays: %s", each, told)
        self._refresh()


def _as_rolled_back(row: Confirmation) -> RolledBack:
    ended = datetime.fromisoformat(row.ended or row.deadline)
    return RolledBack(row.revision, ended, _within(row), stored.words_left(row))


def _within(row: Confirmation) -> str:
    return find_text(row.seconds * 1_000_000_000) or f"{row.seconds}s"
