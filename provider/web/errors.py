"""What went wrong, as a page: a person who opens an address in a browser gets words, and not a problem as JSON."""

from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provider import failures, logs
from provider.failures import Failure
from provider.web import kept
from provider.web.forms import Form
from provider.web.kept import IsPage, Kept, Room
from provider.web.paths import HOME, find_object
from provider.web.rendering import Templates, is_part

_PROGRAMS: Final = ("/api/", "/traefik/")
"""Below these paths are answers for programs, whoever asks."""

_RETURNABLE: Final = frozenset({409, 412, 422, 429, 500, 503})
"""Where it is of use to show the form again, with what was typed."""
_PIECE_BYTES: Final = 64 * 1024
"""A page is sent in pieces: no more than one waits for a client that does not read."""


class ErrorPages:
    """Middleware that shows people what went wrong, in their language.

    It stands around all that may answer with a problem. htmx, which asked for a part of a page, gets a notice. Who
    sent a form gets back what was typed: after a login, where the session has ended, else on the form's page.
    """

    def __init__(self, app: ASGIApp, templates: Templates, typed: Kept, is_page: IsPage) -> None:
        self._app = app
        self._templates = templates
        self._kept = typed
        self._is_page = is_page
        self._room = Room()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _wants_page(scope):
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        request, read = Request(scope), bytearray()
        is_form = scope["method"] == "POST" and not is_part(request) and self._is_page(scope["path"], "POST")
        count = kept.length(scope) if is_form else 0

        async def receive_noted() -> Message:
            message = await receive()
            if count and "principal" in state and len(read) <= count:
                read.extend(message.get("body", b""))
            return message

        async def send_page(message: Message) -> None:
            failure = failures.find(scope)
            if failure is None:
                await send(message)
            elif message["type"] == "http.response.start":
                if failure.status == 401 and is_form:
                    await self._ask_to_log_in(request, message, receive, send, count)
                    return
                returned = self._keep(request, bytes(read)) if failure.status in _RETURNABLE and read else None
                await _send(message, self._page(request, failure, returned), send, is_part=is_part(request))
            # The body of the problem is dropped: the page was sent in its place.

        await self._app(scope, receive_noted, send_page)

    async def _ask_to_log_in(self, request: Request, start: Message, receive: Receive, send: Send, count: int) -> None:
        """Ask who it is, with what was typed: nobody has read it yet."""
        address = request.client.host if request.client else ""
        with self._room.taking(address, count) as has_room:
            body = await kept.receive_all(receive, count) if has_room else b""
            texts = kept.read(body)
            written = kept.write(texts)
            is_lost = not written and not kept.is_empty(request.scope)
            values = {
                "next": kept.find_page(request, texts, self._is_page),
                "kept": written,
                "ended": "kept" if written else "lost" if is_lost else "pressed",
                "form": Form({"name": "", "password": ""}),
                "is_first": False,
                "notice": None,
            }
            await _send(start, self._templates.render(request, "login.html", values), send)

    def _keep(self, request: Request, body: bytes) -> str | None:
        """Keep what was typed, and return the address of the page on which it stands again."""
        texts = kept.read(body)
        written = kept.write(texts)
        if not written:
            return None
        page = kept.find_page(request, texts, self._is_page)
        return kept.returning(page, self._kept.keep(request.state.actor.credential, written))

    def _page(self, request: Request, failure: Failure, returned: str | None) -> str:
        """Return the page to show instead of a problem, or the notice."""
        values: dict[str, Any] = {
            "failure": failure,
            "method": request.method,
            "reference": logs.find_bound("request_id"),
            "notice": None,
            "object": find_object(request.url.path),
            "returned": returned,
        }
        if request.method != "GET":  # the switches lead back with GET
            values["here"] = returned or HOME
        return self._templates.render(request, "failure.html" if is_part(request) else "error.html", values)


async def _send(start: Message, page: str, send: Send, *, is_part: bool = False) -> None:
    """Send a page in the place of a problem: with the problem's status and headers."""
    body = page.encode()
    start = {**start, "headers": list(start["headers"])}
    headers = MutableHeaders(scope=start)
    headers["Content-Type"] = "text/html; charset=utf-8"
    headers["Content-Length"] = str(len(body))
    if is_part:
        headers["HX-Retarget"] = "#notices"
        headers["HX-Reswap"] = "innerHTML"
    await send(start)
    for at in range(0, len(body), _PIECE_BYTES):
        piece = body[at : at + _PIECE_BYTES]
        await send({"type": "http.response.body", "body": piece, "more_body": at + len(piece) < len(body)})


def _wants_page(scope: Scope) -> bool:
    """Tell whether a person asks, with a browser."""
    headers = Headers(scope=scope)
    accepted = headers.get("accept", "")
    return not scope["path"].startswith(_PROGRAMS) and ("text/html" in accepted or "hx-request" in headers)
