"""The polls that wait for a change, and which document an edge is offered.

A poll that waits is answered when the document changes. The first change after a quiet time is released
at once; in a storm the polls are released at most once in `coalesce_seconds`, with the newest document.
An edge that rejected a document is offered one of its own, in which the parts to blame are left out, and so is one that
sees servers down, which are kept out of their pools. It is put together once for a snapshot and an overlay: where the
snapshot is made, and not where it is polled. How long an edge has to wait for its next one tells `pacing`.

Everything here runs in the event loop's thread, except `Polls.publish`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from provider import configuration, overlays, pools
from provider.configuration import Document
from provider.edges.pacing import MOST_CHECK_SECONDS, Pace
from provider.edges.quarantine import Quarantine
from provider.edges.releases import Releases
from provider.loops import OwnLoop
from provider.nouns import Named
from provider.nouns.versions import Version
from provider.overlays import Overlay, find_newer
from provider.parts import Parts
from provider.pools import KeptOut
from provider.snapshots import Served, Snapshot


@dataclass(frozen=True, slots=True)
class _Fit:
    """What a version knows of a snapshot."""

    of: Snapshot
    made: Snapshot
    lacks: Mapping[Named, Version]


@dataclass(frozen=True, slots=True)
class _Without:
    """Which servers an edge is offered nothing of, and where the routers are of what watches them."""

    kept_out: KeptOut
    entry_point: str


class Polls:
    """The polls that wait, and when they are released."""

    def __init__(self, coalesce_seconds: float, assemble: Callable[[Parts], Document] = configuration.assemble) -> None:
        self._assemble = assemble
        self._coalesce_seconds = coalesce_seconds
        self._loop = OwnLoop()
        self._newest: Served | None = None
        self._released: Served | None = None
        self._released_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._releases = Releases()
        self._kept: dict[str, Served] = {}
        """What edges are offered until it is known what they make of it, whatever is newer."""
        self._quarantines: dict[str, Quarantine] = {}
        self._overlays: dict[str, Overlay] = {}
        self._versions: dict[str, Version] = {}
        """The versions of the edges of which they are known."""
        self._fitting: dict[Version, _Fit] = {}
        """What edges of a version are offered that does not know all."""
        self._adapted: dict[str, tuple[Overlay, Snapshot, Snapshot]] = {}
        """What edges with an overlay are offered: of which overlay and which snapshot it was made, and what."""
        self._kept_out: dict[str, _Without] = {}
        self._without: dict[str, tuple[_Without, Snapshot, Snapshot]] = {}
        """What edges are offered without servers: of which overlay and which snapshot it was made, and what."""
        self._due: dict[str, float] = {}
        """When edges are offered other servers than before, if nothing else changes."""
        self._paces: dict[str, Pace] = {}
        self.closed = False
        self.held = 0

    def open(self, snapshot: Served | None) -> None:
        """Begin to hold polls, in the loop that runs."""
        self._loop.enter()
        self._newest = self._released = snapshot

    def publish(self, snapshot: Served) -> None:
        """Say that there is a new snapshot. May be called from any thread."""
        for edge, overlay in list(self._overlays.items()):
            quarantine = self._quarantines.get(edge)
            if isinstance(snapshot, Snapshot) and quarantine is not None and quarantine.base(snapshot) is snapshot:
                self._adapt(edge, overlay, snapshot)
        for version in set(self._versions.copy().values()):
            self._fit(version, snapshot)
        if isinstance(snapshot, Snapshot):
            pools.longest_check(snapshot.parts.services, MOST_CHECK_SECONDS)
            for edge in list(self._kept_out):
                self.fit(edge, snapshot)
        self._loop.call(self._take, snapshot)

    def close(self) -> None:
        """Release all polls, and hold no more."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._wake()

    def quarantine(self, edge: str, quarantine: Quarantine | None) -> None:
        """Offer an edge what it rejected no more; None ends it."""
        self._overlays.pop(edge, None)
        self._adapted.pop(edge, None)
        if quarantine is None:
            self._quarantines.pop(edge, None)
        else:
            self._quarantines[edge] = quarantine
            if not quarantine.is_whole:
                self._overlays[edge] = quarantine.overlay
        self._wake()

    def keep(self, edge: str, snapshot: Served | None) -> None:
        """Offer an edge this one, and none that is newer; None ends it."""
        if snapshot is not None:
            self._kept[edge] = snapshot
        elif self._kept.pop(edge, None) is not None:
            self._wake()

    def keep_out(self, edge: str, kept_out: KeptOut, entry_point: str, *, within: float) -> None:
        """Offer an edge nothing of servers that do not answer there: within so many seconds, or with what comes before.

        What watches them has its routers on this entry point of the edge.
        """
        now = self._now()
        if kept_out:
            self._kept_out[edge] = _Without(kept_out, entry_point)
        else:
            self._kept_out.pop(edge, None)
        self._without.pop(edge, None)
        pending = self._due.get(edge, now)
        self._due[edge] = min(pending, now + within) if pending > now else now + within
        self._wake()

    def pace(self, edge: str, *, is_on: bool) -> None:
        """Let an edge wait for its next document until its servers were checked, or not."""
        if is_on:
            self._paces.setdefault(edge, Pace())
        else:
            self._paces.pop(edge, None)

    def seen(self, edge: str, running_seconds: float) -> None:
        """Note that it was seen how an edge's servers are, which has run what it was given last for so long."""
        pace = self._paces.get(edge)
        if pace is not None and pace.seen(running_seconds):
            self._wake()

    def find_check(self, edge: str) -> float | None:
        """Return how long an edge has to run what it was given last until another look tells how its servers are."""
        pace = self._paces.get(edge)
        return None if pace is None else pace.next_look

    def given(self, edge: str, snapshot: Served) -> None:
        """Note that an edge was given another document than before."""
        pace = self._paces.get(edge)
        if pace is not None and isinstance(snapshot, Snapshot):
            pace.given(self._now(), pools.longest_check(snapshot.parts.services, MOST_CHECK_SECONDS))

    def know(self, edge: str, version: Version | None) -> None:
        """Know which version an edge is, and offer it from now on what that knows."""
        if version is not None and self._versions.get(edge) != version:
            self._versions[edge] = version
            self._wake()

    def fit(self, edge: str, snapshot: Snapshot) -> tuple[Snapshot, Mapping[Named, Version]]:
        """Return what an edge's version knows of a snapshot, without servers that are kept out, and what it lacks.

        That has the version that knows it, or none where it needs what is left out.
        """
        version = self._versions.get(edge)
        known = None if version is None else self._fit(version, snapshot)
        made, lacks = (snapshot, {}) if known is None else (known.made, known.lacks)
        without = self._kept_out.get(edge)
        return (made if without is None else self._leave_out(edge, without, made)), lacks

    def _leave_out(self, edge: str, without: _Without, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot without servers that are kept out. Edges that keep out the same share it.

        Its parts stay those that are desired: whatever an edge rejects, the pools are not to blame.
        """
        for known, of, made in list(self._without.values()):
            if of is snapshot and known == without:
                self._without[edge] = (known, of, made)
                return made
        made = self._made_without(without, snapshot)
        self._without[edge] = (without, snapshot, made)
        return made

    def _made_without(self, without: _Without, snapshot: Snapshot) -> Snapshot:
        parts = pools.without(snapshot.parts, without.kept_out, without.entry_point)
        if parts is snapshot.parts:
            return snapshot
        return replace(snapshot, document=self._assemble(parts), full=snapshot.whole, kept_out=without.kept_out)

    def lay(self, edge: str, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot, of whatever revision, without the servers that are kept out on an edge."""
        without = self._kept_out.get(edge)
        return snapshot if without is None else self._made_without(without, snapshot)

    def _fit(self, version: Version, snapshot: Served) -> "_Fit | None":
        if not isinstance(snapshot, Snapshot):
            return None
        known = self._fitting.get(version)
        if known is None or known.of is not snapshot:
            overlay = find_newer(snapshot.parts, version)
            parts = overlays.lay(overlay, snapshot.parts)
            made = snapshot
            if overlay:
                made = replace(snapshot, document=self._assemble(parts), parts=parts)
            lacks = {
                (kind, name): part.since if (kind, name) in overlay else ()
                for kind, section in snapshot.parts.sections()
                for name, part in section.parts.items()
                if name not in parts.section(kind).parts
            }
            self._fitting[version] = known = _Fit(snapshot, made, lacks)
        return known

    def offer(self, edge: str, current: Served) -> Served:
        """Return what an edge that does not wait is given."""
        if (kept := self._kept.get(edge)) is not None:
            return kept
        offered = self._offered(edge, current)
        return self.fit(edge, offered)[0] if isinstance(offered, Snapshot) else offered

    def _offered(self, edge: str, current: Served) -> Served:
        quarantine = self._quarantines.get(edge)
        if quarantine is None:
            return current
        overlay = self._overlays.get(edge)
        if overlay is None or not isinstance(current, Snapshot):
            return quarantine.instead_of(current)
        return self._adapt(edge, overlay, quarantine.base(current))

    def _adapt(self, edge: str, overlay: Overlay, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot with an overlay laid over it. Edges with the same overlay share it."""
        for known, of, adapted in (self._adapted.get(edge, ({}, None, None)), *list(self._adapted.values())):
            if of is snapshot and adapted is not None and (known is overlay or known == overlay):
                self._adapted[edge] = (overlay, snapshot, adapted)
                return adapted
        parts = overlays.lay(overlay, snapshot.parts)
        made = snapshot if parts is snapshot.parts else replace(snapshot, document=self._assemble(parts), parts=parts)
        self._adapted[edge] = (overlay, snapshot, made)
        return made

    async def wait(self, edge: str, given: Served, seconds: float, gone: "asyncio.Future[None]") -> Served | None:
        """Return what an edge is offered once its document is not the one given, or `given` when the time is up.

        `gone` is done when nobody listens any more: then there is nothing to answer, and it is None.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        self.held += 1
        try:
            while not self.closed and not gone.done():
                found = self._released and self.offer(edge, self._released)
                early = 0.0
                if found and _follows(found, given, self._released, is_whole=edge not in self._overlays):
                    early = self._find_early(edge, given, found)
                    if early <= 0:
                        return found
                remaining = deadline - loop.time()
                if remaining <= 0:
                    break
                release = self._releases.join()
                pause = min(remaining, early) if early > 0 else remaining
                try:
                    await asyncio.wait({gone, release}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    self._releases.leave(release)
        finally:
            self.held -= 1
        return None if gone.done() else given

    def _find_early(self, edge: str, given: Served, found: Served) -> float:
        """Return for how many seconds it is too early for an edge to get what it is offered; 0 or less if it is not."""
        pace = self._paces.get(edge)
        if pace is None or edge in self._quarantines:
            return 0.0
        now = self._now()
        is_other = found.whole.digest != given.whole.digest
        due = pace.due(now, is_urgent=is_other)
        return (due if is_other else max(due, self._due.get(edge, due))) - now

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _take(self, snapshot: Served) -> None:
        if self._newest is not None and snapshot.order <= self._newest.order:
            return
        self._newest = snapshot
        if self._timer is None and not self.closed:
            self._pace()

    def _pace(self) -> None:
        """Release the newest snapshot now, or when the last release is long enough ago."""
        self._timer = None
        newest, released = self._newest, self._released
        if newest is None or (released is not None and newest.document.digest == released.document.digest):
            self._released = newest
            return
        loop = asyncio.get_running_loop()
        early = self._released_at + self._coalesce_seconds - loop.time()
        if early > 0:
            self._timer = loop.call_later(early, self._pace)
            return
        self._released, self._released_at = newest, loop.time()
        self._wake()

    def _wake(self) -> None:
        self._releases.wake()


def _follows(found: Served, given: Served, released: Served | None, *, is_whole: bool) -> bool:
    """Tell whether what is offered is other than what was given, and not what was given before it.

    A connection's first poll may have been given a snapshot whose release is still to come. Only the
    quarantine of a whole document leads back.
    """
    if found.document.digest == given.document.digest:
        return False
    return found.order >= given.order or (is_whole and found is not released)
