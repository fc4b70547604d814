"""Queries and bodies: read strictly, so that what is done is what the client meant.

A parameter that is not known is refused: somebody relies on it.
"""

import asyncio
import email.message
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar, Final, get_origin

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from starlette import types
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from provider import control_plane
from provider.api import problems
from provider.api.answers import AnsweringRoute
from provider.api.concerns import find_awaited, find_concern, find_secured
from provider.api.prefer import REVISION_HEADER, read_wait, when_confirmed
from provider.api.strict_json import MOST_MEMBERS, read_json
from provider.errors import FieldError, Invalid, TooLarge, Unreadable, UnsupportedMediaType, pointer
from provider.messages import Message

LONGEST_BYTES: Final = 1024 * 1024
MOST_MEMBERS_OF_ALL: Final = 200_000
"""The most fields of an object in the body that is a whole state."""

LONGEST_BYTES_OF_ALL: Final = 32 * 1024 * 1024
"""The longest body that is a whole state."""

_LONG_BYTES: Final = 32 * 1024
"""A body from this length on is decoded in a thread, so that other requests and the polls go on meanwhile."""

_COMPRESSED: Final = Message("a compressed body is not accepted: send it without a Content-Encoding")
JSON_TYPES: Final = frozenset({"application/json"})
PATCH_TYPES: Final = frozenset({"application/json", "application/merge-patch+json"})


class BodyLimit:
    """Middleware that refuses a body that is too long, whether its length is announced or found out."""

    def __init__(self, app: types.ASGIApp, longest_bytes: Mapping[str, int] | None = None) -> None:
        """Take the paths at which bodies may be longer, with how long each may be."""
        self._app = app
        self._longest_bytes = longest_bytes or {}

    async def __call__(self, scope: types.Scope, receive: types.Receive, send: types.Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        longest_bytes = self._longest_bytes.get(scope["path"], LONGEST_BYTES)
        coding = Headers(scope=scope).get("content-encoding", "identity").strip().lower()
        if coding not in {"", "identity"}:
            refused = problems.from_error(UnsupportedMediaType(_COMPRESSED), scope["path"])
            refused.headers["Accept-Encoding"] = "identity"
            await refused(scope, receive, send)
            return
        error = TooLarge(Message("a body can have at most {mebibytes} MiB", mebibytes=longest_bytes // (1024 * 1024)))
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > longest_bytes:
            await problems.from_error(error, scope["path"])(scope, receive, send)
            return
        received_bytes = 0

        async def receive_counted() -> types.Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > longest_bytes:
                raise error
            return message

        await self._app(scope, receive_counted, send)


class StrictRequest(Request):
    """A request whose body was read strictly."""

    document: Any

    async def json(self) -> Any:
        return self.document


class StrictRoute(AnsweringRoute):
    """A route that takes the parameters that it knows, and its body as JSON only, strictly."""

    most_members: ClassVar[int] = MOST_MEMBERS

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Check the query and read the body before FastAPI does."""
        handle = super().get_route_handler()
        known, repeated = _parameters(self.dependant), _repeated(self.dependant)
        has_body = self.body_field is not None
        accepted = PATCH_TYPES if "PATCH" in (self.methods or ()) else JSON_TYPES

        async def handle_strictly(request: Request) -> Response:
            check_query([name for name, _value in request.query_params.multi_items()], known, repeated)
            wait = read_wait(", ".join(request.headers.getlist("prefer"))) if request.method != "GET" else None
            if has_body:
                check_media_type(request.headers.get("content-type"), accepted)
                strict = StrictRequest(request.scope, request.receive)
                strict.document = await self.read_body(strict)
                request = strict
            response = await handle(request)
            # What was only tried is on its way to no edge.
            is_tried = getattr(request.state, "is_tried", False)
            if wait is None or is_tried or REVISION_HEADER not in response.headers:
                return response
            about = find_concern(request), find_awaited(request), find_secured(request)
            return await when_confirmed(control_plane.find(request), response, wait, *about)

        return handle_strictly

    async def read_body(self, request: Request) -> Any:
        return await _decode_body(await _receive(request), self.most_members)


def _parameters(dependant: Dependant) -> frozenset[str]:
    """Return the names of the parameters that a handler, or what it depends on, takes from the query."""
    names = frozenset(field.alias for field in dependant.query_params)
    return names.union(*(_parameters(dependency) for dependency in dependant.dependencies))


def _repeated(dependant: Dependant) -> frozenset[str]:
    """Return the names of those that may stand several times: the handler takes a list."""
    names = (field.alias for field in dependant.query_params if get_origin(field.field_info.annotation) is list)
    return frozenset(names).union(*(_repeated(dependency) for dependency in dependant.dependencies))


def check_query(given: list[str], known: frozenset[str], repeated: frozenset[str] = frozenset()) -> None:
    """Raise `Invalid` for parameters that nobody reads, and for those of which only one would be read."""
    wrong = []
    for name in dict.fromkeys(given):
        if name not in known:
            wrong.append(FieldError(pointer(name), "query.unknown", "there is no such parameter here", "query"))
        elif name not in repeated and given.count(name) > 1:
            wrong.append(FieldError(pointer(name), "query.duplicate", "this parameter is given twice", "query"))
    if wrong:
        raise Invalid(wrong)


class WholeRoute(StrictRoute):
    """A route whose body may be a whole state.

    One that is long to bring about is not decoded here: it is the request's `content`, and the document is empty.
    """

    most_members = MOST_MEMBERS_OF_ALL

    async def read_body(self, request: Request) -> Any:
        """Read the body, and decode it unless that is for another process."""
        body = await _receive(request)
        if not control_plane.find(request).turns.is_long(len(body)):
            return await _decode_body(body, self.most_members)
        request.state.content = body
        return {}


async def _receive(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        detail = "the connection ended before the body did"
        raise Unreadable(detail, [FieldError("", "body.incomplete", detail)]) from None


async def _decode_body(body: bytes, most_members: int) -> Any:
    if len(body) < _LONG_BYTES:
        return read_json(body, most_members)
    return await asyncio.to_thread(read_json, body, most_members)


def check_media_type(content_type: str | None, accepted: frozenset[str]) -> None:
    """Raise `UnsupportedMediaType` unless the body says that it is JSON, in UTF-8."""
    if content_type in accepted:
        return
    expected = " or ".join(sorted(accepted))
    if content_type is None:
        raise UnsupportedMediaType(f"the body needs a Content-Type: {expected}")
    message = email.message.Message()
    message["content-type"] = content_type
    charset = message.get_content_charset("utf-8")
    if message.get_content_type() not in accepted or charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType(f"the body's Content-Type has to be {expected}, in UTF-8")
