"""What edges are served: the snapshot of the desired state, with what is laid over it for all of them.

A source gives an overlay for a snapshot: parts that are added, or stand in for others, without a revision. Whatever one
edge alone gets otherwise is laid over what is served here (`edges.polls`).
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from provider import overlays
from provider.configuration import Document
from provider.errors import Unverified
from provider.nouns import Named
from provider.overlays import Overlay, Replacement
from provider.parts import Parts
from provider.revisions import Revisions
from provider.snapshots import Snapshot

logger = logging.getLogger(__name__)

OverlaySource = Callable[[Snapshot], Overlay]
"""Gives what is laid over a snapshot. It is asked at each change, in the thread that makes it: it has to be quick."""


class Serving:
    """The snapshot that edges are served. All methods may be called from any thread."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions
        self._sources: list[OverlaySource] = []
        self._listeners: list[Callable[[Snapshot], None]] = []
        self._lock = threading.Lock()
        self._edition = 0
        self._current: Snapshot | None = None
        revisions.subscribe(self._serve)

    @property
    def current(self) -> Snapshot | None:
        """What edges are served, or None while there is nothing that was verified."""
        return self._current

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
        """Lay what a source gives over all that is served from now on: it is asked at each change and `renew`."""
        self._sources.append(source)

    def renew(self) -> None:
        """Ask the sources again, as one of them gives something else now, and serve what that comes to."""
        desired = self._revisions.current
        if desired is not None:
            self._serve(desired)

    def _serve(self, desired: Snapshot) -> None:
        with self._lock:
            newest = self._revisions.current
            before, made = self._current, self.lay(desired if newest is None else newest)
            if before is not None and made.revision == before.revision and made.document == before.document:
                return
            if self._edition or made.document is not desired.document:
                self._edition += 1
                made = replace(made, edition=self._edition)
            self._current = made
            for listener in self._listeners:
                listener(made)

    def lay(self, desired: Snapshot) -> Snapshot:
        """Return a snapshot with what the sources give for it laid over it."""
        try:
            overlay: dict[Named, Replacement] = {}
            for source in self._sources:
                overlay.update(source(desired))
            parts = overlays.lay(overlay, desired.parts)
            if parts is desired.parts:
                return desired
            return replace(desired, document=self.assemble(parts), parts=parts)
        except Unverified as error:  # what is desired is served all the same
            logger.error(  # noqa: TRY400  # what is wrong is in the detail
                "edges get revision %d without the certificates that were ordered: %s", desired.revision, error.detail
            )
            return desired
