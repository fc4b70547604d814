"""JSON as the events of YAML's parser, which knows no pairs of surrogates, as JSON has them. Pure."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from provider.documents.places import Lines

_scan_string: Final[Callable[[str, int], tuple[str, int]]] = json.JSONDecoder().parse_string  # type: ignore[attr-defined]  # it is there, as its documentation says
_TOKEN: Final = re.compile(r'\s*([{}\[\],:"]|[^\s{}\[\],:"]+)')


@dataclass(frozen=True, slots=True)
class _JSONMark:
    """Where an event is, counted from 0."""

    line: int
    column: int


def events(text: str) -> Iterator[Any]:
    """Return the events of a text that is JSON."""
    lines = Lines(text)
    at = 0
    while found := _TOKEN.match(text, at):
        place = lines.at(found.start(1))
        mark: Any = _JSONMark(place.line - 1, place.column - 1)
        sign, at = found[1], found.end()
        if sign == "{":
            yield yaml.MappingStartEvent(None, None, True, mark)
        elif sign == "[":
            yield yaml.SequenceStartEvent(None, None, True, mark)
        elif sign in {"}", "]"}:
            yield (yaml.MappingEndEvent if sign == "}" else yaml.SequenceEndEvent)(mark)
        elif sign == '"':
            value, at = _scan_string(text, at)
            yield yaml.ScalarEvent(None, None, (False, True), value, mark)
        elif sign not in {",", ":"}:
            yield yaml.ScalarEvent(None, None, (True, False), sign, mark)
