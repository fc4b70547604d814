"""Answers: which server gave one, as far as the answer itself tells. Pure.

Traefik tells nobody: it adds no header to a response that names the server, and its metrics do not know
servers apart. Two things in an answer can be relied on:

- the sticky cookie of the service. Traefik sets it on the answer to a request that has none: the first 16 hex
  digits of the SHA-256 of the server's URL (measured on Traefik 3.7.15). A request without the cookie is given
  to whoever is next, sticky or not;
- the header `X-Served-By`, where servers name themselves in it: their name, their host and port, or their URL.

What neither tells is not guessed: then only answers that look the same can be put together.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SERVED_BY: Final = "X-Served-By"
"""The header in which a server names itself."""

_HASH_LENGTH: Final = 16
_EXCERPT: Final = 80
_MOST_LOOKS: Final = 8


class Source(StrEnum):
    """What told which server it was."""

    COOKIE = "cookie"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request came to: a status, or why there is none. `server` is None where nothing tells."""

    status: int | None
    server: str | None = None
    source: Source | None = None
    look: str = ""
    """A digest of the content: answers that look the same have the same one."""
    excerpt: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """Answers that look the same, and tell no server: how many there are, and how they begin."""

    status: int
    excerpt: str
    count: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What requests came to, counted: by server, by look where no server is told, and by failure."""

    by_server: Mapping[str, int]
    looks: Sequence[Look]
    more_looks: int
    failures: Mapping[str, int]
    statuses: Mapping[int, int]
    sources: frozenset[Source]

    @property
    def count(self) -> int:
        """How many requests came to anything."""
        return sum(self.statuses.values()) + sum(self.failures.values())

    @property
    def told(self) -> int:
        """How many answers tell their server."""
        return sum(self.by_server.values())

    @property
    def untold(self) -> int:
        """How many do not."""
        return sum(self.statuses.values()) - self.told


def read(
    status: int, headers: Sequence[tuple[str, str]], body: bytes, servers: Mapping[str, str], cookie: str | None
) -> Answer:
    """Read an answer. `servers` are the URLs of the service's servers by name, `cookie` its sticky cookie's name."""
    server, source = _find_by_cookie(headers, servers, cookie), Source.COOKIE
    if server is None:
        server, source = _find_by_header(headers, servers), Source.HEADER
    look = hashlib.sha256(b"%d " % status + body).hexdigest()
    return Answer(status, server, source if server is not None else None, look, _excerpt(body))


def sticky_value(text: str) -> str:
    """Return what Traefik's sticky cookie has for a server's URL, or for the name of a service of a weighted one."""
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]


def tally(answers: Iterable[Answer]) -> Tally:
    listed = list(answers)
    looks = Counter(answer.look for answer in listed if answer.status is not None and answer.server is None)
    examples = {answer.look: answer for answer in listed}
    shown = [
        Look(examples[look].status or 0, examples[look].excerpt, count)
        for look, count in looks.most_common(_MOST_LOOKS)
    ]
    return Tally(
        by_server=Counter(answer.server for answer in listed if answer.server is not None),
        looks=shown,
        more_looks=len(looks) - len(shown),
        failures=Counter(answer.failure for answer in listed if answer.status is None),
        statuses=Counter(answer.status for answer in listed if answer.status is not None),
        sources=frozenset(answer.source for answer in listed if answer.source is not None),
    )


def _find_by_cookie(headers: Sequence[tuple[str, str]], servers: Mapping[str, str], cookie: str | None) -> str | None:
    if cookie is None:
        return None
    pairs = (value.partition(";")[0].partition("=") for name, value in headers if name.lower() == "set-cookie")
    set_to = {value.strip() for name, _equals, value in pairs if name.strip() == cookie}
    return _only(name for name, url in servers.items() if sticky_value(url) in set_to)


def _find_by_header(headers: Sequence[tuple[str, str]], servers: Mapping[str, str]) -> str | None:
    said = {value.strip().lower() for name, value in headers if name.lower() == SERVED_BY.lower()}
    named = _only(name for name in servers if name.lower() in said)
    return named or _only(
        name for name, url in servers.items() if said & {url.lower(), url.partition("://")[2].lower()}
    )


def _only(found: Iterable[str]) -> str | None:
    """Return what was found, if it is one."""
    listed = list(found)
    return listed[0] if len(listed) == 1 else None


def _excerpt(body: bytes) -> str:
    """Return how an answer begins, as a line."""
    line = " ".join(body[: 4 * _EXCERPT].decode("utf-8", "replace").split())
    return line if len(line) <= _EXCERPT else line[:_EXCERPT] + "…"
