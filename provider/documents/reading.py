"""Texts as documents, in YAML or JSON: read with the place of everything, so that errors can name it. Pure.

YAML is read by its core schema: `yes`, `on` and `1:30` are texts, as in JSON, and not what YAML 1.1 makes of
them. A key is a text however it is written, and one that is given twice is an error.

The parser's events are put together here, without recursion: composing their nodes takes ten times as long,
and ends the program where a file is nested deeply enough.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import yaml

from provider import json_mistakes
from provider.documents import json_events, yaml_mistakes
from provider.documents.places import Position, nearest
from provider.documents.scalars import TAG, kind_of, read_scalar
from provider.errors import ProviderError, pointer

DEEPEST: Final = 20
_MOST_NODES: Final = 2_000_000
"""What a file comes to with its aliases written out: a short one can stand for more than any memory holds."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SIGN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|([\[{,])', re.DOTALL)


class DocumentError(ProviderError):
    """A file cannot be read as a document. The detail names line and column; `place` and `problem` are its parts."""

    code = "document"
    title = "The file cannot be read"
    place: Position | None = None
    problem: str = ""
    is_limit: bool = False
    """Whether others may read it: it is only more than is read here."""

    @classmethod
    def at(cls, name: str, place: Position | None, problem: str) -> "DocumentError":
        """Make one of a file, a place in it, and what is wrong there."""
        found = cls(f"{place.of(name) if place else name}: {problem}")
        found.place, found.problem = place, problem
        return found


@dataclass(frozen=True, slots=True)
class File:
    """A document, and where in its file each part stands, by JSON pointer."""

    name: str
    document: Any
    places: Mapping[str, Position] = field(repr=False)

    def place(self, where: str) -> str:
        """Say where a part stands, or the nearest part around it: `state.yml:12:7`."""
        found = nearest(self.places, where)
        return str(found.of(self.name)) if found else self.name


def parse(name: str, text: str) -> File:
    """Read a text as YAML or JSON. Raises `DocumentError`."""
    if text.lstrip()[:1] in {"{", "["} and (read_as_json := _read_json(name, text)) is not None:
        return read_as_json
    return build(Builder(name), text)


