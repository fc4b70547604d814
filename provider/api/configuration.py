"""`GET /traefik/configuration`: what Traefik polls.

A bare ASGI application: it reads the snapshot in memory, and neither the database nor anything that
could fail or wait. 200 with the document, or an error, at which Traefik keeps what it has.
"""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs

from pydantic_core import PydanticCustomError
from starlette.types import Receive, Scope, Send

from provider.api import problems
from provider.edges import CONNECTION, Connection, Polls
from provider.errors import FieldError, Invalid, ProviderError, Unavailable, pointer
from provider.revisions import Revisions, Snapshot
from provider.values import check_name

PATH: Final = "/traefik/configuration"
LONGEST_WAIT_SECONDS: Final = 60.0
DEFAULT_EDGE: Final = "default"

_EDGES_PER_CONNECTION: Final = 16
_SECONDS: Final = re.compile(r"(?=.{1,30}$)(0|[1-9][0-9]*)(\.[0-9]+)?([Ee][+-]?[0-9]+)?")
"""A number as in JSON, and not as in Python, for which `1_0` and `٣` are numbers too."""


class ConfigurationEndpoint:
    """Answers the edges' polls."""

    def __init__(self, revisions: Revisions, polls: Polls) -> None:
        self._revisions = revisions
        self._polls = polls
        self._sent: Snapshot | None = None
        self._start: dict[str, object] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = scope["method"]
        if method not in {"GET", "HEAD"}:
            response = problems.problem(
                405, "method-not-allowed", "Method not allowed", "this is polled with GET", PATH
            )
            response.headers["Allow"] = "GET, HEAD"
            await response(scope, receive, send)
            return
        try:
            edge, seconds = read_query(scope["query_string"])
            snapshot = self._revisions.current
            if snapshot is None:
                raise Unavailable(self._revisions.problem)
        except ProviderError as error:
            await problems.from_error(error, PATH)(scope, receive, send)
            return
        connection: Connection | None = scope.get("state", {}).get(CONNECTION)
        if connection is not None and method == "GET":  # what answers HEAD was not given
            given = connection.given.get(edge)
            if given is not None and seconds > 0:
                snapshot = await self._polls.wait(given, seconds, lambda: _disconnected(receive))
            if len(connection.given) >= _EDGES_PER_CONNECTION:
                connection.given.clear()
            connection.given[edge] = snapshot
        await send(self._headers(snapshot))
        await send({"type": "http.response.body", "body": snapshot.document.content if method == "GET" else b""})

    def _headers(self, snapshot: Snapshot) -> dict[str, object]:
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
            wrong.append(FieldError(pointer(name), "query.duplicate", "this parameter stands twice", "query"))
    edge = values.get("edge", [DEFAULT_EDGE])[0]
    wait = values.get("wait", ["0"])[0]
    try:
        check_name(edge)
    except PydanticCustomError as error:
        wrong.append(FieldError("/edge", error.type, error.message(), "query"))
    if not _SECONDS.fullmatch(wait) or float(wait) > LONGEST_WAIT_SECONDS:
        wrong.append(FieldError("/wait", "wait.range", "the seconds to wait are a number from 0 to 60", "query"))
    if wrong:
        raise Invalid(wrong)
    return edge, float(wait)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
