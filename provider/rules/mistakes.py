"""Mistakes in a rule: what is wrong, and at which place."""

from typing import Final

_SHOWN_BEFORE: Final = 50
_SHOWN: Final = 76


class BadRule(ValueError):
    """A rule that Traefik would disable its router for, or that is refused here for a reason of ours.

    `code` is stable (`rule.syntax`), `reason` tells a person what to do. `position` counts the characters
    before the place that is meant; `rule` is the whole text.
    """

    def __init__(self, code: str, reason: str, rule: str, position: int) -> None:
        super().__init__(f"at character {position + 1}: {reason}")
        self.code = code
        self.reason = reason
        self.rule = rule
        self.position = position

    def pointed(self) -> str:
        """Show the rule in one line, or the part of it around the place, and below it a caret at the place."""
        start = max(0, self.position - _SHOWN_BEFORE)
        shown = "".join(
            character if character.isprintable() else " " for character in self.rule[start : start + _SHOWN]
        )
        before, after = "…" if start else "", "…" if len(self.rule) > start + _SHOWN else ""
        return f"{before}{shown}{after}\n{' ' * (len(before) + self.position - start)}^"
