"""Paths within the console: where a person may be led, and how a link differs from the page that it is on."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from provider.nouns import NOUNS

HOME: Final = "/"
NEW: Final = "new"

# A browser takes a backslash for a slash, drops tabs and line breaks, and `//host` for another site.
_LOCAL: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
LONGEST: Final = 20_000
"""The longest address to which one may be led: what was typed into a form that asks for something stands in it."""


_WITHIN: Final = {noun.within: noun for noun in NOUNS.values() if noun.within}
_KINDS: Final = {"applications": "router", **{noun.plural: noun.kind for noun in NOUNS.values() if not noun.within}}
_OBJECT: Final = re.compile(r"/([A-Za-z]+)/([^/]+)(?:/([A-Za-z]+)/([^/]+))?(?:/[a-z]*)?")


def local(path: str) -> str:
    """Return a path (with its query) if it leads to a page of this service, and the home page if not."""
    return path if len(path) <= LONGEST and _LOCAL.fullmatch(path) else HOME


def with_query(path: str, **changed: str | int | None) -> str:
    """Return a path with other values in its query. None leaves a parameter out."""
    bare, _, query = path.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in changed]
    added = [(name, str(value)) for name, value in changed.items() if value is not None]
    written = urlencode(kept + added)
    return f"{bare}?{written}" if written else bare


def object_path(*parts: str, action: str = "") -> str:
    """Return the path of an object's page, or of what one does with it: `object_path("services", name)`.

    Beside the objects of a kind is the form for a new one, at `…/new`: an object of that name has a slash more.
    """
    path = "".join("/" + quote(part, safe="") for part in parts)
    if action:
        return f"{path}/{action}"
    return f"{path}/" if parts[-1] == NEW else path


def find_object(path: str) -> str | None:
    """Find which object the path of a page means, as KIND/NAME."""
    found = _OBJECT.fullmatch(path)
    kind = None if found is None else _KINDS.get(found[1])
    if found is None or kind is None:
        return None
    child = _WITHIN.get(kind)
    if child is not None and found[3] == child.plural:
        return f"{child.kind}/{found[2]}/{found[4]}"
    return f"{kind}/{found[2]}" if found[3] is None else None
