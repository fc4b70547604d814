"""Parts of a document, as Traefik's file provider takes them, with a ledger of what is done with each.

Facts from the source of paerser, which decodes files for Traefik 3: a field is found in upper or lower case, a
name is not changed; null counts as left out; a number, and true and false, may be a text, and the other way
round; a list may be one text with commas; a text in a list is stripped; `tls: true` stands for `tls: {}`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provider.errors import pointer
from provider.imports.findings import Cause, Reason

TRUE: Final = {"1", "t", "T", "TRUE", "true", "True"}
FALSE: Final = {"0", "f", "F", "FALSE", "false", "False"}
"""Texts that Traefik takes for true and false."""

_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,19}")
_MERGE: Final = "<<"
_SHOWN: Final = 60


@dataclass(slots=True)
class Ledger:
    """What is done with the parts of one object: those that are held, and why others are not.

    What is in `refused` stands against the object as a whole; what is in `changed` is only not as it was, by the
    pointers of what is meant.
    """

    held: set[str] = field(default_factory=set)
    refused: list[Reason] = field(default_factory=list)
    changed: list[Reason] = field(default_factory=list)
    rewritten: list[Reason] = field(default_factory=list)


class Piece:
    """A value in a document. What cannot be read as it is asked for is refused, and reads as None, or as empty."""

    __slots__ = ("ledger", "place", "value")

    def __init__(self, value: Any, place: str, ledger: Ledger) -> None:
        self.value = value
        self.place = place
        self.ledger = ledger

    def under(self, ledger: Ledger) -> "Piece":
        """Return the same part, for another ledger."""
        return Piece(self.value, self.place, ledger)

    def refuse(self, reason: str, cause: Cause = Cause.OURS, code: str = "") -> None:
        """Say why the object cannot be held, and what Traefik makes of it."""
        self.ledger.refused.append(Reason(reason, self.place, cause, code))

    def change(self, reason: str, cause: Cause = Cause.OURS, code: str = "") -> None:
        """Say why this is not held as it is, though the object is."""
        self.ledger.changed.append(Reason(reason, self.place, cause, code))

    def rewrite(self, before: str, after: str, cause: Cause = Cause.OURS) -> None:
        """Say that this is written otherwise here, since it was for an older Traefik."""
        told = Reason("it was written for Traefik 2", self.place, cause, before=before, after=after)
        self.ledger.rewritten.append(told)

    def hold(self) -> None:
        """Say that this is held, with all that is below it."""
        self.ledger.held.add(self.place)

    def members(self) -> "dict[str, Piece]":
        """Return the members of a map, by name."""
        if not isinstance(self.value, dict):
            self.refuse(f"{self._name} has to be an object")
            return {}
        if not self.value:
            self.hold()
        return {
            str(name): Piece(value, place, self.ledger)
            for name, (value, place) in _merged(self.value, self.place).items()
            if value is not None
        }

    @property
    def is_map(self) -> bool:
        """Whether it has members."""
        return isinstance(self.value, dict)

    def fields(self, known: Iterable[str]) -> "Fields":
        """Return the members of an object that has these fields; any other is refused."""
        by_lower = {name.lower(): name for name in known}
        found: dict[str, Piece] = {}
        for given, part in self.members().items():
            name = by_lower.get(given.lower())
            if name is None:
                part.refuse(f"Traefik has no field {shown(given)} here")
            elif name in found:
                part.refuse(f"the field {name} is given twice")
            else:
                found[name] = part
        return Fields(found)

    def items(self) -> "list[Piece]":
        """Return the items of a list; Traefik takes the members of a map for items, too."""
        if isinstance(self.value, dict) and self.value:
            self.change("this has to be a list: Traefik reads each member as an item")
            members = sorted(self.members().items())
            return [
                Piece(each.value if isinstance(each.value, dict) else {}, each.place, self.ledger)
                for _, each in members
            ]
        if not isinstance(self.value, list):
            self.refuse(f"{self._name} has to be a list")
            return []
        if not self.value:
            self.hold()
        return [Piece(item, f"{self.place}/{index}", self.ledger) for index, item in enumerate(self.value)]

    def text(self) -> str | None:
        """Return a text."""
        written = scalar(self.value)
        if written is None:
            self.refuse(f"{self._name} has to be a string", Cause.BREAKS)
            return None
        self.hold()
        return written

    def texts(self) -> list[str]:
        """Return a list of texts."""
        if not isinstance(self.value, list):
            written = self.text()
            return [item.strip() for item in written.split(",")] if written else []
        return [text.strip() for item in self.items() if (text := item.text()) is not None]

    def whole(self) -> int | None:
        """Return a whole number."""
        written = self.text()
        if written is None:
            return None
        if not _WHOLE.fullmatch(written):
            self.refuse(f"{self._name} has to be a whole number, not {shown(written)}")
            return None
        return int(written)

    def flag(self) -> bool | None:
        """Return true or false."""
        written = self.text()
        if written is None:
            return None
        if written not in TRUE | FALSE:
            self.refuse(f"{self._name} has to be true or false, not {shown(written)}")
            return None
        return written in TRUE

    def is_off(self) -> bool:
        """Tell whether a field that may be empty is written as a text: any but `true` counts as left out."""
        written = scalar(self.value)
        if written is None or not written or written.lower() == "true":
            return False
        self.hold()
        return True

    def is_on(self) -> bool:
        """Tell whether a field that may be empty is written as `true`, or as an empty text: as if it were `{}`."""
        if isinstance(self.value, dict | list):
            return False
        self.hold()
        return True

    @property
    def _name(self) -> str:
        around, _slash, name = self.place.rpartition("/")
        if name.isdecimal():
            return f"item {int(name) + 1} of {around.rpartition('/')[2]}"
        return name or "the document"


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of an object that are there, by Traefik's names."""

    parts: Mapping[str, Piece]

    def find(self, name: str) -> Piece | None:
        """Return a field, if it is there."""
        return self.parts.get(name)

    def only_default(self, defaults: Mapping[str, object], what: str) -> None:
        """Hold fields that have nothing but Traefik's defaults, and refuse the others as one; `what` has them.

        The default of what is a list or an object is None: an empty one is the same.
        """
        others = []
        for name, default in defaults.items():
            part = self.parts.get(name)
            if part is None:
                continue
            if is_default(part, default):
                part.hold()
            else:
                others.append(part)
        if others:
            told = ", ".join(name for name, part in self.parts.items() if part in others)
            others[0].refuse(f"{what} has {told}, which cannot be imported yet")


