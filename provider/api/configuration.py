"""`GET /traefik/configuration`: what Traefik polls.

A bare ASGI application: it reads the snapshot in memory, and waits for nothing that could fail. Only who may
poll is read from the database, when that has changed. 200 with the document, or an error, at which Traefik
keeps what it has.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NoReturn
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from provider.api import problems
from provider.api.browsers import Hosts
from provider.api.methods import answer_options, complete
from provider.edges.pollers import CONNECTION, Connection, note_holder
from provider.edges.polls import Polls
from provider.edges.registry import Edges
from provider.errors import FieldError, Forbidden, Invalid, ProviderError, Unauthenticated, Unavailable, pointer
from provider.metrics.metrics import Metrics
from provider.models import Actor
from provider.security.access import Access, Principal
from provider.security.refusals import Refusals
from provider.serving import Serving
from provider.snapshots import Served
from provider.values import DEFAULT_EDGE, Refusal, check_name

logger = logging.getLogger(__name__)

PATH: Final = "/traefik/configuration"
LONGEST_WAIT_SECONDS: Final = 60.0
_EARLY_SECONDS: Final = 0.5
"""So much before its time is up a poll is answered: whoever gives up just then would have an error each time."""
_LEAST_SHORTENED_SECONDS: Final = 1.0

_LOOK_SECONDS: Final = 5.0
"""For so long a poll is held before it is looked whether this service still hears what other services commit."""

_SECONDS: Final = re.compile(r"(?=.{1,30}$)(0|[1-9][0-9]*)(\.[0-9]+)?([Ee][+-]?[0-9]+)?")
"""A number as in JSON, and not as in Python, for which `1_0` and `٣` are numbers too."""


@dataclass(slots=True)
class ConfigurationEndpoint:
    """Answers the edges' polls."""

    _serving: Serving
    _polls: Polls
    _edges: Edges
    _metrics: Metrics
    _hosts: Hosts
    _access: Access
    _refusals: Refusals
    _is_private: Callable[[Scope], bool]
    _is_cut_off: Callable[[], bool] | None
    """Tells whether changes of other services are not seen now; None where there are no others."""
    _sent: Served | None = None
    _start: dict[str, object] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        try:
            self._hosts.check(scope)
        except Forbidden as error:
            await self._refuse(problems.from_error(error, PATH), scope, receive, send)
            return
        if method not in {"GET", "HEAD", "OPTIONS"}:
            response = problems.problem(
                405, "method-not-allowed", "Method not allowed", "poll this path with GET", PATH
            )
            response.headers["Allow"] = ", ".join(complete(["GET"]))
            await self._refuse(response, scope, receive, send)
            return
        try:
            current = self._serving.current
            if current is None or not self._serving.is_open:
                raise Unavailable(self._serving.problem)
            name, seconds = await self._admit(scope)
            if method != "GET":
                await self._tell(method, self._polls.offer(name, current), scope, receive, send)
                return
            snapshot, was_held = await self._answer(scope, name, seconds, current)
        except ProviderError as error:
            await self._refuse(problems.from_error(error, PATH), scope, receive, send)
            return
        if snapshot is not None:
            start = self._headers(snapshot)
            # On a new connection, a load balancer can lead the edge to a service that sees what is changed.
            await send(_closing(start) if was_held and self._is_cut_off is not None and self._is_cut_off() else start)
            await send({"type": "http.response.body", "body": snapshot.document.content})

    async def _tell(self, method: str, offered: Served, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a HEAD, which asks about the document and is not given it, or an OPTIONS."""
        if method == "OPTIONS":
            self._metrics.requested(method, PATH, 204)
            await answer_options(["GET"])(scope, receive, send)
            return
        self._metrics.requested(method, PATH, 200)
        await send(self._headers(offered))
        await send({"type": "http.response.body", "body": b""})

    async def _admit(self, scope: Scope) -> tuple[str, float]:
        """Return as which edge somebody polls who may, and how long that may wait. Raises what is wrong with it."""
        await self._access.catch_up()
        principal = self._find_principal(scope)
        if principal is None:
            if _list_credentials(scope):
                raise Unauthenticated("the edge's token is not valid: it is mistyped, expired or revoked")
            raise Unauthenticated(
                "an edge sends its token as `Authorization: Bearer …`: put it into the HTTP provider's headers"
            )
        if not self._is_private(scope):
            await self._refusals.note(_seen(scope, principal), PATH, "polling over plain HTTP")
            raise Forbidden(
                "the configuration has private keys, and others could read them on the way: poll over TLS, or set "
                "PROVIDER_ALLOW_INSECURE=true"
            )
        note_holder(scope, principal.actor.credential)
        name, seconds = read_query(scope["query_string"])
        if not principal.grant.allows_edge(name):
            await self._refuse_edge(scope, principal, name)
        return name, seconds

    def _find_principal(self, scope: Scope) -> Principal | None:
        given = _list_credentials(scope)
        return self._access.find_by_header(given[0]) if len(given) == 1 else None

    async def _refuse_edge(self, scope: Scope, principal: Principal, name: str) -> NoReturn:
        actor = _seen(scope, principal)
        await self._refusals.note(actor, PATH, f"polling as the edge {name}")
        raise Forbidden(f"{actor.name} may not poll as the edge {name}: it needs the scope edge:{name}")

    async def _answer(self, scope: Scope, name: str, seconds: float, current: Served) -> tuple[Served | None, bool]:
        """Return what a poll is answered with, and whether it was held before; None if nobody listens any more.

        Who polls is looked at again after it was held: raises `Unauthenticated` where the token is good no more.
        """
        client = scope.get("client")
        connection = scope.get("state", {}).get(CONNECTION) or _unknown_connection()
        edge, poller = self._edges.asked(name, client[0] if client else None, seconds, connection)
        snapshot: Served | None = self._polls.offer(name, current)
        held_with = poller.given if seconds > 0 else None
        if held_with is not None:
            edge.pollers.hold(poller)
            over = _Over(self._access, connection, _list_credentials(scope)[0])
            try:
                snapshot = await self._hold(name, held_with, seconds, over.future)
                await self._admit(scope)
            finally:
                edge.pollers.release(poller)
                over.forget()
        if snapshot is not None:
            self._metrics.polled(name, edge.given, snapshot)
            self._edges.answered(edge, poller, snapshot, at_once=held_with is None)
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug("edge %s polled, and was given revision %d", name, snapshot.revision)
        return snapshot, held_with is not None

    async def _hold(self, name: str, given: Served, seconds: float, gone: "asyncio.Future[None]") -> Served | None:
        """Hold a poll, as `Polls.wait` does; not for long while this service is cut off from the others."""
        if self._is_cut_off is None:
            return await self._polls.wait(name, given, seconds, gone)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            left = deadline - loop.time()
            found = await self._polls.wait(name, given, min(left, _LOOK_SECONDS), gone)
            if found is not given or left <= _LOOK_SECONDS or self._polls.closed or self._is_cut_off():
                return found

    async def _refuse(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem. It is told in the metrics: a line for each would flood the log."""
        self._metrics.requested(scope["method"], PATH, response.status_code)
        logger.debug("a poll was answered with %d", response.status_code)
        await response(scope, receive, send)

    def _headers(self, snapshot: Served) -> dict[str, object]:
        if snapshot is not self._sent:
            self._start = {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", b"%d" % len(snapshot.document.content)),
                    (b"cache-control", b"no-store"),
                    (b"config-revision", b"%d" % snapshot.revision),
                ],
            }
            self._sent = snapshot
        return self._start


