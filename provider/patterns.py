"""Regular expressions that are compiled when they are used first: reading the nouns makes a hundred. Pure."""

import re
from typing import Any, AnyStr, cast


class _Pattern:
    def __init__(self, text: object, flags: int) -> None:
        self.pattern = text
        self.flags = flags

    def __getattr__(self, name: str) -> Any:
        """Compile it, and keep what was asked of it, so that this comes once."""
        found = getattr(re.compile(self.pattern, self.flags), name)  # type: ignore[call-overload]  # a text or bytes
        setattr(self, name, found)
        return found


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what `re.compile` does, as far as one asks it something."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