def is_default(part: Piece, default: object) -> bool:
    """Tell whether a part says nothing but Traefik's default: a scalar, or None for a list or an object."""
    if default is None or isinstance(part.value, dict | list):
        return part.value in ({}, [], "")
    written = scalar(part.value)
    if isinstance(default, bool):
        return written in (TRUE if default else FALSE)
    return written == str(default)


def scalar(value: Any) -> str | None:
    """Write a scalar as Traefik does before it reads it, or return None for what is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".removesuffix(".000000")
    return str(value) if isinstance(value, str | int) else None


def shown(text: str, most: int = _SHOWN) -> str:
    """Shorten a text for a reason."""
    return text if len(text) <= most else text[:most] + "…"


def _merged(value: Mapping[Any, Any], place: str) -> dict[Any, tuple[Any, str]]:
    """Return the members of a map with those that it takes over with YAML's `<<`, and where each stands."""
    found: dict[Any, tuple[Any, str]] = {}
    taken = value.get(_MERGE)
    if isinstance(taken, dict):
        found |= _merged(taken, f"{place}/{_MERGE}")
    elif isinstance(taken, list) and taken and all(isinstance(each, dict) for each in taken):
        for index, each in reversed(list(enumerate(taken))):  # the first one wins
            found |= _merged(each, f"{place}/{_MERGE}/{index}")
    else:
        return {name: (member, place + pointer(name)) for name, member in value.items()}
    return found | {name: (member, place + pointer(name)) for name, member in value.items() if name != _MERGE}
