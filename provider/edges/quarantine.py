"""What an edge rejected, and how the parts to blame are found. Pure.

Once an edge rejects a document, the parts that differ from what it runs are suspects. Half of them are left
out, and the rest is offered; whichever half is rejected is halved again, until single parts are left. Those
stay out until their objects change. So one culprit among N suspects takes about 2 log2 N documents.
Whatever changes meanwhile waits until the search is over, which it would never be if each step had new
suspects; then it is in the document, and a suspect if that is rejected.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from provider.nouns import Named
from provider.overlays import Overlay, Replacement
from provider.parts import ROUTERS, Part, Parts
from provider.snapshots import Served, Snapshot

MOST_CULPRITS: Final = 16
"""From so many on, what is rejected is left out as it is: an edge that rejects everything ends the search, too."""

Origin = Callable[[Named], tuple[int, str]]
"""Tells the revision that gave a part its form, and its author."""


@dataclass(frozen=True, slots=True)
class HeldPart:
    """A part that an edge does not get as it is, and which revision by whom made it so."""

    replacement: Replacement
    revision: int
    author: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A document that an edge rejected, the one that it ran then, and what it is not offered.

    `queue` are groups of those in `held` that are still to be tried, and `trying` are those on offer now.
    Without any, the whole document is in quarantine, and `accepted` is offered instead of it.
    """

    rejected: Served
    accepted: Served
    held: Mapping[Named, HeldPart] = field(default_factory=dict)
    queue: tuple[tuple[Named, ...], ...] = ()
    trying: Mapping[Named, HeldPart] = field(default_factory=dict)
    searched: Snapshot | None = field(default=None, compare=False)
    """Among what the parts to blame are being looked for. None after a restart: then among what is desired."""

    @property
    def is_whole(self) -> bool:
        """Whether it is the document that is in quarantine, as nobody knows which part is to blame."""
        return not self.held and not self.trying

    @property
    def is_searching(self) -> bool:
        """Whether the parts to blame are still being looked for."""
        return bool(self.queue or self.trying)

    @property
    def culprits(self) -> dict[Named, HeldPart]:
        """The objects at fault."""
        queued = {key for group in self.queue for key in group}
        return {key: held for key, held in self.held.items() if key not in queued}

    @property
    def since(self) -> int:
        """The number of the newest revision before all that is in doubt."""
        return min(
            [self.accepted.revision, *(held.revision - 1 for held in (*self.held.values(), *self.trying.values()))]
        )

    @property
    def overlay(self) -> Overlay:
        """What the edge gets in another form than is desired."""
        return {key: held.replacement for key, held in self.held.items()}

    def base(self, current: Snapshot) -> Snapshot:
        """Return over what the overlay is laid."""
        return self.searched if self.searched is not None and self.is_searching else current

    def instead_of(self, snapshot: Served) -> Served:
        """Return what to offer where the whole is in quarantine: another document is given its chance."""
        return self.accepted if snapshot.whole.digest == self.rejected.whole.digest else snapshot

    def concerns(self, revision: int) -> bool:
        """Tell whether something that a revision gave is left out, or not known to run."""
        return any(held.revision == revision for held in (*self.held.values(), *self.trying.values()))

    def is_blamed(self, revision: int) -> bool:
        """Tell whether it is settled that something that a revision gave is left out."""
        return self.is_whole or (
            not self.is_searching and any(held.revision == revision for held in self.culprits.values())
        )

    def resting(self) -> "Quarantine":
        """Return it with what is being tried put back: what a service that was just started begins with."""
        if not self.trying:
            return self
        return replace(self, held={**self.held, **self.trying}, queue=(tuple(self.trying), *self.queue), trying={})


