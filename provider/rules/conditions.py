"""Conditions: how the matchers of a rule hang together, and where a request fails.

`!` stands at single matchers only: a negated parenthesis is turned inside out, as Traefik does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provider.messages import Message
from provider.rules.matcher import Matcher
from provider.rules.requests import Request


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One matcher that stood in the way: how it is written, what it wanted, and what the request had."""

    matcher: str
    wanted: str
    got: str


Obstacles = tuple[tuple[Mismatch, ...], int]
"""What stands in the way of a request, and how many matchers on that way it fulfils."""


@dataclass(frozen=True, slots=True)
class Single:
    """One matcher, perhaps negated."""

    matcher: Matcher
    negated: bool = False

    def __str__(self) -> str:
        return f"{'!' if self.negated else ''}{self.matcher}"

    def matches(self, request: Request) -> bool:
        """Tell whether a request fulfils it."""
        return self.matcher.matches(request) is not self.negated

    def way(self, request: Request) -> Obstacles:
        """Return what stands in the way of a request."""
        if self.matches(request):
            return (), 1
        wanted = Message("anything but {wanted}", wanted=self.matcher.wanted) if self.negated else self.matcher.wanted
        return (Mismatch(str(self), wanted, self.matcher.got(request)),), 0

    def inverted(self) -> "Single":
        """Return the opposite."""
        return Single(self.matcher, not self.negated)


@dataclass(frozen=True, slots=True)
class All:
    """Conditions of which each has to be fulfilled."""

    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        return " && ".join(f"({part})" if isinstance(part, Either) else str(part) for part in self.parts)

    def matches(self, request: Request) -> bool:
        """Tell whether a request fulfils all of them."""
        return all(part.matches(request) for part in self.parts)

    def way(self, request: Request) -> Obstacles:
        """Return what stands in the way of a request: all of it, since all of it has to go."""
        ways = [part.way(request) for part in self.parts]
        return tuple(failure for failures, _met in ways for failure in failures), sum(met for _failures, met in ways)

    def inverted(self) -> "Either":
        """Return the opposite."""
        return Either(tuple(part.inverted() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Either:
    """Conditions of which one is enough."""

    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        return " || ".join(map(str, self.parts))

    def matches(self, request: Request) -> bool:
        """Tell whether a request fulfils any of them."""
        return any(part.matches(request) for part in self.parts)

    def way(self, request: Request) -> Obstacles:
        """Return what stands in the way of a request in the part that comes nearest, the first of such."""
        return min((part.way(request) for part in self.parts), key=lambda way: (len(way[0]), -way[1]))

    def inverted(self) -> All:
        """Return the opposite."""
        return All(tuple(part.inverted() for part in self.parts))


Condition = Single | All | Either


def all_of(parts: Sequence[Condition]) -> Condition:
    """Join conditions by `&&`, in order, without one in another."""
    flat = tuple(each for part in parts for each in (part.parts if isinstance(part, All) else (part,)))
    return flat[0] if len(flat) == 1 else All(flat)


def either_of(parts: Sequence[Condition]) -> Condition:
    """Join conditions by `||`, in order, without one in another."""
    flat = tuple(each for part in parts for each in (part.parts if isinstance(part, Either) else (part,)))
    return flat[0] if len(flat) == 1 else Either(flat)
