"""Mistakes in a rule: what is wrong, and at which place."""


class BadRule(ValueError):
    """A rule that Traefik would disable its router for, or that is refused here for a reason of ours.

    `code` is stable (`rule.syntax`), `reason` tells a person what to do. `position` counts the characters
    before the place that is meant.
    """

    def __init__(self, code: str, reason: str, position: int) -> None:
        super().__init__(f"at character {position + 1}: {reason}")
        self.code = code
        self.reason = reason
        self.position = position
