"""TOML, with the place of every key. Pure."""

import re
from collections.abc import Iterator
from typing import Any, Final

from provider.documents import DocumentError, File, Lines, Position, toml
from provider.errors import pointer
from provider.imports.files.go_yaml import Moment

_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_TEXT: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"{3,5}|\'\'\'(?:[^\']|\'(?!\'\'))*+\'{3,5}|"(?:[^"\\\n]|\\.)*+"|\'[^\'\n]*+\'',
    re.DOTALL,
)
_KEY: Final = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*+"|\'[^\'\n]*+\'')
_DOT: Final = re.compile(r"[ \t]*\.[ \t]*")
_BARE: Final = re.compile(r"[^,\]}\n#]*")


def read(name: str, text: str) -> File:
    """Read a text. Raises `DocumentError`."""
    plain = text.replace("\r\n", "\n")
    return File(name, _plain(toml.read(name, plain)), _TOMLPlaces(plain).found)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case bool() | int() | float() | str():
            return value
    return Moment(value.isoformat())


class _TOMLPlaces:
    """Goes through a text that is known to be good, and notes where each key and each item stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._at = 0
        self._arrays: dict[str, int] = {}
        self.found: dict[str, Position] = {"": Position(1, 1)}
        table = ""
        while self._skip_space() < len(text):
            if text.startswith("[[", self._at):
                table = self._array_of_tables()
            elif text[self._at] == "[":
                self._at += 1
                table = self._within(list(self._path()))
                self._at = text.index("]", self._at) + 1
            else:
                self._pair(table)

    def _skip_space(self) -> int:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _note(self, where: str, at: int) -> None:
        self.found.setdefault(where, self._lines.at(at))

    def _path(self) -> Iterator[tuple[str, int]]:
        """Read the parts of a key."""
        while True:
            self._at = _after(re.compile(r"[ \t]*"), self._text, self._at)
            found = _KEY.match(self._text, self._at)
            if found is None:
                raise DocumentError("a key is missing")  # which was found out before
            name = found[0]
            if name[0] in "\"'":
                name = next(iter(toml.read("", f"{name} = 1")))
            yield name, self._at
            self._at = found.end()
            dot = _DOT.match(self._text, self._at)
            if dot is None:
                return
            self._at = dot.end()

    def _within(self, path: list[tuple[str, int]], where: str = "") -> str:
        """Note the parts of a path, and return where it leads: in an array of tables, to the last one."""
        for name, at in path:
            where += pointer(name)
            self._note(where, at)
            if where in self._arrays:
                where += f"/{self._arrays[where]}"
        return where

    def _array_of_tables(self) -> str:
        self._at += 2
        *path, (name, at) = self._path()
        where = self._within(path) + pointer(name)
        self._note(where, at)
        self._arrays[where] = self._arrays.get(where, -1) + 1
        self._at = self._text.index("]]", self._at) + 2
        where += f"/{self._arrays[where]}"
        self._note(where, at)
        return where

    def _pair(self, table: str) -> None:
        where = self._within(list(self._path()), table)
        self._at = self._text.index("=", self._at) + 1
        self._value(where)

    def _value(self, where: str) -> None:
        self._at = _after(re.compile(r"[ \t]*"), self._text, self._at)
        sign = self._text[self._at]
        if sign == "[":
            self._items(where)
        elif sign == "{":
            self._members(where)
        elif (found := _TEXT.match(self._text, self._at)) is not None:
            self._at = found.end()
        else:
            self._at = _after(_BARE, self._text, self._at)

    def _items(self, where: str) -> None:
        self._at += 1
        index = 0
        while self._text[self._skip_space()] != "]":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._note(f"{where}/{index}", self._at)
            self._value(f"{where}/{index}")
            index += 1
        self._at += 1

    def _members(self, where: str) -> None:
        self._at += 1
        while self._text[self._skip_space()] != "}":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._pair(where)
        self._at += 1


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
