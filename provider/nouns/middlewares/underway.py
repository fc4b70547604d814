"""What a middleware does to one request: what it is before, and what becomes of it. Pure.

As Traefik 3.7 does it, from its source; tests compare with a real one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus

from provider.addresses import Address
from provider.messages import Message
from provider.rules.expressions import LONGEST_MADE_BYTES
from provider.rules.paths import BadPath, URLPath, unescape


class Fate(StrEnum):
    """What happens to a request at a middleware."""

    PASSES = "passes"
    """It goes on as it was."""

    CHANGES = "changes"
    """It goes on, and something of it or of its answer is changed."""

    DEPENDS = "depends"
    """It goes on unless something holds that is not known here."""

    ENDS = "ends"
    """It goes no further: the middleware answers."""


@dataclass(frozen=True, slots=True)
class Underway:
    """A request on its way.

    `host` is as it was sent, with its port, `headers` are by canonical name, and `client` is None where it is unknown.
    """

    method: str
    scheme: str
    host: str
    path: URLPath
    query: str = ""
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    client: Address | None = None

    @property
    def target(self) -> str:
        """What a server is asked for: path and query."""
        return (self.path.encoded or "/") + (f"?{self.query}" if self.query else "")

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.host}{self.target}"

    def header(self, name: str) -> str:
        """Return the first value of a header, or an empty text."""
        return self.headers.get(name, ("",))[0]


@dataclass(frozen=True, slots=True)
class StopEffect:
    """What a middleware did: the request as it goes on, why, and if it ends here the answer.

    `location` is where a redirect leads.
    """

    fate: Fate
    why: str
    request: Underway
    status: int | None = None
    location: str | None = None


def passes(request: Underway, why: str) -> StopEffect:
    """Let a request go on as it is."""
    return StopEffect(Fate.PASSES, why, request)


def depends(request: Underway, why: str) -> StopEffect:
    """Let a request go on, with what has to hold for that."""
    return StopEffect(Fate.DEPENDS, Message("depends on {what}", what=why), request)


def answers(request: Underway, status: int, why: str, location: str | None = None) -> StopEffect:
    """End the way with an answer."""
    return StopEffect(Fate.ENDS, why, request, status, location)


def too_long(request: Underway) -> StopEffect:
    """Let a request go on as it was, of which nobody can tell what it becomes: something so long that none is made."""
    return depends(
        request, Message("whether servers take a path or URL of more than {most} bytes", most=LONGEST_MADE_BYTES)
    )


def goes_on(request: Underway, path: URLPath, why: str, *, header: tuple[str, str] | None = None) -> StopEffect:
    """Let a request go on with another path; `header` tells servers the former one.

    Traefik answers 400 where a segment of the new one is `.` or `..`.
    """
    if path.has_dots():
        return answers(request, HTTPStatus.BAD_REQUEST, Message("{why}; Traefik refuses such a path", why=why))
    headers = request.headers if header is None else {**request.headers, header[0]: (header[1],)}
    return StopEffect(Fate.CHANGES, why, replace(request, path=path, headers=headers))


def changed(before: URLPath, after: URLPath) -> Message:
    """Say how a path is changed."""
    return Message("the path {before} becomes {after}", before=before.encoded or "/", after=after.encoded or "/")


def with_raw_path(request: Underway, raw: str) -> StopEffect:
    """Let a request go on with a path that is given encoded. Servers find the former one in a header."""
    try:
        path = URLPath(unescape(raw), raw)
    except BadPath:
        why = Message("the new path {path} has a wrong escape", path=raw)
        return answers(request, HTTPStatus.INTERNAL_SERVER_ERROR, why)
    return goes_on(request, path, changed(request.path, path), header=("X-Replaced-Path", request.path.encoded))
