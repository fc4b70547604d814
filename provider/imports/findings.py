"""Findings: what becomes of a part of a document that is imported, where that is not all that it says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from provider.errors import pointer


class Cause(StrEnum):
    """What Traefik itself does with such a part."""

    DISABLED = "disabled"
    """It disables the object."""

    BREAKS = "breaks"
    """It disables the object, or takes it, and that does not do what it says."""

    CHANCE = "chance"
    """What it does is chance."""

    IGNORED = "ignored"
    """It ignores it."""

    UNKNOWN = "unknown"
    """Nobody can tell from here."""

    OURS = "ours"
    """It takes it: only here it cannot be held as it stands."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a part is not held as it is, where it stands, and what Traefik makes of it.

    `code` is that of a field's error; `before` and `after` are how it was written and is now, if it was rewritten.
    """

    text: str
    place: str
    cause: Cause = Cause.OURS
    code: str = ""
    before: str = ""
    after: str = ""


class ImportOutcome(StrEnum):
    """What becomes of it."""

    LEFT_OUT = "left out"
    CHANGED = "changed"
    RECOGNISED = "recognised"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class ImportFinding:
    """An object, or a part of one, that is not imported as it stands.

    `pointer` is a JSON pointer (RFC 6901) into the document: all below it is meant. `place` points to what is
    the reason, if that is a part of it. `kind` and `name` say the same to people (`router`, `shop@file`).
    `before` and `after` are what was written for an older Traefik, and what stands for it here.
    `causes` are all reasons one by one, with what Traefik makes of each.
    """

    kind: str
    name: str
    outcome: ImportOutcome
    reason: str
    pointer: str
    place: str
    before: str = ""
    after: str = ""
    causes: Sequence[Reason] = ()


@dataclass(frozen=True, slots=True)
class Renamed:
    """An object whose name did not fit: what it was called, and how it is called now."""

    kind: str
    given: str
    name: str


def leaves(document: object, where: str = "") -> Iterator[str]:
    """Go through the leaves of a document, by pointer: what has nothing below it. Traefik ignores null."""
    if isinstance(document, dict) and document:
        for key, member in document.items():
            yield from leaves(member, f"{where}{pointer(str(key))}")
    elif isinstance(document, list) and document:
        for index, member in enumerate(document):
            yield from leaves(member, f"{where}/{index}")
    elif document is not None:
        yield where
