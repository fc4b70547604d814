"""What the OpenAPI document says of routes: every status that can occur, the headers, and what FastAPI cannot know."""

from types import GenericAlias
from typing import Any, Final

from fastapi import Path

from provider.api.problems import MEDIA_TYPE
from provider.api.schemas import SCHEMAS, patch_name, replacement_name, shown_as
from provider.metrics.metrics import MEDIA_TYPE as METRICS_TYPE
from provider.nouns import Noun, is_used
from provider.nouns.noun import NAME, lowered
from provider.nouns.texts import Text
from provider.values import NAME_SCHEMA

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
REVISION: Final = {
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
WRITTEN: Final = {
    "Config-Revision": REVISION,
    "Config-Warnings": _WARNINGS,
    "Config-Warning": _WARNING,
    "Confirm-Before": _DEADLINE,
}
_LOCATION: Final = {"description": "Path of the new object.", "schema": {"type": "string"}}
_AUTHENTICATE: Final = {"description": "The authentication scheme.", "schema": {"type": "string", "const": "Bearer"}}
_RETRY_AFTER: Final = {
    "description": "Seconds to wait before trying again.",
    "schema": {"type": "integer", "minimum": 1},
}

Responses = dict[int | str, dict[str, Any]]


def name(noun: type[Noun], alias: str | None = None) -> Any:
    """Describe a noun's name in the path. What is no name is not found there, rather than invalid."""
    declared = noun.fields[NAME]
    said = declared.type.described if isinstance(declared.type, Text) else {}
    description = f"Name of the {noun.called()}." if not noun.is_renamed else "Host name, as typed or as an A-label."
    return Path(alias=alias, description=description, examples=[noun.example[NAME]], json_schema_extra=dict(said))


def identifier(description: str, example: str) -> Any:
    """Describe a name in the path that is no noun's."""
    return Path(description=description, examples=[example], json_schema_extra=dict(NAME_SCHEMA))


def number(description: str, example: int) -> Any:
    """Describe a number in the path, which handlers get as a text: what is no number is not found there either."""
    return Path(description=description, examples=[example], json_schema_extra={"type": "integer", "minimum": 1})


def problem(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": _WORDS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS + "Problem"}}},
    }
    if status in {429, 503}:
        described["headers"] = {"Retry-After": _RETRY_AFTER}
    if status == 401:
        described["headers"] = {"WWW-Authenticate": _AUTHENTICATE}
    return described


def _problems(*statuses: int) -> Responses:
    return {status: problem(status) for status in statuses}


def _numbered(status: int, description: str, *problems: int) -> Responses:
    """Describe an answer that says at which revision the state is, and nothing else."""
    return {status: {"description": description, "headers": {"Config-Revision": REVISION}}} | _problems(*problems)


def body(schema_name: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": SCHEMAS + schema_name}}}
    return {"requestBody": {"required": True, "content": content}}


_BODY = (400, 413, 415, 422, 503)
_CHANGED: Final = {
    "description": "The object as it is now.",
    "headers": {"ETag": _ETAG, **WRITTEN},
}
_CREATED: Final = {
    "description": "Created.",
    "headers": {"ETag": _ETAG, **WRITTEN, "Location": _LOCATION},
}
_EXPOSED: Final = {
    "description": "Everything was created.",
    "headers": {**WRITTEN, "Location": {**_LOCATION, "description": "Path of the new router."}},
}
_REMOVED: Final = {"description": "Removed.", "headers": dict(WRITTEN)}
_SHOWN: Final = {"description": "The object.", "headers": {"ETag": _ETAG}}
_SAME: Final = {"description": "You already have this version.", "headers": {"ETag": _ETAG}}

READY: Final = _problems(503)
METRICS: Final[Responses] = {
    200: {
        "description": "All metrics, each with its help text.",
        "content": {METRICS_TYPE: {"schema": {"type": "string"}, "example": "provider_revision 7.0\n"}},
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
LIFT: Final = _numbered(204, "The edge is offered the current document again.", 404, 422, 503)
RETRY: Final = _numbered(200, "The attempt has started.", 404, 422, 429, 503)
BEAT: Final = _numbered(204, "Its lease starts over.", 404, 422, 503)
SHOW_LEASES: Final = _problems(422, 503)
DRAIN_HELD: Final = _numbered(204, "The held servers are drained.", 422, 503)
CHOOSE_ACME: Final = _numbered(200, "The CA is chosen.", *_BODY)
LEAVE_ACME: Final = _numbered(204, "No more certificates are ordered.", 422, 503)
CREATE_TOKEN: Final = {
    201: {"description": "Created.", "headers": {"Config-Revision": REVISION, "Location": _LOCATION}}
} | _problems(*_BODY)
REVOKE_TOKEN: Final = _numbered(204, "Revoked.", 404, 422, 503)
EXPOSE: Final = {201: _EXPOSED} | _problems(409, *_BODY)
EXPORT: Final = {
    200: {"description": "The state.", "headers": {"ETag": _WHOLE_ETAG, "Config-Revision": REVISION}},
    304: {"description": "You already have this state.", "headers": {"ETag": _WHOLE_ETAG}},
} | _problems(422, 503)
APPLY: Final = {200: {"description": "What changed.", "headers": {"ETag": _WHOLE_ETAG, **WRITTEN}}} | _problems(
    409, 412, *_BODY
)
ROLL_OUT: Final = {
    201: {"description": "The rollout has started.", "headers": {"Location": _LOCATION, **WRITTEN}}
} | _problems(404, 409, *_BODY)
STEER_ROLLOUT: Final = {200: {"description": "Done.", "headers": {**WRITTEN}}} | _problems(404, 422, 503)
ADOPT: Final = {200: {"description": "What changed.", "headers": {"ETag": _WHOLE_ETAG, **WRITTEN}}} | _problems(
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
ROLL_BACK: Final = {200: {"description": "What changed.", "headers": {"ETag": _WHOLE_ETAG, **WRITTEN}}} | _problems(
    404, 409, 412, 422, 503
)
CONFIRM: Final = _numbered(200, "The revision.", 404, 409, 422, 503)


class Described:
    """What is said of a noun's routes: the options of FastAPI's decorators."""

    def __init__(self, noun: type[Noun]) -> None:
        self._noun = noun
        self._one, self._many = noun.one(), lowered(noun.titles)
        self._shown = shown_as(noun)
        self._missing = (404,) if noun.within else ()
        self._braked = (404, 409) if noun.within else ()  # it may be the last that takes requests

    def listing(self) -> dict[str, Any]:
        about = f"Return {self._many} by name. `q` searches {self._noun.searched()}."
        responses = {200: {"description": "One page of the list."}} | _problems(*self._missing, 422, 503)
        route = self._route("list", self._noun.plural, f"List {self._many}", about, responses)
        return route | {"response_model": GenericAlias(list, self._shown)}

    def creation(self) -> dict[str, Any]:
        responses = {201: _CREATED} | _problems(*self._missing, 409, 412, *_BODY)
        about = f"Add {self._one}. To make it safe to repeat, use `PUT` on the object's own path."
        route = self._route("add", self._noun.kind, f"Add {self._one}", about, responses)
        return route | {"status_code": 201, "openapi_extra": body(self._noun.__name__)}

    def showing(self) -> dict[str, Any]:
        same = {} if self._shown is not self._noun else {304: _SAME}
        responses = {200: _SHOWN} | same | _problems(404, 422, 503)
        return self._route("show", self._noun.kind, f"Show {self._one}", f"Return {self._one}.", responses)

    def replacement(self) -> dict[str, Any]:
        responses = {200: _CHANGED, 201: _CREATED} | _problems(*self._braked, 412, *_BODY)
        about = f"Create {self._one}, or replace all fields. Safe to repeat."
        route = self._route("put", self._noun.kind, f"Create or replace {self._one}", about, responses)
        return route | {"openapi_extra": body(replacement_name(self._noun))}

    def merging(self) -> dict[str, Any]:
        responses = {200: _CHANGED} | _problems(404, *self._braked, 412, *_BODY)
        about = f"Change some fields of {self._one}, and keep the others."
        route = self._route("patch", self._noun.kind, f"Change {self._one}", about, responses)
        schema = {"schema": {"$ref": SCHEMAS + patch_name(self._noun)}}
        content = {"application/merge-patch+json": schema, "application/json": schema}
        return route | {"openapi_extra": {"requestBody": {"required": True, "content": content}}}

    def removal(self) -> dict[str, Any]:
        used = (409,) if is_used(self._noun.kind) else self._braked
        responses = {204: _REMOVED} | _problems(404, *used, 412, 422, 503)
        about = f"Remove {self._one}."
        if is_used(self._noun.kind):
            about += " If others use it, this is refused, unless you pass `cascade`."
        route = self._route("remove", self._noun.kind, f"Remove {self._one}", about, responses)
        return route | {"status_code": 204, "response_model": None}

    def _route(self, verb: str, about: str, summary: str, description: str, responses: Responses) -> dict[str, Any]:
        return {
            "name": f"{verb}_{about}",
            "summary": summary,
            "description": description,
            "responses": responses,
            "response_model": self._shown,
        }
