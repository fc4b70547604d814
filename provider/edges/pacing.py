"""When an edge may get its next document. Pure: clocks are read by whoever calls.

Traefik begins each document with all servers up, and looks at them an interval later: documents that follow one
another faster switch its health checks off, so that a server which dies is never noticed. A change goes out at once
all the same, and so do those that follow it for a while. Where they go on, each waits until servers were checked with
the document before it, and it was seen what came of that: then a server that dies is noticed nearly as soon as if
nothing changed.
"""

from dataclasses import dataclass
from typing import Final

from provider.pools import NO_CHECK, Check

MOST_CHECK_SECONDS: Final = 10.0
"""Services whose check takes longer, interval and timeout together, keep no change waiting."""

BLIND: Final = 2
"""For so many times as long as a check takes, changes go out although no server is checked meanwhile; and a pause of
that length ends a series of changes."""

HANGING: Final = 5
"""Once in so many times as long as a check takes, servers that do not answer at all have to be noticed, too."""

_ANSWER_SECONDS: Final = 0.1
"""A server that refuses connections or answers with an error does so in this time, most likely."""

_MOST_LATE_SECONDS: Final = 3.0
"""So much later than they should be checked, changes go out although nobody saw that."""


@dataclass(slots=True)
class Pace:
    """What one edge was given, and when: seconds of one clock."""

    given_at: float = float("-inf")
    check: Check = NO_CHECK
    """How its servers are checked, with what it was given last."""

    seen_seconds: float = 0.0
    """How long it had run that when it was seen last how its servers are."""

    wanted_at: float | None = None
    """When there was a change for it after that, as far as one had to ask when it is due."""

    series_since: float = float("-inf")
    """Since when documents have followed one another."""

    whole_at: float = float("-inf")
    """When it was given a document last after servers had the whole time to answer a check."""

    def given(self, now: float, check: Check) -> None:
        """Note that it was given another document, with which its servers are checked so."""
        wanted_at = now if self.wanted_at is None else self.wanted_at
        if wanted_at - self.given_at > BLIND * self.check.seconds:
            self.series_since = self.whole_at = now
        elif self.seen_seconds >= self.check.seconds or now >= self._latest(self.check.seconds):
            self.whole_at = now
        self.given_at, self.check, self.seen_seconds, self.wanted_at = now, check, 0.0, None

    def seen(self, running_seconds: float) -> bool:
        """Note how long it has run that, as its servers were seen; tell whether that makes a difference."""
        before = self.next_look
        self.seen_seconds = max(self.seen_seconds, running_seconds)
        return self.next_look != before

    @property
    def next_look(self) -> float | None:
        """How long it has to run that until another look tells more of its servers; None where none does."""
        return next((each for each in (self._soon, self.check.seconds) if self.seen_seconds < each), None)

    def due(self, now: float, *, is_urgent: bool) -> float:
        """Return when it may get another: at once, if that is urgent and checks were not kept off for long."""
        if is_urgent and self.wanted_at is None:
            self.wanted_at = now
        wanted = self._wanted(now) if is_urgent else self.check.seconds
        return float("-inf") if self.seen_seconds >= wanted else self._latest(wanted)

    def _wanted(self, now: float) -> float:
        """Return how long it has to run what it was given before anything replaces that."""
        if now - self.series_since <= BLIND * self.check.seconds:
            return 0.0
        return self._soon if now - self.whole_at <= HANGING * self.check.seconds else self.check.seconds

    @property
    def _soon(self) -> float:
        """How long it takes until servers that say at once that they are down were checked."""
        return self.check.interval + min(self.check.timeout, _ANSWER_SECONDS)

    def _latest(self, seconds: float) -> float:
        return self.given_at + seconds + _MOST_LATE_SECONDS
