"""Who polls: connections, what each was given last, and whether it came back for more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provider.snapshots import Served

CONNECTION: Final = "connection"
"""Where the server puts the `Connection` of a request, in the scope's state."""

POLLS_TO_REJECT: Final = 2
"""Polls after the one that gave a document: if another runs then, it was rejected."""

POLLS_TO_TELL: Final = 3
"""Polls without waiting on one connection that tell of a Traefik, and not of somebody who looked at the document."""

_LOST_SECONDS: Final = 120.0
"""A Traefik whose connection broke comes back sooner: it asks again after 15 s at most."""

_MOST_LOST: Final = 16
_EDGES_PER_CONNECTION: Final = 16
_LEAST_PATIENCE_SECONDS: Final = 2.0
_INTERVALS_MISSED: Final = 3


class Connection:
    """One TCP connection. It is `open` until the server says otherwise."""

    __slots__ = ("_pollers", "closing", "holder", "open")

    def __init__(self) -> None:
        self.open = True
        self.closing: set[Callable[[], None]] = set()
        """What is called when nothing comes on it any more."""
        self.holder: str | None = None
        """The credential with which the last request came that had a good one."""
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
        for call in list(self.closing):
            call()


def note_holder(scope: Mapping[str, Any], credential: str | None) -> None:
    """Note on the connection of a request with which credential it came."""
    connection = scope.get("state", {}).get(CONNECTION)
    if connection is not None:
        connection.holder = credential


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
    address: str | None = None
    """From where it polls."""
    waits: bool = False
    answered_at: float | None = None
    interval_seconds: float = 0.0
    """From an answer to its next poll, the last time."""
    is_beside: bool = False
    """Whether it polled while another's poll was held, or the other way round: one Traefik never does both."""
    proven: bool = False
    """Whether an edge was seen to run what it was given, and it has come back since it came first."""
    after: list[float] = field(default_factory=list)
    """When the first polls came after the one that was answered with `given`."""

    def asked(self, now: float, wait_seconds: float = 0.0, address: str | None = None) -> None:
        """Note a poll."""
        self.polls += 1
        self.asked_at = now
        self.waits, self.address = wait_seconds > 0, address
        if self.answered_at is not None:
            self.interval_seconds = now - self.answered_at
        if self.given is not None and len(self.after) < POLLS_TO_REJECT:
            self.after.append(now)

    @property
    def is_apart(self) -> bool:
        """Whether this is a Traefik of its own, if there are others: it comes again, on a connection that is open.

        One whose polls wait has to have polled beside another: a proxy may give the polls of one to several.
        """
        is_known = self.is_beside and self.polls > 1 if self.waits else self.polls >= POLLS_TO_TELL
        return self.connection.open and is_known

    def is_silent(self, now: float) -> bool:
        """Tell whether its next poll is overdue."""
        if self.holding or self.answered_at is None:
            return False
        return now - self.answered_at > max(_LEAST_PATIENCE_SECONDS, _INTERVALS_MISSED * self.interval_seconds)

    def answered(self, snapshot: Served, now: float | None = None) -> None:
        """Note what a poll was answered with."""
        self.answered_at = now
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


class Pollers:
    """All that poll under the name of one edge, or did and may again: one Traefik, or several."""

    def __init__(self) -> None:
        self._known: list[Poller] = []
        self._alone: list[Poller] = []
        """Those of them of which none was seen to poll beside another yet."""
        self._held: set[Poller] = set()

    @property
    def open(self) -> list[Poller]:
        """Those whose connection is open."""
        return [poller for poller in self._known if poller.connection.open]

    @property
    def holding(self) -> bool:
        """Whether one of them waits for an answer now."""
        return any(poller.connection.open for poller in self._held)

    @property
    def sharers(self) -> list[Poller]:
        """The Traefiks, where there are several; a connection that closes takes one away."""
        found = [poller for poller in self._known if poller.is_apart]
        return found if len(found) > 1 else []

    @property
    def instances(self) -> int:
        """How many Traefiks they are: one, unless several are told apart; none without a connection."""
        return len(self.sharers) or min(len(self.open), 1)

    @property
    def addresses(self) -> list[str]:
        """From where they poll."""
        polling = self.sharers or self.open[-1:]
        return sorted(poller.address for poller in polling if poller.address is not None)

    def list_lost(self, now: float) -> list[Poller]:
        """Return those that ran what they were given, and whose connection is gone: they may be the edge itself."""
        return [
            poller
            for poller in self._known
            if poller.proven and not poller.connection.open and now - poller.asked_at < _LOST_SECONDS
        ]

    def asked(self, poller: Poller, now: float, wait_seconds: float, address: str | None) -> None:
        """Note a poll."""
        if self._held and self._is_held_beside(poller):
            poller.is_beside = True
            for one in self._alone:
                one.is_beside = one.is_beside or (one.holding and one.connection.open)
            self._alone = [one for one in self._alone if not one.is_beside]
        poller.asked(now, wait_seconds, address)
        if poller not in self._known:  # it may be one of those that were lost
            self._known = [*self.open, *self.list_lost(now)[1:_MOST_LOST], poller]
            self._alone = [one for one in self._known if not one.is_beside]

    def hold(self, poller: Poller) -> None:
        """Note that its poll is held."""
        poller.holding = True
        self._held.add(poller)

    def release(self, poller: Poller) -> None:
        """Note that its poll is held no more."""
        poller.holding = False
        self._held.discard(poller)

    def _is_held_beside(self, poller: Poller) -> bool:
        """Tell whether another's poll is held: of thousands, the first that is looked at is open nearly always."""
        return any(each is not poller and each.connection.open for each in self._held)

    def ran(self, digest: str | None) -> None:
        """Note that the edge was seen to run a document."""
        for poller in self.open:
            if poller.given is not None and poller.given.document.digest == digest and poller.polls > 1:
                poller.proven = True

    def begin_anew(self) -> None:
        """Take none of the polls so far for one of the process that is seen now."""
        for poller in self._known:
            poller.after.clear()
