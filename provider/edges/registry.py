"""All edges: what happens to them, the state that follows, and who waits for it.

Everything here runs in the event loop's thread.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from provider.edges.keepers import Keepers
from provider.edges.observed import Observation
from provider.edges.origins import Origins
from provider.edges.pollers import Connection, Poller
from provider.edges.polls import Polls
from provider.edges.quarantine import Quarantine, accept, accuse, prune
from provider.edges.sightings import Sightings
from provider.edges.states import Edge, EdgeState, has_rejected
from provider.edges.surroundings import EdgeSurroundings
from provider.edges.verdicts import judge
from provider.errors import NotFound
from provider.loops import NextTime
from provider.messages import Message
from provider.models import EdgeRecord
from provider.nouns import Named, versions
from provider.serving import Serving
from provider.snapshots import Served, Snapshot

logger = logging.getLogger(__name__)

MOST_EDGES: Final = 2_000
"""Anybody who polls under a name makes an edge of it."""

_QUIET_SECONDS: Final = 60.0
"""An API that answers now and then makes its edge change its state all the time."""

_LONGEST_LOGGED: Final = 500
"""The most characters of a detail in a log line: some of it is Traefik's own words."""

Listener = Callable[[Edge, EdgeState], None]


class Edges:
    """The edges by name, and the one place where their states change."""

    def __init__(self, serving: Serving, polls: Polls, api_urls: Mapping[str, str], keepers: Keepers) -> None:
        self._serving = serving
        self._polls = polls
        self._edges = {name: Edge(name, api_url=url) for name, url in api_urls.items()}
        self._listeners: list[Listener] = []
        self._observers: list[Callable[[Edge], None]] = []
        self._followers: list[Callable[[int], bool]] = []
        self._change = NextTime()
        self._origins = Origins()
        self.keepers = keepers
        self.health = keepers.health
        self.sightings = Sightings()
        self.surroundings = EdgeSurroundings()
        serving.subscribe(self._origins.came)

    def __iter__(self) -> Iterator[Edge]:
        """Go through the edges by name, each judged now."""
        for _name, edge in sorted(self._edges.items()):
            yield self.refresh(edge)

    @property
    def known(self) -> list[Edge]:
        """The edges by name, as they were judged last. Any thread may look."""
        return [edge for _name, edge in sorted(self._edges.copy().items())]

    def find(self, name: str) -> Edge | None:
        """Find an edge, judged now."""
        edge = self._edges.get(name)
        return None if edge is None else self.refresh(edge)

    def get(self, name: str) -> Edge:
        """Return an edge, judged now. Raises `NotFound`."""
        edge = self.find(name)
        if edge is None:
            raise NotFound(Message("there is no edge {name}: none has polled under this name", name=name))
        return edge

    @property
    def current(self) -> Snapshot | None:
        """What is served, quarantines aside."""
        return self._serving.current

    @property
    def serving(self) -> bool:
        """Whether there is a state to serve."""
        return self._serving.current is not None

    @property
    def accepted(self) -> Served | None:
        """The newest snapshot that an edge was seen to run."""
        known = [edge.accepted for edge in self._edges.values() if edge.accepted is not None]
        return max(known, key=lambda snapshot: snapshot.order, default=None)

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with each edge whose state has changed, and the state that it had."""
        self._listeners.append(listener)

    def observe(self, observer: Callable[[Edge], None]) -> None:
        """Call `observer` with each edge of which something else is to be said, be its state another one or not."""
        self._observers.append(observer)

    # What is remembered

    def recall(self, records: Iterable[EdgeRecord]) -> None:
        """Know the edges again that an earlier process saw."""
        for record in records:
            edge = self._edges.get(record.name) or self._add(record.name)
            first, last = datetime.fromisoformat(record.first_seen), datetime.fromisoformat(record.last_seen)
            edge.recalled(first, last, _date(), _now())
            edge.address = edge.address or record.address
            self.refresh(edge)

    def seen_elsewhere(self, records: Iterable[EdgeRecord]) -> None:
        """Know which edges poll other services on the same database."""
        for record in records:
            edge = self._edges.get(record.name) or self._add(record.name)
            if edge.api_url is None and record.first_seen == record.last_seen:
                continue  # somebody may have looked at the document
            first, last = datetime.fromisoformat(record.first_seen), datetime.fromisoformat(record.last_seen)
            edge.seen_elsewhere(first, last, _now())
            edge.address = record.address if edge.is_elsewhere(_now()) else edge.address
            self.refresh(edge)

    def lifted(self, names: Iterable[str]) -> None:
        """Know that others offer edges again what they rejected."""
        for name in names:
            if (edge := self._edges.get(name)) is not None:
                self.lift(edge)

    def polls_here(self, name: str) -> bool:
        """Tell whether an edge polls this service, as far as is known."""
        edge = self._edges.get(name)
        return edge is not None and not edge.is_elsewhere(_now())

    def is_read_back(self, name: str) -> bool:
        """Tell whether an edge has an API that is read here."""
        edge = self._edges.get(name)
        return edge is not None and edge.api_url is not None

    def recall_quarantines(self, known: Mapping[str, Quarantine]) -> None:
        """Go on to leave out what edges rejected before, as far as it is what is desired now."""
        current = self._serving.current
        for name, quarantine in known.items():
            left = None if current is None else prune(quarantine, current)
            if left is None:
                continue
            edge = self._edges.get(name) or self._add(name)
            if left.is_whole:
                edge.accepted = left.accepted
            edge.accused_at = _now()
            self._set(edge, left)
            self.refresh(edge)

    def recognised(self, edge: Edge, snapshot: Snapshot, origins: Mapping[Named, tuple[int, str]]) -> None:
        """Know what an edge accepted before, and which revisions gave parts another form since, by whom."""
        if edge.accepted is None:
            edge.accepted = snapshot
            self._origins.recalled(origins)

    @property
    def quarantines(self) -> dict[str, Quarantine]:
        """What is in quarantine now, by edge."""
        return {edge.name: edge.quarantine for edge in self._edges.values() if edge.quarantine is not None}

    def take_seen(self) -> list[Edge]:
        """Return the edges that polled since this was asked last."""
        seen = [edge for edge in self._edges.values() if edge.last_seen != edge.remembered]
        for edge in seen:
            edge.remembered = edge.last_seen
        return seen

    # What happens

    def asked(self, name: str, address: str | None, wait_seconds: float, connection: Connection) -> tuple[Edge, Poller]:
        """Note a poll."""
        edge = self._edges.get(name) or self._add(name)
        poller = connection.poller(name)
        edge.asked(poller, wait_seconds, _now(), address)
        edge.address = address
        return edge, poller

    def answered(self, edge: Edge, poller: Poller, snapshot: Served, *, at_once: bool = False) -> None:
        """Note what a poll was answered with, after it was held or at once: at the time at which it came."""
        edge.last_seen = _date()
        edge.first_seen = edge.first_seen or edge.last_seen
        if edge.answered(poller, snapshot, poller.asked_at if at_once else _now()):
            self._polls.given(edge.name, snapshot)
            edge.given_date = edge.last_seen
            self._pace(edge)
            self.refresh(edge)
            self.wake()

    def observed(self, edge: Edge, observation: Observation) -> None:
        """Note what an edge's API told."""
        edge.observed(observation)
        self._polls.know(edge.name, versions.read(observation.version))
        given = edge.given
        if given is not None and edge.runs_given():
            edge.ran(given, _date())
        if observation.entry_points:
            self.surroundings.know_entry_points(edge.name, observation.entry_points)
        if observation.error is not None:
            self.health.forget(edge.name)
            self.keepers.missed(edge.name, observation.at)
        elif observation.servers is not None:
            date, points = _date(), self.surroundings.find(edge.name).entry_points
            self.health.observe(edge.name, self.keepers.see(edge, observation, points, date), date)
        quarantine = edge.quarantine
        if quarantine is not None and _is_acquitted(edge, quarantine, observation):
            edge.acquitted(observation.at)
            self._settle(edge, None)
        elif given is not None and edge.runs_given():
            if quarantine is not None and self._is_offered(edge, given):
                self._settle(edge, accept(quarantine))
        elif given is not None and has_rejected(edge) and not edge.is_elsewhere(_now()):
            self._quarantine(edge, given)
        self._pace(edge)
        self.refresh(edge)

    def find_check(self, edge: Edge) -> float | None:
        """Return when an edge's servers will have been checked with what it was given last, until that was seen."""
        seconds = self._polls.find_check(edge.name)
        return None if seconds is None or not edge.runs_given() else edge.applied_at + seconds

    def lift(self, edge: Edge) -> None:
        """Offer an edge again what it rejected, if it rejected anything."""
        if edge.quarantine is not None:
            self._settle(edge, None)
            edge.given = None
            self._pace(edge)
            self.refresh(edge)

    def refresh(self, edge: Edge) -> Edge:
        """Judge an edge anew, and tell whoever waits or listens if its state is another."""
        if edge.replaced:
            edge.forget_replaced(_now())
        current = self._serving.current
        quarantine = edge.quarantine
        if quarantine is not None and current is not None:
            self._set(edge, prune(quarantine, current))
        if current is not None and edge.is_elsewhere(_now()):
            self._polls.keep(edge.name, None)
            if edge.assumed(self._polls.offer(edge.name, current), _now(), _date()):
                self.wake()
        current = self.fit(edge)
        verdict = judge(edge, current, _now())
        if verdict.state is EdgeState.STALE:
            self._polls.keep(edge.name, None)
            self.health.forget(edge.name)
            self.surroundings.forget(edge.name)
        if verdict != edge.verdict:
            before = edge.verdict.state
            edge.verdict = verdict
            if verdict.state != before or edge.since is None:
                edge.since = _date()
                _log(edge, before, _now())
                for listener in self._listeners:
                    listener(edge, before)
            self.tell(edge)
            self.wake()
        return edge

    def tell(self, edge: Edge) -> None:
        """Tell whoever observes the edges that something else is to be said of one."""
        for observer in self._observers:
            observer(edge)

    def fit(self, edge: Edge) -> Snapshot | None:
        """Return what is served of what an edge's version knows, and note what it lacks."""
        current = self._serving.current
        if current is None:
            return None
        fitting, edge.lacks = self._polls.fit(edge.name, current)
        return fitting

    def find_offered(self, edge: Edge) -> Served | None:
        """Return what an edge is offered now."""
        current = self._serving.current
        return None if current is None else self._polls.offer(edge.name, current)

    def _is_offered(self, edge: Edge, given: Served) -> bool:
        """Tell whether what it was given is what it is still offered."""
        offered = self.find_offered(edge)
        return offered is not None and offered.document.digest == given.document.digest

    # Who waits

    def follow(self, is_at: Callable[[int], bool]) -> None:
        """Let who waits for a revision also wait until `is_at` says that something else is at it."""
        self._followers.append(is_at)

    def is_followed(self, revision: int) -> bool:
        """Tell whether everything else is at a revision that is to be waited for."""
        return all(is_at(revision) for is_at in self._followers)

    @property
    def closed(self) -> bool:
        """Whether this service stops: nobody waits any more."""
        return self._polls.closed

    async def changed(self, seconds: float) -> None:
        """Wait until something happened to any edge, or the time is up."""
        await asyncio.wait({self._change.future()}, timeout=seconds)

    def wake(self) -> None:
        """Wake whoever waits until something has changed."""
        self._change.come()

    def _add(self, name: str) -> Edge:
        """Know one edge more: in the place of the one that was not seen for the longest time, if there are too many.

        One that polls now or that the settings name is never forgotten: then it is the new one that is not kept.
        """
        edge = Edge(name)
        if len(self._edges) >= MOST_EDGES:
            idle = [known for known in self._edges.values() if known.api_url is None and not known.pollers.holding]
            if not idle:
                return edge
            del self._edges[min(idle, key=_seen).name]
        self._edges[name] = edge
        return edge

    def _quarantine(self, edge: Edge, rejected: Served) -> None:
        current = self._serving.current
        if current is None or rejected.document.digest != self._polls.offer(edge.name, current).document.digest:
            return  # there is a newer one to try
        before = edge.quarantine
        if edge.accepted is None or edge.accepted.document.digest == rejected.document.digest:
            return
        if edge.runs_alike():
            self.keepers.refused(edge, _now())
            return
        if not isinstance(rejected, Snapshot) or (before is not None and before.is_whole):
            return
        edge.accused()
        self._settle(edge, accuse(before, rejected, edge.accepted, self._origins.until(rejected.revision)))

    def _pace(self, edge: Edge) -> None:
        """Keep an edge at one document until it is known what it makes of it, where newer ones would hide that."""
        self._polls.keep(edge.name, edge.given if edge.is_to_show(_now()) else None)

    def _settle(self, edge: Edge, quarantine: Quarantine | None) -> None:
        """Follow from what an edge made of a document: what it was given until now has told all that it can."""
        edge.tried_at, edge.behind_since = _now(), None
        self._set(edge, quarantine)

    def _set(self, edge: Edge, quarantine: Quarantine | None) -> None:
        if quarantine is not edge.quarantine:
            edge.quarantine = quarantine
            self._polls.quarantine(edge.name, quarantine)


