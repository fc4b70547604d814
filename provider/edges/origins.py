"""Which revision gave parts of the document their form, and by whom: who rejects one is told that."""

from collections.abc import Mapping
from typing import Final

from provider.edges.quarantine import Origin
from provider.nouns import Named
from provider.snapshots import Snapshot

_MOST: Final = 50_000
"""Parts of which that is remembered: those that were changed last."""


class Origins:
    """The origins of parts."""

    def __init__(self) -> None:
        self._known: dict[Named, tuple[int, str]] = {}

    def came(self, snapshot: Snapshot) -> None:
        """Note what a revision changed. May be called from any thread."""
        for key in snapshot.changed:
            self._known.pop(key, None)
            self._known[key] = (snapshot.revision, snapshot.author)
        while len(self._known) > _MOST:
            del self._known[next(iter(self._known))]

    def recalled(self, known: Mapping[Named, tuple[int, str]]) -> None:
        """Note what was before this process began."""
        self._known = {**known, **self._known}

    def until(self, latest: int) -> Origin:
        """Return what gives the origin of a part of a revision: that itself, where nothing is known."""
        return lambda key: self._known.get(key, (latest, ""))
