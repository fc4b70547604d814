"""Types of values: how each is read, written, and described. Pure.

Reading is strict: a text is no number, and true is none either. What is refused has a stable code and says in
words of ours what to do.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from provider import moments
from provider.messages import Message
from provider.nouns.reading import Reading, Where
from provider.values import Refusal

Schema = dict[str, Any]
"""A JSON Schema."""

Schemas = dict[str, Schema]
"""The schemas of the objects within, by name."""

_TYPED: Final = {"true": True, "false": False}


class Use(NamedTuple):
    """A reference: where it stands, and which object it names."""

    where: Where
    kind: str
    name: str
    typed: str
    """The name as it is written there."""


class Type(ABC):
    """A type of values."""

    __slots__ = ()

    @property
    def is_secret(self) -> bool:
        """Whether values, or the items of one, are secrets. Those within an object are the business of its fields."""
        return False

    def has_secrets(self) -> bool:
        """Tell whether a secret may stand anywhere in values, also in objects within."""
        return self.is_secret

    @abstractmethod
    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        """Return a value of an input in its normal form, or `MISSING` with what is wrong noted."""

    @abstractmethod
    def schema(self, ref: str, found: Schemas) -> Schema:
        """Describe it; an object within is referred to as `ref` says, which has `{model}`, and put into `found`."""

    def json(self, value: Any) -> Any:
        """Write a value as JSON."""
        return value

    def changed(self, value: Any) -> Any:
        """Write a value as JSON, without what is at its default in objects within."""
        return self.json(value)

    def load(self, value: Any) -> Any:
        """Return a value of the JSON that `json` wrote, which is known to be good."""
        return value

    def uses(self, value: Any, where: Where) -> Iterator[Use]:
        """Give the references in a value."""
        return iter(())

    def foreign(self, value: Any, where: Where) -> Iterator[Use]:
        """Give the references in a value to what edges have from other providers: `NAME@PROVIDER`."""
        return iter(())

    def is_asking(self) -> bool:
        """Tell whether Traefik may send requests to what stands in values."""
        return False

    def asked(self, value: Any, where: Where) -> Iterator[tuple[Where, str]]:
        """Give the URLs in a value to which Traefik sends requests, each with its place."""
        return iter(())

    def kinds(self) -> Iterator[str]:
        """Give the kinds of objects to which values can refer."""
        return iter(())

    def stored(self, value: Any) -> Any:
        """Write a value as it is kept: as JSON, with references by the names under which objects are kept."""
        return self.json(value)

    def spelled(self, value: Any, names: Mapping[tuple[str, str], str]) -> Any:
        """Return a value that was kept with references as they were typed, as far as `names` has them."""
        return value

    def merged(self, value: Any, patch: Any) -> Any:
        """Return what a JSON merge patch makes of a value as JSON, for a patch that is not null."""
        return patch

    def masked(self, value: Any) -> Any:
        """Return a value as JSON with masks in place of secrets."""
        return value

    def hidden(self, value: Any) -> Any:
        """Return a value as JSON with its secrets marked, to be sealed where it is kept."""
        return value

    def kept(self, value: Any, before: Any, reading: Reading, where: Where) -> Any:
        """Return a value that was read as it is kept: a mask as what was there `before`, a password as its hash.

        `before` is the value that it replaces, or None. A mask that stands for nothing is noted as wrong.
        """
        return value

    def warnings(self, value: Any, where: Where) -> Iterator[tuple[Where, Message]]:
        """Give what Traefik takes, and what may not be meant."""
        return iter(())

    def models(self) -> Iterator[Any]:
        """Give the classes of the objects within, at any depth."""
        return iter(())


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Whole(Type):
    """A whole number."""

    least: int | None = None
    most: int | None = None
    check: Callable[[int], int] | None = None
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lowest(self) -> int | None:
        """The least number, also where a check of its own refuses smaller ones."""
        found: int | None = self.said.get("minimum", self.least)
        return found

    @property
    def highest(self) -> int | None:
        """The greatest number."""
        found: int | None = self.said.get("maximum", self.most)
        return found

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        if reading.is_typed and isinstance(value, str):
            value = _typed_number(value)
            if value is None:
                return reading.refuse(where, "type.integer", Message("this has to be a whole number"))
        if isinstance(value, bool) or not isinstance(value, int):
            detail = Message("this has to be a whole number, neither in quotes nor true or false")
            return reading.refuse(where, "type.integer", detail)
        if self.least is not None and value < self.least:
            return reading.refuse(where, "value.small", Message("this has to be at least {ge}", ge=self.least))
        if self.most is not None and value > self.most:
            return reading.refuse(where, "value.large", Message("this has to be at most {le}", le=self.most))
        try:
            return value if self.check is None else self.check(value)
        except Refusal as refusal:
            return reading.refuse_as(where, refusal)

    def schema(self, ref: str, found: Schemas) -> Schema:
        bounds = {"minimum": self.least, "maximum": self.most}
        return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}, **self.said}


def _typed_number(text: str) -> int | None:
    stripped = text.strip()
    digits = stripped.removeprefix("-").removeprefix("+")
    return int(stripped) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else None


class Share(Type):
    """A part of a whole, 0 to 1: it is shown, and never read."""

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        return value

    def schema(self, ref: str, found: Schemas) -> Schema:
        return {"type": "number", "minimum": 0, "maximum": 1}


class Time(Type):
    """A moment with its zone: it is shown, and never read."""

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        return value

    def json(self, value: Any) -> str:
        return moments.shown(value)

    def schema(self, ref: str, found: Schemas) -> Schema:
        return {"type": "string", "format": "date-time"}


class Flag(Type):
    """True or false."""

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        if reading.is_typed and isinstance(value, str):
            value = _TYPED.get(value, value)
        if not isinstance(value, bool):
            return reading.refuse(where, "type.boolean", Message("this has to be true or false"))
        return value

    def schema(self, ref: str, found: Schemas) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Word:
    """What people read in place of a member of an enumeration: a name, and what it means, if that needs a sentence."""

    title: str
    meaning: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Choice(Type):
    """One of some words: the members of an enumeration. `named`: how people read them, as messages."""

    words: type[StrEnum]
    named: Mapping[str, Word] = field(default_factory=dict)

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        try:
            return self.words(value if isinstance(value, str) else "")
        except ValueError:
            *others, last = (f"'{word}'" for word in self.words)
            detail = Message("this has to be {expected}", expected=f"{', '.join(others)} or {last}")
            return reading.refuse(where, "value.choice", detail)

    def json(self, value: StrEnum) -> str:
        return value.value

    def load(self, value: Any) -> Any:
        return self.words(value)

    def schema(self, ref: str, found: Schemas) -> Schema:
        found[self.words.__name__] = {
            "title": self.words.__name__,
            "description": (self.words.__doc__ or "").strip(),
            "type": "string",
            "enum": [word.value for word in self.words],
        }
        return {"$ref": ref.format(model=self.words.__name__)}
