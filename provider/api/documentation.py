"""The OpenAPI document: every status that can occur, the headers, and what FastAPI cannot know."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from provider.api import configuration
from provider.api.problems import MEDIA_TYPE, Problem
from provider.models import DomainInput, RouterInput, ServerInput, ServiceInput

_SCHEMAS: Final = "#/components/schemas/"

_WORDS: Final = {
    400: "The body cannot be read: not UTF-8, not JSON, a duplicate key, a number that is none.",
    404: "There is no such object.",
    409: "The name is taken, or what others depend on would be removed; the detail names them.",
    412: "The object is not at the version, or not in the state, that the request demands.",
    413: "The body has more than 1 MiB.",
    415: "The body is not JSON by its Content-Type.",
    422: "The input was understood, and is wrong; `errors` names every field.",
    503: "The database cannot be used now, or there is no verified state. Nothing was changed.",
}
_ETAG: Final = {"description": "Strong tag of this version of the object.", "schema": {"type": "string"}}
_REVISION: Final = {
    "description": "Number of the revision at which the state is now.",
    "schema": {"type": "integer", "minimum": 0},
}
_LOCATION: Final = {"description": "Path of the new object.", "schema": {"type": "string"}}

Responses = dict[int | str, dict[str, Any]]


def _problem(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": _SCHEMAS + "Problem"}}}
    return {"description": _WORDS[status], "content": content}


def _problems(*statuses: int) -> Responses:
    return {status: _problem(status) for status in statuses}


_BODY = (400, 413, 415, 422, 503)
_CHANGED: Final = {
    "description": "The object as it is now.",
    "headers": {"ETag": _ETAG, "Config-Revision": _REVISION},
}
_CREATED: Final = {
    "description": "It was created.",
    "headers": {"ETag": _ETAG, "Config-Revision": _REVISION, "Location": _LOCATION},
}
_REMOVED: Final = {"description": "It was removed.", "headers": {"Config-Revision": _REVISION}}
_SHOWN: Final = {"description": "The object.", "headers": {"ETag": _ETAG}}
_SAME: Final = {"description": "The client has this version already.", "headers": {"ETag": _ETAG}}

READY: Final = _problems(503)
LIST: Final = _problems(422, 503)
LIST_WITHIN: Final = _problems(404, 422, 503)
READ: Final = {200: _SHOWN, 304: _SAME} | _problems(404, 503)
READ_OBSERVED: Final = {200: _SHOWN} | _problems(404, 503)
CREATE: Final = {201: _CREATED} | _problems(409, 412, *_BODY)
CREATE_WITHIN: Final = {201: _CREATED} | _problems(404, 409, 412, *_BODY)
REPLACE: Final = {200: _CHANGED, 201: _CREATED} | _problems(412, *_BODY)
REPLACE_WITHIN: Final = {200: _CHANGED, 201: _CREATED} | _problems(404, 412, *_BODY)
MERGE: Final = {200: _CHANGED} | _problems(404, 412, *_BODY)
REMOVE: Final = {204: _REMOVED} | _problems(404, 409, 412, 422, 503)
REMOVE_UNUSED: Final = {204: _REMOVED} | _problems(404, 412, 503)


def patch(model: type[BaseModel]) -> dict[str, Any]:
    """Describe the body of a merge patch of a model."""
    schema = {"schema": {"$ref": _SCHEMAS + _patch_name(model)}}
    content = {"application/merge-patch+json": schema, "application/json": schema}
    return {"requestBody": {"required": True, "content": content}}


def _patch_name(model: type[BaseModel]) -> str:
    return model.__name__.removesuffix("Input") + "Patch"


def _patch_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's schema with nothing required, and null for what goes back to its default."""
    schema = model.model_json_schema(ref_template=_SCHEMAS + "{model}")
    required = schema.pop("required", [])
    schema.pop("$defs", None)
    schema.pop("example", None)
    for name, field in schema["properties"].items():
        if name not in required and "anyOf" not in field:
            schema["properties"][name] = {"anyOf": [field, {"type": "null"}]}
    schema["title"] = _patch_name(model)
    schema["description"] = "A JSON merge patch (RFC 7396): only the fields that shall change; null takes the default."
    return schema


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return the function that makes the app's OpenAPI document, once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            schemas = schema["components"]["schemas"]
            problem = Problem.model_json_schema(ref_template=_SCHEMAS + "{model}", by_alias=True)
            schemas.update(problem.pop("$defs"))
            schemas["Problem"] = problem
            for model in (DomainInput, ServiceInput, ServerInput, RouterInput):
                schemas[_patch_name(model)] = _patch_schema(model)
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schema["paths"][configuration.PATH] = {"get": _CONFIGURATION}
            app.openapi_schema = schema
        return app.openapi_schema

    return openapi


_CONFIGURATION: Final = {
    "tags": ["edge"],
    "summary": "The configuration that Traefik polls",
    "operationId": "configuration",
    "description": "The document for Traefik's HTTP provider. The first request on a TCP connection is answered at "
    "once. With `wait`, a later one on the same connection is held while the document is the one that it was given "
    "last, and answered when it changes or the time is up.",
    "parameters": [
        {
            "name": "edge",
            "in": "query",
            "description": "Name of the Traefik that asks.",
            "schema": {
                "type": "string",
                "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
                "default": "default",
            },
            "example": "default",
        },
        {
            "name": "wait",
            "in": "query",
            "description": "Longest time in seconds to hold the answer while nothing changes.",
            "schema": {"type": "number", "minimum": 0, "maximum": 60, "default": 0},
            "example": 30,
        },
    ],
    "responses": {
        "200": {
            "description": "The document.",
            "headers": {"Config-Revision": _REVISION},
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        "422": _problem(422),
        "503": _problem(503),
    },
}
