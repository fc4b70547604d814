"""Types of lists and maps: what is in them has a type of its own. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provider.messages import Message
from provider.nouns.reading import MISSING, Reading, Where
from provider.nouns.texts import Secrecy, Text
from provider.nouns.types import Schema, Schemas, Type, Use
from provider.patterns import pattern
from provider.texts import IN_A_LIST

LONGEST_KEY_BYTES: Final = 1_022
"""The most bytes of a key of a map: YAML, as which Traefik reads, looks for its end within 1,024 (measured)."""

_IN_A_LIST: Final = pattern(IN_A_LIST)
_HIDDEN: Final = Text(secret=Secrecy())


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ListOf(Type):
    """A list. With `duplicate`, the code and the words of what is wrong where one item is given twice by `same`."""

    item: Type
    least: int = 0
    most: int | None = None
    duplicate: tuple[str, str] | None = None
    same: Callable[[Any], Any] | None = None
    is_line: bool = False
    """Whether people write it in one line, separated by commas: its items are names."""

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        if not isinstance(value, list):
            return reading.refuse(where, "type.array", Message("this has to be an array"))
        if len(value) < self.least:
            return reading.refuse(
                where, "value.few", Message("this needs at least {min_length}", min_length=self.least)
            )
        if self.most is not None and len(value) > self.most:
            detail = Message("this has more than {max_length} items", max_length=self.most)
            return reading.refuse(where, "value.many", detail)
        items = [self._item(item, reading, (*where, index)) for index, item in enumerate(value)]
        if any(item is MISSING for item in items):
            return MISSING
        if self.duplicate is not None:
            known = items if self.same is None else [self.same(item) for item in items]
            if len(set(known)) < len(known):
                return reading.refuse(where, self.duplicate[0], Message(self.duplicate[1]))
        return items

    def _item(self, item: Any, reading: Reading, where: Where) -> Any:
        found = self.item.read(item, reading, where)
        if isinstance(found, str) and not _IN_A_LIST.match(found):
            detail = Message("in a list, Traefik splits text at ║ and drops spaces at the ends: leave them out")
            return reading.refuse(where, "item.format", detail)
        return found

    @property
    def is_secret(self) -> bool:
        return self.item.is_secret

    def has_secrets(self) -> bool:
        return self.item.has_secrets()

    def hidden(self, value: Sequence[Any]) -> Any:
        return [self.item.hidden(item) for item in value]

    def masked(self, value: Sequence[Any]) -> Any:
        return [self.item.masked(item) for item in value]

    def kept(self, value: Sequence[Any], before: Any, reading: Reading, where: Where) -> Any:
        # An item stands for the one that looks the same to whoever may not see secrets.
        known = {str(self.item.masked(self.item.json(item))): item for item in before or ()}
        return [
            self.item.kept(item, known.get(str(self.item.masked(self.item.json(item)))), reading, (*where, index))
            for index, item in enumerate(value)
        ]

    def models(self) -> Iterator[Any]:
        return self.item.models()

    def warnings(self, value: Sequence[Any], where: Where) -> Iterator[tuple[Where, Message]]:
        for index, item in enumerate(value):
            yield from self.item.warnings(item, (*where, index))

    def json(self, value: Sequence[Any]) -> Any:
        return [self.item.json(item) for item in value]

    def changed(self, value: Sequence[Any]) -> Any:
        return [self.item.changed(item) for item in value]

    def load(self, value: Any) -> Any:
        return [self.item.load(item) for item in value]

    def is_asking(self) -> bool:
        return self.item.is_asking()

    def asked(self, value: Any, where: Where) -> Iterator[tuple[Where, str]]:
        for index, item in enumerate(value):
            yield from self.item.asked(item, (*where, index))

    def uses(self, value: Any, where: Where) -> Iterator[Use]:
        for index, item in enumerate(value):
            yield from self.item.uses(item, (*where, index))

    def foreign(self, value: Any, where: Where) -> Iterator[Use]:
        for index, item in enumerate(value):
            yield from self.item.foreign(item, (*where, index))

    def kinds(self) -> Iterator[str]:
        return self.item.kinds()

    def stored(self, value: Sequence[Any]) -> Any:
        return [self.item.stored(item) for item in value]

    def spelled(self, value: Sequence[Any], names: Mapping[tuple[str, str], str]) -> Any:
        return [self.item.spelled(item, names) for item in value]

    def schema(self, ref: str, found: Schemas) -> Schema:
        bounds = {} if self.most is None else {"maxItems": self.most}
        if self.least:
            bounds["minItems"] = self.least
        unique = {"uniqueItems": True} if self.duplicate else {}
        item = self.item.listed_schema() if isinstance(self.item, Text) else self.item.schema(ref, found)
        return {"type": "array", "items": item, **bounds, **unique}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MapOf(Type):
    """An object whose members people name. It is kept in the order of its keys, so that the same has one form.

    `same` tells keys apart that are written differently, if they can be. `hides` tells by its key whether the
    text of a member is a secret.
    """

    value: Type
    key: Text
    most: int | None = None
    least: int = 0
    same: Callable[[str], str] = str
    hides: Callable[[str], bool] | None = None

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        if not isinstance(value, dict):
            return reading.refuse(where, "type.object", Message("this has to be an object"))
        if self.most is not None and len(value) > self.most:
            detail = Message("this has more than {max_length} items", max_length=self.most)
            return reading.refuse(where, "value.many", detail)
        if len(value) < self.least:
            return reading.refuse(
                where, "value.few", Message("this needs at least {min_length}", min_length=self.least)
            )
        members, bad = {}, False
        for name, member in value.items():
            found = self.value.read(member, reading, (*where, name))
            bad = bad or found is MISSING
            members[name] = found
        if bad:
            return MISSING
        if not self._are_keys(members, reading, where):
            return MISSING
        return dict(sorted(members.items()))

    def _are_keys(self, names: Collection[str], reading: Reading, where: Where) -> bool:
        # What is wrong with a key is told of the whole: a pointer to a key that nobody may have helps nobody.
        for name in names:
            if self.key.read(name, reading, where) is MISSING:
                return False
            if len(name.encode(errors="surrogatepass")) > LONGEST_KEY_BYTES:
                detail = Message("a name here has more than {most} bytes", most=LONGEST_KEY_BYTES)
                reading.refuse(where, "key.long", detail)
                return False
        if len({self.same(name) for name in names}) < len(names):
            reading.refuse(where, "key.duplicate", Message("a name is listed twice"))
            return False
        return True

    @property
    def is_secret(self) -> bool:
        return self.hides is not None or self.value.is_secret

    def has_secrets(self) -> bool:
        return self.hides is not None or self.value.has_secrets()

    def hidden(self, value: Mapping[str, Any]) -> Any:
        return {name: self.member(name).hidden(member) for name, member in value.items()}

    def masked(self, value: Mapping[str, Any]) -> Any:
        return {name: self.member(name).masked(member) for name, member in value.items()}

    def kept(self, value: Mapping[str, Any], before: Any, reading: Reading, where: Where) -> Any:
        return {
            name: self.member(name).kept(member, (before or {}).get(name), reading, (*where, name))
            for name, member in value.items()
        }

    def models(self) -> Iterator[Any]:
        return self.value.models()

    def warnings(self, value: Mapping[str, Any], where: Where) -> Iterator[tuple[Where, Message]]:
        for name, member in value.items():
            yield from self.value.warnings(member, (*where, name))

    def member(self, name: str) -> Type:
        """Return the type of a member."""
        return _HIDDEN if self.hides is not None and self.hides(name) else self.value

    def json(self, value: Mapping[str, Any]) -> Any:
        return {name: self.value.json(member) for name, member in value.items()}

    def changed(self, value: Mapping[str, Any]) -> Any:
        return {name: self.value.changed(member) for name, member in value.items()}

    def load(self, value: Any) -> Any:
        return {name: self.value.load(member) for name, member in value.items()}

    def is_asking(self) -> bool:
        return self.value.is_asking()

    def asked(self, value: Mapping[str, Any], where: Where) -> Iterator[tuple[Where, str]]:
        for name, member in value.items():
            yield from self.value.asked(member, (*where, name))

    def uses(self, value: Mapping[str, Any], where: Where) -> Iterator[Use]:
        for name, member in value.items():
            yield from self.value.uses(member, (*where, name))

    def foreign(self, value: Any, where: Where) -> Iterator[Use]:
        for name, member in value.items():
            yield from self.value.foreign(member, (*where, name))

    def kinds(self) -> Iterator[str]:
        return self.value.kinds()

    def stored(self, value: Mapping[str, Any]) -> Any:
        return {name: self.value.stored(member) for name, member in value.items()}

    def spelled(self, value: Mapping[str, Any], names: Mapping[tuple[str, str], str]) -> Any:
        return {name: self.value.spelled(member, names) for name, member in value.items()}

    def merged(self, value: Any, patch: Any) -> Any:
        if not isinstance(patch, dict):
            return patch
        members = {**(value or {}), **patch}
        return {name: member for name, member in members.items() if member is not None}

    def schema(self, ref: str, found: Schemas) -> Schema:
        bounds = {} if self.most is None else {"maxProperties": self.most}
        if self.least:
            bounds["minProperties"] = self.least
        said = {key: value for key, value in self.key.schema(ref, found).items() if key != "type"}
        names = {"propertyNames": said} if said else {}
        return {"type": "object", "additionalProperties": self.value.schema(ref, found), **bounds, **names}
