"""Who polls: connections, what each was given last, and whether it came back for more."""

from dataclasses import dataclass, field
from typing import Final

from provider.revisions import Served

CONNECTION: Final = "connection"
"""Where the server puts the `Connection` of a request, in the scope's state."""

POLLS_TO_REJECT: Final = 2
"""Polls after the one that gave a document: if another runs then, it was rejected."""

_EDGES_PER_CONNECTION: Final = 16


class Connection:
    """One TCP connection. It is `open` until the server says otherwise."""

    __slots__ = ("_pollers", "open")

    def __init__(self) -> None:
        self.open = True
        self._pollers: dict[str, Poller] = {}

    def poller(self, edge: str) -> "Poller":
        """Return what polls for an edge on this connection."""
        found = self._pollers.get(edge)
        if found is None:
            if len(self._pollers) >= _EDGES_PER_CONNECTION:
                self._pollers.clear()
            found = self._pollers[edge] = Poller(self)
        return found

    def close(self) -> None:
        """Say that nothing comes on it any more."""
        self.open = False


@dataclass(slots=True, eq=False)
class Poller:
    """What polls for one edge on one connection. Times are in seconds of the event loop's clock.

    Traefik polls on one connection, a request after the other. So its next poll tells that it has
    received what it was given, and a new connection may be another Traefik, or one that has forgotten all.
    """

    connection: Connection
    given: Served | None = None
    holding: bool = False
    polls: int = 0
    asked_at: float = 0.0
    proven: bool = False
    """Whether an edge was seen to run what it was given, and it has come back since it came first."""
    after: list[float] = field(default_factory=list)
    """When the first polls came after the one that was answered with `given`."""

    def asked(self, now: float) -> None:
        """Note a poll."""
        self.polls += 1
        self.asked_at = now
        if self.given is not None and len(self.after) < POLLS_TO_REJECT:
            self.after.append(now)

    def answered(self, snapshot: Served) -> None:
        """Note what a poll was answered with."""
        if self.given is not snapshot:
            if self.given is None or self.given.document.digest != snapshot.document.digest:
                self.after.clear()
            self.given = snapshot

    def had_its_chances(self, digest: str, at: float, seconds_to_apply: float) -> bool:
        """Tell whether it was given a document, received it so long before, and came back often enough."""
        return (
            self.given is not None
            and self.given.document.digest == digest
            and len(self.after) == POLLS_TO_REJECT
            and at >= max(self.after[-1], self.after[0] + seconds_to_apply)
        )
