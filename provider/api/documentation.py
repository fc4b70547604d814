"""The OpenAPI document: every status that can occur, the headers, and what FastAPI cannot know."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from fastapi import FastAPI, Path
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from provider import declarations, metrics
from provider.api import configuration
from provider.api.preferences import LONGEST_WAIT_SECONDS, UnconfirmedOutput
from provider.api.problems import MEDIA_TYPE, Problem
from provider.api.requests import ID_HEADER
from provider.models import (
    CreatedTokenOutput,
    DomainInput,
    ExposeOutput,
    RouterInput,
    ServerInput,
    ServiceInput,
    TrialOutput,
)
from provider.security import cookies
from provider.values import HOSTNAME_SCHEMA, NAME_SCHEMA

_SCHEMAS: Final = "#/components/schemas/"

_WORDS: Final = {
    400: "The body cannot be read: not UTF-8, not JSON, a duplicate key, a number that is none.",
    401: "Nobody knows who asks: there is no token, or one that is not good, and nobody is logged in.",
    403: "Whoever asks may not do this; or a page of another site sent it, or it was sent to a name that this service "
    "does not have.",
    404: "There is no such object.",
    409: "The name is taken, or what others depend on would be removed; the detail names them. "
    "Or it removes a lot (`brake`): then `confirm` is the number that confirms it, as a parameter.",
    412: "The object is not at the version, or not in the state, that the request demands.",
    413: "The body has more than 1 MiB, or that of `apply` more than 32.",
    415: "The body is not JSON by its Content-Type.",
    422: "The input was understood, and is wrong; `errors` names every field.",
    503: "The database cannot be used now, or there is no verified state. Nothing was changed.",
}
_ETAG: Final = {
    "description": "Strong tag of this version of the object.",
    "schema": {"type": "string", "pattern": '^"[0-9a-f]{20}"$'},
}
_WHOLE_ETAG: Final = _ETAG | {
    "description": "Strong tag of the state as a whole, for `If-Match` of `apply` and `rollback`."
}
_REVISION: Final = {
    "description": "Number of the revision at which the state is now.",
    "schema": {"type": "integer", "minimum": 0},
}
_WARNINGS: Final = {
    "description": "How many conflicts there are with what was changed: `GET /api/v1/conflicts` lists all.",
    "schema": {"type": "integer", "minimum": 0},
}
_WARNING: Final = {
    "description": "These conflicts in words, as many as fit, if there are any: display strings (RFC 9651) with "
    "commas between.",
    "required": False,
    "schema": {"type": "string"},
    "example": '%"no router leads to the service wayshub"',
}
_WRITTEN: Final = {"Config-Revision": _REVISION, "Config-Warnings": _WARNINGS, "Config-Warning": _WARNING}
_ID: Final = {
    "description": "Id of the request, which its lines in the log have too: the one that the client sent under this "
    "name, if it is 1 to 64 letters, digits, dots, underscores and hyphens, else a new one.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
}
_PREFER: Final[dict[str, Any]] = {
    "name": "Prefer",
    "in": "header",
    "description": f"With `wait=SECONDS` (RFC 7240), 0 to {LONGEST_WAIT_SECONDS}, the answer comes when every edge "
    "that is not stale runs the change, and has `Preference-Applied: wait`, or 202 when the time is up. "
    "Other preferences are left alone.",
    "schema": {"type": "string"},
    "example": "wait=5",
}
_UNCONFIRMED: Final[dict[str, Any]] = {
    "description": "It was done, but not every edge runs it after the seconds that the client would wait.",
    "headers": {"Config-Revision": _REVISION},
    "content": {"application/json": {"schema": {"$ref": _SCHEMAS + UnconfirmedOutput.__name__}}},
}
_LOCATION: Final = {"description": "Path of the new object.", "schema": {"type": "string"}}
_AUTHENTICATE: Final = {"description": "How to say who asks.", "schema": {"type": "string", "const": "Bearer"}}
_RETRY_AFTER: Final = {
    "description": "Seconds after which to try again.",
    "schema": {"type": "integer", "minimum": 1},
}

_SCHEMES: Final[dict[str, Any]] = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token, as `token create` makes it."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": cookies.NAME,
        "description": "A person who is logged in, in a browser. The name ends with the port that the browser asks, "
        "such as `_8000`, and by TLS it begins with `__Host-`.",
    },
}
_SECURITY: Final[list[dict[str, list[str]]]] = [{"token": []}, {"session": []}]
OPEN: Final = frozenset({"/healthz", "/readyz"})
"""Paths that answer without credentials."""

Responses = dict[int | str, dict[str, Any]]


def name(description: str, example: str) -> Any:
    """Describe a name in the path. What is no name is not found there, rather than invalid."""
    return Path(description=description, examples=[example], json_schema_extra=dict(NAME_SCHEMA))


def host(description: str, example: str) -> Any:
    """Describe a host name in the path."""
    return Path(description=description, examples=[example], json_schema_extra=dict(HOSTNAME_SCHEMA))


def number(description: str, example: int) -> Any:
    """Describe a number in the path, which handlers get as a text: what is no number is not found there either."""
    return Path(description=description, examples=[example], json_schema_extra={"type": "integer", "minimum": 1})


def _problem(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": _WORDS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": _SCHEMAS + "Problem"}}},
    }
    if status == 503:
        described["headers"] = {"Retry-After": _RETRY_AFTER}
    if status == 401:
        described["headers"] = {"WWW-Authenticate": _AUTHENTICATE}
    return described


def _problems(*statuses: int) -> Responses:
    return {status: _problem(status) for status in statuses}


_BODY = (400, 413, 415, 422, 503)
_CHANGED: Final = {
    "description": "The object as it is now.",
    "headers": {"ETag": _ETAG, **_WRITTEN},
}
_CREATED: Final = {
    "description": "It was created.",
    "headers": {"ETag": _ETAG, **_WRITTEN, "Location": _LOCATION},
}
_EXPOSED: Final = {
    "description": "All of it was created.",
    "headers": {**_WRITTEN, "Location": {**_LOCATION, "description": "Path of the new router."}},
}
_REMOVED: Final = {"description": "It was removed.", "headers": dict(_WRITTEN)}
_SHOWN: Final = {"description": "The object.", "headers": {"ETag": _ETAG}}
_SAME: Final = {"description": "The client has this version already.", "headers": {"ETag": _ETAG}}

READY: Final = _problems(503)
METRICS: Final[Responses] = {
    200: {
        "description": "All metrics, each with its help.",
        "content": {metrics.MEDIA_TYPE: {"schema": {"type": "string"}, "example": "provider_revision 7.0\n"}},
    }
}
_STREAM: Final[Responses] = {
    200: {
        "description": "What becomes new, until either side ends it.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": "id: 1f0c7a9e-12\nevent: shares\n"
                'data: {"service":"wayshub","shares":{"a":0.75,"b":0.25}}\n\n',
            }
        },
    }
}
EVENTS: Final = _STREAM | _problems(422, 503)
LIST: Final = _problems(422, 503)
LIST_WITHIN: Final = _problems(404, 422, 503)
READ: Final = {200: _SHOWN, 304: _SAME} | _problems(404, 422, 503)
READ_OBSERVED: Final = {200: _SHOWN} | _problems(404, 422, 503)
READ_PLAIN: Final = _problems(404, 422, 503)
CREATE: Final = {201: _CREATED} | _problems(409, 412, *_BODY)
CREATE_WITHIN: Final = {201: _CREATED} | _problems(404, 409, 412, *_BODY)
MERGE: Final = {200: _CHANGED} | _problems(404, 412, *_BODY)
MERGE_SERVER: Final = MERGE | _problems(409)
LIFT: Final = {
    204: {"description": "It is offered the current document again.", "headers": {"Config-Revision": _REVISION}}
} | _problems(404, 422, 503)
REMOVE: Final = {204: _REMOVED} | _problems(404, 409, 412, 422, 503)
CREATE_TOKEN: Final = {
    201: {"description": "It was made.", "headers": {"Config-Revision": _REVISION, "Location": _LOCATION}}
} | _problems(*_BODY)
REVOKE_TOKEN: Final = {
    204: {"description": "It is good no more.", "headers": {"Config-Revision": _REVISION}}
} | _problems(404, 422, 503)
REMOVE_ROUTER: Final = {204: _REMOVED} | _problems(404, 412, 422, 503)
REMOVE_SERVER: Final = REMOVE_ROUTER | _problems(409)
EXPOSE: Final = {201: _EXPOSED} | _problems(409, *_BODY)
EXPORT: Final = {
    200: {"description": "The state.", "headers": {"ETag": _WHOLE_ETAG, "Config-Revision": _REVISION}},
    304: {"description": "The client has this state already.", "headers": {"ETag": _WHOLE_ETAG}},
} | _problems(422, 503)
APPLY: Final = {200: {"description": "What it does.", "headers": {"ETag": _WHOLE_ETAG, **_WRITTEN}}} | _problems(
    409, 412, *_BODY
)
SCHEMA: Final = _problems(422)
DOCUMENT: Final = {
    200: {"description": "The document.", "headers": {"ETag": _ETAG}},
    304: _SAME,
} | _problems(404, 422, 503)
COMPARE: Final = {200: {"description": "The difference.", "headers": {"ETag": _ETAG}}, 304: _SAME} | _problems(
    404, 422, 503
)
ROLL_BACK: Final = {200: {"description": "What it does.", "headers": {"ETag": _WHOLE_ETAG, **_WRITTEN}}} | _problems(
    404, 409, 412, 422, 503
)


def declaration() -> dict[str, Any]:
    """Describe the body of `apply`."""
    content = {"application/json": {"schema": {"$ref": _SCHEMAS + declarations.NAME}}}
    return {"requestBody": {"required": True, "content": content}}


def replace(output: type[BaseModel]) -> Responses:
    """Describe the answers to a PUT that shows what it made or replaced."""
    shown: Responses = {200: _CHANGED, 201: {**_CREATED, "model": output}}
    return shown | _problems(412, *_BODY)


def replace_server(output: type[BaseModel]) -> Responses:
    """Describe the answers to a PUT of a server: its service may not exist, and it may be the last that is ready."""
    return replace(output) | _problems(404, 409)


def patch(model: type[BaseModel]) -> dict[str, Any]:
    """Describe the body of a merge patch of a model."""
    schema = {"schema": {"$ref": _SCHEMAS + _patch_name(model)}}
    content = {"application/merge-patch+json": schema, "application/json": schema}
    return {"requestBody": {"required": True, "content": content}}


def _patch_name(model: type[BaseModel]) -> str:
    return _patched(model.__name__)


def _patched(schema_name: str) -> str:
    return schema_name.removesuffix("Input") + "Patch"


def _patch_schemas(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schemas of a model's merge patch, and of those for the objects in it, by name."""
    schema = model.model_json_schema(ref_template=_SCHEMAS + "{model}")
    parts = schema.pop("$defs", {}) | {model.__name__: schema}
    objects = [part for part, described in parts.items() if described.get("type") == "object"]
    return {_patched(part): _patch_schema(part, parts[part], objects) for part in objects}