def suspects(accepted: Parts, offered: Parts, origin: Origin) -> dict[Named, HeldPart]:
    """Return what an edge was offered in another form than it runs, what routers need before these.

    What was removed is none of it: a document does not break by what it has no more.
    """
    changed = {
        (kind, name): part
        for kind, section in offered.sections()
        for name, part in section.parts.items()
        if _differs(accepted.find((kind, name)), part)
    }
    routers = [key for key in changed if key[0] in ROUTERS]
    former = {key: part for key in routers if (part := accepted.find(key)) is not None}
    found: dict[Named, HeldPart] = {}
    # A router may need something by way of something else, such as a chain of middlewares.
    reached = {key: offered.reached(changed[key]) for key in former}
    for key in [key for key in changed if key[0] not in ROUTERS]:
        leading = tuple((router, former[router]) for router in former if key in reached[router])
        found[key] = HeldPart(Replacement(changed[key], accepted.find(key), leading), *origin(key))
    for key in routers:
        found[key] = HeldPart(Replacement(changed[key], former.get(key)), *origin(key))
    return found


def _differs(known: Part | None, part: Part) -> bool:
    return known is not part and known != part


def accuse(before: Quarantine | None, offered: Snapshot, accepted: Served, origin: Origin) -> Quarantine:
    """Return what follows when an edge that ran `accepted` has rejected what it was offered."""
    found = suspects(accepted.parts, offered.parts, origin) if isinstance(accepted, Snapshot) else {}
    if before is None or before.is_whole:
        before = Quarantine(offered, accepted)
    if not before.is_searching or before.searched is None:
        before = replace(before, searched=offered)
    if not found:
        return Quarantine(offered, accepted) if before.is_whole else replace(before, rejected=offered)
    # Where a router led before is known of the first document alone: in later ones it may lead there already.
    found = {
        key: known if (known := before.trying.get(key)) and known.replacement.of == item.replacement.of else item
        for key, item in found.items()
    }
    keys = tuple(found)
    if len(keys) == 1 or len(before.culprits) >= MOST_CULPRITS:
        blamed = replace(before, rejected=offered, held={**before.held, **found}, trying={})
        return _next(blamed)
    middle = (len(keys) + 1) // 2
    later = {key: found[key] for key in keys[middle:]}
    trying = {key: found[key] for key in keys[:middle]}
    held = {**before.held, **later}
    return replace(before, rejected=offered, held=held, queue=(tuple(later), *before.queue), trying=trying)


def accept(quarantine: Quarantine) -> Quarantine | None:
    """Return what follows when an edge runs what it was offered: the next suspects are tried."""
    if quarantine.is_whole or not quarantine.is_searching:
        return quarantine
    following = _next(replace(quarantine, trying={}))
    return None if following.is_whole else following


def prune(quarantine: Quarantine, current: Snapshot) -> Quarantine | None:
    """Return what is left once objects have changed: their new form is given its chance, after a search."""
    if quarantine.is_whole:
        return quarantine if current.whole.digest == quarantine.rejected.whole.digest else None
    held = {key: item for key, item in quarantine.held.items() if current.parts.find(key) == item.replacement.of}
    trying = {key: item for key, item in quarantine.trying.items() if current.parts.find(key) == item.replacement.of}
    is_same = len(held) == len(quarantine.held) and len(trying) == len(quarantine.trying)
    if is_same or (quarantine.is_searching and quarantine.searched is not None and (held or trying)):
        return quarantine
    queue = tuple(group for keys in quarantine.queue if (group := tuple(key for key in keys if key in held)))
    left = replace(quarantine, held=held, queue=queue, trying=trying)
    return None if left.is_whole else left


def _next(quarantine: Quarantine) -> Quarantine:
    """Offer the next of those that are still to be tried."""
    if not quarantine.queue:
        return quarantine
    first, *rest = quarantine.queue
    trying = {key: quarantine.held[key] for key in first}
    held = {key: item for key, item in quarantine.held.items() if key not in trying}
    return replace(quarantine, held=held, queue=tuple(rest), trying=trying)
