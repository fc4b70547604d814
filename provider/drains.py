"""Drained servers that keep the visitors they have: until when, and what is laid over the desired state for that.

Nothing of it is a revision: until when a server keeps its visitors is a field of it. A drain ends at that time, also if
this service was started again meanwhile, or once all cookies have expired that can lead there. Within one process it
ends by the clock that nobody sets.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from provider import decoding, draining, moments, terms
from provider.loops import Bell
from provider.nouns import Server, Service
from provider.overlays import Overlay
from provider.parts import Parts
from provider.serving import Serving
from provider.snapshots import ReloadCause, Snapshot
from provider.terms import Drained
from provider.values import LONGEST_DRAIN_SECONDS, ServerState

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS: Final = 300.0
_WITHIN_SECONDS: Final = 1.0
"""Within so many seconds after its end a server is taken from the document: other changes may come with it."""

_LONG_OVER: Final = 0.0
"""The end of a drain that was over when it was seen first."""

_DrainKey = tuple[str, str, str]
"""A drain: the service, the server's URL, and until when."""


def seconds_left(until: str, now: datetime) -> float:
    """Return for how many seconds a server still keeps its visitors: 0 once that is over, and never too many."""
    return min(max((moments.read(until) - now).total_seconds(), 0.0), LONGEST_DRAIN_SECONDS)


class Drains:
    """The drains that go on. What it lays over a snapshot may be asked for in any thread."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._ends: dict[_DrainKey, float] = {}
        """When each drain ends that was seen, in seconds of the monotonic clock."""
        self._over: set[_DrainKey] = set()
        self._bell = Bell()
        serving.add(self.lay_over)
        serving.subscribe(self._bell.ring)

    def lay_over(self, desired: Snapshot, parts: Parts) -> Overlay:
        return draining.lay_over(desired.parts, parts, self._list_going_on(desired.parts))

    def find_until(self, service: Service, server: Server) -> str | None:
        """Return until when a drained server keeps its visitors; None where it keeps none, or none any more."""
        until = server.drain_until
        if server.state is not ServerState.DRAIN or until is None or not service.keeps_sessions:
            return None
        end = self._ends.get((service.name, server.url, until))
        left = seconds_left(until, datetime.now(UTC)) if end is None else end - monotonic()
        return until if left > 0 else None

    async def keep(self) -> None:
        """End each drain when its time has come, until cancelled."""
        self._bell.enter()
        while True:
            await self._bell.wait(self._end())

    def _list_going_on(self, parts: Parts) -> Mapping[str, list[Drained]]:
        now = monotonic()
        found: dict[str, list[Drained]] = {}
        for (service, _url, _until), server, end in self._list_all(parts):
            if end > now:
                found.setdefault(service, []).append(server)
        return found

    def _list_all(self, parts: Parts) -> Iterator[tuple[_DrainKey, Drained, float]]:
        """Give all drains of a state with their ends, which are settled when they are seen first."""
        for name, content in parts.services.terms.items():
            if drained := terms.read(content).drained:
                pool, _servers = decoding.read_pool(parts.services.parts[name])
                for server in drained:
                    key = name, server.url, server.until
                    end = self._ends.get(key)
                    if end is None:
                        end = self._ends[key] = _find_end(server, pool)
                    yield key, server, end

    def _end(self) -> float:
        """Let edges have no more of drains that are over. Returns for how many seconds no other is."""
        desired = self._serving.desired
        if desired is None:
            return _LONGEST_PAUSE_SECONDS
        known = {key: end for key, _server, end in self._list_all(desired.parts)}
        self._ends = dict(known)
        now = monotonic()
        over = {key for key, end in known.items() if _LONG_OVER < end <= now}
        for service, url, _until in sorted(over - self._over):
            logger.info("server %s of service %s is drained: it no longer keeps its visitors", url, service)
        if over - self._over:
            self._serving.renew(ReloadCause.DRAIN, within=_WITHIN_SECONDS)
        self._over = over
        return min([_LONGEST_PAUSE_SECONDS, *(end - now for end in known.values() if end > now)])


def _find_end(server: Drained, pool: Service) -> float:
    """Return when a drain ends that is seen first now: at its time, or when the last cookie expires."""
    left = seconds_left(server.until, datetime.now(UTC))
    age = 0 if pool.sticky is None else pool.sticky.cookie.max_age
    if age:  # the cookie is not set again, so that each has at most its whole age left
        left = min(left, max(age, 0))
    return monotonic() + left if left > 0 else _LONG_OVER
