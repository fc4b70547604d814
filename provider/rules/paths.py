"""Paths as Go's `net/url` has them: decoded, and as they were encoded where that says more. Pure.

Middlewares change both forms, each by itself, and what a server gets is made of the two.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from provider.patterns import pattern
from provider.rules.literals import as_bytes, as_text

_BAD_PERCENT: Final = pattern(rb"%(?![0-9A-Fa-f]{2})")
_ENCODED: Final = pattern(rb"[!$&'()*+,;=:@\[\]%/_.~0-9A-Za-z-]*")
_SAFE: Final = "$&+,/:;=@"


class BadPath(ValueError):
    """A path with a '%' that is not followed by two hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class URLPath:
    """A path. `raw` is how it is encoded, or empty where that is the usual encoding of `plain`."""

    plain: str
    raw: str = ""

    @property
    def encoded(self) -> str:
        """The path as it is sent: Go's `EscapedPath`."""
        sent = as_bytes(self.raw)
        if sent and _ENCODED.fullmatch(sent) and not _BAD_PERCENT.search(sent) and unescape(self.raw) == self.plain:
            return self.raw
        return escape(self.plain)

    def has_dots(self) -> bool:
        """Tell whether a segment leads to where it is or upwards, which Traefik refuses after a prefix was taken."""
        return any(segment in {".", ".."} for segment in self.plain.split("/"))


def read_path(encoded: str) -> URLPath:
    """Return the path that a text stands for. Raises `BadPath`."""
    plain = unescape(encoded)
    return URLPath(plain, "" if escape(plain) == encoded else encoded)


def unescape(text: str) -> str:
    """Decode what is percent-encoded. Raises `BadPath`."""
    sent = as_bytes(text)
    if _BAD_PERCENT.search(sent):
        raise BadPath(text)
    return as_text(unquote_to_bytes(sent))


def escape(text: str) -> str:
    """Percent-encode what has to be."""
    return quote_from_bytes(as_bytes(text), safe=_SAFE)


def with_slash(path: str) -> str:
    """Return a path that begins with a slash, unless nothing is left of it, as Traefik has it."""
    return path if not path or path.startswith("/") else f"/{path}"


def written_url(text: str) -> str:
    """Write a URL or a part of one as Go does, which encodes its path again where that is not encoded well."""
    rest, mark, fragment = text.partition("#")
    begin, question, query = rest.partition("?")
    base, slashes, after = begin.partition("://")
    host, slash, path = after.partition("/") if slashes else ("", "", begin)
    encoded = slash + path
    if not _ENCODED.fullmatch(as_bytes(encoded)):
        encoded = escape(unescape(encoded)) if not _BAD_PERCENT.search(as_bytes(encoded)) else encoded
    return (
        (base.lower() + slashes + host if slashes else "")
        + encoded
        + question
        + query
        + (mark if fragment else "")
        + fragment
    )
