"""What is typed for the values of an object, as JSON.

Secrets never stand on the command line, where others can read them: `@FILE` is read, and `-` is standard input, or
a question without echo at a terminal.
"""

import getpass
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from provider.cli.files import binaries
from provider.cli.nouns.slots import OptionSlot
from provider.cli.replies import Item
from provider.nouns import Nested, formats
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.free import FreeObject
from provider.nouns.texts import Text
from provider.nouns.types import Choice, Flag, Type, Whole
from provider.values import Refusal

_STANDARD_INPUT: Final = "-"
_FILE: Final = "@"


def read(slots: Sequence[OptionSlot], chosen: Mapping[str, Any]) -> Item:
    """Return the JSON of what was given, None for what is to be taken away.

    `chosen` are the values by the slots' parameters, with `no_` before those to take away. Raises a usage error.
    """
    document: Item = {}
    typed = Typed()
    for slot in slots:
        value = chosen.get(slot.parameter)
        if slot.is_part:
            if value:
                _put(document, slot.where, {})
        elif value is not None:
            _put(document, slot.where, typed.read(slot, value))
    for slot in sorted(slots, key=lambda slot: len(slot.where)):  # what is taken away as a whole has no parts any more
        if slot.is_part and chosen.get(slot.parameter) is False:
            _take_away(document, slot)
        elif isinstance(slot.field.type, MapOf):
            _take_members(document, slot, chosen.get(f"no_{slot.parameter}"))
        elif chosen.get(f"no_{slot.parameter}"):
            _take_away(document, slot)
    return document


def without_nulls(document: Item) -> Item:
    """Return an object without what is to be taken away, for where there is nothing yet."""
    return {
        key: without_nulls(value) if isinstance(value, dict) else value
        for key, value in document.items()
        if value is not None
    }


class Typed:
    """The values of one command: standard input can be read once."""

    def __init__(self) -> None:
        self._reader = ""

    def read(self, slot: OptionSlot, value: Any) -> Any:
        """Return what was typed for a slot as JSON."""
        type_ = slot.field.type
        if isinstance(type_, ListOf):
            return [item for text in value for item in self._items(type_, text, slot)]
        if isinstance(type_, MapOf):
            return dict(self._member(type_, text, slot) for text in value)
        return self._one(type_, value, slot)

    def _items(self, type_: ListOf, text: Any, slot: OptionSlot) -> list[Any]:
        item = type_.item
        if type_.is_line:
            return [part.strip() for part in text.split(",")]
        if item.is_secret and isinstance(text, str) and item.masked(text) != text:
            return [line for line in self._secret(text, slot).splitlines() if line.strip()]
        return [self._one(item, text, slot)]

    def _member(self, type_: MapOf, text: str, slot: OptionSlot) -> tuple[str, Any]:
        key, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text!r} is not a {slot.word}: write KEY=VALUE", param_hint=slot.hint)
        return key, self._one(type_.member(key), value, slot)

    def _one(self, type_: Type, value: Any, slot: OptionSlot) -> Any:
        if isinstance(value, bool | int) or isinstance(type_, Choice):
            return value
        if isinstance(type_, Nested | ListOf | MapOf | FreeObject):
            return self._structured(type_, value, slot)
        if isinstance(type_, Text) and type_.is_secret:
            return value if type_.masked(value) == value else self._secret(value, slot)
        if isinstance(type_, Text) and type_.is_long and value.startswith(_FILE):
            return self._file(value, slot)
        return as_typed(type_, value)

    def _secret(self, text: str, slot: OptionSlot) -> str:
        if text.startswith(_FILE):
            return self._file(text, slot).removesuffix("\n").removesuffix("\r")
        if text != _STANDARD_INPUT:
            detail = "others can read the command line: write @FILE, or - for standard input"
            raise typer.BadParameter(detail, param_hint=slot.hint)
        if self._reader:
            detail = f"standard input is already used for {self._reader}: write @FILE"
            raise typer.BadParameter(detail, param_hint=slot.hint)
        self._reader = slot.hint
        if sys.stdin.isatty():
            return getpass.getpass(f"{slot.field.title or slot.hint}: ")
        return sys.stdin.read().removesuffix("\n").removesuffix("\r")

    def _file(self, text: str, slot: OptionSlot) -> str:
        path = Path(text.removeprefix(_FILE))
        content = path.read_bytes()
        try:
            return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except ValueError:
            detail = f"the file {str(path)!r} is not UTF-8 text"
            if (told := binaries.recognise(str(path), content)) is not None:
                detail += f" but {told}"
            try:
                formats.check(content, is_key=slot.field.type.is_secret, file=str(path))
            except Refusal as refusal:
                detail = refusal.detail
            raise typer.BadParameter(detail, param_hint=slot.hint) from None

    def _structured(self, type_: Type, text: str, slot: OptionSlot) -> Any:
        is_file = text.startswith(_FILE)
        text = self._file(text, slot) if is_file else text
        if is_file or text.lstrip().startswith(("{", "[")):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                raise typer.BadParameter("this is not JSON", param_hint=slot.hint) from None
        elif isinstance(type_, Nested):
            value = _fields(type_, text, slot)
        else:
            raise typer.BadParameter("write it as JSON, or as @FILE", param_hint=slot.hint)
        if not is_file and _shows_secret(type_, value):
            detail = "others can read the command line, and this has a secret: write it as @FILE"
            raise typer.BadParameter(detail, param_hint=slot.hint)
        return value


