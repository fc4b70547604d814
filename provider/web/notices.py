"""Notices: what a form did, told on the page to which it leads.

A cookie carries the notice there, and that page takes the cookie away. It is text, and shown as text:
whoever can set a cookie for this host, such as another program on another port, can make it say something,
and no more.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from provider.security import cookies

_NAME: Final = "notice"
_LONGEST: Final = 600
_LONGEST_WARNINGS_BYTES: Final = 2_000
"""Of warnings so much is carried: a browser keeps cookies of up to 4 kB."""
_MOST_WARNED: Final = 5
_SECONDS: Final = 60


class Tone(StrEnum):
    """How something is to be taken."""

    GOOD = "good"
    INFO = "info"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for a person, in that person's language, and what they should know besides, a sentence each.

    `untold` counts what there is to know beyond that. `revision` is the number of what was changed, if anything was.
    """

    text: str
    tone: Tone = Tone.GOOD
    warnings: Sequence[str] = ()
    untold: int = 0
    revision: int | None = None


def leave(request: Request, response: Response, notice: Notice) -> None:
    """Leave a notice for the page that follows a request."""
    kept = _first(notice.warnings)
    written = [notice.tone, notice.text[:_LONGEST], kept, len(notice.warnings) - len(kept), notice.revision]
    content = json.dumps(written, separators=(",", ":"), ensure_ascii=False)
    encoded = urlsafe_b64encode(content.encode("utf-8", "replace")).decode()
    secure = request.url.scheme == "https"
    response.set_cookie(_name(request), encoded, max_age=_SECONDS, secure=secure, httponly=True, samesite="lax")


def find(request: Request) -> Notice | None:
    """Find the notice that was left for this page. One that cannot be read is none."""
    written = request.cookies.get(_name(request))
    if not written:
        return None
    try:
        tone, text, warnings, untold, revision = json.loads(urlsafe_b64decode(written))
        told = [str(each)[:_LONGEST] for each in warnings[:_MOST_WARNED]]
        number = None if revision is None else int(revision)
        return Notice(str(text)[:_LONGEST], Tone(tone), told, int(untold), number)
    except (ValueError, TypeError, RecursionError):
        return None


def _first(warnings: Sequence[str]) -> list[str]:
    """Return the first warnings, as many as can be carried."""
    kept: list[str] = []
    room = _LONGEST_WARNINGS_BYTES
    for each in warnings[:_MOST_WARNED]:
        room -= len(each.encode())
        if room < 0 or len(each) > _LONGEST:
            break
        kept.append(each)
    return kept


def take_away(request: Request, response: Response) -> None:
    """Let the notice that was left for this page, if one was, be shown once."""
    if _name(request) in request.cookies:
        response.delete_cookie(_name(request), httponly=True, samesite="lax")


def _name(request: Request) -> str:
    return cookies.own(request, _NAME)
