"""What every matcher of a rule has: its arguments, and words for what it wants and what a request has."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from provider.rules.build import quote
from provider.rules.requests import Request


class BadArgument(ValueError):
    """An argument that a matcher cannot take. `code` is stable; `index` is that of the argument, from 0."""

    def __init__(self, code: str, reason: str, index: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.index = index


class Matcher(ABC):
    """One condition, such as ``Host(`alvin.xyz`)``."""

    name: ClassVar[str]
    counts: ClassVar[tuple[int, ...]] = (1,)
    """How many arguments it takes."""

    form: ClassVar[str]
    """How it is written, for advice."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Take arguments, as many as `counts` says, none of them empty. Raises `BadArgument`."""
        self.arguments = tuple(arguments)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matcher) and (self.name, self.arguments) == (other.name, other.arguments)

    def __hash__(self) -> int:
        return hash((self.name, self.arguments))

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(quote, self.arguments))})"

    __repr__ = __str__

    @abstractmethod
    def matches(self, request: Request) -> bool:
        """Tell whether it matches a request."""

    @property
    def vain(self) -> str | None:
        """Why no request ever matches it, though Traefik takes it."""
        return None

    @property
    @abstractmethod
    def wanted(self) -> str:
        """What a request needs, in words."""

    @abstractmethod
    def got(self, request: Request) -> str:
        """Return what the request has there, in words."""
