"""What went wrong, as a page: a person who opens an address in a browser gets words, and not a problem as JSON."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import get_contextvars

from provider import failures
from provider.failures import Failure
from provider.web.paths import HOME, find_object
from provider.web.rendering import Templates, is_part

_PROGRAMS: Final = ("/api/", "/traefik/")
"""Below these paths are answers for programs, whoever asks."""


class ErrorPages:
    """Middleware that shows people what went wrong, in their language.

    It stands around all that may answer with a problem. htmx, which asked for a part of a page, gets a notice.
    """

    def __init__(self, app: ASGIApp, templates: Templates) -> None:
        self._app = app
        self._templates = templates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _wants_page(scope):
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})

        async def send_page(message: Message) -> None:
            failure = failures.find(scope)
            if failure is None:
                await send(message)
            elif message["type"] == "http.response.start":
                for part in self._page(Request(scope), failure, message):
                    await send(part)
            # The body of the problem is dropped: the page was sent in its place.

        await self._app(scope, receive, send_page)

    def _page(self, request: Request, failure: Failure, start: Message) -> tuple[Message, Message]:
        """Return the messages to send instead of a problem's: its status and headers, and another body."""
        name = "failure.html" if is_part(request) else "error.html"
        values = {
            "failure": failure,
            "method": request.method,
            "reference": get_contextvars().get("request_id"),
            "notice": None,
            "object": find_object(request.url.path),
        }
        if request.method != "GET":  # the switches lead back with GET
            values["here"] = HOME
        body = self._templates.render(request, name, values).encode()
        start = {**start, "headers": list(start["headers"])}
        headers = MutableHeaders(scope=start)
        headers["Content-Type"] = "text/html; charset=utf-8"
        headers["Content-Length"] = str(len(body))
        if is_part(request):
            headers["HX-Retarget"] = "#notices"
            headers["HX-Reswap"] = "innerHTML"
        return start, {"type": "http.response.body", "body": body}


def _wants_page(scope: Scope) -> bool:
    """Tell whether a person asks, with a browser."""
    headers = Headers(scope=scope)
    accepted = headers.get("accept", "")
    return not scope["path"].startswith(_PROGRAMS) and ("text/html" in accepted or "hx-request" in headers)
