"""Looking at what the edges show: when, for which domains, and how many at once.

A handshake with SNI at the secure entry point tells which certificate a client gets: Traefik chooses it by the name
alone, whatever the entry point. Of an edge whose API is not known, the address from which it polls is asked, at the
port where visitors reach it. Where nobody answers there, the certificates that Traefik's API lists (since 3.7) have
to do.

A new domain and a changed certificate are looked at once, all others over and over: at most 20 a second.
Everything here runs in the event loop's thread.
"""

import asyncio
import heapq
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

from provider.certificates import CertificateFacts, CertificateStore, read_der
from provider.edges import handshakes
from provider.edges.handshakes import HandshakeError, RefusedHandshake
from provider.edges.readback import TIMEOUT_SECONDS, ReadbackError, TraefikAPI, opened
from provider.edges.registry import Edges
from provider.edges.sightings import Sighting, judge, probe, read_store
from provider.edges.states import Edge, EdgeState
from provider.edges.watched import NOTHING, Watched, find_place, find_running, is_read
from provider.loops import Bell
from provider.models import ShownState
from provider.nouns import Domain
from provider.snapshots import Served
from provider.values import DEFAULT_EDGE, Refusal

AT_ONCE: Final = 4
_PACE_SECONDS: Final = 0.2
"""Time between two looks of each of these."""

_AGAIN_SECONDS: Final = 300.0
_FIRST_RETRY_SECONDS: Final = 0.5
_GROWTH: Final = 2.0
_MOST_RETRY_SECONDS: Final = 60.0
URGENT_SECONDS: Final = 0.25
"""Time between two looks at what somebody waits for."""

_LEFT_SECONDS: Final = 15.0
"""How long an edge may show a certificate that its document has no more: its fallback file is written later."""

_SILENT_SECONDS: Final = 30.0
"""How long an address is left alone where nobody answered."""

_LISTED_SECONDS: Final = 2.0
"""How long it is good what an API told of its certificates."""

_FOLLOW_SECONDS: Final = 1.0
_LEAST_FOLLOW_SECONDS: Final = 0.05
_MOST: Final = 50_000
"""Domains and edges, each with each, that are looked at: what is more is never seen."""