def _closing(start: Mapping[str, Any]) -> dict[str, object]:
    return {**start, "headers": [*start["headers"], (b"connection", b"close")]}


class _Over:
    """When nobody listens to a held poll any more, or its token is revoked or has expired: then `future` is done.

    Thousands may be held, and all are let go of at each change: so they have callbacks, and no task of their own.
    """

    def __init__(self, access: Access, connection: Connection, credential: bytes) -> None:
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._access = access
        self._connection = connection
        self._credential = credential
        self._timer: asyncio.TimerHandle | None = None
        connection.closing.add(self._end)
        access.changing.add(self._look)
        self._look()

    def forget(self) -> None:
        self._connection.closing.discard(self._end)
        self._access.changing.discard(self._look)
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        if not self.future.done():
            self.future.set_result(None)

    def _look(self) -> None:
        """Find out whether the token is good still, and look again when it expires."""
        if self._access.find_by_header(self._credential) is None or not self._connection.open:
            self._end()
            return
        if self._timer is not None:
            self._timer.cancel()
        left = self._access.seconds_left(self._credential)
        self._timer = None if left is None else self.future.get_loop().call_later(left, self._look)


@lru_cache(maxsize=1024)
def read_query(query: bytes) -> tuple[str, float]:
    """Return the edge's name and how many seconds the poll may wait. Raises `Invalid`."""
    try:
        values = parse_qs(query.decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Invalid([FieldError("", "query.format", "the query cannot be read", "query")]) from None
    wrong = []
    for name, given in values.items():
        if name not in {"edge", "wait"}:
            wrong.append(FieldError(pointer(name), "query.unknown", "there is no such parameter here", "query"))
        elif len(given) > 1:
            wrong.append(FieldError(pointer(name), "query.duplicate", "this parameter is given twice", "query"))
    edge = values.get("edge", [DEFAULT_EDGE])[0]
    wait = values.get("wait", ["0"])[0]
    try:
        check_name(edge)
    except Refusal as error:
        wrong.append(FieldError("/edge", error.code, error.detail, "query"))
    if not _SECONDS.fullmatch(wait) or float(wait) > LONGEST_WAIT_SECONDS:
        wrong.append(FieldError("/wait", "wait.range", "this has to be a number of seconds from 0 to 60", "query"))
    if wrong:
        raise Invalid(wrong)
    seconds = float(wait)
    return edge, seconds - _EARLY_SECONDS if seconds >= _LEAST_SHORTENED_SECONDS else seconds


def _seen(scope: Scope, principal: Principal) -> Actor:
    """Return who polls, and from where."""
    client = scope.get("client")
    return principal.seen(client[0] if client else None, None).actor


def _list_credentials(scope: Scope) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == b"authorization"]


def _unknown_connection() -> Connection:
    """Return what stands for a connection of which the server does not tell: it never holds a poll."""
    connection = Connection()
    connection.close()
    return connection
