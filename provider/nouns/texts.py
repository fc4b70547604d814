"""Types of texts: those that name an object are references, and those that nobody may read are secrets. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provider.messages import Message, template
from provider.nouns import internals
from provider.nouns.reading import Reading, Where
from provider.nouns.types import Schema, Schemas, Type, Use
from provider.values import Refusal, said_by

MASK: Final = "********"
"""Stands where a secret is."""

MOST_HASHED: Final = 10
"""So many passwords are hashed in one write at most: all others wait meanwhile, 0.1 s for each."""

_TEXT: Final = template("this has to be a string")


class Hidden(str):
    """A secret on its way to where it is kept, where it is sealed."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Secrecy:
    """How a secret text is shown and kept.

    `mask` hides it: what is a mask already stays one, so that a mask that is sent back is known. `keep` returns
    what is kept of a new one, a hash of a password say; it is also given what was kept before, or None. `is_slow`:
    it takes its time for that.
    """

    mask: Callable[[str], str] = lambda _text: MASK
    keep: Callable[[str, str | None], str] = lambda text, _before: text
    is_slow: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Text(Type):
    """A text. `check` returns its normal form, or raises a `Refusal`.

    What JSON Schema can say of it is noted at the check (`in_schema`); `said` adds to that.
    """

    check: Callable[[str], str] | None = None
    most: int | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    is_long: bool = False
    """Whether it needs room where it is typed."""
    is_prose: bool = False
    """Whether it is written for people, and not a name or an expression."""
    meant: Callable[[str], str] | None = None
    """What somebody means who types a text: the host of an address, where a host is asked for."""

    secret: Secrecy | None = None
    is_asked: bool = False
    """Whether it is a URL to which Traefik sends requests: it has to lead where servers may be."""
    word: str = "TEXT"
    """What stands for it in the help of commands."""

    @property
    def is_secret(self) -> bool:
        return self.secret is not None

    @property
    def described(self) -> Mapping[str, Any]:
        """What JSON Schema can say of it besides its type and its length."""
        return {**said_by(self.check), **self.said}

    @property
    def is_duration(self) -> bool:
        """Whether it is a duration in Go's notation, or one of a few words in place of one."""
        return self.word == "DURATION"

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        if not isinstance(value, str):
            return reading.refuse(where, "type.string", Message(_TEXT))
        if reading.is_typed and self.meant is not None:
            value = self.meant(value)
        if self.most is not None and len(value) > self.most:
            detail = Message("this is longer than {max_length} characters", max_length=self.most)
            return reading.refuse(where, "value.long", detail)
        try:
            return value if self.check is None or self._is_mask(value) else self.check(value)
        except Refusal as refusal:
            return reading.refuse_as(where, refusal)

    def is_asking(self) -> bool:
        return self.is_asked

    def asked(self, value: str, where: Where) -> Iterator[tuple[Where, str]]:
        if self.is_asked and value:
            yield where, value

    def json(self, value: str) -> str:
        return value if type(value) is str else str(value)  # a message is written as the sentence that it is

    def hidden(self, value: str) -> str:
        return Hidden(value) if self.secret and value else value

    def masked(self, value: str) -> str:
        return self.secret.mask(value) if self.secret and value else value

    def kept(self, value: str, before: Any, reading: Reading, where: Where) -> Any:
        if self.secret is None or not value or value == before:
            return value
        if not self._is_mask(value):
            return self._renewed(self.secret, value, before, reading, where)
        if before and self.masked(before) == value:
            return before
        detail = Message("there is no stored secret that these asterisks could stand for: write the secret itself")
        return reading.refuse(where, "secret.masked", detail)

    def _renewed(self, secret: Secrecy, value: str, before: Any, reading: Reading, where: Where) -> Any:
        """Return what is kept of a new secret. What takes its time is refused where there is too much of it."""
        if secret.is_slow and reading.hashed > MOST_HASHED:
            return value  # that was refused already
        kept = secret.keep(value, before)
        if secret.is_slow and kept != value:
            reading.hashed += 1
            if reading.hashed > MOST_HASHED:
                detail = Message(
                    "at most {most} passwords can be hashed in one request: give hashes instead", most=MOST_HASHED
                )
                return reading.refuse(where, "user.many", detail)
        return kept

    def _is_mask(self, value: str) -> bool:
        return self.secret is not None and value != "" and self.secret.mask(value) == value

    def schema(self, ref: str, found: Schemas) -> Schema:
        return {"type": "string", **self._bounds(), **self.described}

    def listed_schema(self) -> Schema:
        """Describe it as an item of a list, where Traefik takes less."""
        return {"type": "string", **self._bounds(), **said_by(self.check, is_listed=True), **self.said}

    def _bounds(self) -> Schema:
        return {} if self.most is None else {"maxLength": self.most}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Reference(Text):
    """The name of an object of a kind, which has to exist. `name_of` gives the name under which it is kept.

    One that may be foreign can be `NAME@PROVIDER`: an object that an edge has from another provider.
    """

    word: str = "NAME"
    kind: str = ""
    name_of: Callable[[str], str] = str
    is_foreign: bool = False
    built_in: frozenset[str] = frozenset()
    """Names that Traefik knows by itself."""

    def leads_elsewhere(self, value: str) -> bool:
        """Tell whether a value names what an edge has from another provider, or what Traefik knows by itself."""
        return value in self.built_in or (self.is_foreign and "@" in value)

    def uses(self, value: Any, where: Where) -> Iterator[Use]:
        if not self.leads_elsewhere(value):
            yield Use(where, self.kind, self.name_of(value), value)

    def foreign(self, value: Any, where: Where) -> Iterator[Use]:
        if self.is_foreign and "@" in value:
            yield Use(where, self.kind, value, value)

    def warnings(self, value: Any, where: Where) -> Iterator[tuple[Where, Message]]:
        if (exposed := internals.find_exposed(self.kind, value)) is not None:
            yield where, exposed

    def kinds(self) -> Iterator[str]:
        yield self.kind

    def stored(self, value: Any) -> Any:
        return self.name_of(value)

    def spelled(self, value: Any, names: Mapping[tuple[str, str], str]) -> Any:
        return names.get((self.kind, value), value)
