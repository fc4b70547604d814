"""Forms as they are shown: what was typed, and what is wrong with which field.

A field's name is the path of its JSON pointer without the first slash: `url`, `servers/0/url`. So an error
finds its field by itself.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from provider.errors import FieldError
from provider.nouns import NOUNS, Nested, Object
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.free import FreeObject
from provider.nouns.texts import MASK
from provider.nouns.types import Type

# A part of a name that we choose has capitals within; one that a user chooses, such as a server's, has none.
_SECRET: Final = re.compile(
    r"(?:^|/)(?:password|repeat|current|secret|token|key|credentials?|[A-Za-z]+(?:Password|Secret|Token|Key))(?:/|$)"
)


def _paths(model: type[Object]) -> Iterator[str]:
    """Give the names of an object's fields that are secret, as patterns: a row of a list may have any number."""
    for each in model.fields.values():
        yield from (f"{each.key}{path}" for path in _paths_of(each.type))


def _paths_of(type_: Type) -> Iterator[str]:
    if isinstance(type_, Nested):
        yield from (f"/{path}" for path in _paths(type_.model))
    elif isinstance(type_, ListOf):
        yield from (f"/[0-9]+{path}" for path in _paths_of(type_.item))
    elif isinstance(type_, MapOf):
        yield from (f"/[0-9]+/value{path}" for path in _paths_of(type_.value))
    elif type_.is_secret:
        yield ""


_DECLARED: Final = re.compile("|".join(sorted(path for noun in NOUNS.values() for path in _paths(noun))) or "(?!)")
"""The names of fields that are declared to be secret."""


def _maps(model: type[Object], prefix: str = "") -> Iterator[tuple[str, MapOf]]:
    """Give the maps in an object of which a member's own name tells whether it is secret, by their rows' names."""
    for each in model.fields.values():
        yield from _maps_of(each.type, f"{prefix}{each.key}")


def _maps_of(type_: Type, name: str) -> Iterator[tuple[str, MapOf]]:
    if isinstance(type_, Nested):
        yield from _maps(type_.model, f"{name}/")
    elif isinstance(type_, ListOf):
        yield from _maps_of(type_.item, f"{name}/[0-9]+")
    elif isinstance(type_, MapOf):
        if type_.hides is not None or isinstance(type_.value, FreeObject):
            yield f"{name}/[0-9]+", type_
        yield from _maps_of(type_.value, f"{name}/[0-9]+/value")


_HIDING: Final = [(re.compile(name), type_) for noun in NOUNS.values() for name, type_ in _maps(noun)]


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in a form, by the names of its fields, and what is wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[FieldError] = ()

    def value(self, name: str, default: str = "") -> str:
        """Return what stands in a field: what was typed, if anything was."""
        return self.values.get(name, default)

    def wrong(self, name: str) -> list[FieldError]:
        return [error for error in self.errors if error.pointer == f"/{name}"]

    @property
    def wrong_names(self) -> list[str]:
        """The names of the fields with which something is wrong."""
        return [error.pointer.removeprefix("/") for error in self.errors]

    @property
    def filled_names(self) -> list[str]:
        """The names of the fields in which something stands."""
        return [name for name, text in self.values.items() if text]

    def general(self) -> list[FieldError]:
        """Return what is wrong with the input as a whole, or with a field that the form does not have."""
        return [error for error in self.errors if error.pointer.removeprefix("/") not in self.values]

    def at_fields(self) -> list[tuple[str, FieldError]]:
        """Return what is wrong with fields that the form has, each with the field's name."""
        pairs = [(error.pointer.removeprefix("/"), error) for error in self.errors]
        return [(name, error) for name, error in pairs if name in self.values]


def field_id(name: str) -> str:
    return "field-" + name.replace("/", "-")


def is_secret(name: str) -> bool:
    """Tell whether what stands in a field is a secret, which its name says: a page shows no password by another one."""
    return _SECRET.search(name) is not None or _DECLARED.fullmatch(name) is not None


def concealed(texts: Mapping[str, str]) -> dict[str, str]:
    """Return what was sent without the values that the names beside them make secrets: of headers, or in JSON."""
    return {name: _concealed(name, text, texts) for name, text in texts.items()}


def _concealed(name: str, text: str, texts: Mapping[str, str]) -> str:
    row, _slash, last = name.rpartition("/")
    if last != "value" or text in {"", MASK}:
        return text
    for pattern, type_ in _HIDING:
        if pattern.fullmatch(row):
            if isinstance(type_.value, FreeObject):
                return type_.value.concealed(text)
            return "" if type_.hides is not None and type_.hides(texts.get(f"{row}/name", "")) else text
    return text


def check_secret(name: str, is_hidden: bool) -> str:  # templates call it
    """Hold templates to that. Raises `ValueError` for a field that hides what stands in it, and whose name is none."""
    if is_hidden and not is_secret(name):
        raise ValueError(f"{name} hides a secret: let its name say so, see `is_secret`")
    return ""
