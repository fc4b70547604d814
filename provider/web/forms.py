"""Forms as they are shown: what was typed, and what is wrong with which field.

A field's name is the path of its JSON pointer without the first slash: `url`, `servers/0/url`. So an error
finds its field by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from provider.errors import FieldError


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in a form, by the names of its fields, and what is wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[FieldError] = ()

    def value(self, name: str, default: str = "") -> str:
        """Return what stands in a field: what was typed, if anything was."""
        return self.values.get(name, default)

    def wrong(self, name: str) -> list[FieldError]:
        """Return what is wrong with one field."""
        return [error for error in self.errors if error.pointer == f"/{name}"]

    def general(self) -> list[FieldError]:
        """Return what is wrong with the input as a whole, or with a field that the form does not have."""
        return [error for error in self.errors if error.pointer.removeprefix("/") not in self.values]

    def at_fields(self) -> list[tuple[str, FieldError]]:
        """Return what is wrong with fields that the form has, each with the field's name."""
        pairs = [(error.pointer.removeprefix("/"), error) for error in self.errors]
        return [(name, error) for name, error in pairs if name in self.values]


def field_id(name: str) -> str:
    """Return the id of a field on its page."""
    return "field-" + name.replace("/", "-")
