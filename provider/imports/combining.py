"""What several of Traefik's providers have, as one document whose names say from which each object comes. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provider.documents import Position
from provider.errors import pointer
from provider.imports.contents import FileContent
from provider.imports.findings import ImportFinding, Reason
from provider.imports.provenance import Provenance
from provider.imports.reading import PLACES

_OBJECT: Final = re.compile(r"/([^/]+)/([^/]+)/[^/]+")


@dataclass(frozen=True, slots=True)
class ProviderPart:
    """What one provider has, where each part of it stands, and what is not in the document."""

    document: Mapping[str, Any]
    places: Mapping[str, Position]
    provenance: Provenance = field(default_factory=Provenance)


def combined(parts: Iterable[ProviderPart]) -> ProviderPart:
    """Put parts together. One alone stays as it is."""
    given = list(parts)
    if len(given) == 1:
        return given[0]
    document: dict[str, Any] = {}
    places: dict[str, Position] = {}
    refused: dict[str, Reason] = {}
    findings: list[ImportFinding] = []
    contents: dict[str, FileContent] = {}
    for part in given:
        _add(document, part)
        places |= {_full(where, part): place for where, place in part.places.items()}
        refused |= {_full(where, part): reason for where, reason in part.provenance.refused.items()}
        findings += part.provenance.findings
        contents |= part.provenance.contents
    return ProviderPart(document, places, Provenance("", refused, findings, contents))


def _add(document: dict[str, Any], part: ProviderPart) -> None:
    for section, kinds in part.document.items():
        found = document.setdefault(section, {})
        for kind, members in kinds.items() if isinstance(kinds, dict) else ():
            if isinstance(members, dict):
                where = pointer(section, kind)
                known = found.setdefault(kind, {})
                known |= {_full(where + pointer(name), part)[len(where) + 1 :]: each for name, each in members.items()}
            else:
                found.setdefault(kind, members)


def _full(where: str, part: ProviderPart) -> str:
    """Return a pointer with the provider behind the name of the object in it."""
    found = _OBJECT.match(where)
    if found is None or (found[1], found[2]) not in PLACES:
        return where
    return f"{found[0]}@{part.provenance.provider}{where[found.end() :]}"
