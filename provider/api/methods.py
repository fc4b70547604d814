"""HEAD and OPTIONS, which no route declares: each path that has GET has HEAD too, and each has OPTIONS.

A HEAD is answered as the GET would be, without its body. An OPTIONS is answered here, with the methods of the path;
nothing in it lets pages of other origins in.
"""

from collections.abc import Iterable
from re import Pattern
from typing import Final, Protocol

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DECLARED: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""The methods that routes declare, in the order in which they are told."""


class DeclaredRoute(Protocol):
    """What is known of a route: its paths, and the methods that it declares."""

    @property
    def pattern(self) -> Pattern[str]:
        """Matches its paths."""

    @property
    def methods(self) -> frozenset[str]:
        """Its methods."""


def list_methods(routes: Iterable[DeclaredRoute], path: str) -> list[str]:
    """Return the methods that a path declares; none where there is nothing."""
    return [
        method for method in DECLARED if any(method in route.methods for route in routes if route.pattern.match(path))
    ]


def complete(methods: Iterable[str]) -> list[str]:
    """Return all methods that a path answers which declares these."""
    told = list(methods)
    return [*(["GET", "HEAD"] if "GET" in told else []), *(method for method in told if method != "GET"), "OPTIONS"]


def answer_options(methods: Iterable[str]) -> Response:
    """Answer an OPTIONS at a path that declares these methods."""
    return Response(status_code=204, headers={"Allow": ", ".join(complete(methods)), "Cache-Control": "no-store"})


class Heads:
    """Middleware that lets a GET be done for each HEAD, and sends no more than its head.

    What would be sent for as long as somebody listens ends there: the app is told that the client is gone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        is_sent = False

        async def receive_until_sent() -> Message:
            return {"type": "http.disconnect"} if is_sent else await receive()

        async def send_head(message: Message) -> None:
            nonlocal is_sent
            if is_sent:
                return
            await send(message)
            if message["type"] == "http.response.start":
                is_sent = True
                await send({"type": "http.response.body", "body": b""})

        got = {**scope, "method": "GET"}
        await self._app(got, receive_until_sent, send_head)
        # For who counts requests by their routes.
        scope.update({key: got[key] for key in ("endpoint", "path_params") if key in got})
