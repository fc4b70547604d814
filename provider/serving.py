"""What edges are served: the snapshot of the desired state, with what is laid over it for all of them.

A source gives an overlay for a snapshot: parts that are added, or stand in for others, without a revision. Sources are
asked in the order in which they were added, and each sees what those before it made of the parts: two may change the
same service. Whatever one edge alone gets otherwise is laid over what is served here (`edges.polls`).
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from provider import overlays
from provider.configuration import Document
from provider.errors import Unverified
from provider.loops import OwnLoop
from provider.overlays import Overlay
from provider.parts import Parts
from provider.revisions import Revisions
from provider.snapshots import ReloadCause, Snapshot

logger = logging.getLogger(__name__)

OverlaySource = Callable[[Snapshot, Parts], Overlay]
"""Gives what is laid over a snapshot, of which the sources before it have made these parts.

It is asked at each change, in the thread that makes it: it has to be quick. It may raise `Unverified`.
"""


class Serving:
    """The snapshot that edges are served. All methods may be called from any thread."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions
        self._sources: list[OverlaySource] = []
        self._listeners: list[Callable[[Snapshot], None]] = []
        self._lock = threading.Lock()
        self._edition = 0
        self._current: Snapshot | None = None
        self._loop = OwnLoop()
        self.is_open = False
        """Whether edges may be given what is served: not before it is known again what an earlier process knew."""
        self._timer: asyncio.TimerHandle | None = None
        revisions.subscribe(self._serve)

    def open(self) -> None:
        """Let edges be given what is served, and what can wait a moment be served from the loop that runs."""
        self._loop.enter()
        self.is_open = True

    def close(self) -> None:
        """Serve nothing more that was to wait."""
        self._loop.leave()
        if self._timer is not None:
            self._timer.cancel()

    @property
    def current(self) -> Snapshot | None:
        """What edges are served, or None while there is nothing that was verified."""
        return self._current

    @property
    def desired(self) -> Snapshot | None:
        return self._revisions.current

    @property
    def problem(self) -> str:
        """Why there is no snapshot, for a person."""
        return self._revisions.problem

    @property
    def assemble(self) -> Callable[[Parts], Document]:
        """How a document is put together from parts."""
        return self._revisions.assemble

    def subscribe(self, listener: Callable[[Snapshot], None]) -> None:
        """Call `listener` with each snapshot that is served from then on, in the thread that made it."""
        self._listeners.append(listener)

    def add(self, source: OverlaySource) -> None:
        """Lay what a source gives over what all sources before it made of what is served from now on.

        It is asked at each change, and at each `renew`.
        """
        self._sources.append(source)

    def renew(self, cause: ReloadCause, *, within: float = 0.0) -> None:
        """Ask the sources again, as one of them gives something else now, and serve what that comes to.

        What can wait is served `within` so many seconds, or with whatever is served before that: each document makes
        Traefik build all its balancers anew.
        """
        if within == 0 or not self._loop.call(self._postpone, cause, within):
            self._renew(cause)

    def _renew(self, cause: ReloadCause) -> None:
        desired = self._revisions.current
        if desired is not None:
            self._serve(desired, cause)

    def _postpone(self, cause: ReloadCause, within: float) -> None:
        """Renew in so many seconds, if that is not going to happen before."""
        loop = asyncio.get_running_loop()
        if self._timer is not None and loop.time() <= self._timer.when() <= loop.time() + within:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(within, lambda: loop.run_in_executor(None, self._renew, cause))

    def _serve(self, desired: Snapshot, cause: ReloadCause = ReloadCause.CHANGE) -> None:
        with self._lock:
            newest = self._revisions.current
            before, made = self._current, self.lay(desired if newest is None else newest)
            if before is not None and made.revision == before.revision and made.document == before.document:
                return
            if self._edition or made.document is not desired.document:
                self._edition += 1
                made = replace(made, edition=self._edition)
            if before is not None and made.revision == before.revision:
                made = replace(made, cause=cause)
            self._current = made
            for listener in self._listeners:
                listener(made)

    def lay(self, desired: Snapshot) -> Snapshot:
        """Return a snapshot with what the sources give for it laid over it."""
        parts = desired.parts
        for source in self._sources:
            try:
                parts = overlays.lay(source(desired, parts), parts)
            except Unverified as error:  # what is desired is served all the same
                logger.error(  # noqa: TRY400  # what is wrong is in the detail
                    "edges get revision %d without rollouts, drains, slow start and ordered certificates: %s",
                    desired.revision,
                    error.detail,
                )
        if parts is desired.parts:
            return desired
        return replace(desired, document=self.assemble(parts), parts=parts)