def build(builder: "Builder", text: str) -> File:
    """Read a text as YAML, as a builder reads it. Raises `DocumentError`."""
    try:
        return builder.build(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Position(mark.line + 1, mark.column + 1) if mark else None
        raise DocumentError.at(builder.name, place, yaml_mistakes.words(error)) from None
    except yaml.YAMLError as error:  # a character that no file may have
        raise DocumentError.at(builder.name, None, yaml_mistakes.words(error)) from None


def _read_json(name: str, text: str) -> File | None:
    """Read a text as JSON, or return None for what is YAML that begins like it."""
    if sum(map(text.count, "[{,")) > _MOST_NODES:  # unless they stand in texts
        _check_count(name, text)
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        if name.endswith(".json"):
            place = Position(error.lineno, error.colno)
            raise DocumentError.at(name, place, json_mistakes.words(error)) from None
        return None
    except (ValueError, RecursionError):  # which are told with their places there
        return None
    return Builder(name).build(json_events.events(text))


def _check_count(name: str, text: str) -> None:
    """Count the values of a text that may be JSON, before memory is taken for them. Raises `DocumentError`."""
    signs = (found for found in _SIGN.finditer(text) if found[1])
    last = next(islice(signs, _MOST_NODES, None), None)
    if last is not None:
        raise DocumentError.at(name, Position.within(text, last.start()), "the document is too large")


@dataclass(slots=True)
class Open:
    """A mapping or a sequence that is being read; `key` is the name or the index of what comes next."""

    value: Any
    where: str
    anchor: str | None
    first_node: int
    key: str | None = None
    merged: dict[str, Any] = field(default_factory=dict)
    """What a mapping takes over from others, where it is not given."""


class Builder:
    """Makes a document of events, and notes where each part stands. Another dialect of YAML overrides what it reads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._count = 0
        self._open: list[Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._root: Any = None
        self.documents = 0
        self.places: dict[str, Position] = {}

    def build(self, events: Any) -> File:
        """Put all events together. Raises `DocumentError`."""
        handlers: dict[type, Callable[[Any], None]] = {
            yaml.DocumentStartEvent: self.document,
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: lambda event: self._begin(event, {}),
            yaml.SequenceStartEvent: lambda event: self._begin(event, []),
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
        }
        for event in events:
            handle = handlers.get(type(event))
            if handle is not None:
                handle(event)
        return self.file()

    def file(self) -> File:
        """Return what is put together so far."""
        return File(self.name, self._root, self.places)

    @property
    def is_finished(self) -> bool:
        """Whether a whole document is put together."""
        return not self._open and self._count > 0

    @property
    def innermost(self) -> Open | None:
        """The mapping or sequence that is being read."""
        return self._open[-1] if self._open else None

    def document(self, event: Any) -> None:
        """Begin a document."""
        self.documents += 1
        if self.documents > 1:
            raise self.wrong(event, "this is a second document: a file can have only one")

    def _begin(self, event: Any, value: Any) -> None:
        where = self._place(event)
        if len(self._open) >= DEEPEST:
            error = self.wrong(event, f"this is nested deeper than {DEEPEST} levels")
            error.is_limit = True
            raise error
        self._open.append(Open(value, where, event.anchor, self._count))

    def _end(self, _event: Any) -> None:
        closed = self._open.pop()
        if closed.merged:
            closed.value |= {name: member for name, member in closed.merged.items() if name not in closed.value}
        if closed.anchor is not None:
            self._anchors[closed.anchor] = closed.value, self._count - closed.first_node + 1
        self.add(closed.value)

    def _scalar(self, event: Any) -> None:
        around = self._open[-1] if self._open else None
        if around is not None and isinstance(around.value, dict) and around.key is None:
            self.key(event, around)
            return
        self._place(event)
        value = self.value(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, 1
        self.add(value)

    def key(self, event: Any, around: Open) -> None:
        """Take a scalar for a key of the mapping around it."""
        key: str = event.value
        if key in around.value:
            raise self.wrong(event, f"the key {key} is given twice")
        around.key = key
        self.places[around.where + pointer(key)] = position(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = key, 1

    def _alias(self, event: Any) -> None:
        found = self._anchors.get(event.anchor)
        if found is None:
            raise self.wrong(event, f"the alias *{event.anchor} refers to nothing that ends before it")
        value, nodes = found
        self._place(event)
        self._counted(event, nodes)
        self.add(value)

    def tagged(self, where: str, tag: str) -> None:
        """Take note of the tag of a value."""

    def _place(self, event: Any) -> str:
        """Note where a value stands; that of a mapping stands where its key does. Returns its pointer."""
        where = self._placed(event)
        if (tag := getattr(event, "tag", None)) is not None:
            self.tagged(where, tag)
        return where

    def _placed(self, event: Any) -> str:
        self._counted(event, 1)
        if not self._open:
            self.places[""] = position(event)
            return ""
        around = self._open[-1]
        if isinstance(around.value, list):
            where = f"{around.where}/{len(around.value)}"
            self.places[where] = position(event)
            return where
        if around.key is None:
            raise self.wrong(event, "a key has to be a string")
        return around.where + pointer(around.key)

    def _counted(self, event: Any, nodes: int) -> None:
        self._count += nodes
        if self._count > _MOST_NODES:
            raise self.wrong(event, "the document is too large once its aliases are expanded")

    def add(self, value: Any) -> None:
        """Put a value where it belongs."""
        if not self._open:
            self._root = value
            return
        around = self._open[-1]
        if isinstance(around.value, list):
            around.value.append(value)
        else:
            around.value[around.key] = value
            around.key = None

    def value(self, event: Any) -> Any:
        """Return what a scalar stands for."""
        text: str = event.value
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise self.wrong(event, "the text has half of a surrogate pair, which is not a character")
        kind = "str"
        if event.tag is not None:
            kind = event.tag.removeprefix(TAG)
        elif event.implicit[0]:
            kind = kind_of(text)
        try:
            return read_scalar(kind, text)
        except KeyError:
            raise self.wrong(event, f"the tag {event.tag} is not known here") from None
        except ValueError as error:
            raise self.wrong(event, str(error)) from None

    def wrong(self, event: Any, problem: str) -> DocumentError:
        """Return an error that tells where an event is."""
        return DocumentError.at(self.name, position(event), problem)


def position(event: Any) -> Position:
    """Return where an event begins."""
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)