def as_typed(type_: Type, text: str) -> Any:
    """Return a text as the number or the truth that it is typed for, where its type wants one."""
    if isinstance(type_, Whole):
        digits = text.removeprefix("-")
        return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else text
    if isinstance(type_, Flag):
        return {"true": True, "false": False}.get(text, text)
    return text


def _fields(type_: Nested, text: str, slot: OptionSlot) -> Item:
    """Read `name=a,weight=3`. A field that is a list is repeated: `main=a.test,sans=b.test,sans=c.test`."""
    found: Item = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if not equals:
            raise typer.BadParameter(f"{part!r} is not FIELD=VALUE: write FIELD=VALUE,…", param_hint=slot.hint)
        each = type_.model.fields.get(key)
        if each is not None and isinstance(each.type, ListOf):
            found.setdefault(key, []).append(as_typed(each.type.item, value))
        else:
            found[key] = value if each is None else as_typed(each.type, value)
    return found


def _shows_secret(type_: Type, value: Any) -> bool:
    if not type_.has_secrets():
        return False
    try:
        return bool(type_.masked(value) != value)
    except (AttributeError, TypeError):  # it has another form, as the service will say: what it is, nobody knows
        return True


def _put(document: Item, where: Sequence[str], value: Any) -> None:
    *above, last = where
    for key in above:
        document = document.setdefault(key, {})
    if value != {} or last not in document:
        document[last] = value


def _find(document: Item, where: Sequence[str]) -> tuple[Any, bool]:
    """Return what stands at a place, and whether anything does: what is taken away above it counts as None."""
    found: Any = document
    for key in where:
        if found is None:
            return None, True
        if not isinstance(found, dict) or key not in found:
            return None, False
        found = found[key]
    return found, True


def _take_away(document: Item, slot: OptionSlot) -> None:
    value, is_there = _find(document, slot.where)
    if is_there and value is None:
        return
    if is_there:
        raise typer.BadParameter(f"{slot.field.key} cannot be both set and removed")
    _put(document, slot.where, None)


def _take_members(document: Item, slot: OptionSlot, keys: Sequence[str] | None) -> None:
    if not keys:
        return
    members, _is_there = _find(document, slot.where)
    for key in keys:
        if members and key in members:
            raise typer.BadParameter(f"the {slot.word} {key} cannot be both set and removed")
    _put(document, slot.where, {**(members or {}), **dict.fromkeys(keys)})
