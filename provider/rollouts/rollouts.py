"""The rollouts that run: what edges get of them, and when each goes on, back, or comes to its end."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from provider import durations, moments, shifts
from provider.database.database import Database
from provider.duties import Duty
from provider.edges.missing import Awaited
from provider.edges.registry import Edges
from provider.errors import FieldError, Invalid, ProviderError, Unavailable, pointer
from provider.loops import Bell
from provider.messages import Message
from provider.models import Actor, Rollout, RolloutInput, RolloutOutput, RolloutState
from provider.models.rollout import BEFORE
from provider.nouns import Named, Service
from provider.overlays import Overlay, Replacement
from provider.parts import Parts
from provider.revisions import Revisions
from provider.rollouts import acting, referring, showing, watching, words
from provider.rollouts.showing import Noted
from provider.rollouts.watching import Outlook
from provider.serving import Serving
from provider.shifts import Shift
from provider.snapshots import ReloadCause, Snapshot
from provider.store import rollouts

logger = logging.getLogger(__name__)

_PERIODS: Final = 3
"""A step lasts at least so many times as long as a health check may take to tell that a server is down."""

_LONGEST_PAUSE_SECONDS: Final = 5.0
"""Whatever happens to an edge is told at once; that one has fallen silent is only seen by looking."""

_RETRY_SECONDS: Final = 2.0

RolloutListener = Callable[[RolloutOutput], None]


class Rollouts:
    """The rollouts. Any thread may ask; what they do by themselves runs in the event loop's."""

    def __init__(
        self,
        database: Database,
        revisions: Revisions,
        serving: Serving,
        edges: Edges,
        duty: Duty,
    ) -> None:
        """With the `duty` it is this service that lets them go on, of those on the same database."""
        self._duty = duty
        self._database = database
        self._revisions = revisions
        self._serving = serving
        self._edges = edges
        self._lock = threading.Lock()
        self._known: Mapping[str, Rollout] | None = None
        """The newest rollout of each service that has not ended, or not long ago."""

        self._is_stale = False
        self._begun: dict[tuple[int | None, str], float] = {}
        """When edges were first seen to run a step, by the rollout and when the step began."""

        self._noted: Mapping[int | None, Noted] = {}
        self._listeners: list[RolloutListener] = []
        self._bell = Bell()
        self.ended: Counter[str] = Counter()
        """How many ended since this process began: finished, taken back, or failed."""

        serving.add(self.lay_over)
        serving.subscribe(self._bell.ring)
        edges.observe(self._bell.ring)
        edges.health.subscribe(self._bell.ring)

    # What there is

    def lay_over(self, _desired: Snapshot, parts: Parts) -> Overlay:
        """Return what is laid over a snapshot."""
        found: dict[Named, Replacement] = {}
        for row in self.list_active():
            found |= shifts.lay_over(_shift_of(row), parts)
        return found

    def list_active(self) -> list[Rollout]:
        """Return those that have not ended, by service; read from the database at first. Raises `Unavailable`."""
        if self._known is None:
            self._read()
        return [row for row in (self._known or {}).values() if row.is_active]

    def show_active(self) -> list[RolloutOutput]:
        """Return those that have not ended as they are shown, by service."""
        return [self.show(row) for row in (self._known or {}).values() if row.is_active]

    def list_failed(self) -> list[RolloutOutput]:
        """Return those that went back by themselves, not long ago and with none after them, or could not finish."""
        return [
            self.show(row) for row in (self._known or {}).values() if showing.has_failed(row) or showing.is_stuck(row)
        ]

    def find_active(self, service: str) -> Rollout | None:
        """Find the rollout of a service that has not ended."""
        row = (self._known or {}).get(service)
        return row if row is not None and row.is_active else None

    def find_awaited(self, services: Iterable[str]) -> list[Awaited]:
        """Return what edges have to have of some services whose rollouts were just changed."""
        served = self._serving.current
        why = Message("it does not run this step yet")
        keys = [(Service.kind, name) for name in services]
        parts = Parts() if served is None else served.parts
        return [Awaited(key, why, is_settled=False, part=part) for key in keys if (part := parts.find(key)) is not None]

    def show(self, row: Rollout) -> RolloutOutput:
        """Return a rollout as it is shown."""
        return showing.show(row, self._noted.get(row.id))

    def subscribe(self, listener: RolloutListener) -> None:
        """Call `listener` with each rollout of which something else is to be said, in the event loop's thread."""
        self._listeners.append(listener)

    # What somebody does

    def check(self, service: str, wanted: RolloutInput, actor: Actor) -> bool:
        """Raise `Invalid` where a rollout would go back at once, or could not finish.

        Returns whether the health of the new servers is checked. Raises `NotFound`, too.
        """
        current = self._revisions.current
        parts = Parts() if current is None else current.parts
        period = shifts.find_period(parts, [service, wanted.to])
        acting.check(wanted, round(_PERIODS * period, 3))
        # What the transaction itself refuses comes first: nothing more is to be said of what does not exist.
        self._revisions.try_change(
            lambda session: acting.start(session, actor, service, "", wanted=wanted, is_checked=True), actor=actor
        )
        for code, refusal in self._list_refusals(Shift(service, wanted.to, 1), parts, wanted):
            if refusal is not None:
                raise Invalid([FieldError(pointer("to"), code, refusal)])
        self._revisions.try_change(lambda session: referring.redirect(session, service, wanted.to), actor=actor)
        return any(shifts.find_checked(parts, wanted.to).values())

    def _list_refusals(self, shift: Shift, parts: Parts, wanted: RolloutInput) -> Iterator[tuple[str, str | None]]:
        """Give what there is to refuse a rollout for, by the code of the error; None where that is not so."""
        yield "rollout.nothing", watching.find_lost(shift, parts)
        yield "rollout.down", watching.find_down(self._edges, parts, shift.target)
        yield "rollout.broken", watching.find_broken(self._edges, shift, parts)
        if not wanted.without_health_check:
            yield "rollout.unchecked", watching.find_unchecked(parts, shift.target)

    def changed(self, row: Rollout) -> RolloutOutput:
        """Serve what was just committed of a rollout, and tell of it. Returns it as it is shown."""
        if not row.is_active:
            self.ended["failed" if showing.has_failed(row) else row.state.value] += 1
        self._try_to_read()
        self._serving.renew(ReloadCause.ROLLOUT)
        self._bell.ring()
        self._tell(row)
        return self.show(row)

    def _read(self) -> None:
        with self._lock, self._database.reading() as session:
            since = moments.kept(datetime.now(UTC) - showing.TOLD_FOR)
            before, found = self._known, {row.service: row for row in rollouts.list_last(session, since)}
            self._known, self._is_stale = found, False
        if before is None:
            return
        for service, row in found.items():
            if service not in before or before[service].model_dump() != row.model_dump():
                self._tell(row)  # whichever service has changed it

    def _try_to_read(self) -> None:
        try:
            self._read()
        except Unavailable as error:
            logger.warning("rollouts cannot be read now: %s", error.detail)
            self._is_stale = True

    def heard(self, tables: frozenset[str] | None) -> None:
        """Hear that another service has committed something to these tables: know it before anything is served."""
        if self._known is not None and (tables is None or rollouts.TABLE in tables):
            self._try_to_read()

    def taken_over(self, tables: frozenset[str] | None) -> None:
        """Serve what another service has committed."""
        if tables is None or rollouts.TABLE in tables:
            self._serving.renew(ReloadCause.ROLLOUT)
            self._bell.ring()

    def _tell(self, row: Rollout) -> None:
        self._bell.call(lambda: [listener(self.show(row)) for listener in self._listeners])

    # What it does by itself

    async def lead(self) -> None:
        """Begin at once to do what is due, now that this service has the duty, until cancelled."""
        self._bell.ring()
        await asyncio.Event().wait()

    async def keep(self) -> None:
        """Look at each, and on duty let it go on when it is time, and back when something is wrong, until cancelled."""
        self._bell.enter()
        while True:
            await self._bell.wait(await self._tend_all())

    async def _tend_all(self) -> float | None:
        """Do what is due. Returns for how many seconds nothing more is, if nothing happens; None for as long."""
        left: list[float] = []
        try:
            if self._is_stale:
                await asyncio.to_thread(self._read)
                self._serving.renew(ReloadCause.ROLLOUT)
            left += [await self._tend(row) for row in self.list_active()]
        except Unavailable as error:
            logger.debug("rollouts cannot continue now: %s", error.detail)
            left.append(_RETRY_SECONDS)
        return min(left, default=None)

    async def _tend(self, row: Rollout) -> float:
        """Do what is due with one. Returns for how many seconds nothing more is."""
        desired, served = self._revisions.current, self._serving.current
        if desired is None or served is None or served.revision != desired.revision:
            return _RETRY_SECONDS
        sight = watching.look(self._edges, _shift_of(row), desired.parts, served)
        if sight.failure is not None and self._duty.is_had:
            await self._duty.do(self._fail, row, sight.failure)
            return 0.0
        left, sight = self._time(row, sight, desired.parts)
        is_over = left == 0 and sight.wait is None and sight.is_served and row.state is RolloutState.RUNNING
        if not is_over or not self._duty.is_had:
            return max(0.02, min(left or _LONGEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))
        await self._duty.do(self._go_on, row)
        return 0.0

    def _time(self, row: Rollout, sight: Outlook, parts: Parts) -> tuple[float, Outlook]:
        """Return for how many seconds more a step lasts, and what it waits for besides; note what was seen."""
        now, key = monotonic(), (row.id, row.since)
        period = shifts.find_period(parts, [row.service, row.target])
        least, left = _PERIODS * period, _LONGEST_PAUSE_SECONDS
        lasts = least if row.step == BEFORE and not row.mirror else max(least, durations.find_seconds(row.hold) or 0.0)
        if sight.is_served:
            if key not in self._begun:
                # It may have begun in an earlier process. A clock that was set meanwhile makes no step too short.
                before = (datetime.now(UTC) - datetime.fromisoformat(row.since)).total_seconds()
                self._begun = {key: now - min(max(before, 0.0), lasts - least), **self._begun}
            left = max(0.0, self._begun[key] + lasts - now)
            calm = watching.seconds_since_reload(self._edges, asyncio.get_running_loop().time())
            if left == 0 and sight.wait is None and calm < period:
                wait = Message("waiting until the edges have run one document long enough for their health checks")
                sight, left = replace(sight, wait=wait), period - calm
        due = datetime.now(UTC) + timedelta(seconds=left)
        self._note(row, Noted(row.since, sight.wait, due if sight.is_served and sight.wait is None else None))
        return left, sight

    def _note(self, row: Rollout, noted: Noted) -> None:
        """Note what was seen of a rollout, and tell it if it differs by more than the time left."""
        before = self._noted.get(row.id)
        self._noted = {**self._noted, row.id: noted}
        if before is None or before.said != noted.said:
            self._tell(row)

    def _fail(self, row: Rollout, why: str) -> None:
        outcome = self._revisions.change(lambda session: acting.fail(session, row, why), actor=acting.ITSELF)
        if outcome.result is not None:
            logger.warning("%s", words.say(words.FAILED, row, why=why))
            self.changed(outcome.result)

    def _go_on(self, row: Rollout) -> None:
        """Begin the next step, or come to the end. Each is committed before any edge gets it."""
        if row.step + 1 < len(row.steps):
            made = self._revisions.change(lambda session: acting.advance(session, row), actor=acting.ITSELF).result
            if made is not None:
                logger.info("rollout of %s: %s", row.service, words.say_how(made))
        else:
            made = self._finish(row)
        if made is not None:
            self.changed(made)

    def _finish(self, row: Rollout) -> Rollout | None:
        actor, telling = Actor(row.author, is_admin=True), acting.telling(row)
        try:
            return self._revisions.change(
                lambda session: acting.complete(session, row), actor=actor, message=telling.message, says=telling.says
            ).result
        except Unavailable:
            raise
        except ProviderError as error:
            why = error.detail
            logger.warning("%s", words.say(words.STUCK, row, why=why))
            return self._revisions.change(lambda session: acting.stick(session, row, why), actor=acting.ITSELF).result


def _shift_of(row: Rollout) -> Shift:
    return Shift(row.service, row.target, row.percent, row.mirror or 0, row.id or 0)
