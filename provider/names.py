"""Names that are made, where nobody gave one that fits. Pure."""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

LENGTH: Final = 63
"""The most characters of a name."""

_OTHER: Final = re.compile(r"[^a-z0-9]+")


def from_url(url: str) -> str:
    """Name a server by its host and port: `10-0-0-11-3000`."""
    return fitted(urlsplit(url).netloc) or "server"


def fitted(text: str) -> str:
    """Return what is left of a text that a name may have; empty if that is nothing."""
    return _OTHER.sub("-", text.lower()).strip("-")[:LENGTH].strip("-")


def free(name: str, taken: Collection[str]) -> str:
    """Return the name, or, where it is taken, the first one with a number behind it that is not."""
    number, found = 1, name
    while found in taken:
        number += 1
        ending = f"-{number}"
        found = name[: LENGTH - len(ending)] + ending
    return found
