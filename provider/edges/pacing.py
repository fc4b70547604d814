"""When an edge may get its next document. Pure: clocks are read by whoever calls.

Traefik begins each document with all servers up, and looks at them an interval later: documents that follow one
another faster switch its health checks off, so that a server which dies is never noticed. A change goes out at once
all the same, and so do those that follow it for a while; then the next one waits until the servers were checked once.
"""

from dataclasses import dataclass
from typing import Final

MOST_CHECK_SECONDS: Final = 10.0
"""Services whose check takes longer, interval and timeout together, keep no change waiting."""

BLIND: Final = 2
"""For so many times as long as a check takes, changes go out although no server is checked meanwhile."""

_TO_APPLY_SECONDS: Final = 0.25
"""What Traefik and the next look at its API take besides."""


@dataclass(slots=True)
class Pace:
    """What one edge was given, and when: seconds of one clock."""

    given_at: float = float("-inf")
    check_seconds: float = 0.0
    """How long it takes until each server was checked once, with what it was given last."""

    blind_since: float = float("-inf")
    """When documents began to follow one another without a check in between."""

    def given(self, now: float, check_seconds: float) -> None:
        """Note that it was given another document, of which the checks take so long."""
        if now >= self.checked_at:
            self.blind_since = now
        self.given_at, self.check_seconds = now, check_seconds

    @property
    def checked_at(self) -> float:
        """When each server was checked once, with what it was given last."""
        return self.given_at + self.check_seconds + _TO_APPLY_SECONDS if self.check_seconds else float("-inf")

    def due(self, now: float, *, is_urgent: bool) -> float:
        """Return when it may get another: at once, if that is urgent and checks were not kept off for long."""
        is_blind = now - self.blind_since > BLIND * self.check_seconds
        return self.checked_at if is_blind or not is_urgent else float("-inf")