def _is_acquitted(edge: Edge, quarantine: Quarantine, observation: Observation) -> bool:
    """Tell whether an edge came to run what it seemed to have rejected."""
    rejected = quarantine.rejected.document.digest
    return observation.digest == rejected and (edge.given is None or edge.given.document.digest != rejected)


def _seen(edge: Edge) -> tuple[float, str]:
    """Order edges by when they were seen last: those that have not polled this process are before the others."""
    return edge.polled_at or float("-inf"), "" if edge.last_seen is None else edge.last_seen.isoformat()


def _log(edge: Edge, before: EdgeState, now: float) -> None:
    """Log a new state. One that comes and goes is told once in a while."""
    state, detail = edge.verdict.state, edge.verdict.detail
    level = logging.WARNING if state in {EdgeState.REJECTED, EdgeState.DEGRADED} else logging.INFO
    if EdgeState.UNCONFIRMED in {state, before}:
        if len(edge.told) == edge.told.maxlen and now - edge.told[0] < _QUIET_SECONDS:
            level = logging.DEBUG
        else:
            edge.told.append(now)
    shown = detail if len(detail) <= _LONGEST_LOGGED else detail[:_LONGEST_LOGGED] + "…"
    logger.log(level, "edge %s: %s, was %s: %s", edge.name, state, before, shown)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _date() -> datetime:
    return datetime.now(UTC)
