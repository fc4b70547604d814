"""The files that CAs ask for at `/.well-known/acme-challenge/`: edges fetch them here, for everybody.

A token is in the path, and only what was published is answered. Our own question whether a name leads to an edge is
answered in the same way.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

FOLDER: Final = "/.well-known/acme-challenge/"
_MOST: Final = 10_000


class Challenges:
    """What is published now. Any thread may ask and publish."""

    def __init__(self) -> None:
        self._published: dict[str, str] = {}

    def publish(self, token: str, content: str) -> None:
        """Answer a token with a text from now on."""
        if len(self._published) >= _MOST:
            del self._published[next(iter(self._published))]
        self._published[token] = content

    def withdraw(self, token: str) -> None:
        """Answer a token no more."""
        self._published.pop(token, None)

    @contextmanager
    def question(self) -> Iterator[tuple[str, str]]:
        """Give a token that nobody knows, with what is answered to it for as long as this lasts."""
        token, content = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.publish(token, content)
        try:
            yield token, content
        finally:
            self.withdraw(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a file."""
        content = (
            self._published.get(scope["path"].removeprefix(FOLDER)) if scope["method"] in {"GET", "HEAD"} else None
        )
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        if content is None:
            await PlainTextResponse("There is no such file here.\n", 404, headers)(scope, receive, send)
        else:
            await PlainTextResponse(content, 200, headers)(scope, receive, send)
