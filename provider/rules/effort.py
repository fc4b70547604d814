"""How much comparing rules may cost: counted in steps, not in time, so that the same state has the same answer.

A step is one matcher that is looked at. A regular expression costs more, by its length and that of the text:
RE2's time grows with both.
"""

from typing import Final

from provider.rules.conditions import Condition, Single
from provider.rules.matchers import HeaderRegexp, HostRegexp, PathRegexp, QueryRegexp

PAIR_STEPS: Final = 10_000
"""After so many steps two rules are left undecided."""

_EXPRESSIONS: Final = (HostRegexp, PathRegexp, HeaderRegexp, QueryRegexp)
_EXPRESSION_CHARACTERS: Final = 64
"""So many characters of a regular expression cost a step more."""


class TooHard(Exception):
    """Two rules take more steps than they may."""


class Effort:
    """The steps that are left. Whoever looks for several things shares one."""

    def __init__(self, steps: int) -> None:
        """Take how many steps may be made."""
        self.left = steps
        self._pair = 0
        self._known: dict[int, tuple[Condition, int]] = {}

    @property
    def is_spent(self) -> bool:
        """Whether no steps are left."""
        return self.left <= 0

    def begin_pair(self) -> None:
        """Begin to compare two rules."""
        self._pair = min(PAIR_STEPS, self.left)

    def take(self, steps: int = 1) -> None:
        """Make steps. Raises `TooHard` where that is more than two rules may cost, or than are left."""
        self.left -= steps
        self._pair -= steps
        if self._pair < 0:
            raise TooHard

    def spend(self, steps: int) -> None:
        """Make steps, whether they are left or not."""
        self.left -= steps

    def weight(self, condition: Condition) -> int:
        """Return how many steps it takes to try a request."""
        known = self._known.get(id(condition))
        if known is None:
            known = self._known[id(condition)] = (condition, weight(condition))  # held, so that no other gets its id
        return known[1]


def weight(condition: Condition) -> int:
    """Return how many steps it takes to try a request."""
    if not isinstance(condition, Single):
        return sum(map(weight, condition.parts))
    matcher = condition.matcher
    if isinstance(matcher, _EXPRESSIONS):
        return 1 + sum(map(len, matcher.arguments)) // _EXPRESSION_CHARACTERS
    return 1
