"""The OpenAPI document: every status that can occur, the headers, and what FastAPI cannot know."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI, Path
from fastapi.openapi.utils import get_openapi

from provider import declarations, metrics
from provider.api import configuration
from provider.api.prefer import LONGEST_WAIT_SECONDS, UnconfirmedOutput
from provider.api.problems import MEDIA_TYPE, Problem
from provider.api.requests import ID_HEADER
from provider.models import AdoptInput, CreatedTokenOutput, ExposeInput, ExposeOutput, HandBackInput, TrialOutput
from provider.nouns import NOUNS, Nested, Noun, Object
from provider.nouns.containers import MapOf
from provider.nouns.fields import camel
from provider.nouns.noun import NAME, lowered
from provider.nouns.types import Text
from provider.observations import OBSERVED
from provider.security import cookies
from provider.values import NAME_SCHEMA

_SCHEMAS: Final = "#/components/schemas/"

_WORDS: Final = {
    400: "The body cannot be read: it is not UTF-8 or not JSON, or it has a duplicate key or an invalid number.",
    401: "Not authenticated: no token or session was sent, or it is not valid.",
    403: "Not allowed: the token or account lacks the right, a page of another site sent the request, or the service "
    "does not answer to this host name.",
    404: "There is no such object.",
    409: "The name is taken, or other objects depend on the one to be removed; `detail` names them. "
    "Or the change removes a lot (type `brake`): repeat it with the number in `confirm` as the parameter `confirm`.",
    412: "The object has changed since the version in `If-Match`, or `If-None-Match: *` was sent and it exists.",
    413: "The body is larger than 1 MiB, or 32 MiB for `apply`.",
    415: "The Content-Type is not JSON.",
    422: "The input can be read, but is not valid; `errors` lists the fields.",
    429: "The CA allows no order yet: see `Retry-After`.",
    503: "The database cannot be used now, or there is no verified state. Nothing was changed.",
}
_ETAG: Final = {
    "description": "Strong ETag of this version of the object.",
    "schema": {"type": "string", "pattern": '^"[0-9a-f]{20}"$'},
}
_WHOLE_ETAG: Final = _ETAG | {
    "description": "Strong ETag of the whole state, for `If-Match` in `apply` and `rollback`."
}
_REVISION: Final = {
    "description": "Number of the current revision.",
    "schema": {"type": "integer", "minimum": 0},
}
_WARNINGS: Final = {
    "description": "Number of conflicts that involve what was changed. `GET /api/v1/conflicts` lists all.",
    "schema": {"type": "integer", "minimum": 0},
}
_WARNING: Final = {
    "description": "These conflicts as sentences, as many as fit: display strings (RFC 9651), separated by commas. "
    "Absent if there are none.",
    "required": False,
    "schema": {"type": "string"},
    "example": '%"no router points to the service wayshub"',
}
_DEADLINE: Final = {
    "description": "When the change is rolled back unless somebody confirms it. Only with `confirmWithin`.",
    "required": False,
    "schema": {"type": "string", "format": "date-time"},
}
_WRITTEN: Final = {
    "Config-Revision": _REVISION,
    "Config-Warnings": _WARNINGS,
    "Config-Warning": _WARNING,
    "Confirm-Before": _DEADLINE,
}
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
    "headers": {"Config-Revision": _REVISION},
    "content": {"application/json": {"schema": {"$ref": _SCHEMAS + UnconfirmedOutput.__name__}}},
}
_LOCATION: Final = {"description": "Path of the new object.", "schema": {"type": "string"}}
_AUTHENTICATE: Final = {"description": "The authentication scheme.", "schema": {"type": "string", "const": "Bearer"}}
_RETRY_AFTER: Final = {
    "description": "Seconds to wait before trying again.",
    "schema": {"type": "integer", "minimum": 1},
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

Responses = dict[int | str, dict[str, Any]]


def name(noun: type[Noun], alias: str | None = None) -> Any:
    """Describe a noun's name in the path. What is no name is not found there, rather than invalid."""
    declared = noun.fields[NAME]
    said = declared.type.said if isinstance(declared.type, Text) else {}
    description = f"Name of the {noun.called()}." if noun.kind != "domain" else "Host name, as typed or as an A-label."
    return Path(alias=alias, description=description, examples=[noun.example[NAME]], json_schema_extra=dict(said))


def identifier(description: str, example: str) -> Any:
    """Describe a name in the path that is no noun's."""
    return Path(description=description, examples=[example], json_schema_extra=dict(NAME_SCHEMA))


def number(description: str, example: int) -> Any:
    """Describe a number in the path, which handlers get as a text: what is no number is not found there either."""
    return Path(description=description, examples=[example], json_schema_extra={"type": "integer", "minimum": 1})