class Looks:
    """Looks at the edges, and tells them what was seen."""

    def __init__(self, edges: Edges, secure_port: int, urls: Mapping[str, str]) -> None:
        self._urls = urls
        self._edges = edges
        self._seen = edges.sightings
        self._port = secure_port
        self.watched: dict[str, Watched] = {}
        """The edges that are looked at, by name."""

        self._domains: Mapping[str, Domain] = {}
        self._queue: list[tuple[float, str, str]] = []
        self._news: set[str] = set()
        self.urgent: Collection[str] = ()
        """The domains for which somebody waits."""

        self._bell = Bell()
        self._held: tuple[str, CertificateStore] = ("", NOTHING)
        self._apis: Mapping[str, TraefikAPI] = {}

    async def keep(self) -> None:
        """Look, until cancelled."""
        async with opened(self._edges.known, most_kept=AT_ONCE) as self._apis, asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(self._look_on())
            while True:
                await self._follow()
                for name in self._news:
                    if (edge := self._edges.find(name)) is not None:
                        self._edges.tell(edge)
                self._news.clear()
                await asyncio.sleep(_LEAST_FOLLOW_SECONDS)
                await self._edges.changed(_FOLLOW_SECONDS)

    # Who is to be looked at

    async def _follow(self) -> None:
        """Follow what is served and what the edges run: what is new is due at once."""
        current = self._edges.current
        domains = {} if current is None else current.listening.secured
        secure = "" if current is None else current.listening.points.secure
        is_other, self._domains = domains is not self._domains, domains
        listed = [edge for edge in self._edges.known if self._is_watched(edge)][: _MOST // max(len(domains), 1)]
        for name in self.watched.keys() - {edge.name for edge in listed}:
            del self.watched[name]
            self._seen.forget(name)
        for edge in listed:
            is_new = edge.name not in self.watched
            watched = self.watched.setdefault(edge.name, Watched(edge))
            where, why = watched.where, watched.why
            if edge.api_url is None or is_read(edge):
                where, why = find_place(
                    edge, secure, self._port, self._urls.get(secure) if edge.name == DEFAULT_EDGE else None
                )
            is_moved = (where, edge) != (watched.where, watched.edge)
            watched.edge, watched.where, watched.why = edge, where, why
            if is_moved:
                watched.silent_until = 0.0
            before = watched.held
            is_changed = bool(domains) and await self._know(watched, find_running(edge))
            if is_new or is_moved or is_other or is_changed:
                self._plan(watched, before, is_anew=is_new or is_moved)

    def _is_watched(self, edge: Edge) -> bool:
        """Tell whether an edge is looked at: it polls, it is no passer-by, and its API told where it listens."""
        if edge.is_passing or edge.verdict.state in {EdgeState.STALE, EdgeState.NEVER_SEEN}:
            return False
        return edge.api_url is None or edge.name in self.watched or is_read(edge)

    async def _know(self, watched: Watched, running: Served | None) -> bool:
        """Know which document an edge runs. Returns whether it is another than before."""
        if running is None or running.document.digest == watched.digest:
            return False
        digest, held = self._held
        if digest != running.document.digest:
            held = await asyncio.to_thread(read_store, running.document.content)
            self._held = running.document.digest, held
        watched.running, watched.held = running, held
        return True

    def _plan(self, watched: Watched, before: CertificateStore, *, is_anew: bool) -> None:
        """Let domains be due that are new, or for which an edge may show something else now; forget those that went."""
        name = watched.edge.name
        for domain in watched.due.keys() - self._domains.keys():
            del watched.due[domain]
            watched.retries.pop(domain, None)
            watched.left.pop(domain, None)
            self._seen.forget(name, domain)
        now = asyncio.get_running_loop().time()
        for domain in self._domains:
            was, held = before.find(probe(domain)), watched.held.find(probe(domain))
            is_other = was != held
            if held is not None:
                watched.left.pop(domain, None)
            elif was is not None:
                watched.left[domain] = was.fingerprint, now + _LEFT_SECONDS
            if is_anew or is_other or domain not in watched.due or not self.is_expected(watched, domain):
                watched.retries.pop(domain, None)
                self._schedule(watched, domain, now)

    def is_expected(self, watched: Watched, domain: str) -> bool:
        """Tell whether an edge was seen to show what it should for a domain."""
        return watched.is_expected(domain, self._seen.find(watched.edge.name, domain))

    def hurry(self, domain: str) -> None:
        """Look at once at what edges show for a domain, where it is not what it should be."""
        now = asyncio.get_running_loop().time()
        for watched in self.watched.values():
            if watched.due.get(domain, now) != float("inf") and not self.is_expected(watched, domain):
                self._schedule(watched, domain, now)

    def _schedule(self, watched: Watched, domain: str, at: float) -> None:
        watched.due[domain] = at
        heapq.heappush(self._queue, (at, watched.edge.name, domain))
        self._bell.ring()

    # Looking

    async def _look_on(self) -> None:
        while True:
            found, pause = self._take()
            if found is not None:
                await self._look(*found)
                await asyncio.sleep(_PACE_SECONDS)
            else:
                await self._bell.wait(pause)

    def _take(self) -> tuple[tuple[Watched, str] | None, float]:
        """Take what is due, or return how long there is nothing to do."""
        now = asyncio.get_running_loop().time()
        while self._queue:
            at, name, domain = self._queue[0]
            watched = self.watched.get(name)
            if watched is None or watched.due.get(domain) != at:
                heapq.heappop(self._queue)
            elif at > now:
                return None, min(at - now, _FOLLOW_SECONDS)
            else:
                heapq.heappop(self._queue)
                watched.due[domain] = float("inf")
                return (watched, domain), 0.0
        return None, _FOLLOW_SECONDS

    async def _look(self, watched: Watched, domain: str) -> None:
        """Look at what an edge shows for a domain, and say when to look again."""
        loop, digest = asyncio.get_running_loop(), watched.digest
        found, why = None, watched.why
        state: ShownState = ShownState.UNKNOWN
        if watched.where is not None and loop.time() >= watched.silent_until:
            try:
                content = await handshakes.fetch(*watched.where, probe(domain))
                found = read_der(content)
            except RefusedHandshake as refused:
                state, why = ShownState.NONE, refused.detail
            except HandshakeError as error:
                watched.silent_until, watched.silence = loop.time() + _SILENT_SECONDS, error.detail
            except Refusal as refusal:
                state, why = ShownState.NONE, refusal.detail
        if found is None and state is ShownState.UNKNOWN:
            found, why = await self._ask_api(watched, domain), watched.why or watched.silence
        if found is not None:
            state, why = judge(domain, found, datetime.now(UTC))
        if domain in watched.due and watched.edge.name in self.watched:
            self._note(watched, domain, Sighting(state, why, None, found, digest))

    async def _ask_api(self, watched: Watched, domain: str) -> CertificateFacts | None:
        """Find the certificate that an edge has for a domain by its API, where it tells."""
        api = self._apis.get(watched.edge.name)
        if api is None:
            return None
        told_at, listed = watched.listed
        if (now := asyncio.get_running_loop().time()) - told_at > _LISTED_SECONDS:
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    listed = CertificateStore(await api.list_certificates())
            except (ReadbackError, TimeoutError):
                listed = NOTHING
            watched.listed = now, listed
        return listed.find(probe(domain))

    def _note(self, watched: Watched, domain: str, seen: Sighting) -> None:
        name = watched.edge.name
        before = self._seen.find(name, domain)
        since = before.since if before is not None and before.state is seen.state else datetime.now(UTC)
        made = Sighting(seen.state, seen.why, since, seen.certificate, seen.document)
        if self._seen.note(name, domain, made):
            self._news.add(name)
        self._edges.wake()
        if domain in watched.left and watched.left[domain][1] < asyncio.get_running_loop().time():
            del watched.left[domain]
        pause = _AGAIN_SECONDS
        if seen.document != watched.digest:
            pause = 0.0
        elif not self.is_expected(watched, domain):
            retry = watched.retries.get(domain, _FIRST_RETRY_SECONDS)
            watched.retries[domain] = min(retry * _GROWTH, _MOST_RETRY_SECONDS)
            pause = URGENT_SECONDS if domain in self.urgent else retry
        self._schedule(watched, domain, asyncio.get_running_loop().time() + pause)
