"""Problem details (RFC 9457): the one form in which every error leaves the service."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from provider import errors, failures, validation
from provider.api.methods import DECLARED, complete
from provider.errors import FieldError, ProviderError
from provider.failures import Failure
from provider.logs import hidden
from provider.messages import Message
from provider.models.shown import Shown, described

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "urn:wayshub-provider:"
MOST_ERRORS: Final = 100
LONGEST_TEXT: Final = 2000
"""The most characters of a text in a problem: what a client sent is not sent back at any length."""

STATUSES: Final[Mapping[type[ProviderError], int]] = {
    errors.Unreadable: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.InUse: 409,
    errors.Brake: 409,
    errors.ChangedSince: 409,
    errors.NotPending: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.Invalid: 422,
    errors.Unverified: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}

_HTTP: Final = {
    # Only what reads forms raises it, in its own words.
    400: (
        errors.Unreadable.code,
        errors.Unreadable.title,
        Message("this is not a form, or its fields are too many or too long"),
    ),
    404: ("not-found", "Not found", Message("there is nothing at this path")),
    405: ("method-not-allowed", "Method not allowed", Message("this path does not support this method")),
}

_OPEN: Final = {"additionalProperties": True}
"""Other members may come in later (RFC 9457)."""

logger = logging.getLogger(__name__)


class ProblemField(Shown):
    """One field that is wrong."""

    said: ClassVar = _OPEN

    pointer: str = described("JSON pointer (RFC 6901) to the field; empty for the input as a whole.")
    code: str = described("Stable code of the mistake.")
    detail: str = described("What is wrong, as a sentence.")
    place: str = described("Where the field is: body, query, path or header.", default="body", key="in")


class ProblemRevision(Shown):
    """A change that somebody else made meanwhile."""

    said: ClassVar = _OPEN

    number: int = described("Number of the revision.")
    time: AwareDatetime = described("When it was made.")
    author: str = described("Who made it.")
    summary: str = described("What changed, as a short sentence.")


class Problem(Shown):
    """What went wrong (RFC 9457)."""

    said: ClassVar = _OPEN
    example: ClassVar = {
        "type": "urn:wayshub-provider:invalid",
        "title": "The input is not valid",
        "status": 422,
        "detail": "url: 'ftp://10.0.0.11' does not begin with http://, https:// or h2c://",
        "instance": "/api/v1/services/wayshub/servers/a",
        "errors": [
            {
                "pointer": "/url",
                "code": "url.scheme",
                "detail": "'ftp://10.0.0.11' does not begin with http://, https:// or h2c://",
                "in": "body",
            }
        ],
    }

    type: str = described("Stable URN of the kind of problem.")
    title: str = described("The kind of problem, in words.")
    status: int = described("The HTTP status.")
    detail: str = described("What went wrong this time, as a sentence.")
    instance: str = described("Path of the request.")
    errors: list[ProblemField] = described("The fields that are wrong, at most 100.", default=[])
    confirm: int | None = described("With the type `brake`: the number that confirms the change.", default=None)
    revisions: list[ProblemRevision] = described(
        "What others changed since the version in `If-Match`, newest first.", default=[]
    )


class ProblemResponse(JSONResponse):
    """A problem, which notes in the request how it failed: people may be shown it in another form."""

    media_type = MEDIA_TYPE
    failure: Failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        failures.note(scope, self.failure)
        await super().__call__(scope, receive, send)


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    instance: str,
    fields: Sequence[FieldError] = (),
    more: Mapping[str, Any] | None = None,
) -> ProblemResponse:
    """Write a problem as a response; `more` are members of its kind alone."""
    content: dict[str, Any] = {
        "type": TYPES + code,
        "title": title,
        "status": status,
        "detail": _plain(detail),
        "instance": _plain(instance),
    }
    if fields:
        content["errors"] = [
            {
                "pointer": _plain(field.pointer),
                "code": field.code,
                "detail": _plain(field.detail),
                "in": field.place,
            }
            for field in fields[:MOST_ERRORS]
        ]
    content |= more or {}
    headers = {"Cache-Control": "no-store"}
    if status == 503:
        headers["Retry-After"] = "1"
    response = ProblemResponse(content, status, headers)
    response.failure = Failure(status, detail, fields)
    return response


def from_error(error: ProviderError, instance: str) -> JSONResponse:
    """Write one of our errors as a response."""
    more: dict[str, Any] = {}
    if isinstance(error, errors.Brake):
        more["confirm"] = error.number
    if isinstance(error, errors.PreconditionFailed | errors.ChangedSince) and error.since:
        more["revisions"] = [asdict(revision) for revision in error.since]
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    response = problem(status, error.code, error.title, error.detail, instance, error.fields, more)
    if isinstance(error, errors.Unauthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.TooMany):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def install(app: FastAPI) -> None:
    """Let every error of the app leave it as a problem."""

    @app.exception_handler(ProviderError)
    async def provider_error(request: Request, error: ProviderError) -> JSONResponse:
        return from_error(error, request.url.path)

    @app.exception_handler(RequestValidationError)
    async def validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
        return from_error(validation.invalid(error), request.url.path)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        code, title, detail = _HTTP.get(error.status_code, ("error", str(error.detail), str(error.detail)))
        response = problem(error.status_code, code, title, detail, request.url.path)
        response.headers.update(error.headers or {})
        if error.status_code == 405:
            response.headers["Allow"] = ", ".join(_allowed(app, request))
        return response

    @app.exception_handler(Exception)
    async def bug(request: Request, _error: Exception) -> JSONResponse:
        # Starlette logs it with its traceback after this has answered.
        detail = Message("this is a bug in wayshub-provider; see its log")
        return problem(500, "internal", "Internal error", detail, request.url.path)


def _allowed(app: FastAPI, request: Request) -> list[str]:
    """Return the methods that a path knows. Starlette tells those of one route, and a path may have several."""
    scopes = {method: {**request.scope, "method": method} for method in DECLARED}
    found = [
        method for method, scope in scopes.items() if any(route.matches(scope)[0] is Match.FULL for route in app.routes)
    ]
    return complete(found or ["GET"])  # files are at no route of their own, and only read


def _plain(text: str) -> str:
    """Make sure that a text can be encoded, which half a surrogate pair cannot, is not too long, and has no secret."""
    text = hidden(text)
    cut = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
    return cut.encode("utf-8", "backslashreplace").decode("utf-8")