def _problem(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": _WORDS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": _SCHEMAS + "Problem"}}},
    }
    if status in {429, 503}:
        described["headers"] = {"Retry-After": _RETRY_AFTER}
    if status == 401:
        described["headers"] = {"WWW-Authenticate": _AUTHENTICATE}
    return described


def _problems(*statuses: int) -> Responses:
    return {status: _problem(status) for status in statuses}


def body(schema_name: str) -> dict[str, Any]:
    """Describe a body of JSON."""
    content = {"application/json": {"schema": {"$ref": _SCHEMAS + schema_name}}}
    return {"requestBody": {"required": True, "content": content}}


def answer(described: Mapping[str, Any], schema_name: str) -> dict[str, Any]:
    """Describe an answer that has an object."""
    return {**described, "content": {"application/json": {"schema": {"$ref": _SCHEMAS + schema_name}}}}


_BODY = (400, 413, 415, 422, 503)
_CHANGED: Final = {
    "description": "The object as it is now.",
    "headers": {"ETag": _ETAG, **_WRITTEN},
}
_CREATED: Final = {
    "description": "Created.",
    "headers": {"ETag": _ETAG, **_WRITTEN, "Location": _LOCATION},
}
_EXPOSED: Final = {
    "description": "Everything was created.",
    "headers": {**_WRITTEN, "Location": {**_LOCATION, "description": "Path of the new router."}},
}
_REMOVED: Final = {"description": "Removed.", "headers": dict(_WRITTEN)}
_SHOWN: Final = {"description": "The object.", "headers": {"ETag": _ETAG}}
_SAME: Final = {"description": "You already have this version.", "headers": {"ETag": _ETAG}}

