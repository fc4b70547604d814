"""URLs as Go's `url.Parse` takes them apart: Traefik disables a service with one that cannot be. Pure.

Facts from the source of Go's net/url, tried on Traefik 3.7.15. What can be taken apart need not lead anywhere: without
`http`, `https` or `h2c`, or without a host, Traefik takes it, and answers 500.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin

_SCHEMES: Final = frozenset({"http", "https", "h2c"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USER: Final = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")
_HOST: Final = re.compile(r"(?:[^\x00-\x7f]|[A-Za-z0-9._~!$&'()*+,;=:\[\]<>\"-]|%25|%[89A-Fa-f][0-9A-Fa-f])*")
_ZONE: Final = re.compile(r"(?:[^\x00-\x7f%]|[\x20-\x24\x26-\x7e]|%[0-9A-Fa-f]{2})*")
_PORT: Final = re.compile(r"(?::[0-9]*)?")
_SENT_AS_IS: Final = "/%:@!$&'()*+,;=~[]-._"


@dataclass(frozen=True, slots=True)
class GoURL:
    """A URL that Go can take apart: its scheme in lower case, and its host with the port. Either may be empty."""

    scheme: str
    host: str

    @property
    def leads_somewhere(self) -> bool:
        """Whether Traefik sends requests there."""
        return self.scheme in _SCHEMES and bool(self.host)


def find_url(text: str) -> GoURL | None:
    """Return the parts of a URL, or None for what Go refuses."""
    whole, _hash, fragment = text.partition("#")
    if _CONTROL.search(whole) or _BAD_ESCAPE.search(fragment) or whole.startswith(":"):
        return None
    found = _SCHEME.match(whole)
    scheme = found[0][:-1].lower() if found else ""
    rest = whole[found.end() if found else 0 :].partition("?")[0]
    if not rest.startswith("/") and scheme:
        return GoURL(scheme, "")
    if not rest.startswith("/") and ":" in rest.partition("/")[0]:
        return None
    host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        user, _at, host = authority.rpartition("@")
        rest = slash + path
        if not _USER.fullmatch(user) or _BAD_ESCAPE.search(user) or not _is_host(host):
            return None
    return None if _BAD_ESCAPE.search(rest) else GoURL(scheme, host)


def resolve(reference: str, base: str) -> str | None:
    """Return what is asked for at a server by a reference to a path, which counts from a base as links in pages do.

    Traefik finds the path of a health check like that, from the URL of the server. None if it leads to no server.
    """
    found = find_url(reference)
    if found is None or found.scheme or found.host or reference.startswith("//"):
        return None
    path, mark, query = urljoin(f"http://server{base}", reference).partition("#")[0].partition("?")
    return (quote(path.removeprefix("http://server"), safe=_SENT_AS_IS) or "/") + mark + query


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        name, colon, port = host.rpartition(":")
        return ":" not in name and _PORT.fullmatch(colon + port if colon else "") is not None and _is_plain(host)
    inner, bracket, port = host.rpartition("]")
    address, zone_mark, zone = inner.partition("%25")
    is_zoned = not zone_mark or _ZONE.fullmatch(zone) is not None
    return bool(bracket) and _PORT.fullmatch(port) is not None and _is_plain(address) and is_zoned


def _is_plain(host: str) -> bool:
    return _HOST.fullmatch(host) is not None
