"""Templates: Traefik's file provider runs Go's `text/template` over a file before it reads it. Pure.

`{{ env "HOST" }}` in a text leaves the rest of the document as it stands, and is told where it stands. Whether
something of it is there at all, once or several times, is decided by `if`, `range` and the like: such a file
cannot be read without running it.
"""

import re
from typing import Final

_DECIDING: Final = re.compile(
    r"\{\{-?\s*(?:if|range|with|define|block|template|else|end|break|continue)\b|\{\{-?\s*\$\w*\s*:?=|\{\{-?\s*/\*"
)


def find_deciding(text: str) -> int | None:
    """Return the place of the first template that decides what is in the file, or None."""
    found = _DECIDING.search(text)
    return found.start() if found else None
