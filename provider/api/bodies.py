"""Queries and bodies: read strictly, so that what is done is what the client meant.

JSON as Python reads it lets the last of duplicate keys win, takes NaN, and lets half of a surrogate
pair and integers that no database holds pass. Here each is refused, with a pointer to the field. So is
a parameter that is not known: somebody relies on it.
"""

import asyncio
import codecs
import email.message
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from functools import partial
from typing import Any, ClassVar, Final, NoReturn, get_origin

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette import types
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from provider import control_plane, json_mistakes
from provider.api import problems
from provider.api.concerns import find_awaited, find_concern, find_secured
from provider.api.prefer import REVISION_HEADER, read_wait, when_confirmed
from provider.errors import FieldError, Invalid, TooLarge, Unreadable, UnsupportedMediaType, pointer
from provider.messages import Message

LONGEST_BYTES: Final = 1024 * 1024
DEEPEST: Final = 20
MOST_MEMBERS: Final = 1000
MOST_MEMBERS_OF_ALL: Final = 200_000
"""The most fields of an object in the body that is a whole state."""

LONGEST_BYTES_OF_ALL: Final = 32 * 1024 * 1024
"""The longest body that is a whole state."""

LARGEST_INTEGER: Final = 2**63 - 1

_LONG_BYTES: Final = 32 * 1024
"""A body from this length on is decoded in a thread, so that other requests and the polls go on meanwhile."""

_COMPRESSED: Final = Message("a body with a Content-Encoding is not accepted: send it as it is, not compressed")
_SIGNATURES: Final = {
    b"\xff\xfe": "it is UTF-16 or UTF-32: send it as UTF-8",
    b"\xfe\xff": "it is UTF-16: send it as UTF-8",
    b"\x00\x00\xfe\xff": "it is UTF-32: send it as UTF-8",
    b"\x1f\x8b": "it is compressed by gzip: send it as it is",
    b"\x28\xb5\x2f\xfd": "it is compressed by zstd: send it as it is",
}
"""How bodies begin that are no UTF-8, with what to do."""

JSON_TYPES: Final = frozenset({"application/json"})
PATCH_TYPES: Final = frozenset({"application/json", "application/merge-patch+json"})


class BodyLimit:
    """Middleware that refuses a body that is too long, whether its length is announced or found out."""

    def __init__(self, app: types.ASGIApp, longest_bytes: Mapping[str, int] | None = None) -> None:
        """Take the paths at which bodies may be longer, with how long each may be."""
        self._app = app
        self._longest_bytes = longest_bytes or {}

    async def __call__(self, scope: types.Scope, receive: types.Receive, send: types.Send) -> None:
        """Serve one request."""
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
        """Return the body."""
        return self.document


class StrictRoute(APIRoute):
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
        """Read and decode the body."""
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
        _refuse("", "body.incomplete", "the connection ended before the body did")


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


class _Refused:
    """Stands in the decoded body for what is refused, so that its place can be told."""

    def __init__(self, code: str, detail: str, key: str | None = None) -> None:
        self.code = code
        self.detail = detail
        self.key = key


def read_json(body: bytes, most_members: int = MOST_MEMBERS) -> Any:
    """Decode a body. Raises `Unreadable`, which names the field wherever there is one."""
    text = _decode(body)
    try:
        document = json.loads(
            text,
            object_pairs_hook=partial(_members, most=most_members),
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        _refuse(
            "",
            "json.syntax",
            f"the body is not JSON: {json_mistakes.words(error)}, line {error.lineno}, column {error.colno}",
        )
    except RecursionError:
        _refuse("", "json.depth", f"the body is nested deeper than {DEEPEST} levels")
    for path, value in _walk(document):
        if isinstance(value, _Refused):
            where = (*path, value.key) if value.key is not None else path
            _refuse(pointer(*where), value.code, value.detail)
        if len(path) > DEEPEST:
            _refuse(pointer(*path[:1]), "json.depth", f"this is nested deeper than {DEEPEST} levels")
        if isinstance(value, str) and _has_surrogate(value):
            _refuse(
                pointer(*path),
                "text.surrogate",
                "the text has half of a surrogate pair, which is not a character",
            )
    return document


def _decode(body: bytes) -> str:
    for signature, advice in _SIGNATURES.items():
        if body.startswith(signature):
            _refuse("", "json.utf8", f"the body is not UTF-8: {advice}")
    if b"\x00" in body[:4]:  # what JSON begins with is ASCII
        _refuse("", "json.utf8", "the body is not UTF-8, but UTF-16 or UTF-32: send it as UTF-8")
    if body.startswith(codecs.BOM_UTF8):
        _refuse("", "json.syntax", "the body begins with a byte order mark (EF BB BF): send it without")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("", "json.utf8", f"the body is not UTF-8, at byte {error.start}")


def _refuse(where: str, code: str, detail: str) -> NoReturn:
    raise Unreadable(detail, [FieldError(where, code, detail)])


def _walk(document: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Go through all values, without recursion, each with the names that lead to it."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if len(path) > DEEPEST:
            continue
        if isinstance(value, dict):
            for key, member in value.items():
                if _has_surrogate(key):
                    yield path, _Refused("text.surrogate", "a field's name has half of a surrogate pair")
                waiting.append(((*path, key), member))
        elif isinstance(value, list):
            waiting.extend(((*path, index), member) for index, member in enumerate(value))


def _members(pairs: list[tuple[str, Any]], *, most: int) -> Any:
    if len(pairs) > most:
        return _Refused("json.members", f"this object has more than {most} fields")
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for key, _value in pairs:
            if key in seen:
                return _Refused("json.duplicate", "this field is given twice", key)
            seen.add(key)
    return members


def _constant(text: str) -> _Refused:
    return _Refused("json.number", f"{text} is not a number in JSON")


def _integer(text: str) -> int | _Refused:
    if len(text) > 20 or not -LARGEST_INTEGER - 1 <= int(text) <= LARGEST_INTEGER:
        return _Refused("json.number", "this number is too large")
    return int(text)


def _number(text: str) -> float | _Refused:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        return _Refused("json.number", "this number is too large")
    return number


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
