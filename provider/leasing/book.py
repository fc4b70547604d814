"""All leases, as they are known in memory: a heartbeat costs no transaction. In the event loop's thread, but for views.

What leases there are follows from the state, and is read again after each revision that changed a server. A process
that has just begun has heard of nobody: each lease that it finds then begins anew, so that no restart makes a server
silent.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

from provider import durations
from provider.leases import Lease, LeasedName
from provider.models import LeaseState
from provider.store.leases import LeasedServer
from provider.values import ServerState


@dataclass(frozen=True, slots=True)
class LeaseView:
    """How a lease stands: when a heartbeat came last, and until when it lasts unless one comes; None if not known.

    What is held lasts until somebody ends it.
    """

    state: LeaseState
    heard: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class LeaseChange:
    """How a lease stood before, and how it does now: None where there was none, or is none any more."""

    service: str
    server: str
    before: LeaseState | None
    after: LeaseState | None


class Book:
    """The leases by service and server."""

    def __init__(self) -> None:
        self.leases: dict[LeasedName, Lease] = {}
        self.held: Collection[LeasedName] = frozenset()
        """Those that ran out, and whose servers stay in their pools all the same."""

        self._heard: dict[LeasedName, datetime] = {}
        """When those were heard of that this process did not hear of since."""
        self._spoke: set[LeasedName] = set()
        """Those that this process has heard of."""

    def beat(self, key: LeasedName) -> Lease | None:
        """Note a heartbeat, if there is such a lease. It counts at once, whatever is done about it later."""
        lease = self.leases.get(key)
        if lease is not None:
            lease.beat(monotonic())
            self._spoke.add(key)
        return lease

    def adopt(self, found: Mapping[LeasedName, LeasedServer]) -> None:
        """Know which leases there are now."""
        now = monotonic()
        for key in self.leases.keys() - found.keys():
            del self.leases[key]
            self._heard.pop(key, None)
            self._spoke.discard(key)
        for key, server in found.items():
            self._adopt(key, server, now)

    def _adopt(self, key: LeasedName, server: LeasedServer, now: float) -> None:
        ttl = durations.find_seconds(server.ttl) or 0.0
        lease = self.leases.get(key)
        if lease is None:
            lease = self.leases[key] = Lease(ttl, server.state, now)
            if server.lapsed is not None and server.lapsed.heard is not None:
                self._heard[key] = datetime.fromisoformat(server.lapsed.heard)
        if lease.ttl != ttl or (lease.state is not server.state and server.state is ServerState.READY):
            lease.renew(now)  # somebody has just said that it is to be there
        lease.ttl, lease.state = ttl, server.state
        if server.lapsed is None:
            lease.lapsed = None
        elif lease.lapsed is None:
            lease.lapsed = now

    def shift(self, seconds: float) -> None:
        """Let no time have passed: nobody could be heard of."""
        for lease in self.leases.values():
            lease.since += seconds

    def renew(self) -> None:
        """Let the time of all begin anew: others may have heard of them."""
        now = monotonic()
        for lease in self.leases.values():
            lease.renew(now)

    def heard(self, key: LeasedName) -> datetime | None:
        """Return when a heartbeat came last, as far as that is known."""
        lease = self.leases.get(key)
        if lease is None or key not in self._spoke:
            return self._heard.get(key)
        return datetime.now(UTC) - timedelta(seconds=max(monotonic() - lease.since, 0.0))

    def view(self, key: LeasedName) -> LeaseView | None:
        """Return how a lease stands. Any thread may ask."""
        lease = self.leases.get(key)
        if lease is None:
            return None
        state = self._state(key, lease)
        left = None if lease.end is None or state is LeaseState.HELD else lease.end - monotonic()
        until = None if left is None else datetime.now(UTC) + timedelta(seconds=max(left, 0.0))
        return LeaseView(state, self.heard(key), until)

    def _state(self, key: LeasedName, lease: Lease) -> LeaseState:
        if key in self.held:
            return LeaseState.HELD
        return LeaseState.LIVE if lease.lapsed is None else LeaseState.SILENT

    def states(self) -> dict[LeasedName, LeaseState]:
        """Return how each lease stands. Any thread may ask."""
        return {key: self._state(key, lease) for key, lease in self.leases.copy().items()}

    def count(self) -> Mapping[LeaseState, int]:
        """Count the leases by how they stand. Any thread may ask."""
        counted = Counter(self.states().values())
        return {state: counted[state] for state in LeaseState}
