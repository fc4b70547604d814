"""Objects as the texts of a form's fields, and back, as their fields are declared. Pure.

The name of a field is its path: `url`, `healthCheck/path`; that of a list's row has a number, `domains/0`. A row of a
map is two fields, `labels/0/name` and `labels/0/value`. A switch that is off is an empty text, or none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from provider.errors import FieldError, Invalid, pointer
from provider.messages import Message
from provider.nouns import Field, Nested, Object
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.free import FreeObject, written
from provider.nouns.texts import Text
from provider.nouns.types import Flag, Share, Time, Type
from provider.web.inputs import TICKED, Texts, is_ticked, tick

KEY: Final = "name"
VALUE: Final = "value"
"""The two fields of a map's row."""

_FALSE: Final = "false"
_MOST_DIGITS: Final = 5


def is_typed(each: Field) -> bool:
    """Tell whether a field is one that people fill in."""
    return not isinstance(each.type, Share | Time)


def write(fields: Iterable[Field], document: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Write the JSON of an object as the texts of these fields; what it does not have is at its default."""
    texts: dict[str, str] = {}
    for each in fields:
        texts |= _write(each.type, _value(each, document), prefix + each.key, is_nullable=each.is_nullable)
    return texts


def fields_of(model: type[Object]) -> list[Field]:
    """Return the fields of an object that people fill in."""
    return [each for each in model.fields.values() if is_typed(each)]


def _value(each: Field, document: Mapping[str, Any]) -> Any:
    if each.key in document:
        return document[each.key]
    return None if each.is_required else each.json(each.default)


def _write(type_: Type, value: Any, name: str, *, is_nullable: bool) -> dict[str, str]:
    if isinstance(type_, Nested):
        switch = {name: tick(ticked=value is not None)} if is_nullable else {}
        return {**switch, **write(fields_of(type_.model), value or {}, f"{name}/")}
    if isinstance(type_, ListOf) and not type_.is_line:
        return _write_rows([_write(type_.item, row, "", is_nullable=False) for row in value or ()], name)
    if isinstance(type_, MapOf):
        members = (value or {}).items()
        rows = [{f"/{KEY}": key, **_write(type_.value, each, f"/{VALUE}", is_nullable=False)} for key, each in members]
        return _write_rows(rows, name)
    if isinstance(type_, ListOf):
        return {name: ", ".join(value or ())}
    if isinstance(type_, Flag):
        return {name: (TICKED if value else _FALSE) if is_nullable and value is not None else tick(ticked=bool(value))}
    return {name: "" if value is None else written(value) if isinstance(type_, FreeObject) else str(value)}


def _write_rows(rows: Sequence[Mapping[str, str]], name: str) -> dict[str, str]:
    return {f"{name}/{index}{rest}": text for index, row in enumerate(rows) for rest, text in row.items()}


def settled(fields: Iterable[Field], texts: Texts, prefix: str = "") -> dict[str, str]:
    """Return the texts of these fields alone, with the rows of lists numbered anew, and without empty ones."""
    found: dict[str, str] = {}
    for each in fields:
        found |= _settle(each.type, texts, prefix + each.key, is_nullable=each.is_nullable)
    return found


def _settle(type_: Type, texts: Texts, name: str, *, is_nullable: bool) -> dict[str, str]:
    if isinstance(type_, Nested):
        switch = {name: texts.get(name, "")} if is_nullable else {}
        return {**switch, **settled(fields_of(type_.model), texts, f"{name}/")}
    if isinstance(type_, ListOf | MapOf) and not (isinstance(type_, ListOf) and type_.is_line):
        blank = _strip(blank_row(type_, name, 0), f"{name}/0")
        rows = [_strip(_settle_row(type_, texts, name, index), f"{name}/{index}") for index in indices(texts, name)]
        return _write_rows([row for row in rows if any(row.values()) and row != blank], name)
    return {name: texts.get(name, "")}


def _settle_row(type_: ListOf | MapOf, texts: Texts, name: str, index: int) -> dict[str, str]:
    row = f"{name}/{index}"
    if isinstance(type_, ListOf):
        found = _settle(type_.item, texts, row, is_nullable=False)
        return {row: found[row].strip()} if row in found else found
    key = f"{row}/{KEY}"
    return {key: texts.get(key, "").strip(), **_settle(type_.value, texts, f"{row}/{VALUE}", is_nullable=False)}


def _strip(row: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): text for name, text in row.items()}


def blank_row(type_: ListOf | MapOf, name: str, index: int) -> dict[str, str]:
    """Return what stands at first in a new row of a list or a map."""
    row = f"{name}/{index}"
    if isinstance(type_, ListOf):
        return _write(type_.item, None, row, is_nullable=False)
    return {f"{row}/{KEY}": "", **_write(type_.value, None, f"{row}/{VALUE}", is_nullable=False)}


def blanks(fields: Iterable[Field], texts: Texts, prefix: str = "") -> dict[str, str]:
    """Return what stands at first in the new rows of all lists and maps among these fields."""
    found: dict[str, str] = {}
    for each in fields:
        name = prefix + each.key
        if isinstance(each.type, Nested):
            found |= blanks(fields_of(each.type.model), texts, f"{name}/")
        elif isinstance(each.type, MapOf) or (isinstance(each.type, ListOf) and not each.type.is_line):
            found |= blank_row(each.type, name, max(indices(texts, name), default=-1) + 1)
    return found


def indices(texts: Texts, name: str) -> list[int]:
    """Return the numbers of the rows of a list, in order."""
    begin = f"{name}/"
    parts = (field.removeprefix(begin).partition("/")[0] for field in texts if field.startswith(begin))
    return sorted({int(part) for part in parts if is_index(part)})


def is_index(text: str) -> bool:
    """Tell whether a part of a name is the number of a row."""
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


class Reader:
    """Reads the texts of a form as the JSON of an object. `wrong` is what the declaration could not see."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.wrong: list[FieldError] = []

    def check(self) -> None:
        """Raise `Invalid` for what is wrong."""
        if self.wrong:
            raise Invalid(self.wrong)

    def read(self, fields: Iterable[Field], known: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
        """Read these fields. What stands as it is written of what is known stays as that is, to the letter."""
        return {each.key: self._read_field(each, known, prefix + each.key) for each in fields}

    def _read_field(self, each: Field, known: Mapping[str, Any], name: str) -> Any:
        value = _value(each, known)
        if known and (each.key in known or not each.is_required):
            stands = _write(each.type, value, name, is_nullable=each.is_nullable)
            if _filled(stands.items()) == _filled(self._under(name)):
                return value
        return self._read(each.type, value, name, is_nullable=each.is_nullable)

    def _under(self, name: str) -> Iterator[tuple[str, str]]:
        return ((field, text) for field, text in self._texts.items() if field == name or field.startswith(f"{name}/"))

    def _read(self, type_: Type, known: Any, name: str, *, is_nullable: bool) -> Any:
        if isinstance(type_, Nested):
            is_off = is_nullable and not is_ticked(self._texts, name)
            return None if is_off else self.read(fields_of(type_.model), known or {}, f"{name}/")
        if isinstance(type_, MapOf):
            return self._read_map(type_, name, is_nullable=is_nullable)
        if isinstance(type_, ListOf):
            return self._read_list(type_, name) or (None if is_nullable else [])
        text = self._texts.get(name, "")
        if isinstance(type_, Flag):
            return None if is_nullable and text not in {TICKED, _FALSE} else text == TICKED
        text = text.replace("\r\n", "\n").strip()
        is_empty = not text and is_nullable
        return None if is_empty else text

    def _read_list(self, type_: ListOf, name: str) -> list[Any]:
        if type_.is_line:
            return [item for item in re.split(r"[\s,]+", self._texts.get(name, "")) if item]
        rows = indices(self._texts, name)
        return [self._read(type_.item, None, f"{name}/{index}", is_nullable=False) for index in rows]

    def _read_map(self, type_: MapOf, name: str, *, is_nullable: bool) -> dict[str, Any] | None:
        members: dict[str, Any] = {}
        for index in indices(self._texts, name):
            row = f"{name}/{index}"
            key = self._texts.get(f"{row}/{KEY}", "").strip()
            if key in members:
                detail = Message("this name is listed twice")
                self.wrong.append(FieldError(pointer(*row.split("/"), KEY), "map.duplicate", detail))
            members[key] = self._read(type_.value, None, f"{row}/{VALUE}", is_nullable=False)
        return members or (None if is_nullable else {})


def _filled(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: text.replace("\r\n", "\n") for name, text in pairs if text}


def place(fields: Sequence[Field], where: str, texts: Texts) -> str:
    """Return the name of the form's field that shows what a JSON pointer means, as near as there is one."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in where.split("/")[1:]]
    known = {each.key: each for each in fields}
    if not parts or parts[0] not in known or "/".join(parts) in texts:
        return "/".join(parts)
    name, type_ = parts[0], known[parts[0]].type
    for part in parts[1:]:
        if isinstance(type_, Nested) and part in type_.model.fields:
            name, type_ = f"{name}/{part}", type_.model.fields[part].type
        elif isinstance(type_, ListOf) and not type_.is_line:
            name, type_ = f"{name}/{part}", type_.item
        elif isinstance(type_, MapOf):
            row = next((i for i in indices(texts, name) if texts.get(f"{name}/{i}/{KEY}", "").strip() == part), None)
            if row is None:
                return name
            name, type_ = f"{name}/{row}/{VALUE}", type_.value
        else:
            break
    return name


def said(texts: Texts) -> dict[str, str]:
    """Return what a form says, field by field: the rows of a list are one field, and so are those of a map."""
    groups: dict[str, dict[str, list[str]]] = {}
    for name, text in texts.items():
        field, row, rest = _split(name)
        found = groups.setdefault(field, {}).setdefault(row, [])
        if text:
            found.append(f"={text}" if found and rest.startswith(VALUE) else text)
    return {name: ", ".join(_joined(row) for row in rows.values() if row) for name, rows in groups.items()}


def _joined(row: Sequence[str]) -> str:
    return " ".join(row).replace(" =", "=")


def group(name: str) -> str:
    """Return the field to which a text belongs: a list's rows (`domains/0`) are one field."""
    return _split(name)[0]


def _split(name: str) -> tuple[str, str, str]:
    """Return the field to which a text belongs, and in which row it stands, with the rest of its name."""
    parts = name.split("/")
    row = next((at for at, part in enumerate(parts) if at and is_index(part)), len(parts))
    return "/".join(parts[:row]), "/".join(parts[row : row + 1]), "/".join(parts[row + 1 :])


def is_changed(each: Field, texts: Texts, prefix: str) -> bool:
    """Tell whether something else stands in a field than at first."""
    name = prefix + each.key
    stands = {field: text for field, text in texts.items() if field == name or field.startswith(f"{name}/")}
    return _filled(stands.items()) not in ({}, _filled(write([each], {}, prefix).items()))


def limits(type_: Text) -> int | None:
    """Return how many characters a text may have."""
    most = type_.most if type_.most is not None else type_.described.get("maxLength")
    return None if most is None else int(most)