def _patch_schema(schema_name: str, schema: dict[str, Any], objects: Sequence[str]) -> dict[str, Any]:
    """Return an object's schema with nothing required, and null for what goes back to its default."""
    in_path = {"name"} if schema_name.endswith("Input") else set()
    required = set(schema.get("required", ())) - in_path
    fields = {
        field: described if field in required or "anyOf" in described else {"anyOf": [described, {"type": "null"}]}
        for field, described in schema["properties"].items()
    }
    return {
        "title": _patched(schema_name),
        "description": "A JSON merge patch (RFC 7396): only the fields that shall change; null takes the default.",
        "type": "object",
        "properties": _with_patches(fields, objects),
        "additionalProperties": False,
        "example": {field: value for field, value in schema["example"].items() if field not in in_path},
    }


def _with_patches(described: Any, objects: Sequence[str]) -> Any:
    """Return a schema in which references to objects lead to those of their patches."""
    if isinstance(described, list):
        return [_with_patches(item, objects) for item in described]
    if not isinstance(described, dict):
        return described
    if (part := str(described.get("$ref", "")).removeprefix(_SCHEMAS)) in objects:
        return {"$ref": _SCHEMAS + _patched(part)}
    patched = {key: _with_patches(item, objects) for key, item in described.items() if key != "default"}
    if isinstance(patched.get("additionalProperties"), dict):
        patched["additionalProperties"] = {"anyOf": [patched["additionalProperties"], {"type": "null"}]}
    return patched


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
            for output in (Problem, UnconfirmedOutput, TrialOutput):
                described = output.model_json_schema(ref_template=_SCHEMAS + "{model}", by_alias=True)
                schemas.update(described.pop("$defs"))
                schemas[output.__name__] = described
            schemas.update(declarations.schemas(_SCHEMAS + "{model}"))
            for model in (DomainInput, ServiceInput, ServerInput, RouterInput):
                schemas.update(_patch_schemas(model))
            # FastAPI leaves null out of the document, even where a field of an example is required.
            for shown in (ExposeOutput, CreatedTokenOutput):
                schemas[shown.__name__]["example"] = shown.model_json_schema()["example"]
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schema["components"]["headers"] = {ID_HEADER: _ID}
            schema["components"]["securitySchemes"] = _SCHEMES
            for path, operations in schema["paths"].items():
                for method, operation in operations.items():
                    _complete(operation, method, is_open=path in OPEN)
            schema["paths"][configuration.PATH] = {"get": _CONFIGURATION, "head": _CONFIGURATION_HEAD}
            app.openapi_schema = schema
        return app.openapi_schema

    return openapi


