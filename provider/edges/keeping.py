"""Which servers are kept out of their pools on one edge, by what its health checks tell. Pure: clocks are passed in.

Facts from Traefik 3.7: at each reload every server counts as up until its next check. So that one is down is certain
at once, and that it is up only once it was checked since: an interval and a timeout after the edge began to run its
document. Reloads by other providers cannot be seen from here, so a server has to answer for as long, too.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from provider.pools import CheckedPool, KeptOut

MOST_PAUSE_SECONDS: Final = 300.0
"""The longest that a server which fails again and again has to answer before it comes back."""

QUIET_SECONDS: Final = 600.0
"""A server that did not fail for so long is like one that never did."""

_WIDE: Final = 3
"""Where servers of so many services are down at once, and more than half of all, it may be the edge's own network."""

_WIDE_SECONDS: Final = 60.0
"""For so long that is remembered: a reload lets all look well again until they are checked."""

FindPool = Callable[[str], CheckedPool | None]
"""Gives the pool of a service as it is desired, or None where there is none that is checked."""


@dataclass(frozen=True, slots=True)
class KeptServer:
    """A server that is kept out: since when, and how many seconds it has to answer before it comes back."""

    service: str
    url: str
    since: datetime
    pause_seconds: float
    answering_since: float | None = None

    def has_answered(self, now: float) -> bool:
        """Tell whether it answers for long enough."""
        return self.answering_since is not None and now - self.answering_since >= self.pause_seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """What an edge was seen to make of servers at one time, running its document since another. Times in seconds.

    `told` has all servers by service and URL, those that are kept out too: true for those that it takes to be up.
    """

    told: Mapping[str, Mapping[str, bool]]
    at: float
    applied_at: float
    date: datetime


@dataclass(frozen=True, slots=True)
class Turned:
    """What became different: servers that are kept out now, and those that are back in their pools."""

    out: Collection[KeptServer] = ()
    back: Collection[KeptServer] = ()


@dataclass(frozen=True, slots=True)
class _Returned:
    at: float
    pause_seconds: float


class Keeping:
    """The servers that are kept out on one edge."""

    def __init__(self, kept: Iterable[KeptServer] = ()) -> None:
        self._kept: dict[str, dict[str, KeptServer]] = {}
        for server in kept:
            self._kept.setdefault(server.service, {})[server.url] = server
        self._returned: dict[tuple[str, str], _Returned] = {}
        self._told: Mapping[str, Mapping[str, bool]] = {}
        self._wide_until = float("-inf")

    @property
    def kept(self) -> list[KeptServer]:
        """The servers that are kept out now."""
        return [server for servers in self._kept.values() for server in servers.values()]

    @property
    def urls(self) -> KeptOut:
        """Their URLs by service."""
        return {service: frozenset(servers) for service, servers in self._kept.items()}

    def see(self, seen: Seen, find_pool: FindPool) -> Turned:
        """Follow from what an edge was seen to make of its servers."""
        services = set(self._kept)
        if seen.told is not self._told:  # thousands of services that say what they said need no look
            self._told = seen.told
            failing = {service for service, servers in seen.told.items() if not all(servers.values())}
            services |= failing
            if len(services) >= _WIDE and self._is_wide(seen.told):
                self._wide_until = seen.at + _WIDE_SECONDS
        if not services:
            return Turned()
        is_wide = seen.at < self._wide_until
        self._returned = {key: each for key, each in self._returned.items() if seen.at - each.at < QUIET_SECONDS}
        before = {(server.service, server.url): server for server in self.kept}
        for service in services:
            self._see_pool(service, find_pool(service), seen, is_wide=is_wide)
        after = {(server.service, server.url): server for server in self.kept}
        return Turned(
            out=[server for key, server in after.items() if key not in before],
            back=[server for key, server in before.items() if key not in after],
        )

    def _see_pool(self, service: str, pool: CheckedPool | None, seen: Seen, *, is_wide: bool) -> None:
        told, kept = seen.told.get(service, {}), self._kept.pop(service, {})
        if pool is None:
            return
        # Those that are no more in the pool get nothing anyway.
        kept = {url: _noted(server, told.get(url), seen.at) for url, server in kept.items() if url in pool.urls}
        failing = [url for url in sorted(pool.urls - kept.keys()) if told.get(url) is False]
        is_confirmed = seen.at - seen.applied_at >= pool.check_seconds
        if len(kept) == len(pool.urls):  # the others were removed
            kept = {}
        elif len(kept) + len(failing) == len(pool.urls):  # none could answer: whichever does first is back at once
            kept = {url: replace(server, pause_seconds=0.0) for url, server in kept.items()}
        for url, server in list(kept.items()):
            if is_confirmed and server.has_answered(seen.at):
                del kept[url]
                self._returned[service, url] = _Returned(seen.at, server.pause_seconds)
        if len(kept) + len(failing) == len(pool.urls):
            failing = []  # the pool would wait for us to let a server in, and so it waits for Traefik alone
        for url in failing:
            kept[url] = KeptServer(service, url, seen.date, self._pause(service, url, pool.check_seconds))
        most = len(pool.urls) // 2 if is_wide else len(pool.urls) - 1
        if kept:
            self._kept[service] = {server.url: server for server in sorted(kept.values(), key=_since)[:most]}

    def _is_wide(self, told: Mapping[str, Mapping[str, bool]]) -> bool:
        """Tell whether more than half of all servers are down, as far as is known: then it may be the edge itself."""
        down = sum(not up for servers in told.values() for up in servers.values())
        down += sum(told.get(server.service, {}).get(server.url, False) for server in self.kept)
        return 2 * down > sum(map(len, told.values()))

    def _pause(self, service: str, url: str, check_seconds: float) -> float:
        """Return how long a server has to answer: the longer, the more often it failed again."""
        returned = self._returned.get((service, url))
        if returned is None:
            return check_seconds
        return max(check_seconds, min(2 * returned.pause_seconds, MOST_PAUSE_SECONDS))


def _noted(server: KeptServer, up: bool | None, now: float) -> KeptServer:
    """Return a server with since when it answers, where that is told."""
    if up is None:
        return server
    since = (now if server.answering_since is None else server.answering_since) if up else None
    return server if since == server.answering_since else replace(server, answering_since=since)


def _since(server: KeptServer) -> tuple[datetime, str]:
    return server.since, server.url
