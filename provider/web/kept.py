"""What was typed into a form that could not be taken: it is kept, and stands in the form again.

Where a session has ended, it goes with the login form and comes back with it; who is logged in, then or still, has it
kept here, under an id that stands in the address of the form's page. Nothing is sent by that: a person sends the form.
No field of a secret is among it: its name says that it is one, see `forms.is_secret`.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from provider.addresses import find_place
from provider.control_plane import find_part
from provider.web import paths
from provider.web.forms import concealed, is_secret
from provider.web.inputs import MOST_FIELDS, Texts

LONGEST: Final = 256 * 1024
"""The most bytes of a form that are kept, as a browser writes them: the weights of 1,500 servers are fewer."""

TYPED: Final = "typed"
"""The parameter of a page's address that has the id."""

_MOST_OF_ALL_BYTES: Final = 16 * 1024 * 1024
_MOST_OF_AN_ADDRESS_BYTES: Final = 1024 * 1024
_MOST: Final = 64
_MOST_OF_ONE: Final = 8
_ID_BYTES: Final = 9
_NEXT: Final = "next"

IsPage = Callable[[str, str], bool]
"""Tells whether there is a page at a path, or with the method `POST` a form."""


@dataclass(frozen=True, slots=True)
class _KeptForm:
    owner: str
    written: str


class Kept:
    """What is kept for people who are logged in, each for himself. Used in the event loop's thread."""

    def __init__(self) -> None:
        self._entries: dict[str, _KeptForm] = {}
        """The oldest first: it has to go when there are too many."""

    def keep(self, owner: str, written: str) -> str:
        """Keep a form for an owner: a credential. Returns the id."""
        identifier = secrets.token_urlsafe(_ID_BYTES)
        self._entries[identifier] = _KeptForm(owner, written)
        own = [known for known, entry in self._entries.items() if entry.owner == owner]
        for known in own[:-_MOST_OF_ONE]:
            del self._entries[known]
        while len(self._entries) > _MOST:
            del self._entries[next(iter(self._entries))]
        return identifier

    def find(self, owner: str, identifier: str) -> Texts:
        """Return what is kept for an owner under an id: nothing, where there is nothing."""
        entry = self._entries.get(identifier)
        return read(entry.written) if entry is not None and entry.owner == owner else {}


class Room:
    """How much may be read, and sent back, for people whom nobody knows: all of them, and each address."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taking(self, address: str, count: int) -> Iterator[bool]:
        """Take so many bytes for a while. Gives whether there is room."""
        place = find_place(address)
        has_room = (
            self._taken[place] + count <= _MOST_OF_AN_ADDRESS_BYTES
            and self._taken.total() + count <= _MOST_OF_ALL_BYTES
        )
        taken = count if has_room else 0
        self._taken[place] += taken
        try:
            yield has_room
        finally:
            self._taken[place] -= taken
            if not self._taken[place]:
                del self._taken[place]


def length(scope: Scope) -> int:
    """Return how many bytes a request sends as a form that can be kept; 0 where it sends none."""
    headers = Headers(scope=scope)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    announced = headers.get("content-length", "")
    if (
        scope["method"] != "POST"
        or media_type != "application/x-www-form-urlencoded"
        or len(announced) > len(str(LONGEST))
    ):
        return 0
    count = int(announced) if announced.isascii() and announced.isdecimal() else 0
    return count if count <= LONGEST and "content-encoding" not in headers else 0


def is_empty(scope: Scope) -> bool:
    """Tell whether a request has no body: no more than a button was pressed."""
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers


async def receive_all(receive: Receive, count: int) -> bytes:
    """Read a body of so many bytes; what there is of it, where it ends before."""
    body = b""
    while len(body) < count:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    return body


def read(written: str | bytes) -> dict[str, str]:
    """Read what is kept of a form, as a browser writes it: nothing of what is none. Secrets are left out."""
    try:
        text = written.decode("ascii") if isinstance(written, bytes) else written
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return concealed({name: value for name, value in pairs if not is_secret(name)})


def write(texts: Texts) -> str:
    """Write it as a browser does; nothing, where that is too long."""
    written = urlencode(texts)
    return written if len(written) <= LONGEST else ""


def find_page(request: Request, texts: Texts, is_page: IsPage) -> str:
    """Find the page on which a form stands that was sent: where it was sent from, as far as that is known.

    What a client says of that leads to pages of this service alone.
    """
    path = quote(request.url.path, safe="/*:@,;!$&'()+=~")
    referer = urlsplit(request.headers.get("referer", ""))
    said = [f"{referer.path}?{referer.query}" if referer.query else referer.path, texts.get(_NEXT, "")]
    above = [path[:end] for end, character in enumerate(path) if character == "/" and end]
    for candidate in (*said, path, *reversed(above)):
        if paths.local(candidate) == candidate and is_page(unquote(candidate.partition("?")[0]), "GET"):
            return candidate
    return paths.HOME


def returning(page: str, identifier: str) -> str:
    """Return the address of a page on which what was typed stands again."""
    return paths.with_query(page, **{TYPED: identifier})


def find_kept(request: Request) -> Kept:
    """Find what was typed into forms of the app that answers a request."""
    return find_part(request, Kept)


async def read_returned(request: Request) -> Texts:
    """Return what was typed into a form of the page that is asked for: nothing, unless it comes back."""
    return find_kept(request).find(request.state.actor.credential or "", request.query_params.get(TYPED, ""))


ReturnedDependency = Annotated[Mapping[str, str], Depends(read_returned)]
"""What was typed before, by the names of the fields: each page with a form shows that in place of what stands there
at first."""
