"""Fields: each is declared once, and everything else follows from that. Pure."""

from copy import copy
from dataclasses import dataclass
from typing import Any

from provider.nouns.reading import MISSING
from provider.nouns.types import Flag, Schema, Schemas, Type


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Field:
    """One field of an object.

    `default` is what it is where it is left out; a field without one (`MISSING`) is required. `title` is its label,
    `help` what it does in a sentence, `switch` what turns on an object within it, where that is not the title: all are
    messages. `is_column` gives it a column of its own in the database: it is searched or counted. `is_explicit` lets it
    stand in Traefik's document even at its default, since Traefik's own is another. `option` is its option in commands,
    if that is not its name: a short one for a field of an object within, a pair such as `--on/--off`, or a word in
    capitals for what stands by itself. `is_rare` says that few need it: forms fold it away. `is_few` says that few have
    it: tables have it only where one does. `is_omitted` leaves it out of JSON at its default too. `since` is the first
    version of Traefik that knows it. `is_alternative` says that an object has one of several such fields: its kind.
    `is_exclusive` is a flag that at most one object has: whoever gets it takes it from another. `is_apart` says that an
    action of its own sets it: forms leave it as it is, and pages do not list it among the facts. `is_ours` says that it
    is for people and wayshub-provider alone: Traefik gets nothing of it.
    """

    type: Type
    default: Any = MISSING
    is_nullable: bool = False
    title: str = ""
    help: str = ""
    switch: str = ""
    since: str = "3.0"
    is_column: bool = False
    is_explicit: bool = False
    option: str = ""
    is_rare: bool = False
    is_alternative: bool = False
    is_omitted: bool = False
    is_few: bool = False
    is_exclusive: bool = False
    is_apart: bool = False
    is_ours: bool = False
    name: str = ""
    key: str = ""
    """Its names in Python and in JSON."""

    @property
    def is_secret(self) -> bool:
        """Whether its value, or the items of it, are shown to nobody again."""
        return self.type.is_secret

    @property
    def is_sparse(self) -> bool:
        """Whether it is left out of JSON at its default, which is none for the kinds of which an object has one."""
        return self.is_omitted or self.is_alternative

    @property
    def is_required(self) -> bool:
        """Whether there has to be a value."""
        return self.default is MISSING

    def again(self) -> Any:
        """Declare the same field in another object."""
        return self

    def first(self) -> Any:
        """Return the default, a copy where it can be changed."""
        return copy(self.default)

    def json(self, value: Any) -> Any:
        """Write a value as JSON."""
        return None if value is None else self.type.json(value)

    def load(self, value: Any) -> Any:
        """Return a value of the JSON that `json` wrote."""
        return None if value is None else self.type.load(value)

    def schema(self, ref: str, found: Schemas) -> Schema:
        """Describe it."""
        described = self.type.schema(ref, found)
        if self.is_nullable:
            described = {"anyOf": [described, {"type": "null"}]}
        if self.help or self.title:
            described["description"] = self.help or self.title
        if not self.is_required:
            described["default"] = self.json(self.default)
        return described


def field(
    type_: Type,
    title: str = "",
    help: str = "",  # noqa: A002  # a field's word, as in argparse
    *,
    default: Any = MISSING,
    switch: str = "",
    since: str = "3.0",
    column: bool = False,
    explicit: bool = False,
    option: str = "",
    rare: bool = False,
    alternative: bool = False,
    omitted: bool = False,
    few: bool = False,
    exclusive: bool = False,
    apart: bool = False,
    ours: bool = False,
    key: str = "",
) -> Any:
    """Declare a field: see `Field`. One whose default is None may be null."""
    nullable = default is None
    return Field(
        *(type_, default, nullable, title, help, switch, since, column, explicit, option, rare, alternative, omitted),
        is_few=few or rare or omitted,
        is_exclusive=exclusive,
        is_apart=apart,
        is_ours=ours,
        key=key,
    )


def flag(title: str, help: str, *, default: bool | None = False, **more: Any) -> Any:  # noqa: A002  # see `field`
    """Declare a field that is true or false: see `field`."""
    return field(Flag(), title, help, default=default, **more)


def camel(name: str) -> str:
    """Return Traefik's spelling of a name: path_prefix is pathPrefix."""
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def named(declared: Field, name: str, key: str) -> Field:
    """Return a field with its names in Python and in JSON."""
    values = {slot: getattr(declared, slot) for slot in Field.__slots__}
    return Field(**{**values, "name": name, "key": key})
