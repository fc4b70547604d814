"""Entity tags (RFC 9110): a short text that is another one when an object is."""

import hashlib
from typing import Any

import msgspec


def etag(kind: str, item: dict[str, Any]) -> str:
    """Return the strong tag of an object as it is wanted.

    What is only observed, such as a server's share, does not count: nobody's edit is refused because
    another server was drained.
    """
    content = msgspec.json.encode([kind, item], order="sorted")
    return f'"{hashlib.sha256(content).hexdigest()[:20]}"'
