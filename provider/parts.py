"""Parts of a document: what it has of each object, as bytes, in sections by kind. Pure.

A part is made when its object changes, and never again: a change of one server among 20,000 costs one part, and the
joining of bytes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from provider.nouns import NOUNS, Named
from provider.nouns.versions import Version

PLACES: Final = {noun.kind: noun.place for noun in sorted(NOUNS.values(), key=lambda noun: noun.place) if noun.place}
"""Where the parts of each kind stand in the document, in its order."""

LISTED: Final = frozenset(kind for kind in PLACES if NOUNS[kind].is_listed)
"""The kinds that stand in a list there."""

ROUTERS: Final = tuple(kind for kind in PLACES if NOUNS[kind].takes_in())
"""The kinds of what takes requests, connections or packets in."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the document has of one object, as bytes, and the objects that it needs there.

    The bytes are members (`"name":{…}`) with commas between: one, or two for a router that is split. Of a kind that
    stands in a list they are the item.
    """

    content: bytes
    needs: tuple[Named, ...] = ()
    is_plain: bool = False
    """Whether the rank of a router was made from its domains and path prefix: nobody set it or wrote a rule."""

    since: Version = ()
    """The oldest version of Traefik that knows all that is in it; empty where every Traefik 3 does."""

    is_default: bool = False
    """Whether a certificate is the one that is shown where no other fits."""

    beside: bytes = b""
    """What a router has of the one of another provider beside which it stands, as JSON; empty for most."""

    terms: bytes = b""
    """What of the pool of a service is not for Traefik, as JSON (`provider.terms`); empty for most."""

    older: "Part | None" = None
    """What versions get instead that do not know all that is in it, where there is anything that does nearly that."""

    def needed(self, kind: str) -> str | None:
        """Return the name of the first object of a kind that it needs: the service of a router."""
        return next((name for needed, name in self.needs if needed == kind), None)


class Section:
    """All parts of one kind in a document, by name. Never changed in place.

    What is joined from its parts is joined once: a change of a service leaves the routers' bytes as they are.
    """

    def __init__(self, parts: Mapping[str, Part], *, is_sorted: bool = False) -> None:
        """Take the parts; `is_sorted` says that they are in the order of their names already."""
        self.parts = dict(parts if is_sorted else sorted(parts.items()))

    def replaced(self, parts: Mapping[str, Part | None]) -> "Section":
        """Return the section with these parts set, or taken out where the value is None."""
        if not parts:
            return self
        merged: dict[str, Part | None] = {**self.parts, **parts}
        left = {name: part for name, part in merged.items() if part is not None}
        return Section(left, is_sorted=len(merged) == len(self.parts))  # where no name is new

    @cached_property
    def content(self) -> bytes:
        """The members or items as they stand in the document, without the braces or brackets around them."""
        return b",".join([part.content for part in self.parts.values()])

    @cached_property
    def newer(self) -> Mapping[str, Version]:
        """The names of the parts that not every Traefik 3 knows, with the oldest version that does."""
        return {name: part.since for name, part in self.parts.items() if part.since}

    @cached_property
    def composed(self) -> Sequence[str]:
        return [name for name, part in self.parts.items() if part.needed("service") is not None]

    @cached_property
    def beside(self) -> Sequence[str]:
        """The names of the routers that stand beside those of other providers."""
        return [name for name, part in self.parts.items() if part.beside]

    @cached_property
    def terms(self) -> Mapping[str, bytes]:
        """What of pools is not for Traefik, by the names of the services that have such."""
        return {name: part.terms for name, part in self.parts.items() if part.terms}

    @cached_property
    def needs(self) -> Mapping[str, frozenset[str]]:
        """The names of all objects that the parts need, by kind."""
        found: dict[str, set[str]] = {}
        for part in self.parts.values():
            for kind, name in part.needs:
                found.setdefault(kind, set()).add(name)
        return {kind: frozenset(names) for kind, names in found.items()}


_NOTHING: Final = Section({})


class Parts:
    """All that a document is put together from: sections by kind. Never changed; `replaced` makes another."""

    def __init__(self, sections: Mapping[str, Section] | None = None) -> None:
        self._sections = {kind: (sections or {}).get(kind, _NOTHING) for kind in PLACES}

    def section(self, kind: str) -> Section:
        return self._sections[kind]

    def sections(self) -> Iterable[tuple[str, Section]]:
        """Give all sections with their kinds, in the order of the document."""
        return self._sections.items()

    @property
    def routers(self) -> Section:
        return self._sections["router"]

    @property
    def services(self) -> Section:
        return self._sections["service"]

    @property
    def default_certificate(self) -> Part | None:
        """The part of the certificate that is shown where no other fits."""
        return next((part for kind in LISTED for part in self._sections[kind].parts.values() if part.is_default), None)

    def find(self, key: Named) -> Part | None:
        """Find a part. Traefik gets nothing of some kinds, such as domains."""
        kind, name = key
        section = self._sections.get(kind)
        return None if section is None else section.parts.get(name)

    def replaced(self, parts: Mapping[Named, Part | None]) -> "Parts":
        """Return the parts with these set, or taken out where the value is None."""
        changed: dict[str, dict[str, Part | None]] = {}
        for (kind, name), part in parts.items():
            changed.setdefault(kind, {})[name] = part
        return Parts({kind: section.replaced(changed.get(kind, {})) for kind, section in self.sections()})

    def orphans(self) -> list[Named]:
        """Return the parts that need what is not there."""
        missing = set(self.missing())
        if not missing:
            return []
        return [
            (kind, name)
            for kind, section in self.sections()
            for name, part in section.parts.items()
            if not missing.isdisjoint(part.needs)
        ]

    def missing(self) -> Iterator[Named]:
        """Give what parts need and what is not there."""
        for _kind, section in self.sections():
            for kind, names in section.needs.items():
                yield from ((kind, name) for name in names - self._sections[kind].parts.keys())

    def reached(self, part: Part) -> frozenset[Named]:
        """Return all that a part needs, also by way of what it needs."""
        found: set[Named] = set()
        waiting = list(part.needs)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                other = self.find(key)
                waiting += () if other is None else other.needs
        return frozenset(found)
