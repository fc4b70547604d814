"""Paths within the console: where a person may be led, and how a link differs from the page that it is on."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

HOME: Final = "/"
NEW: Final = "new"

# A browser takes a backslash for a slash, drops tabs and line breaks, and `//host` for another site.
_LOCAL: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
LONGEST: Final = 20_000
"""The longest address to which one may be led: what was typed into a form that asks for something stands in it."""


_OBJECT: Final = re.compile(r"/(routers|applications|services|domains)/([^/]+)(?:/servers/([^/]+))?(?:/[a-z]*)?")
_KINDS: Final = {"routers": "router", "applications": "router", "services": "service", "domains": "domain"}


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
    if found is None:
        return None
    noun, name, server = found.groups()
    return f"server/{name}/{server}" if server else f"{_KINDS[noun]}/{name}"
