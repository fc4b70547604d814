"""`/openapi.json`: what the REST API is, for programs and for the page that shows it."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from provider import declarations
from provider.api import configuration, nouns, rollouts, schemas
from provider.api.answers import AnsweringRoute
from provider.api.documentation import REVISION, WRITTEN, problem
from provider.api.prefer import LONGEST_WAIT_SECONDS, UnconfirmedOutput
from provider.api.problems import Problem
from provider.api.requests import ID_HEADER
from provider.api.schemas import SCHEMAS
from provider.api.writing import CONFIRM_WITHIN
from provider.models import TrialOutput
from provider.security import cookies, needs
from provider.values import NAME_SCHEMA

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs.STATE)])

_ID: Final = {
    "description": "ID of the request, also in its log lines. Send your own (1 to 64 letters, digits, dots, "
    "underscores and hyphens), or get a new one.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
}
_PREFER: Final[dict[str, Any]] = {
    "name": "Prefer",
    "in": "header",
    "description": f"`wait=SECONDS` (RFC 7240), 0 to {LONGEST_WAIT_SECONDS}: respond once every edge that still polls "
    "runs the change, with `Preference-Applied: wait`, or with 202 when the time is up. Other preferences are ignored.",
    "schema": {"type": "string"},
    "example": "wait=5",
}
_UNCONFIRMED: Final[dict[str, Any]] = {
    "description": "The change was made, but some edges did not run it in time.",
    "headers": {"Config-Revision": REVISION},
    "content": {"application/json": {"schema": {"$ref": SCHEMAS + UnconfirmedOutput.__name__}}},
}
_SCHEMES: Final[dict[str, Any]] = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token, such as `token create` prints."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": cookies.NAME,
        "description": "The session of somebody logged in to the console. The name ends with the port the browser "
        "connects to, such as `_8000`; over TLS it begins with `__Host-`.",
    },
}
_SECURITY: Final[list[dict[str, list[str]]]] = [{"token": []}, {"session": []}]
OPEN: Final = frozenset({"/healthz", "/readyz"})
"""Paths that answer without credentials."""


@router.get("/openapi.json")
async def openapi(request: Request) -> dict[str, Any]:
    """Return the OpenAPI document."""
    document: dict[str, Any] = await run_in_threadpool(request.app.openapi)  # it takes a second to make
    return document


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return the function that makes the app's OpenAPI document, once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _make_document(app)
        return app.openapi_schema

    return openapi


def _make_document(app: FastAPI) -> dict[str, Any]:
    routes = [*nouns.describe(), *app.routes]
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=routes,
        tags=app.openapi_tags,
    )
    _add_schemas(document["components"]["schemas"], routes)
    document["components"]["headers"] = {ID_HEADER: _ID}
    document["components"]["securitySchemes"] = _SCHEMES
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path in rollouts.UNTIMED:
                operation["parameters"] = [each for each in operation["parameters"] if each["name"] != CONFIRM_WITHIN]
            _complete(operation, method, is_open=path in OPEN)
    document["paths"][configuration.PATH] = {"get": _CONFIGURATION, "head": _CONFIGURATION_HEAD}
    return document


def _add_schemas(known: dict[str, Any], routes: Iterable[BaseRoute]) -> None:
    """Add the schemas of what FastAPI does not see: all that is declared as an object."""
    answers = [(route.shown, route.is_page) for route in routes if isinstance(route, AnsweringRoute) and route.shown]
    shown = [Problem, UnconfirmedOutput, TrialOutput, *(model for model, _is_page in answers)]
    known.update(schemas.of_all(shown, [model for model, is_page in answers if is_page]))
    known.update(declarations.schemas(SCHEMAS + "{model}"))
    for unused in ("HTTPValidationError", "ValidationError"):
        known.pop(unused, None)


def _describe_trial(responses: dict[str, Any]) -> None:
    """Add what is answered with `dryRun`: the same with the difference, and for a removal the difference alone."""
    trial = {"$ref": SCHEMAS + TrialOutput.__name__}
    for status in {"200", "201"} & responses.keys():
        content = responses[status]["content"]["application/json"]
        content["schema"] = {"anyOf": [content["schema"], trial]}
    if "204" in responses:
        responses["200"] = {
            "description": "With `dryRun`: what the removal would change.",
            "headers": dict(WRITTEN),
            "content": {"application/json": {"schema": trial}},
        }


def _complete(operation: dict[str, Any], method: str, *, is_open: bool) -> None:
    """Add to an operation what holds for all: who may come in, how to wait, and the id of the request."""
    responses = operation["responses"]
    if method != "get":
        operation.setdefault("parameters", []).append(_PREFER)
        responses["202"] = dict(_UNCONFIRMED, headers=dict(_UNCONFIRMED["headers"]))
    if any(parameter["name"] == "dryRun" for parameter in operation.get("parameters", ())):
        _describe_trial(responses)
    responses["403"] = problem(403)
    if not is_open:
        responses["401"] = problem(401)
        responses["503"] = problem(503)  # without a database, nobody is known
        operation["security"] = _SECURITY
    for response in responses.values():
        response.setdefault("headers", {})[ID_HEADER] = {"$ref": f"#/components/headers/{ID_HEADER}"}


_CONFIGURATION: Final[dict[str, Any]] = {
    "tags": ["edge"],
    "summary": "Get the configuration (for Traefik)",
    "operationId": "configuration",
    "description": "The document for Traefik's HTTP provider. The first request on a TCP connection is answered at "
    "once. With `wait`, later requests on the same connection are held until the document changes or the time is up.",
    "parameters": [
        {
            "name": "edge",
            "in": "query",
            "description": "Name of the edge that polls.",
            "schema": {
                "type": "string",
                **NAME_SCHEMA,
                "default": "default",
            },
            "example": "default",
        },
        {
            "name": "wait",
            "in": "query",
            "description": "Maximum number of seconds to hold the response while nothing changes.",
            "schema": {"type": "number", "minimum": 0, "maximum": 60, "default": 0},
            "example": 30,
        },
    ],
    "responses": {
        "200": {
            "description": "The document.",
            "headers": {"Config-Revision": REVISION},
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        "401": problem(401),
        "403": problem(403),
        "422": problem(422),
        "503": problem(503),
    },
    "security": _SECURITY[:1],
}
_CONFIGURATION_HEAD: Final = {
    **_CONFIGURATION,
    "summary": "Get the headers of the configuration",
    "operationId": "configuration_head",
    "description": "The headers that GET returns, without the document. Never held.",
    "responses": {
        status: {key: value for key, value in answer.items() if key != "content"}
        for status, answer in _CONFIGURATION["responses"].items()
    },
}
