"""Servers that are new, or back, and rise to their weights: since when each does, and what edges get for that.

Nothing of it is a revision, and nothing is stored: after a start the newest revisions tell which servers came or came
back when.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from time import monotonic
from typing import Final

from provider import decoding, moments, rising, terms
from provider.loops import Bell
from provider.overlays import Overlay
from provider.parts import Part, Parts
from provider.revisions import Revisions
from provider.serving import Serving
from provider.snapshots import ReloadCause, Snapshot
from provider.store import object_changes

logger = logging.getLogger(__name__)

_LONGEST_SECONDS: Final = 3600.0
_LONGEST_PAUSE_SECONDS: Final = 300.0
_WITHIN_SECONDS: Final = 0.5
_TOGETHER_SECONDS: Final = 2.0
"""What begins so shortly after another of its pool begins with it."""

_POOLS_READ: Final = 4_096
_WHOLE: Final = Fraction(1)
_LONG_AGO: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class Rise:
    """A server that rises: at which part of its weight it is, and in how many seconds it has all of it."""

    part: Fraction
    seconds_left: float


FindRise = Callable[[str, str], Rise | None]
"""Tells how far a server has risen, by its service and its URL."""


@dataclass(frozen=True, slots=True)
class _PoolPace:
    """How the servers of a pool rise: the servers by their URLs, and the seconds that all of it and a step takes."""

    urls: tuple[str, ...]
    seconds: float
    step_seconds: float


class Rises:
    """The servers that rise. Any thread may ask."""

    def __init__(self, revisions: Revisions, serving: Serving) -> None:
        self._revisions = revisions
        self._serving = serving
        self._begun: dict[tuple[str, str], float] = {}
        """When each began, by service and URL, in seconds of the monotonic clock."""
        self._known: dict[str, frozenset[str]] = {}
        """The servers that were in each pool when it was seen last."""
        self._told: Mapping[str, Mapping[str, Fraction]] = {}
        self._bell = Bell()
        serving.add(self.lay_over)
        serving.subscribe(self._bell.ring)

    def lay_over(self, desired: Snapshot, parts: Parts) -> Overlay:
        """Return what is laid over a snapshot. A server that was not in its pool before begins to rise."""
        if desired is self._serving.desired:
            self._see(desired.parts)
        return rising.lay_over(parts, self._list_parts(desired.parts))

    def begin(self, service: str, url: str) -> None:
        """Let a server rise from now on, if its service says so: it was kept out, and is back."""
        desired = self._serving.desired
        if desired is not None and service in desired.parts.services.terms:
            self._begin(service, url, monotonic())
            self._serving.renew(ReloadCause.SLOW_START, within=_WITHIN_SECONDS)
            self._bell.ring()

    def find(self, service: str, url: str) -> Rise | None:
        """Return how far a server has risen; None once it has its weight, or if its pool gives each the same part."""
        desired = self._serving.desired
        part = None if desired is None else desired.parts.services.parts.get(service)
        pace = None if part is None else _pace(part)
        begun = self._begun.get((service, url))
        if pace is None or begun is None or url not in pace.urls:
            return None
        found = self._parts_of(service, pace).get(url, _WHOLE)
        left = begun + pace.seconds - monotonic()
        return Rise(found, left) if found < 1 and left > 0 else None

    def recall(self) -> None:
        """Go on with what rose in an earlier process. Blocks."""
        desired = self._serving.desired
        if desired is None or not desired.parts.services.terms:
            return
        now, since = datetime.now(UTC), timedelta(seconds=_LONGEST_SECONDS)
        with self._revisions.reading() as session:
            came = object_changes.servers_since(session, moments.written(now - since))
        for (service, url), date in came.items():
            ago = min(max((now - moments.read(date)).total_seconds(), 0.0), _LONGEST_SECONDS)
            if (service, url) not in self._begun:
                self._begin(service, url, monotonic() - ago)
        self._serving.renew(ReloadCause.SLOW_START)

    async def keep(self) -> None:
        """Let edges have the next weights when it is time, until cancelled."""
        self._bell.enter()
        while True:
            await self._bell.wait(self._step())

    def _see(self, parts: Parts) -> None:
        """Note who is in the pools, and who was not before. Of a pool that was not known nobody is new."""
        known: dict[str, frozenset[str]] = {}
        for name, pace in _paces(parts):
            before = self._known.get(name)
            known[name] = frozenset(pace.urls)
            for url in known[name] - (known[name] if before is None else before):
                self._begin(name, url, monotonic())
        self._known = known
        for service, url in self._begun.copy():
            if url not in known.get(service, ()):
                self._begun.pop((service, url), None)

    def _begin(self, service: str, url: str, at: float) -> None:
        """Let a server rise since then, or with one of its pool that began shortly before: their steps are the same."""
        others = [begun for (name, _url), begun in self._begun.copy().items() if name == service]
        self._begun[service, url] = max((each for each in others if 0 <= at - each < _TOGETHER_SECONDS), default=at)

    def _list_parts(self, parts: Parts) -> Mapping[str, Mapping[str, Fraction]]:
        found = {name: self._parts_of(name, pace) for name, pace in _paces(parts)}
        return {name: at for name, at in found.items() if at}

    def _parts_of(self, service: str, pace: _PoolPace) -> Mapping[str, Fraction]:
        """Return which part of its weight each server has that has not all; none where that makes no difference."""
        now = monotonic()
        begun = {url: self._begun.get((service, url)) for url in pace.urls}
        parts = {
            url: rising.find_part(now - since, pace.seconds, pace.step_seconds)
            for url, since in begun.items()
            if since is not None
        }
        return {} if rising.is_even(pace.urls, parts) else {url: part for url, part in parts.items() if part < 1}

    def _step(self) -> float:
        """Let edges have the weights as they are now. Returns for how many seconds they stay."""
        desired = self._serving.desired
        if desired is None:
            return _LONGEST_PAUSE_SECONDS
        parts, now = self._list_parts(desired.parts), monotonic()
        if parts != self._told:
            self._told = parts
            self._serving.renew(ReloadCause.SLOW_START, within=_WITHIN_SECONDS)
        left = _LONGEST_PAUSE_SECONDS
        for name, pace in _paces(desired.parts):
            for url in pace.urls:
                elapsed = now - self._begun.get((name, url), _LONG_AGO)
                if elapsed < pace.seconds:
                    left = min(left, pace.step_seconds - elapsed % pace.step_seconds)
        return max(left, 0.0) + 0.01  # what ends just now has ended then


def _paces(parts: Parts) -> Iterator[tuple[str, _PoolPace]]:
    """Give the pools whose servers rise, by name."""
    for name in parts.services.terms:
        pace = _pace(parts.services.parts[name])
        if pace is not None:
            yield name, pace


@lru_cache(_POOLS_READ)
def _pace(part: Part) -> _PoolPace | None:
    seconds = terms.read(part.terms).slow_start_seconds
    if not seconds:
        return None
    _pool, servers = decoding.read_pool(part)
    return _PoolPace(tuple(server.url for server in servers), seconds, rising.step_seconds(part, seconds))