READY: Final = _problems(503)
METRICS: Final[Responses] = {
    200: {
        "description": "All metrics, each with its help text.",
        "content": {metrics.MEDIA_TYPE: {"schema": {"type": "string"}, "example": "provider_revision 7.0\n"}},
    }
}
_STREAM: Final[Responses] = {
    200: {
        "description": "New events, until either side closes the connection.",
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
READ: Final = {200: _SHOWN, 304: _SAME} | _problems(404, 422, 503)
READ_PLAIN: Final = _problems(404, 422, 503)
LIFT: Final = {
    204: {"description": "The edge is offered the current document again.", "headers": {"Config-Revision": _REVISION}}
} | _problems(404, 422, 503)
RETRY: Final = {
    200: answer({"description": "It is being tried.", "headers": {"Config-Revision": _REVISION}}, "DomainOutput")
} | _problems(404, 422, 429, 503)
BEAT: Final = {204: {"description": "Its lease begins anew.", "headers": {"Config-Revision": _REVISION}}} | _problems(
    404, 422, 503
)
SHOW_LEASES: Final = _problems(422, 503)
DRAIN_HELD: Final = {204: {"description": "They are drained.", "headers": {"Config-Revision": _REVISION}}} | _problems(
    422, 503
)
CHOOSE_ACME: Final = {200: {"description": "It is chosen.", "headers": {"Config-Revision": _REVISION}}} | _problems(
    *_BODY
)
LEAVE_ACME: Final = {
    204: {"description": "No more certificates are ordered.", "headers": {"Config-Revision": _REVISION}}
} | _problems(422, 503)
CREATE_TOKEN: Final = {
    201: {"description": "Created.", "headers": {"Config-Revision": _REVISION, "Location": _LOCATION}}
} | _problems(*_BODY)
REVOKE_TOKEN: Final = {204: {"description": "Revoked.", "headers": {"Config-Revision": _REVISION}}} | _problems(
    404, 422, 503
)
EXPOSE: Final = {201: answer(_EXPOSED, ExposeOutput.__name__)} | _problems(409, *_BODY)
EXPORT: Final = {
    200: {"description": "The state.", "headers": {"ETag": _WHOLE_ETAG, "Config-Revision": _REVISION}},
    304: {"description": "You already have this state.", "headers": {"ETag": _WHOLE_ETAG}},
} | _problems(422, 503)
APPLY: Final = {200: {"description": "What changed.", "headers": {"ETag": _WHOLE_ETAG, **_WRITTEN}}} | _problems(
    409, 412, *_BODY
)
ROLL_OUT: Final = {201: {"description": "It has started.", "headers": {"Location": _LOCATION, **_WRITTEN}}} | _problems(
    404, 409, *_BODY
)
STEER_ROLLOUT: Final = {200: {"description": "Done.", "headers": {**_WRITTEN}}} | _problems(404, 422, 503)
ADOPT: Final = {200: {"description": "What changed.", "headers": {"ETag": _WHOLE_ETAG, **_WRITTEN}}} | _problems(
    412, *_BODY
)
SCHEMA: Final = _problems(422)
DOCUMENT: Final = {
    200: {"description": "The document.", "headers": {"ETag": _ETAG}},
    304: _SAME,
} | _problems(404, 422, 503)
COMPARE: Final = {200: {"description": "The difference.", "headers": {"ETag": _ETAG}}, 304: _SAME} | _problems(
    404, 422, 503
)
ROLL_BACK: Final = {200: {"description": "What changed.", "headers": {"ETag": _WHOLE_ETAG, **_WRITTEN}}} | _problems(
    404, 409, 412, 422, 503
)
CONFIRM: Final = {200: {"description": "The revision.", "headers": {"Config-Revision": _REVISION}}} | _problems(
    404, 409, 422, 503
)


def declaration() -> dict[str, Any]:
    """Describe the body of `apply`."""
    content = {"application/json": {"schema": {"$ref": _SCHEMAS + declarations.NAME}}}
    return {"requestBody": {"required": True, "content": content}}


class Described:
    """What is said of a noun's routes: the options of FastAPI's decorators."""

    def __init__(self, noun: type[Noun]) -> None:
        self._noun = noun
        self._one, self._many = noun.one(), lowered(noun.titles)
        self._shown = shown_as(noun).__name__
        self._missing = (404,) if noun.within else ()
        self._braked = (404, 409) if noun.within else ()  # it may be the last that takes requests

    def listing(self) -> dict[str, Any]:
        """Describe the list."""
        page = answer({"description": "One page of the list."}, page_name(self._noun))
        about = f"Return {self._many} by name. `q` searches {listed_texts(self._noun)}."
        responses = {200: page} | _problems(*self._missing, 422, 503)
        return self._route("list", self._noun.plural, f"List {self._many}", about, responses)

    def creation(self) -> dict[str, Any]:
        """Describe how one is made."""
        responses = {201: answer(_CREATED, self._shown)} | _problems(*self._missing, 409, 412, *_BODY)
        about = f"Add {self._one}. To be able to repeat the request, use `PUT` on the object's own path."
        route = self._route("add", self._noun.kind, f"Add {self._one}", about, responses)
        return route | {"status_code": 201, "openapi_extra": body(self._noun.__name__)}

    def showing(self) -> dict[str, Any]:
        """Describe how one is shown."""
        same = {} if self._shown != self._noun.__name__ else {304: _SAME}
        responses = {200: answer(_SHOWN, self._shown)} | same | _problems(404, 422, 503)
        return self._route("show", self._noun.kind, f"Show {self._one}", f"Return {self._one}.", responses)

    def replacement(self) -> dict[str, Any]:
        """Describe how one is created, or replaced as a whole."""
        made = {200: answer(_CHANGED, self._shown), 201: answer(_CREATED, self._shown)}
        responses = made | _problems(*self._braked, 412, *_BODY)
        about = f"Create {self._one}, or replace all fields. The request can be repeated."
        route = self._route("put", self._noun.kind, f"Create or replace {self._one}", about, responses)
        return route | {"openapi_extra": body(replacement_name(self._noun))}

    def merging(self) -> dict[str, Any]:
        """Describe how some fields of one are changed."""
        responses = {200: answer(_CHANGED, self._shown)} | _problems(404, *self._braked, 412, *_BODY)
        about = f"Change some fields of {self._one}, and keep the others."
        route = self._route("patch", self._noun.kind, f"Change {self._one}", about, responses)
        schema = {"schema": {"$ref": _SCHEMAS + patch_name(self._noun)}}
        content = {"application/merge-patch+json": schema, "application/json": schema}
        return route | {"openapi_extra": {"requestBody": {"required": True, "content": content}}}

    def removal(self) -> dict[str, Any]:
        """Describe how one is removed."""
        used = (409,) if self._noun.cascade else self._braked
        responses = {204: _REMOVED} | _problems(404, *used, 412, 422, 503)
        about = f"Remove {self._one}."
        if self._noun.cascade:
            about += " If others use it, this is refused, unless you pass `cascade`."
        route = self._route("remove", self._noun.kind, f"Remove {self._one}", about, responses)
        return route | {"status_code": 204}

    def _route(self, verb: str, about: str, summary: str, description: str, responses: Responses) -> dict[str, Any]:
        return {
            "name": f"{verb}_{about}",
            "summary": summary,
            "description": description,
            "responses": responses,
            "response_model": None,
        }


def shown_as(noun: type[Noun]) -> type[Object]:
    """Return what a noun's objects are shown as."""
    return OBSERVED[noun.kind].output if noun.kind in OBSERVED else noun


def page_name(noun: type[Noun]) -> str:
    """Return the name of the schema of a part of a noun's list."""
    return f"Page_{shown_as(noun).__name__}_"


def replacement_name(noun: type[Object]) -> str:
    """Return the name of the schema of an object that is named by the path."""
    return f"{noun.__name__}Replacement"


def patch_name(noun: type[Object]) -> str:
    """Return the name of the schema of an object's merge patch."""
    return f"{noun.__name__}Patch"


def listed_texts(noun: type[Noun]) -> str:
    """Say in which fields a search looks."""
    named = [noun.fields[camel(name)].title for name in noun.texts if camel(name) in noun.fields]
    *others, last = (f"the {title[:1].lower() + title[1:] if title != 'URL' else title}" for title in named)
    return f"{', '.join(others)} and {last}" if others else last


def _noun_schemas() -> dict[str, Any]:
    """Return the schemas of all nouns: as they are given, replaced, patched, shown and listed."""
    ref, found = _SCHEMAS + "{model}", dict[str, Any]()
    for noun in NOUNS.values():
        found[noun.__name__] = noun.schema(ref, found)
        found[replacement_name(noun)] = _without_name(noun, found[noun.__name__])
        found[patch_name(noun)] = _patch_schema(noun, ref, found)
        output = shown_as(noun)
        if output is not noun:
            found[output.__name__] = output.schema(ref, found)
        found[page_name(noun)] = {
            "title": page_name(noun),
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": {"$ref": _SCHEMAS + output.__name__}},
                "next": {
                    "anyOf": [{"type": "string"}, {"type": "null"}],
                    "description": "Cursor of the next page, for the parameter `cursor`; null on the last page.",
                },
            },
            "required": ["items", "next"],
        }
    for model in (ExposeInput, ExposeOutput, AdoptInput, HandBackInput):
        found[model.__name__] = model.schema(ref, found)
    return found


def _without_name(noun: type[Noun], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object whose name may be left out, since the path has it."""
    described = schema["properties"][NAME]
    name = {"anyOf": [{key: value for key, value in described.items() if key != "description"}, {"type": "null"}]}
    return {
        **schema,
        "title": replacement_name(noun),
        "description": f"{noun.title}, named in the path.",
        "properties": {
            **schema["properties"],
            NAME: {**name, "description": described["description"], "default": None},
        },
        "required": [field for field in schema.get("required", ()) if field != NAME],
        "example": {field: value for field, value in schema["example"].items() if field != NAME},
    }


def _patch_of_map(described: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what a patch says of a map: null takes a member away, so there may be any number of them."""
    if "anyOf" in described:
        one, *others = described["anyOf"]
        return {**described, "anyOf": [_patch_of_map(one), *others]}
    members = {"anyOf": [described["additionalProperties"], {"type": "null"}]}
    bounds = ("minProperties", "maxProperties")
    return {key: each for key, each in described.items() if key not in bounds} | {"additionalProperties": members}


def _patch_schema(model: type[Object], ref: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object's merge patch: nothing is required, null takes the default."""
    schema = model.schema(ref, found)
    is_noun = issubclass(model, Noun)
    properties = {}
    for key, declared in model.fields.items():
        described = {name: value for name, value in schema["properties"][key].items() if name != "default"}
        if isinstance(declared.type, Nested):
            within = declared.type.model
            if patch_name(within) not in found:
                found[patch_name(within)] = _patch_schema(within, ref, found)
            reference = {"$ref": ref.format(model=patch_name(within))}
            described = {**described, "anyOf": [reference, {"type": "null"}]} if declared.is_nullable else reference
        if isinstance(declared.type, MapOf):
            described = _patch_of_map(described)
        if not declared.is_required and not declared.is_nullable:
            described = {"anyOf": [described, {"type": "null"}]}
        properties[key] = described
    return {
        "title": patch_name(model),
        "description": "A JSON merge patch (RFC 7396): only the fields to change; null sets the default.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "example": {field: value for field, value in model.example.items() if not (is_noun and field == NAME)},
    }


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
            schemas.update(_noun_schemas())
            schemas.update(declarations.schemas(_SCHEMAS + "{model}"))
            # FastAPI leaves null out of the document, even where a field of an example is required.
            for shown in (CreatedTokenOutput,):
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
            "description": "With `dryRun`: what the removal would change.",
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
            "description": "How many seconds to hold the response at most while nothing changes.",
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
    "summary": "Get the headers of the configuration",
    "operationId": "configuration_head",
    "description": "The headers that GET returns, without the document. Never held.",
    "responses": {
        status: {key: value for key, value in answer.items() if key != "content"}
        for status, answer in _CONFIGURATION["responses"].items()
    },
}
