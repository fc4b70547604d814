"""The files that CAs ask for at `/.well-known/acme-challenge/`: edges fetch them here, for everybody.

A token is in the path, and only what was published is answered. Our own question whether a name leads to an edge is
answered in the same way.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from provider.database.database import Database
from provider.errors import Unavailable
from provider.issuing.schedules import written
from provider.issuing.threads import aside
from provider.models import AcmeChallenge
from provider.store import acme

_LONGEST: Final = timedelta(days=1)
FOLDER: Final = "/.well-known/acme-challenge/"
_MOST: Final = 10_000


class Challenges:
    """What is published now. Any thread may ask and publish.

    Of several services on a database one publishes, and any may be asked. It was committed before the CA hears of it:
    who has not heard of it by then reads it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._published: dict[str, str] = {}
        self._theirs: Mapping[str, str] = {}
        """What other services publish."""

        self._reading: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    def publish(self, token: str, content: str) -> None:
        """Answer a token with a text from now on. Raises `Unavailable` where other services cannot be told."""
        if len(self._published) >= _MOST:
            del self._published[next(iter(self._published))]
        self._published[token] = content
        if self._database.is_shared:
            now = datetime.now(UTC)
            challenge = AcmeChallenge(token=token, content=content, created=written(now))
            with self._database.writing() as session:
                acme.add_challenge(session, challenge, written(now - _LONGEST))

    def withdraw(self, token: str) -> None:
        """Answer a token no more."""
        self._published.pop(token, None)
        if self._database.is_shared:
            with suppress(Unavailable), self._database.writing() as session:
                acme.remove_challenge(session, token)

    def heard(self, tables: frozenset[str] | None) -> None:
        """Hear that another service has committed something to these tables."""
        if tables is None or acme.CHALLENGES in tables:
            with suppress(Unavailable), self._database.reading() as session:
                self._theirs = acme.list_challenges(session)

    @asynccontextmanager
    async def question(self) -> AsyncIterator[tuple[str, str]]:
        """Give a token that nobody knows, with what is answered to it for as long as this lasts."""
        token, content = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        await aside(self.publish, token, content)
        try:
            yield token, content
        finally:
            await aside(self.withdraw, token)

    def _find(self, token: str) -> str | None:
        return self._published.get(token) or self._theirs.get(token)

    async def _read(self) -> None:
        """Read what others publish by now: once for all who want it meanwhile, as anybody can ask for anything."""
        if self._next is None:
            self._next = asyncio.create_task(self._read_after(self._reading))
        await asyncio.shield(self._next)

    async def _read_after(self, before: "asyncio.Task[None] | None") -> None:
        if before is not None:  # it may have read just before what is asked for was published
            await asyncio.wait({before})
        self._reading, self._next = self._next, None
        await aside(self.heard, None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a file."""
        token = scope["path"].removeprefix(FOLDER) if scope["method"] in {"GET", "HEAD"} else ""
        content = self._find(token)
        if content is None and token and self._database.is_shared:
            await self._read()
            content = self._find(token)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        if content is None:
            await PlainTextResponse("There is no such file here.\n", 404, headers)(scope, receive, send)
        else:
            await PlainTextResponse(content, 200, headers)(scope, receive, send)
