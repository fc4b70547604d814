"""What is known of an edge. Pure: clocks are read by whoever calls."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from provider.edges.former import Former, find_former
from provider.edges.observed import Observation
from provider.edges.pollers import Poller, Pollers
from provider.edges.quarantine import Quarantine
from provider.messages import Message
from provider.nouns import Named
from provider.nouns.versions import Version
from provider.snapshots import Served

_LEAST_SECONDS_TO_APPLY: Final = 2.5
"""Traefik holds a document that follows another back for up to 2 s, unless its `providersThrottleDuration` is less."""

_BYTES_A_SECOND: Final = 50_000
"""Traefik takes 2 to 4 s for the 2 MB of 10,000 routers, on two cores that have nothing else to do: a tenth of that."""

_READS_TO_APPLY: Final = 20
"""Traefik applies a small document in less time than so many reads of its API take, however little it gets to run."""

_MOST_SECONDS_FOR_SLOW: Final = 30.0

_AWAITED_SECONDS: Final = 20.0
_AWAITED_AFTER: Final = timedelta(minutes=5)

_MOST_TOLD: Final = 4
_MOST_REPLACED: Final = 16

_LEARNED: Final = 2
"""An edge that was accused and was only slow gets so many times as long from then on."""

_STUCK: Final = 2
"""An edge that runs the same for so many times as long as it may take, whatever it is given, seems to be stuck."""

_KEPT: Final = 4
"""For so many times as long as it may take to run a document, an edge gets no other until it is known if it does."""

_POLLS_MISSED: Final = 3
_WAITS_MISSED: Final = 1.5
_LEAST_PATIENCE_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 20.0
"""Traefik asks again after 15 s at most where it could not take what it got."""

_FIRST_INTERVAL_SECONDS: Final = 5.0
"""Traefik's own, until an edge has shown another."""

_INTERVALS_KNOWN: Final = 5
"""The middle one of so many counts: an outage is none, and neither is somebody who looks at the document."""

_RUNS_KNOWN: Final = 50

_ELSEWHERE_SECONDS: Final = 30.0
"""Services tell each other every 10 s which edges poll them."""

_GONE_AFTER: Final = timedelta(days=1)


class EdgeState(StrEnum):
    """State of an edge."""

    LIVE = "live"
    PENDING = "pending"
    DEGRADED = "degraded"
    REJECTED = "rejected"
    STALE = "stale"
    UNCONFIRMED = "unconfirmed"
    NEVER_SEEN = "never seen"


@dataclass(frozen=True, slots=True)
class Run:
    """A revision whose document an edge was seen to run, and since when."""

    revision: int
    since: datetime


@dataclass(frozen=True, slots=True)
class EdgeVerdict:
    """A state, and a sentence for a person."""

    state: EdgeState
    detail: str


