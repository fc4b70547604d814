"""Objects of which only somebody else knows the fields, such as the configuration of a plugin. Pure.

What Traefik loses or mistakes in them is refused (measured on 3.7.15): it makes a text of each number, leaves out
null, makes an empty text of `{}` and `[]` within, and rejects the document for a key without a name, for a list in a
list, and for a list of values of several types.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from provider.messages import Message
from provider.nouns.containers import LONGEST_KEY_BYTES
from provider.nouns.reading import Reading, Where
from provider.nouns.texts import MASK, Hidden
from provider.nouns.types import Schema, Schemas, Type
from provider.texts import NO_CHARACTERS, UNREADABLE, find_trap

_DEEPEST: Final = 20
_LONGEST: Final = 64_000
_PLACES: Final = 6
_EXACT: Final = 10**15
_TRAPS: Final = f"{UNREADABLE}{NO_CHARACTERS}"
_VALUE: Final = "PluginValue"
_SINGLE: Final[list[Schema]] = [
    {"type": "string", "pattern": f"^[^{_TRAPS}]*$"},
    {"type": "integer"},
    {"type": "number", "minimum": -_EXACT, "maximum": _EXACT},
    {"type": "boolean"},
]


@dataclass(frozen=True, slots=True)
class FreeObject(Type):
    """A JSON object with any fields. `hides` tells by its name whether a field is a secret, at any depth."""

    hides: Callable[[str], bool]

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        if reading.is_typed and isinstance(value, str):
            value = _parsed(value)
        if not isinstance(value, dict):
            return reading.refuse(where, "type.object", Message("this has to be an object"))
        for place, code, detail in _mistakes(value, where):
            return reading.refuse(place, code, detail)
        if len(json.dumps(value)) > _LONGEST:
            return reading.refuse(where, "free.long", Message("this is longer than {most} characters", most=_LONGEST))
        return value

    def schema(self, ref: str, found: Schemas) -> Schema:
        found[_VALUE] = {
            "title": _VALUE,
            "description": "What a plugin takes: Traefik loses or mistakes everything else.",
            "anyOf": [
                *_SINGLE,
                _members(ref),
                *({"type": "array", "minItems": 1, "items": one} for one in _listed(ref)),
            ],
        }
        return {key: value for key, value in _members(ref).items() if key != "minProperties"}

    def has_secrets(self) -> bool:
        return True

    def hidden(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: _all_hidden(each) if self.hides(name) else self.hidden(each) for name, each in value.items()}
        return [self.hidden(each) for each in value] if isinstance(value, list) else value

    def masked(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: MASK if self.hides(name) and each else self.masked(each) for name, each in value.items()}
        return [self.masked(each) for each in value] if isinstance(value, list) else value

    def kept(self, value: Any, before: Any, reading: Reading, where: Where) -> Any:
        if isinstance(value, dict):
            known = before if isinstance(before, dict) else {}
            return {name: self._member(name, each, known.get(name), reading, where) for name, each in value.items()}
        if isinstance(value, list):
            pairs = zip_longest(value, before[: len(value)] if isinstance(before, list) else [])
            return [self.kept(each, old, reading, (*where, index)) for index, (each, old) in enumerate(pairs)]
        return value

    def concealed(self, text: str) -> str:
        """Return JSON that was typed without the secrets in it; nothing of what is no JSON, and seems to name one."""
        value = _parsed(text)
        if isinstance(value, str):
            return "" if self.hides(text) else text
        emptied = self._emptied(value)
        return text if emptied == value else written(emptied)

    def _emptied(self, value: Any) -> Any:
        if isinstance(value, dict):
            is_typed = {name for name, each in value.items() if self.hides(name) and each != MASK}
            return {name: "" if name in is_typed else self._emptied(each) for name, each in value.items()}
        return [self._emptied(each) for each in value] if isinstance(value, list) else value

    def _member(self, name: str, value: Any, before: Any, reading: Reading, where: Where) -> Any:
        if not self.hides(name) or value != MASK:
            return self.kept(value, before, reading, (*where, name))
        if before:
            return before
        detail = Message("there is no stored secret that these asterisks could stand for: write the secret itself")
        return reading.refuse((*where, name), "secret.masked", detail)

    def merged(self, value: Any, patch: Any) -> Any:
        if not isinstance(patch, dict):
            return patch
        members = value if isinstance(value, dict) else {}
        changed = {name: self.merged(members.get(name), each) for name, each in patch.items()}
        return {name: each for name, each in {**members, **changed}.items() if each is not None}


def _members(ref: str) -> Schema:
    names = {"minLength": 1, "maxLength": LONGEST_KEY_BYTES, "pattern": f"^[^{_TRAPS}]*$"}
    value = {"$ref": ref.format(model=_VALUE)}
    return {"type": "object", "minProperties": 1, "propertyNames": names, "additionalProperties": value}


def _listed(ref: str) -> list[Schema]:
    """Return what all items of one list may be."""
    text = {"type": "string", "pattern": f"^[^║{_TRAPS}]*$"}
    return [text, *_SINGLE[1:], _members(ref)]


def _all_hidden(value: Any) -> Any:
    if isinstance(value, str):
        return Hidden(value) if value else value
    if isinstance(value, dict):
        return {name: _all_hidden(each) for name, each in value.items()}
    return [_all_hidden(each) for each in value] if isinstance(value, list) else value


def written(value: Any) -> str:
    """Write a value for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _mistakes(value: Any, where: Where, depth: int = 0) -> Iterator[tuple[Where, str, str]]:
    """Give what Traefik cannot take of a value, each with its place, a code and words."""
    if depth > _DEEPEST:
        yield where, "free.depth", Message("this is more than {most} levels deep", most=_DEEPEST)
    elif isinstance(value, Mapping) and (value or depth == 0):
        for name, each in value.items():
            if not name or _is_trap(name) or len(name.encode(errors="surrogatepass")) > LONGEST_KEY_BYTES:
                yield where, "free.name", Message("Traefik cannot read one of the names here")
            else:
                yield from _mistakes(each, (*where, name), depth + 1)
    elif isinstance(value, list) and value:
        yield from _mistakes_of_list(value, where, depth)
    elif value is None or value in ({}, []):
        yield where, "free.empty", Message("Traefik drops what is empty here: leave it out")
    elif isinstance(value, float) and (abs(value) > _EXACT or round(value, _PLACES) != value):
        yield where, "free.number", Message("Traefik keeps only six decimal places of a number: write it as a string")
    elif isinstance(value, str) and _is_trap(value):
        yield where, "text.control", Message("Traefik cannot read one of the characters here")


def _mistakes_of_list(value: list[Any], where: Where, depth: int) -> Iterator[tuple[Where, str, str]]:
    if isinstance(value[0], list) or len({type(each) for each in value}) > 1:
        yield where, "free.list", Message("a list here has only strings, only numbers or only objects, and no lists")
        return
    for index, each in enumerate(value):
        if isinstance(each, str) and "║" in each:
            yield (*where, index), "item.format", Message("in a list, Traefik splits text at ║: leave it out")
        yield from _mistakes(each, (*where, index), depth + 1)


def _is_trap(text: str) -> bool:
    try:
        return find_trap(json.dumps(text, ensure_ascii=False).encode()) is not None
    except UnicodeEncodeError:
        return True