def _describe_trial(responses: dict[str, Any]) -> None:
    """Add what is answered with `dryRun`: the same with the difference, and for a removal the difference alone."""
    trial = {"$ref": _SCHEMAS + TrialOutput.__name__}
    for status in {"200", "201"} & responses.keys():
        content = responses[status]["content"]["application/json"]
        content["schema"] = {"anyOf": [content["schema"], trial]}
    if "204" in responses:
        responses["200"] = {
            "description": "With `dryRun`: what a removal would do.",
            "headers": dict(_WRITTEN),
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
    responses["403"] = _problem(403)
    if not is_open:
        responses["401"] = _problem(401)
        responses["503"] = _problem(503)  # without a database, nobody is known
        operation["security"] = _SECURITY
    for response in responses.values():
        response.setdefault("headers", {})[ID_HEADER] = {"$ref": f"#/components/headers/{ID_HEADER}"}


_CONFIGURATION: Final[dict[str, Any]] = {
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
                **NAME_SCHEMA,
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
        "401": _problem(401),
        "403": _problem(403),
        "422": _problem(422),
        "503": _problem(503),
    },
    "security": _SECURITY[:1],
}
_CONFIGURATION_HEAD: Final = {
    **_CONFIGURATION,
    "summary": "The headers of the configuration",
    "operationId": "configuration_head",
    "description": "What GET answers, without the document, and never held.",
    "responses": {
        status: {key: value for key, value in answer.items() if key != "content"}
        for status, answer in _CONFIGURATION["responses"].items()
    },
}
