"""What reading an object comes to: values, and everything that is wrong, each with its place. Pure."""

from dataclasses import dataclass, field
from typing import Final

from provider.errors import FieldError, pointer
from provider.values import Refusal

Where = tuple[str | int, ...]
"""The names and indices that lead to a value."""


class Missing:
    """The class of `MISSING`, which stands for a value that is not there, or that was refused."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


@dataclass(slots=True)
class Reading:
    """One input that is read: `wrong` gathers what is wrong with it.

    With `is_typed`, what people type is taken for what it says: "3" for 3, "true" for true. `hashed` counts the
    passwords that were hashed, or compared with a hash.
    """

    is_typed: bool = False
    wrong: list[FieldError] = field(default_factory=list)
    hashed: int = 0

    def refuse(self, where: Where, code: str, detail: str) -> Missing:
        """Note that something is wrong with one value."""
        self.wrong.append(FieldError(pointer(*where), code, detail))
        return MISSING

    def refuse_as(self, where: Where, refusal: Refusal) -> Missing:
        """Note what a check raised."""
        return self.refuse(where, refusal.code, refusal.detail)
