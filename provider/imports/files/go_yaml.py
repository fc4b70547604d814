"""YAML as Traefik reads it, with Go's yaml.v3. Pure.

Facts from the source of yaml.v3, tried on Traefik 3.7.15: only the first document counts; `010` is 8, `1_000` is
1000, `yes` and `1:30` are texts; a date is a value of its own, which Traefik refuses; a key that is a number, or
true or false, becomes a name of its type, and what has null for its key is left out; `<<` takes members over from other
maps, once in each; a file that says `%YAML 1.2` is refused; it does not know the escaped slash of JSON.
"""

import base64
import math
import re
from typing import Any, Final

import yaml

from provider.documents import TAG, Builder, DocumentError, File, Position, build, position
from provider.documents.reading import Open
from provider.errors import pointer

_CONSTANTS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), "NaN"),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), "+Inf"),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), "-Inf"),
}
_WHOLE: Final = re.compile(r"([-+]?)(0x[0-9a-f]+|0b[01]+|0o[0-7]+|0[0-7]*|[1-9][0-9]*)", re.IGNORECASE)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_MOMENT: Final = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)|"
    r" \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?"
)
_LARGEST: Final = 2**64 - 1
_MOST_DIGITS: Final = 20
_MERGE: Final = "<<"
_VERSION: Final = (1, 1)
NAMELESS: Final = "<invalid Value>"
"""What Go calls a member whose key is null: Traefik leaves it out."""

_ESCAPED_SLASH: Final = re.compile(r"(?<!\\)(?:\\\\)*\\/")
"""In JSON and in YAML 1.2, this is a slash; yaml.v3 does not know it."""


class Moment(str):
    """A date or a time: Traefik refuses a file that has one, where it is not in quotes."""

    __slots__ = ()


class _Over(Exception):
    """The first document has ended."""


class GoBuilder(Builder):
    """Makes the document that Traefik gets, and notes what it ignores."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name)
        self._text = text
        self.second: Position | None = None
        self.odd_keys: list[tuple[str, Position, str]] = []
        self._names: set[str] = set()
        """Where `<<` stands in quotes, and is a name as any other."""

        self._merging: set[str] = set()

    def document(self, event: Any) -> None:
        """Leave it at the first document."""
        self.documents += 1
        if self.documents > 1:
            self.second = position(event)
            raise _Over
        if event.version not in {None, _VERSION}:
            raise self.wrong(event, "Traefik reads YAML 1.1, and no other version: leave the line with %YAML out")

    def build(self, events: Any) -> File:
        """Put the events of the first document together. Raises `DocumentError`."""
        try:
            return super().build(events)
        except _Over:
            return self.file()
        except yaml.YAMLError:
            if self.documents == 1 and self.is_finished:  # what is wrong is in another document
                return self.file()
            raise

    def key(self, event: Any, around: Open) -> None:
        """Read a key. One that is no text is called after its type."""
        self._check_escapes(event)
        is_plain = event.tag is None and event.implicit[0]
        read = resolved(event.value) if is_plain else event.value
        if not isinstance(read, str) or isinstance(read, Moment):
            kind = {int: "int", float: "float64", bool: "bool"}.get(type(read), "")
            name = f"<{kind} Value>" if kind else "<time.Time Value>" if isinstance(read, Moment) else NAMELESS
            self.odd_keys.append((around.where + pointer(name), position(event), event.value))
            event.value = name
            around.value.pop(name, None)
        if event.value == _MERGE:
            known = self._merging if is_plain else self._names
            if around.where in self._merging:
                raise self.wrong(event, "the key << is given twice: write <<: [*one, *other]")
            known.add(around.where)
        super().key(event, around)

    def add(self, value: Any) -> None:
        """Add a value; with `<<`, the members of a map that are not given."""
        around = self.innermost
        super().add(value)
        if around is None or not isinstance(around.value, dict):
            return
        around.value.pop(NAMELESS, None)
        if _MERGE not in around.value:
            return
        if around.where not in self._names:
            self._note_merge(around)

    def _note_merge(self, around: Open) -> None:
        """Take over what can be taken over so far; what is given afterwards replaces it."""
        taken = around.value.pop(_MERGE)
        place = self.places.pop(around.where + pointer(_MERGE))
        maps = taken if isinstance(taken, list) else [taken]
        if not all(isinstance(each, dict) for each in maps):
            raise DocumentError.at(self.name, place, "<< takes a map, or a list of maps")
        for each in maps:
            for name, member in each.items():
                if name not in around.value:
                    around.merged.setdefault(name, member)
                    self.places.setdefault(around.where + pointer(name), place)

    def value(self, event: Any) -> Any:
        """Read a scalar."""
        self._check_escapes(event)
        if event.tag is None:
            return resolved(event.value) if event.implicit[0] else event.value
        kind = event.tag.removeprefix(TAG)
        try:
            return self._tagged(kind, event.value)
        except ValueError:
            raise self.wrong(event, f"{event.value} is not a valid {kind}") from None

    def _check_escapes(self, event: Any) -> None:
        is_suspect = event.style == '"' and "/" in event.value
        if is_suspect and _ESCAPED_SLASH.search(self._text, event.start_mark.index, event.end_mark.index):
            raise self.wrong(event, "unknown escape \\/: write the slash alone")

    def _tagged(self, kind: str, text: str) -> Any:
        if kind == "binary":
            return base64.b64decode(text).decode("utf-8", "replace")
        if kind not in {"int", "float", "bool", "null", "timestamp"}:
            return text
        read = resolved(text)
        fits: Any = {"int": int, "float": (int, float), "bool": bool, "null": type(None), "timestamp": Moment}[kind]
        if not isinstance(read, fits) or (kind == "int" and isinstance(read, bool)):
            raise ValueError
        return read


def resolved(text: str) -> Any:
    """Return what a text without quotes stands for."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "+-.0123456789":
        return text
    if text[0] != "." and _MOMENT.fullmatch(text):
        return Moment(text)
    plain = text.replace("_", "")
    if (found := _WHOLE.fullmatch(plain)) is not None:
        number = _whole(found[2].lower())
        if number <= _LARGEST:
            return -number if found[1] == "-" else number
    if _FLOAT.fullmatch(plain if text[0] != "." else text) and math.isfinite(float(plain)):
        return float(plain)
    return text


def _whole(digits: str) -> float:
    """Read a whole number; one with so many digits that Python would refuse it is larger than any other."""
    if digits[1:2] in {"x", "b", "o"} or digits[0] == "0":
        return int(digits, 0 if digits[1:2] in {"x", "b", "o"} else 8)
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


def read(name: str, text: str) -> tuple[File, GoBuilder]:
    """Read the first document of a text. Raises `DocumentError`."""
    plain = text.removeprefix("\ufeff")
    builder = GoBuilder(name, plain)
    return build(builder, plain), builder
