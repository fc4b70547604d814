"""What is done around every request but the polls: its id, its line in the log, its place in the metrics."""

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute, Mount
from starlette import types
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from provider import logs
from provider.api import problems
from provider.api.access import PRINCIPAL
from provider.api.configuration import PATH
from provider.api.prefer import REVISION_HEADER
from provider.errors import Unavailable
from provider.logs import Sparing, hidden, printable
from provider.messages import Message
from provider.metrics.metrics import METHODS, OTHER_METHOD, UNMATCHED
from provider.noun_paths import told

logger = logging.getLogger(__name__)

ID_HEADER: Final = "X-Request-ID"

STREAMS: Final = frozenset({"/api/v1/events"})
"""Routes whose answers last as long as somebody listens: how long says nothing."""

QUIET: Final = frozenset({PATH, "/healthz", "/readyz", "/metrics", *STREAMS})
"""Routes that programs ask for all the time: their lines are at `debug`."""

_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LONGEST_PATH: Final = 300
_LEAST_REFUSED: Final = 400
_STOPPING: Final = Message("wayshub-provider is shutting down: try again once it is running")

Count = Callable[[str, str, int, float | None], None]
"""Counts a request: its method, the template of its route, its status, and how many seconds it took, if that says
anything."""


class Requests:
    """Middleware around the whole API, so that it sees what any other part answers."""

    def __init__(
        self, app: ASGIApp, templates: Mapping[object, str], count: Count, newest_event: Callable[[], str]
    ) -> None:
        self._app = app
        self._newest_event = newest_event
        self._templates = templates
        self._count = count
        self._lines = Sparing(logger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = perf_counter()
        request_id = find_id(Headers(scope=scope)) or secrets.token_hex(8)
        # Never undone: a request has a task of its own, which ends when the server has logged what went wrong in it.
        logs.bind(request_id=request_id)
        # A page is made of what there is from now on: it hears of all that comes after this event.
        scope.setdefault("state", {}).update(request_id=request_id, newest_event=self._newest_event())
        status, revision, is_started = 500, None, False

        async def send_noted(message: types.Message) -> None:
            nonlocal status, revision, is_started
            if message["type"] == "http.response.start":
                is_started = True
                status, headers = message["status"], list(message["headers"])
                revision = _find(headers, REVISION_HEADER)
                message["headers"] = [*headers, (ID_HEADER.lower().encode(), request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except asyncio.CancelledError:
            # The service stops, and has waited long enough: for the rest of a body, or for somebody who reads.
            if not is_started:
                await problems.from_error(Unavailable(_STOPPING), scope["path"])(scope, receive, send_noted)
        finally:
            seconds = perf_counter() - start
            template = self._templates.get(scope.get("endpoint"), UNMATCHED)
            route = told(template, scope.get("path_params", {}))
            self._count(scope["method"], route, status, None if route in STREAMS else seconds)
            _log(self._lines, scope, route, status, seconds, revision)


def find_id(headers: Headers) -> str | None:
    """Find the id that a client gave its request, if it is one that can stand in a log."""
    given = headers.get(ID_HEADER, "")
    return given if _SANE_ID.fullmatch(given) and hidden(given) == given else None


def list_templates(api: FastAPI) -> dict[object, str]:
    """Return the templates of all routes by what answers there."""
    mounted = {route.app: route.path for route in api.routes if isinstance(route, Mount)}
    return mounted | {route.endpoint: route.path_format for route in api.routes if isinstance(route, APIRoute)}


def _find(headers: Iterable[tuple[bytes, bytes]], name: str) -> int | None:
    wanted = name.lower().encode()
    return next((int(value) for found, value in headers if found == wanted), None)


def _log(lines: Sparing, scope: Scope, route: str, status: int, seconds: float, revision: int | None) -> None:
    level = logging.WARNING if status >= 500 else logging.INFO
    if route in QUIET:
        level = logging.DEBUG
    if not logger.isEnabledFor(level):
        return
    client = scope["client"][0] if scope.get("client") else None
    method = printable(scope["method"])
    facts: dict[str, Any] = {
        "method": method,
        "route": route,
        "path": printable(hidden(scope["path"])[:_LONGEST_PATH]),
        "status": status,
        "duration_ms": round(seconds * 1000, 3),
        "client": client,
    }
    told = f", revision {revision}" if revision is not None else ""
    if revision is not None:
        facts["revision"] = revision
    words = "%s %s: %d in %.1f ms%s, from %s"
    values = (method, facts["path"], status, facts["duration_ms"], told, client)
    if status < _LEAST_REFUSED and PRINCIPAL in scope["state"]:
        logger.log(level, words, *values, extra=facts)
        return
    # Anybody can have as many of these as he likes.
    known = method if method in METHODS else OTHER_METHOD
    what = f"requests were answered with {status}: {known} {route}"
    lines.log(level, (known, route, status), what, words, *values, **facts)
