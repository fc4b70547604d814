"""When an edge may get its next document. Pure: clocks are read by whoever calls.

Traefik begins each document with all servers up, and looks at them an interval later: documents that follow one
another faster switch its health checks off, so that a server which dies is never noticed. A change goes out at once
all the same, and so do those that follow it for a while; then the next one waits until the servers were checked once,
and it was seen what came of it.
"""

from dataclasses import dataclass
from typing import Final

MOST_CHECK_SECONDS: Final = 10.0
"""Services whose check takes longer, interval and timeout together, keep no change waiting."""

BLIND: Final = 2
"""For so many times as long as a check takes, changes go out although no server is checked meanwhile."""

_MOST_LATE_SECONDS: Final = 3.0
"""So much later than they should be checked, changes go out although nobody saw that."""


@dataclass(slots=True)
class Pace:
    """What one edge was given, and when: seconds of one clock."""

    given_at: float = float("-inf")
    check_seconds: float = 0.0
    """How long it takes until each server was checked once, with what it was given last."""

    is_checked: bool = True
    """Whether it was seen what came of that."""

    blind_since: float = float("-inf")
    """When documents began to follow one another without a check in between."""

    @property
    def latest(self) -> float:
        """When it may get another document at the latest."""
        if self.is_checked or not self.check_seconds:
            return float("-inf")
        return self.given_at + self.check_seconds + _MOST_LATE_SECONDS

    def given(self, now: float, check_seconds: float) -> None:
        """Note that it was given another document, of which the checks take so long."""
        if now >= self.latest:
            self.blind_since = now
        self.given_at, self.check_seconds, self.is_checked = now, check_seconds, not check_seconds

    def due(self, now: float, *, is_urgent: bool) -> float:
        """Return when it may get another: at once, if that is urgent and checks were not kept off for long."""
        is_blind = now - self.blind_since > BLIND * self.check_seconds
        return self.latest if is_blind or not is_urgent else float("-inf")