@dataclass(slots=True)
class Edge:
    """All that is known of one edge. Times are in seconds of the event loop's clock, unless they are dates."""

    name: str
    api_url: str | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    remembered: datetime | None = None
    """What `last_seen` was when it was remembered last."""
    address: str | None = None
    elsewhere_until: float = 0.0
    """Until when it counts as one that polls another service on the same database, unless it polls here."""
    told_seen: datetime | None = None
    """When another service saw it last, as that was told last."""
    awaited_until: float = 0.0
    """Until when it should be back that polled shortly before this service was started."""
    polls: int = 0
    polled_at: float | None = None
    answered_at: float | None = None
    gaps: deque[float] = field(default_factory=lambda: deque(maxlen=_INTERVALS_KNOWN))
    """Seconds from an answer to the next poll."""
    wait_seconds: float = 0.0
    pollers: Pollers = field(default_factory=Pollers)
    given: Served | None = None
    given_at: float = 0.0
    """When it was given another document than before."""
    replaced: tuple[tuple[float, Former], ...] = ()
    """What it was given lately before that, and when it was given another."""
    applied: tuple[str | None, str | None] = (None, None)
    """The digest of the document that it was seen to run last, and when its process started."""
    applied_at: float = 0.0
    """When it was seen first that it runs that."""
    given_date: datetime | None = None
    doubted_until: float = 0.0
    """Until when it may still come to run what it was given before, though it seems to run what it was given last."""
    observation: Observation | None = None
    quickest_read: float | None = None
    """The fewest seconds in which its API ever answered: the way to it takes no less."""
    slowest_read: float = 0.0
    """How many seconds more it took at most since it was given its document: a Traefik that hardly gets to run."""
    started: str | None = None
    """When its process started, as it was told last."""
    accepted: Served | None = None
    runs: deque[Run] = field(default_factory=lambda: deque(maxlen=_RUNS_KNOWN))
    """What it was seen to run, the newest last."""
    quarantine: Quarantine | None = None
    lacks: Mapping[Named, Version] = field(default_factory=dict)
    """What is left out for it of what is served, since its version does not know it, or as it needs such."""
    tried_at: float = 0.0
    """When it was settled last what it is offered in a quarantine: what it was given before tells nothing of that."""
    behind_since: float | None = None
    """Since when it runs the same document, though it was given others."""
    accused_at: float = 0.0
    """When it came for the first time after it was given what it seems to have rejected."""
    slowest_seconds: float = 0.0
    """The longest that it took to run what it seemed to have rejected."""
    told: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_TOLD))
    """When it was logged that its API cannot be read, or can again."""
    verdict: EdgeVerdict = EdgeVerdict(EdgeState.NEVER_SEEN, Message("no Traefik has polled under this name yet"))
    since: datetime | None = None

    @property
    def is_passing(self) -> bool:
        """Whether it has come once, and need not come again: somebody may have looked at the document."""
        return self.api_url is None and self.polls == 1

    @property
    def patience_seconds(self) -> float:
        """How long it may be silent after a poll: three intervals, or its `wait` and a half.

        One that rejected something asks again when it likes to: its pauses grow with each time.
        """
        gaps = sorted(self.gaps)
        interval = gaps[len(gaps) // 2] if gaps else _FIRST_INTERVAL_SECONDS
        expected = _WAITS_MISSED * (self.wait_seconds + interval) if self.wait_seconds else _POLLS_MISSED * interval
        is_judged = self.polled_at is not None and self.tried_at > 0 and self.polled_at - self.tried_at < _RETRY_SECONDS
        return max(expected, _RETRY_SECONDS if is_judged else _LEAST_PATIENCE_SECONDS)

    def is_elsewhere(self, now: float) -> bool:
        """Tell whether it polls another service on the same database, and not this one."""
        polls_here = self.polled_at is not None and (
            self.pollers.holding or now - self.polled_at <= self.patience_seconds
        )
        return now < self.elsewhere_until and not polls_here

    def seen_elsewhere(self, first_seen: datetime, last_seen: datetime, now: float) -> None:
        """Note when another service saw it."""
        if last_seen in {self.told_seen, self.remembered}:
            return
        self.told_seen, self.elsewhere_until = last_seen, now + _ELSEWHERE_SECONDS
        self.first_seen = min(first_seen, self.first_seen or first_seen)
        if self.last_seen is None or self.last_seen < last_seen:
            self.last_seen = self.remembered = last_seen

    def assumed(self, offered: Served, now: float, date: datetime) -> bool:
        """Note what another service gives it: what is served here. Returns whether it is another document than before.

        All services on a database serve the same, but for moments.
        """
        is_other = self.given is None or self.given.document.digest != offered.document.digest
        if is_other:
            self._note_replaced(offered, now)
            self.given_at, self.given_date, self.slowest_read = now, date, 0.0
        self.given = offered
        return is_other

    def asked(self, poller: Poller, wait_seconds: float, now: float, address: str | None = None) -> None:
        """Note a poll."""
        if self.answered_at is not None:
            self.gaps.append(now - self.answered_at)
        self.polls += 1
        self.polled_at, self.wait_seconds = now, wait_seconds
        self.pollers.asked(poller, now, wait_seconds, address)

    def answered(self, poller: Poller, snapshot: Served, now: float) -> bool:
        """Note what a poll was answered with. Returns whether it is another document than before."""
        self.answered_at = now
        poller.answered(snapshot, now)
        if self.given is snapshot:
            return False
        is_other = self.given is None or self.given.document.digest != snapshot.document.digest
        if is_other:
            self.doubted_until = self.given_at + self.seconds_to_apply() if self._is_back_at(snapshot) else 0.0
            self._note_replaced(snapshot, now)
        self.given = snapshot
        if is_other:
            self.given_at, self.slowest_read = now, 0.0
        return is_other

    def _note_replaced(self, after: Served, now: float) -> None:
        self.replaced = (*self._list_replaced(now), (now, find_former(self.given, after)))[-_MOST_REPLACED:]

    def forget_replaced(self, now: float) -> None:
        """Keep nothing of what it was given so long ago that it cannot run it any more."""
        self.replaced = tuple(self._list_replaced(now))

    def _list_replaced(self, now: float) -> list[tuple[float, Former]]:
        return [each for each in self.replaced if 0 <= now - each[0] < self.seconds_to_apply()]

    def list_running(self, now: float) -> list[Former]:
        """Return what it may run beside what it was given last; None where that may be anything. Any thread may ask."""
        if self.runs_given():
            return []
        known = [former for _at, former in self._list_replaced(now)]
        return known if self.api_url is None else [*known, self.accepted]

    @property
    def unrecognised(self) -> str | None:
        """The digest of what it runs, where this process never gave it that and nothing that it ran."""
        observed, given = self.observation, self.given
        if self.accepted is not None or observed is None or given is None:
            return None
        return None if observed.digest == given.document.digest else observed.digest

    def is_to_show(self, now: float) -> bool:
        """Tell whether it has to show what it makes of the document that it was given, before it gets a newer one.

        Where others change the state all the time, nothing could be known of any document else. Nobody is kept
        waiting by an edge that keeps up, and by none for long.
        """
        observed = self.observation
        if observed is None or observed.error is not None or self.given is None:
            return False
        if self.pollers.sharers or self.runs_given():
            return False
        patience = self.seconds_to_apply()
        if now - self.given_at > _KEPT * patience:
            return False
        is_stuck = self.behind_since is not None and now - self.behind_since > _STUCK * patience
        return is_stuck and self.given_at > self.tried_at

    def runs_given(self) -> bool:
        """Tell whether it was seen to run what it was given last, since it was given that."""
        observed, given = self.observation, self.given
        return (
            observed is not None
            and given is not None
            and observed.digest == given.document.digest
            and observed.at >= max(self.given_at, self.doubted_until)
        )

    def runs_alike(self) -> bool:
        """Tell whether it runs what it was given last but for servers that are kept out, and did not reject that."""
        observed, given, accepted = self.observation, self.given, self.accepted
        return (
            observed is not None
            and given is not None
            and accepted is not None
            and observed.digest == accepted.document.digest
            and given.whole.digest == accepted.whole.digest
        )

    def seconds_to_apply(self) -> float:
        """How long it may take to run what it was given last."""
        size = 0 if self.given is None else len(self.given.document.content)
        slow = min(_READS_TO_APPLY * self.slowest_read, _MOST_SECONDS_FOR_SLOW)
        return max(_LEAST_SECONDS_TO_APPLY + size / _BYTES_A_SECOND + slow, _LEARNED * self.slowest_seconds)

    def _is_back_at(self, snapshot: Served) -> bool:
        """Tell whether it is given what it runs, after another that it was not seen to run: that may be on its way."""
        observed = self.observation
        return observed is not None and observed.digest == snapshot.document.digest and not self.runs_given()

    def recalled(self, first_seen: datetime, last_seen: datetime, date: datetime, now: float) -> None:
        """Note when an earlier process of this service saw it."""
        # What is in the future was noted by a clock that was wrong: nothing newer is known of it than the present.
        self.first_seen, last_seen = min(first_seen, date), min(last_seen, date)
        if self.last_seen is None and date - last_seen < _AWAITED_AFTER:
            self.awaited_until = now + _AWAITED_SECONDS
        self.last_seen = self.last_seen or last_seen
        self.told_seen = last_seen

    def observed(self, observation: Observation) -> None:
        """Note what its API told."""
        if observation.seconds is not None:
            self.quickest_read = min(self.quickest_read or observation.seconds, observation.seconds)
            self.slowest_read = max(self.slowest_read, observation.seconds - self.quickest_read)
        if observation.started is not None:
            if self.started not in {None, observation.started}:
                # Whatever was polled so far, the process that is seen now need not have polled it.
                self.pollers.begin_anew()
            self.started = observation.started
        if self._moves(observation):
            self.behind_since = None
        elif self.behind_since is None:
            self.behind_since = observation.at
        self.observation = observation
        self._note_applied(observation)
        if observation.digest is not None and self.given and observation.digest != self.given.document.digest:
            self.doubted_until = 0.0
        self.pollers.ran(observation.digest)

    def _note_applied(self, observation: Observation) -> None:
        """Note since when it runs what it runs, and as which process."""
        applied = observation.digest, observation.started
        if observation.error is None and (applied != self.applied or self.applied_at < self.given_at):
            self.applied, self.applied_at = applied, observation.at

    def _moves(self, observation: Observation) -> bool:
        """Tell whether it runs what it was given, or another document than before; also where that is not known."""
        before, given = self.observation, self.given
        if observation.error is not None or given is None or before is None:
            return True
        return observation.digest == given.document.digest or observation.digest != before.digest

    def ran(self, snapshot: Served, date: datetime) -> None:
        """Note that it was seen to run a document."""
        self.accepted = snapshot
        if not self.runs or self.runs[-1].revision != snapshot.revision:
            self.runs.append(Run(snapshot.revision, date))

    def accused(self) -> None:
        """Note that it seems to have rejected what it was given."""
        self.accused_at = max(poller.after[0] for poller in self.pollers.open)

    def acquitted(self, now: float) -> None:
        """Note that it runs what it seemed to have rejected: it was only slow, and will be given more time."""
        self.slowest_seconds = max(self.slowest_seconds, now - self.accused_at)


def has_rejected(edge: Edge) -> bool:
    """Tell whether an edge had its chances to run what it was given, and was seen to run another.

    Whatever polls under its name has to have had them, so that nobody is blamed for what another was given.
    """
    observed, given = edge.observation, edge.given
    if observed is None or observed.error is not None or given is None or observed.digest == given.document.digest:
        return False
    pollers = edge.pollers.open
    if edge.pollers.list_lost(observed.at):
        return False
    return bool(pollers) and all(
        poller.had_its_chances(given.document.digest, observed.at, edge.seconds_to_apply()) for poller in pollers
    )


def is_gone(edge: Edge, date: datetime) -> bool:
    """Tell whether nobody misses an edge: no setting names it, and it has not polled for a day."""
    return edge.api_url is None and edge.last_seen is not None and date - edge.last_seen > _GONE_AFTER
