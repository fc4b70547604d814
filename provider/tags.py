"""Entity tags (RFC 9110): a short text that is another one when an object is."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import msgspec


def etag(kind: str, item: Any, secret: Callable[[Any], str] | None = None) -> str:
    """Return the strong tag of an object as it is wanted.

    What is only observed, such as a server's share, does not count: nobody's edit is refused because
    another server was drained. `secret` gives what stands for a text that is marked as one: anybody who reads the
    object gets its tag, and could test guesses of a short secret by a tag that is made of it.
    """
    content = msgspec.json.encode([kind, item], order="sorted", enc_hook=secret)
    return f'"{hashlib.sha256(content).hexdigest()[:20]}"'


def whole_tag(revision: int, digest: str | None) -> str:
    """Return the tag of the state as a whole, at a revision that gave the document of a digest.

    It begins with the revision's number, so that who is late can be told what was done since. With the digest,
    a number that there is once more, after a backup was restored, gives another tag.
    """
    rest = etag("state", {"revision": revision, "digest": digest if revision else None})
    return f'"{revision:08x}{rest[1:13]}"'


def find_revision(tags: str) -> int | None:
    """Find the revision of the first tag of a whole state in a list of tags."""
    found = re.search(r'"([0-9a-f]{8})[0-9a-f]{12}"', tags)
    return int(found[1], 16) if found else None
