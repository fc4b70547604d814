"""JSON, read strictly: what Python lets pass is refused, with a pointer to the field.

The last of duplicate keys would win there; NaN, half of a surrogate pair and integers that no database holds would
pass.
"""

import codecs
import json
from collections.abc import Iterator
from functools import partial
from typing import Any, Final, NoReturn

from provider import json_mistakes
from provider.errors import FieldError, Unreadable, pointer

DEEPEST: Final = 20
MOST_MEMBERS: Final = 1000
LARGEST_INTEGER: Final = 2**63 - 1

_SIGNATURES: Final = {
    b"\xff\xfe": "it is UTF-16 or UTF-32: send it as UTF-8",
    b"\xfe\xff": "it is UTF-16: send it as UTF-8",
    b"\x00\x00\xfe\xff": "it is UTF-32: send it as UTF-8",
    b"\x1f\x8b": "it is compressed by gzip: send it as it is",
    b"\x28\xb5\x2f\xfd": "it is compressed by zstd: send it as it is",
}
"""How bodies begin that are no UTF-8, with what to do."""


class _RefusedValue:
    """Stands in the decoded body for what is refused, so that its place can be told."""

    def __init__(self, code: str, detail: str, key: str | None = None) -> None:
        self.code = code
        self.detail = detail
        self.key = key


def read_json(body: bytes, most_members: int = MOST_MEMBERS) -> Any:
    """Decode a body. Raises `Unreadable`, which names the field wherever there is one."""
    text = _decode(body)
    try:
        document = json.loads(
            text,
            object_pairs_hook=partial(_members, most=most_members),
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        _refuse(
            "",
            "json.syntax",
            f"the body is not JSON: {json_mistakes.words(error)}, line {error.lineno}, column {error.colno}",
        )
    except RecursionError:
        _refuse("", "json.depth", f"the body is nested deeper than {DEEPEST} levels")
    for path, value in _walk(document):
        if isinstance(value, _RefusedValue):
            where = (*path, value.key) if value.key is not None else path
            _refuse(pointer(*where), value.code, value.detail)
        if len(path) > DEEPEST:
            _refuse(pointer(*path[:1]), "json.depth", f"this is nested deeper than {DEEPEST} levels")
        if isinstance(value, str) and _has_surrogate(value):
            _refuse(
                pointer(*path),
                "text.surrogate",
                "the text has half of a surrogate pair, which is not a character",
            )
    return document


def _decode(body: bytes) -> str:
    for signature, advice in _SIGNATURES.items():
        if body.startswith(signature):
            _refuse("", "json.utf8", f"the body is not UTF-8: {advice}")
    if b"\x00" in body[:4]:  # what JSON begins with is ASCII
        _refuse("", "json.utf8", "the body is not UTF-8, but UTF-16 or UTF-32: send it as UTF-8")
    if body.startswith(codecs.BOM_UTF8):
        _refuse("", "json.syntax", "the body begins with a byte order mark (EF BB BF): send it without")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("", "json.utf8", f"the body is not UTF-8, at byte {error.start}")


def _refuse(where: str, code: str, detail: str) -> NoReturn:
    raise Unreadable(detail, [FieldError(where, code, detail)])


def _walk(document: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Go through all values, without recursion, each with the names that lead to it."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if len(path) > DEEPEST:
            continue
        if isinstance(value, dict):
            for key, member in value.items():
                if _has_surrogate(key):
                    yield path, _RefusedValue("text.surrogate", "a field's name has half of a surrogate pair")
                waiting.append(((*path, key), member))
        elif isinstance(value, list):
            waiting.extend(((*path, index), member) for index, member in enumerate(value))


def _members(pairs: list[tuple[str, Any]], *, most: int) -> Any:
    if len(pairs) > most:
        return _RefusedValue("json.members", f"this object has more than {most} fields")
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for key, _value in pairs:
            if key in seen:
                return _RefusedValue("json.duplicate", "this field is given twice", key)
            seen.add(key)
    return members


def _constant(text: str) -> _RefusedValue:
    return _RefusedValue("json.number", f"{text} is not a number in JSON")


def _integer(text: str) -> int | _RefusedValue:
    if len(text) > 20 or not -LARGEST_INTEGER - 1 <= int(text) <= LARGEST_INTEGER:
        return _RefusedValue("json.number", "this number is too large")
    return int(text)


def _number(text: str) -> float | _RefusedValue:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        return _RefusedValue("json.number", "this number is too large")
    return number


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
