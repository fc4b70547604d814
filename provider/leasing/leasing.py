"""Leases as they go on: heartbeats are noted, and who is silent is drained, removed, or held if that is our fault.

Heartbeats and all that is decided run in the event loop's thread; transactions run in others.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from provider import moments
from provider.duties import Duty
from provider.edges.health import Health
from provider.errors import ProviderError, Unavailable
from provider.leases import Judgement, LeasedName, Spared, judge, spare
from provider.leasing import changes
from provider.leasing.book import Book, LeaseChange, LeaseView
from provider.leasing.changes import Due
from provider.loops import Bell
from provider.messages import Message
from provider.models import Actor, LeaseState
from provider.nouns import Server
from provider.revisions import Revisions
from provider.snapshots import last_revision
from provider.store import leases as stored
from provider.store import servers

logger = logging.getLogger(__name__)

_PULSE_SECONDS: Final = 1.0
"""How often it is looked who is silent: in memory."""

_LOST_SECONDS: Final = 2.0
"""A look that comes so much too late tells that this process stood still, and heard nobody."""

_RETRY_SECONDS: Final = 2.0

_PAUSE_SECONDS: Final = 0.1
"""Time before the leases are read again after a change: in a series of changes they are read once for several."""

_UNHEARD: Final = Message(
    "this heartbeat does not count, because the service is cut off from the database: send it again"
)


@dataclass(frozen=True, slots=True)
class MassSilence:
    """Servers that are silent and stay, because so many fell silent at once: since when."""

    since: datetime
    keys: frozenset[LeasedName]


class Leasing:
    """The leases of all servers."""

    def __init__(self, revisions: Revisions, health: Health, duty: Duty) -> None:
        """With the `duty` it is this service that drains and removes, of those on the same database."""
        self._revisions = revisions
        self._duty = duty
        self.tell: Callable[[LeasedName], None] = lambda _key: None
        """Is called with each server that was heard of here, in the event loop's thread."""
        self.is_cut_off: Callable[[], bool] = lambda: False
        """Tells whether what is heard here does not reach the service that drains and removes."""
        self.is_deaf: Callable[[], bool] = lambda: False
        """Tells whether what other services hear does not reach this one: then nobody is silent."""
        self._was_deaf = False

        self._health = health
        self._book = Book()
        self._revision: int | None = None
        """The one whose leases are known."""

        self._reading = asyncio.Lock()
        self._new: set[LeasedName] = set()
        """Those that have registered, and whose leases are not known yet."""

        self._back: set[LeasedName] = set()
        self._hold: MassSilence | None = None
        self._hold_until = 0.0
        self._last: frozenset[LeasedName] = frozenset()
        self._spared = Spared()
        self._considered: tuple[object, ...] | None = None
        self._subscribers: list[Callable[[Collection[LeaseChange]], None]] = []
        self._states: Mapping[LeasedName, LeaseState] | None = None
        """How the leases stood when that was told last."""
        self._bell = Bell()
        revisions.subscribe(self._bell.ring)

    # What is known. Any thread may ask.

    @property
    def hold(self) -> MassSilence | None:
        """The servers that are held because so many fell silent at once, if that is so."""
        return self._hold

    @property
    def last(self) -> Collection[LeasedName]:
        """Silent servers that stay because nobody else could answer for their services."""
        return self._last

    def find(self, service: str, server: str) -> LeaseView | None:
        """Return how the lease of a server stands, if it has one."""
        return self._book.view((service, server))

    def count(self) -> Mapping[LeaseState, int]:
        """Count the leases by how they stand."""
        return self._book.count()

    def subscribe(self, subscriber: Callable[[Collection[LeaseChange]], None]) -> None:
        """Call `subscriber` with the leases that stand otherwise than before, in the event loop's thread."""
        self._subscribers.append(subscriber)

    def _tell(self) -> None:
        """Tell which leases stand otherwise than before. Those that are found at the start are nothing new."""
        before, now = self._states, self._book.states()
        self._states = now
        keys = [] if before is None else sorted(key for key in before.keys() | now if before.get(key) != now.get(key))
        told = [LeaseChange(*key, before.get(key), now.get(key)) for key in keys if before is not None]
        for subscriber in self._subscribers if told else ():
            subscriber(told)

    # What is heard

    async def beat(self, service: str, server: str) -> bool:
        """Note a heartbeat. Returns whether there is such a lease; if not, the server has to register.

        Raises `Unavailable` where that cannot be told, or where nobody else hears of it now.
        """
        is_known = self.hear(service, server)
        if self.is_cut_off():
            raise Unavailable(_UNHEARD)
        if is_known:
            return True
        if self._revisions.current is None:
            raise Unavailable(self._revisions.problem)
        await self._catch_up()
        return self.hear(service, server)

    def hear(self, service: str, server: str) -> bool:
        """Note a heartbeat of a lease that is known. Returns whether it is."""
        key = service, server
        is_known = self._hear(key)
        if is_known:  # no other service would know one either whose name somebody has made up
            self.tell(key)
        return is_known

    def _hear(self, key: LeasedName) -> bool:
        lease = self._book.beat(key)
        if lease is None:
            return False
        if lease.lapsed is not None:
            self._back.add(key)
            self._bell.ring()
        return True

    def registered(self, service: str, server: str) -> None:
        """Note that a server has registered, again or for the first time. May be called from any thread."""
        self._bell.call(self._register, (service, server))

    def _register(self, key: LeasedName) -> None:
        """Take it as a heartbeat: at once, or as soon as its lease is known."""
        if not self.hear(*key):
            self._new.add(key)
            self._bell.ring()

    def told(self, keys: Iterable[LeasedName]) -> None:
        """Note heartbeats that other services have heard. May be called from any thread."""
        self._bell.call(lambda: [self._hear(key) for key in keys])

    def heard(self, tables: frozenset[str] | None) -> None:
        """Hear from other services again after a while, without what they heard meanwhile: nobody was silent then."""
        if tables is None:
            self._bell.call(self._book.renew)

    async def _catch_up(self) -> None:
        """Know the leases of the current revision. Raises `Unavailable`."""
        async with self._reading:
            current = self._revisions.current
            if current is None or current.revision == self._revision:
                return
            number, found = await asyncio.to_thread(_read, self._revisions, self._revision)
            self._revision = number
            if found is not None:
                self._book.adopt(found)
                self._new = {key for key in self._new if not self.hear(*key)}
                self._tell()

    # What follows

    async def keep(self) -> None:
        """Tend the leases until cancelled."""
        self._bell.enter()
        while True:
            begun = monotonic()
            seconds: float | None = _PULSE_SECONDS
            try:
                await self._catch_up()
                await self._tend()
                if not self._book.leases and self._revision is not None:
                    seconds = None
            except ProviderError as error:
                logger.warning("silent servers stay as they are for now: %s", error.detail)
                seconds = _RETRY_SECONDS
            await self._bell.wait(seconds)
            lost = 0.0 if seconds is None else monotonic() - begun - seconds
            if lost > _LOST_SECONDS:
                self._book.shift(lost)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _tend(self) -> None:
        if self._revision is None or self._is_deaf():
            return
        now = monotonic()
        found = judge(self._book.leases, now)
        self._decide_hold(found, now)
        if self._hold is not None:
            found = Judgement()
        due = await self._find_due(found, now)
        if not due.is_empty and self._duty.is_had:
            await self._duty.do(changes.write, self._revisions, due)
            self._back.difference_update(due.back)
            await self._catch_up()

    def _is_deaf(self) -> bool:
        """Tell whether others hear servers that are silent here. Once that is over, all leases begin anew."""
        is_deaf = self.is_deaf()
        if self._was_deaf and not is_deaf:
            self._book.renew()
        self._was_deaf = is_deaf
        return is_deaf

    def _decide_hold(self, found: Judgement, now: float) -> None:
        """Hold who is silent, if it is so many; and until it was not for as long as the longest of their leases."""
        if found.is_mass:
            self._hold_until = now + found.longest
        held = MassSilence(datetime.now(UTC), found.silent) if found.silent and now < self._hold_until else None
        before = self._hold
        if held is not None and before is not None:
            held = MassSilence(before.since, held.keys)
        self._hold = held
        if (held is None) != (before is None):
            self._tell_hold(held)
        self._show_held()

    def _tell_hold(self, held: MassSilence | None) -> None:
        if held is None:
            logger.info("no server is held any more: those that were silent send heartbeats again")
        else:
            logger.error(
                "%d of %d servers with leases are silent at once, so they are held: the cause is probably elsewhere",
                *(len(held.keys), len(self._book.leases)),
            )

    def _show_held(self) -> None:
        held = (self._hold.keys if self._hold is not None else frozenset()) | self._last
        if held != self._book.held:
            self._book.held = held
            self._tell()

    async def _find_due(self, found: Judgement, now: float) -> Due:
        spared = await self._spare(found)
        back = [key for key in self._back if (lease := self._book.leases.get(key)) and lease.lapsed is not None]
        self._back.intersection_update(back)
        return self._due(spared.drained, found.over, sorted(back), now)

    def _due(
        self, drained: Iterable[LeasedName], gone: Iterable[LeasedName], back: Iterable[LeasedName], now: float
    ) -> Due:
        drained, gone, leases = sorted(drained), sorted(gone), self._book.leases
        heard = {key: self._book.heard(key) for key in drained}
        return Due(
            drained,
            gone,
            list(back),
            {key: f"{now - leases[key].since:.0f} s" for key in (*drained, *gone)},
            {key: None if moment is None else moments.kept(moment) for key, moment in heard.items()},
        )

    async def _spare(self, found: Judgement) -> Spared:
        """Choose who is drained. The servers beside the silent ones are read again only if anything has changed."""
        services = sorted({service for service, _name in found.silent})
        down = self._health.list_down()
        late = frozenset(key for key in found.late if key[0] in services)
        considered = self._revision, found.silent, late, [(name, sorted(down.get(name, ()))) for name in services]
        if considered != self._considered:
            pools = await asyncio.to_thread(_read_pools, self._revisions, services) if services else {}
            self._spared, self._considered = spare(pools, found.silent, late, down), considered
        if self._spared.kept != self._last:
            self._last = self._spared.kept
            for service, name in sorted(self._last):
                logger.warning(
                    "server %s of %s is silent, but held: no other server of the service can answer", name, service
                )
            self._show_held()
        return self._spared

    # What somebody says

    async def release(self, actor: Actor, service: str | None = None, server: str | None = None, why: str = "") -> int:
        """Drain who is silent, of all services or of one, as somebody has said that they are gone.

        Returns how many those were. Raises what `Revisions.change` does.
        """
        now = monotonic()
        silent = {key for key in judge(self._book.leases, now).silent if service in {None, key[0]}}
        silent = {key for key in silent if server in {None, key[1]}}
        if silent:
            due = self._due(silent, (), (), now)
            await asyncio.to_thread(changes.write, self._revisions, due, actor, why)
            await self._catch_up()
            self._last -= silent
            if self._hold is not None:
                self._hold = replace(self._hold, keys=self._hold.keys - silent)
            self._show_held()
        if service is None:
            self._hold_until = 0.0
        self._bell.ring()
        return len(silent)


def _read(revisions: Revisions, known: int | None) -> tuple[int, Mapping[LeasedName, stored.LeasedServer] | None]:
    """Return the last revision, and the leases at it, or None if they are those of the revision that is known."""
    with revisions.reading() as session:
        number, _digest = last_revision(session)
        if known is not None and not stored.has_changed(session, known):
            return number, None
        return number, stored.list_all(session)


def _read_pools(revisions: Revisions, services: Sequence[str]) -> Mapping[str, Sequence[Server]]:
    with revisions.reading() as session:
        return servers.of_services(session, services)
