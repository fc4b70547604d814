"""The objects of a document, as they were read, and what becomes of each with what it refers to. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from provider.imports.findings import Cause
from provider.imports.pieces import Ledger, Piece
from provider.imports.ranks import Ranked
from provider.imports.services import Pool
from provider.nouns import NOUNS, Noun
from provider.nouns.health import unchecked
from provider.nouns.references import cycles

Key = tuple[str, str]
"""An object by its kind and its full name."""


@dataclass(frozen=True, slots=True)
class ReadUse:
    """A reference to an object of the document."""

    key: Key
    part: Piece
    given: str


@dataclass(slots=True)
class ReadObject:
    """An object of the document, and what came of it: `item` is None for one that cannot be held.

    `given` is what it is called there, `full` the same with its provider, and `name` what it is called here. Its
    part has a ledger of its own.
    """

    kind: str
    given: str
    full: str
    name: str
    part: Piece
    uses: list[ReadUse] = field(default_factory=list)
    item: Noun | Ranked | Pool | None = None

    @property
    def ledger(self) -> Ledger:
        """What is done with its parts."""
        return self.part.ledger

    @property
    def noun(self) -> Noun | None:
        """The object as it is held."""
        match self.item:
            case Ranked():
                return self.item.router
            case Pool():
                return self.item.service
        return self.item

    @property
    def is_held(self) -> bool:
        """Whether it is held, as far as is known."""
        return self.item is not None and not self.ledger.refused


def refuse_together(objects: Iterable[ReadObject]) -> None:
    """Refuse objects that lead back to themselves, and those that need a health check where there is none.

    Traefik disables them.
    """
    read: dict[str, dict[str, ReadObject]] = {kind: {} for kind, noun in NOUNS.items() if kind in noun.kinds()}
    for each in objects:
        if each.kind in read:
            read[each.kind][each.name] = each
    for named in read.values():
        held = {name: item for name, each in named.items() if (item := each.noun) is not None}
        wrong = [(item.name, error) for item, error in cycles(held)]
        wrong += [(name, error) for name, item in held.items() for _other, error in unchecked(item, held.get)]
        for name, error in wrong:
            named[name].part.refuse(str(error.detail), Cause.DISABLED)


def find_lost(objects: Mapping[Key, ReadObject]) -> set[Key]:
    """Return what is left out: also what refers to that, and so on."""
    missing = {use.key for each in objects.values() for use in each.uses} - objects.keys()
    return _spread({key for key, each in objects.items() if not each.is_held} | missing, objects)


def find_disabled(objects: Mapping[Key, ReadObject]) -> set[Key]:
    """Return what Traefik disables: also what refers to that, and so on."""
    refused = {key: {reason.cause for reason in each.ledger.refused} for key, each in objects.items()}
    return _spread({key for key, causes in refused.items() if Cause.DISABLED in causes}, objects)


def _spread(first: set[Key], objects: Mapping[Key, ReadObject]) -> set[Key]:
    """Return these objects, and all that refer to them."""
    users: dict[Key, list[Key]] = {}
    for key, each in objects.items():
        for use in each.uses:
            users.setdefault(use.key, []).append(key)
    reached, waiting = set(first), list(first)
    while waiting:
        found = [key for key in users.get(waiting.pop(), ()) if key not in reached]
        reached.update(found)
        waiting += found
    return reached
