"""How answers are declared: what REST shows beside the nouns, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Any, Final, Literal, Self, dataclass_transform, get_args, get_origin

from pydantic import AwareDatetime

from provider.nouns import Field, Nested, Object, field
from provider.nouns.containers import ListOf
from provider.nouns.reading import MISSING, Reading, Where
from provider.nouns.texts import Text
from provider.nouns.types import Choice, Flag, Schema, Schemas, Time, Type, Whole


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Verbatim(Type):
    """What is JSON already: it is shown as it is, and never read."""

    said: Mapping[str, Any]

    def read(self, value: Any, reading: Reading, where: Where) -> Any:
        return value

    def schema(self, ref: str, found: Schemas) -> Schema:
        return dict(self.said)


def described(
    text: str = "", type_: Type | None = None, *, default: Any = MISSING, omitted: bool = False, key: str = ""
) -> Any:
    """Declare a field of an answer: what it is, in a sentence; its type, where the annotation does not say it all.

    `omitted` leaves it out of the answer at its default. `key` is its name in JSON, where it cannot be that in Python.
    """
    return field(type_ or _UNKNOWN, help=text, default=default, omitted=omitted, key=key)


@dataclass_transform(kw_only_default=True, field_specifiers=(described,))
class Shown(Object):
    """What is answered, and never read: the types of its fields follow from their annotations."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Find the types of the fields."""
        for name, hint in cls.__annotations__.items():
            declared = vars(cls).get(name)
            if isinstance(declared, Field):
                others = [each for each in get_args(hint) if each is not NoneType]
                is_nullable = isinstance(hint, UnionType) and len(others) == 1
                type_ = _find_type(others[0] if is_nullable else hint) if declared.type is _UNKNOWN else declared.type
                setattr(cls, name, replace(declared, type=type_, is_nullable=is_nullable))
        super().__init_subclass__(**options)

    @classmethod
    def of(cls, source: object, **others: Any) -> Self:
        """Return one of what has its fields as attributes, except for `others`, which are given."""
        return cls(**others, **{name: getattr(source, name) for name in cls._defaults if name not in others})


_UNKNOWN: Final = Verbatim({})
_TYPES: Final[Mapping[Any, Type]] = {
    Any: Verbatim({}),
    str: Text(),
    bool: Flag(),
    int: Whole(),
    float: Verbatim({"type": "number"}),
    AwareDatetime: Time(),
    dict[str, str]: Verbatim({"type": "object", "additionalProperties": {"type": "string"}}),
    dict[str, Any]: Verbatim({"type": "object", "additionalProperties": True}),
}


def _find_type(hint: Any) -> Type:
    """Return the type of values with an annotation."""
    if hint in _TYPES:
        return _TYPES[hint]
    if get_origin(hint) is list:
        return ListOf(_find_type(get_args(hint)[0]))
    if get_origin(hint) is Literal:
        words = get_args(hint)
        return Verbatim({"type": "string", **({"enum": list(words)} if len(words) > 1 else {"const": words[0]})})
    return Nested(hint) if issubclass(hint, Object) else Choice(hint)
