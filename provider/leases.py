"""Leases of servers: which ran out, and when that is more likely to be our fault than theirs. Pure.

A server with a lease sends heartbeats. Some stop now and then, and are drained. If many stop at once, the network or
this service is to blame, and their servers still answer: then they are held, as Eureka does in its self-preservation.
Times are in seconds of a clock that nobody sets.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from provider.declarations import Declaration
from provider.nouns import Server, Service
from provider.plans import is_leased
from provider.values import ServerState

LeasedName = tuple[str, str]
"""The service, and the server's name."""

FLOOR: Final = 3
"""So many have to be silent at once before it can be our fault."""

_PART: Final = 3
"""More than one in so many, and they are held."""

_LATE: Final = 1.5
"""A heartbeat is late when so many times the usual pause has passed since the last one."""

_USUAL: Final = 3
"""Whoever has not shown how often it sends heartbeats is taken to send so many in the time of its lease."""


@dataclass(slots=True)
class Lease:
    """The lease of one server. `since` is when it was heard of last, or from when on its silence counts."""

    ttl: float
    state: ServerState
    since: float
    pause: float = 0.0
    """How long it is usually silent between two heartbeats."""
    lapsed: float | None = None
    """When it was drained because it was silent, or from when on that counts."""

    @property
    def usual(self) -> float:
        """The pause between two heartbeats that is no reason to worry."""
        return self.pause or self.ttl / _USUAL

    def beat(self, now: float) -> None:
        """Note a heartbeat, and how long the pause before it was."""
        pause = now - self.since
        if pause < self.ttl:
            self.pause = max(pause, (self.usual + pause) / 2)
        self.since = now

    def renew(self, now: float) -> None:
        """Let its time begin anew."""
        self.since = now

    def is_late(self, now: float) -> bool:
        """Tell whether a heartbeat should have come."""
        return now - self.since > min(_LATE * self.usual, self.ttl)

    @property
    def end(self) -> float | None:
        """Until when it lasts unless a heartbeat comes: then one that is ready is drained, and a drained one goes.

        One that was drained for its silence goes after once more the time of its lease. None for one in maintenance,
        which stays: somebody took it out who knows that it is away.
        """
        if self.state is ServerState.READY:
            return self.since + self.ttl
        if self.state is not ServerState.DRAIN:
            return None
        return self.since + 2 * self.ttl if self.lapsed is None else max(self.lapsed, self.since) + self.ttl

    def is_silent(self, now: float) -> bool:
        """Tell whether it has to be drained: it is ready, and its time is up."""
        return self.state is ServerState.READY and self._has_ended(now)

    def is_over(self, now: float) -> bool:
        """Tell whether it has to go: it is drained, and its time is up."""
        return self.state is ServerState.DRAIN and self._has_ended(now)

    def _has_ended(self, now: float) -> bool:
        return self.end is not None and now >= self.end


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said of all leases at one moment."""

    silent: frozenset[LeasedName] = frozenset()
    """Those that have to be drained."""

    over: frozenset[LeasedName] = frozenset()
    """Those that have to go."""

    late: frozenset[LeasedName] = frozenset()
    """Those whose heartbeat should have come: the silent, and who may be so next."""

    is_mass: bool = False
    """Whether so many are silent at once that it is our fault."""

    longest: float = 0.0
    """The longest lease of those that are silent."""


def judge(leases: Mapping[LeasedName, Lease], now: float) -> Judgement:
    """Say of all leases which ran out, and whether that is our fault.

    Heartbeats stop one after the other even if the network fails at one moment. So all that are late count as soon as
    the first one has run out, and those that were drained just now. Others count as far as they were heard of since.
    """
    silent = {key for key, lease in leases.items() if lease.is_silent(now)}
    over = frozenset(key for key, lease in leases.items() if lease.is_over(now))
    if not silent:
        return Judgement(over=over)
    late = {key for key, lease in leases.items() if lease.state is ServerState.READY and lease.is_late(now)} | silent
    lately = [lease for lease in leases.values() if _lapsed_lately(lease, now)]
    first = min(leases[key].since for key in silent)
    heard = sum(lease.since > first and key not in late and lease.lapsed is None for key, lease in leases.items())
    gone = len(late) + len(lately)
    return Judgement(
        silent=frozenset(silent),
        over=over,
        late=frozenset(late),
        is_mass=gone >= FLOOR and gone * _PART > gone + heard,
        longest=max(leases[key].ttl for key in silent),
    )


def _lapsed_lately(lease: Lease, now: float) -> bool:
    return lease.lapsed is not None and lease.since <= lease.lapsed and now - lease.lapsed < lease.ttl


def with_leases(former: Declaration, current: Declaration) -> Declaration:
    """Return a state of earlier with the servers that have a lease as they are now.

    Whoever sent heartbeats then may be gone. They come back with a service that was removed: that shows soon.
    """
    objects = {kind: dict(section) for kind, section in former.objects.items()}
    for name, item in former.objects[Server.kind].items():
        if is_leased(item) and current.find(Service.kind, Server.split(name)[0]) is not None:
            now = current.find(Server.kind, name)
            if now is None:
                del objects[Server.kind][name]
            else:
                objects[Server.kind][name] = now
    return Declaration(objects)


@dataclass(frozen=True, slots=True)
class Spared:
    """Which silent servers are drained, and which stay since nobody would be left to answer."""

    drained: frozenset[LeasedName] = field(default=frozenset())
    kept: frozenset[LeasedName] = field(default=frozenset())


def spare(
    pools: Mapping[str, Iterable[Server]],
    silent: Collection[LeasedName],
    late: Collection[LeasedName],
    down: Mapping[str, Collection[str]],
) -> Spared:
    """Choose which silent servers are drained: those of services in which another server can answer.

    `pools` has the servers of each service, and `down` the URLs of those whose health check fails.
    """
    answering = {
        service
        for service, pool in pools.items()
        if any(
            server.state is ServerState.READY
            and (service, server.name) not in late
            and server.url not in down.get(service, ())
            for server in pool
        )
    }
    drained = frozenset(key for key in silent if key[0] in answering)
    return Spared(drained, frozenset(silent) - drained)
