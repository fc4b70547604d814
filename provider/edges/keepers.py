"""What is kept out on the edges: what follows from what each sees, and who is told of it.

Everything here runs in the event loop's thread.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from provider import pools
from provider.edges.api_answers import ServersUp
from provider.edges.health import Health
from provider.edges.keeping import Keeping, KeptServer, Seen, Turned
from provider.edges.observed import Observation
from provider.edges.polls import Polls
from provider.edges.states import Edge
from provider.listening import DefaultEntryPoints
from provider.pools import CheckedPool
from provider.snapshots import Served, Snapshot

logger = logging.getLogger(__name__)

_DOWN_SECONDS: Final = 0.25
"""Others that fail in the same check go with the first. Meanwhile Traefik itself sends nothing to any of them."""

_BACK_SECONDS: Final = 1.0
"""Others that answer again are let in with the first: each document makes Traefik take all for well."""

_UNSEEN_SECONDS: Final = 60.0
"""Where nobody can see for so long whether servers answer again, it is left to Traefik."""

_FIRST_PAUSE_SECONDS: Final = 15.0
_MOST_PAUSE_SECONDS: Final = 600.0
"""An edge that refuses again what it refused before is tried ever more rarely: meanwhile it takes no change."""

KeptListener = Callable[[str, Turned], None]


@dataclass(frozen=True, slots=True)
class _RefusedWithout:
    """That an edge took everything but a document without some servers: what, as which process, and when.

    It counts for so many seconds at least, unless the edge is restarted.
    """

    digest: str | None
    started: str | None
    at: float
    pause_seconds: float

    def is_over(self, edge: Edge, now: float) -> bool:
        """Tell whether an edge took a later document since, so that it may take one without servers, too."""
        if edge.given is None or not edge.runs_given():
            return False
        is_later = edge.given.whole.digest != self.digest and now - self.at >= self.pause_seconds
        return is_later or edge.started != self.started


class Keepers:
    """The servers that are kept out, by edge."""

    def __init__(self, polls: Polls, points: DefaultEntryPoints, *, is_on: bool = True) -> None:
        self._polls = polls
        self.health = Health()
        self._points = points
        self._is_on = is_on
        self._edges: dict[str, Keeping] = {}
        self._seen_at: dict[str, float] = {}
        self._refusals: dict[str, _RefusedWithout] = {}
        """The last one of each edge."""
        self._refusing: set[str] = set()
        """The edges of which that counts still."""
        self._told: dict[str, tuple[ServersUp, Collection[KeptServer], ServersUp]] = {}
        self._entry_points: dict[str, str] = {}
        """Where the routers are of what watches servers, by edge."""
        self._listeners: list[KeptListener] = []

    def subscribe(self, listener: KeptListener) -> None:
        """Call `listener` with the name of each edge on which other servers are kept out, and which."""
        self._listeners.append(listener)

    @property
    def kept(self) -> dict[str, list[KeptServer]]:
        """The servers that are kept out now, by edge."""
        return {edge: kept for edge, keeping in self._edges.items() if (kept := keeping.kept)}

    def recall(self, kept: Mapping[str, Iterable[KeptServer]], now: float) -> None:
        """Go on to keep out what an earlier process did."""
        for edge, servers in kept.items() if self._is_on else ():
            self._edges[edge] = Keeping(servers)
            self._seen_at[edge] = now
            self._offer(edge, frozenset(), within=0.0)

    def see(self, edge: Edge, observation: Observation, points: Collection[str] | None, date: datetime) -> ServersUp:
        """Take what an edge's API told of its servers, and return what is true of them.

        `points` are the names of its entry points, where they are known.
        """
        told = observation.servers or {}
        self._seen_at[edge.name] = observation.at
        is_on = self._is_on and not edge.pollers.sharers and not self._is_refusing(edge, observation.at)
        self._polls.pace(edge.name, is_on=is_on)
        if not is_on:
            self.release(edge.name)
            return told
        if edge.runs_given():
            self._polls.seen(edge.name, observation.at - edge.applied_at)
        keeping = self._edges.setdefault(edge.name, Keeping())
        if edge.quarantine is None or not edge.quarantine.is_searching:  # in a search nothing else may change
            applied_at = edge.applied_at if edge.runs_given() else observation.at
            turn = keeping.see(Seen(told, observation.at, applied_at, date), lambda name: _find_pool(edge.given, name))
            self._turned(edge.name, turn, points)
            if keeping.kept and self._entry_points.get(edge.name) != self._find_entry_point(points):
                self._offer(edge.name, points, within=_BACK_SECONDS)
        return self._true(edge.name, told)

    def missed(self, edge: str, now: float) -> None:
        """Note that it could not be read what an edge sees."""
        if now - self._seen_at.get(edge, now) > _UNSEEN_SECONDS:
            self.release(edge)

    def refused(self, edge: Edge, now: float) -> None:
        """Keep nothing out on an edge that does not take that, until it takes a later document or is restarted."""
        logger.error(
            "edge %s rejects the document without the servers that are down: no server is kept out there for now",
            edge.name,
        )
        before, pause = self._refusals.get(edge.name), 0.0
        if before is not None and now - before.at < 2 * _MOST_PAUSE_SECONDS:
            pause = min(max(2 * before.pause_seconds, _FIRST_PAUSE_SECONDS), _MOST_PAUSE_SECONDS)
        digest = None if edge.given is None else edge.given.whole.digest
        self._refusals[edge.name] = _RefusedWithout(digest, edge.started, now, pause)
        self._refusing.add(edge.name)
        self.release(edge.name)

    def _is_refusing(self, edge: Edge, now: float) -> bool:
        if edge.name in self._refusing and self._refusals[edge.name].is_over(edge, now):
            self._refusing.discard(edge.name)
            logger.info("servers that are down are kept out on edge %s again", edge.name)
        return edge.name in self._refusing

    def release(self, edge: str) -> None:
        """Leave it to Traefik which servers of an edge get requests."""
        self._polls.pace(edge, is_on=False)
        keeping = self._edges.pop(edge, None)
        if keeping is not None:
            self._turned(edge, Turned(back=keeping.kept), None)

    def _turned(self, edge: str, turn: Turned, points: Collection[str] | None) -> None:
        if not turn.out and not turn.back:
            return
        self._offer(edge, points, within=_DOWN_SECONDS if turn.out else _BACK_SECONDS)
        for server in turn.out:
            logger.warning(
                "server %s of service %s fails on edge %s: kept out and watched", server.url, server.service, edge
            )
        for server in turn.back:
            logger.info("server %s of service %s is back in the pool on edge %s", server.url, server.service, edge)
        for listener in self._listeners:
            listener(edge, turn)

    def _offer(self, edge: str, points: Collection[str] | None, *, within: float) -> None:
        keeping = self._edges.get(edge)
        kept = [] if keeping is None else keeping.kept
        self.health.keep(edge, {(server.service, server.url): server.since for server in kept})
        urls = pools.NOBODY if keeping is None else keeping.urls
        self._entry_points[edge] = self._find_entry_point(points)
        self._polls.keep_out(edge, urls, self._entry_points[edge], within=within)

    def _find_entry_point(self, points: Collection[str] | None) -> str:
        """Return an entry point that an edge has: on none, Traefik would not check what only is watched."""
        plain = self._points.plain
        return plain if not points or plain in points else min(points)

    def _true(self, edge: str, told: ServersUp) -> ServersUp:
        """Return what is told with those down that are kept out: they count as up after each reload."""
        keeping = self._edges[edge]
        kept = keeping.kept
        if not kept:
            return told
        of, known, true = self._told.get(edge, ({}, (), {}))
        if of is not told or known != kept:
            true = {**told}
            for name, down in keeping.urls.items():
                true[name] = {url: up and url not in down for url, up in told.get(name, {}).items()}
            self._told[edge] = told, kept, true
        return true


def _find_pool(given: Served | None, service: str) -> CheckedPool | None:
    return pools.find(given.parts, service) if isinstance(given, Snapshot) else None
