"""Where things stand in texts, counted from 1. Pure."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Position:
    """Where something stands in a file. `file` says in which, where there are several; 0 is a file as a whole."""

    line: int
    column: int
    file: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def of(self, file: str) -> "Position":
        """Return the same place, in this file unless it says in which."""
        return self if self.file else replace(self, file=file)

    @classmethod
    def within(cls, text: str, offset: int, file: str = "") -> "Position":
        """Return the place of one offset in a text."""
        return cls(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset), file)


class Lines:
    """The lines of a text, by which the places of many offsets are told."""

    def __init__(self, text: str, file: str = "") -> None:
        self._file = file
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def at(self, offset: int) -> Position:
        """Return the place of an offset."""
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1, self._file)

    def offset(self, place: Position) -> int:
        """Return the offset of a place."""
        return self._starts[min(place.line, len(self._starts)) - 1] + place.column - 1


def nearest(places: Mapping[str, T], where: str) -> T | None:
    """Return the place of a part, by JSON pointer, or that of the nearest part around it."""
    while where and where not in places:
        where = where.rpartition("/")[0]
    return places.get(where)
