"""The OpenAPI document: complete, and true."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import jsonschema_rs
import pytest

from provider.api.nouns import collection
from provider.app import create_app
from provider.nouns import NOUNS
from provider.settings import Settings
from tests.api.checks import state
from tests.nouns.middleware_rows import ROWS
from tests.running import Service, empty, fetch, give_token, http_client, let_wait, running_service

DOCUMENT: dict[str, Any] = json.loads(
    json.dumps(create_app(Settings(database_url="sqlite:////nowhere/provider.db")).api.openapi())
)
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
EXAMPLES: dict[str, dict[str, Any]] = {
    **{
        f"POST /api/v1{collection(noun)}": {"name": "new.xyz" if noun.kind == "domain" else "new"}
        for noun in NOUNS.values()
    },
    "POST /api/v1/expose": {"domain": "new.xyz", "name": "new"},
    "POST /api/v1/services/{service}/rollout": {"withoutHealthCheck": True},
    **{key: {"routers": [], "all": True} for key in ("POST /api/v1/adopt", "POST /api/v1/handBack")},
    "POST /api/v1/tokens": {"expires": "2999-01-01T00:00:00Z"},  # that of the example will be in the past
}
"""What makes the example of a new object another object than that of the examples."""
DOING = {
    "POST /api/v1/expose",
    "POST /api/v1/adopt",
    "POST /api/v1/handBack",
    "POST /api/v1/services/{service}/rollout",
}
"""The operations that make more than one object, or change some."""
MAKING = [operation for operation in EXAMPLES if operation not in {*DOING, "POST /api/v1/tokens"}]
"""The operations that make the objects of the examples, one after the other."""
STREAM = "GET /api/v1/events"
"""The operation whose answer has no end."""
ROLL_BACK = "POST /api/v1/revisions/{number}/rollback"
BEAT = "POST /api/v1/services/{service}/servers/{name}/heartbeat"
UNDO = "POST /api/v1/revisions/{number}/undo"
RETRY = "POST /api/v1/domains/{name}/retry"
CONFIRM = "POST /api/v1/revisions/{number}/confirm"
ROLL_OUT = "POST /api/v1/services/{service}/rollout"
STEERING = {f"{ROLL_OUT}/{step}" for step in ("pause", "resume", "back", "finish")}
MEDIA_TYPES = {"GET /metrics": "text/plain; version=0.0.4; charset=utf-8", STREAM: "text/event-stream"}
"""Of what is not JSON."""
WRITING = {"POST", "PUT", "PATCH", "DELETE"}
COLLECTIONS = [collection(noun) for noun in NOUNS.values()]
"""The paths of all nouns."""
TAGGED = {
    *(f"POST /api/v1{path}" for path in COLLECTIONS),
    "GET /api/v1/revisions/{number}",
    "GET /api/v1/revisions/{number}/configuration",
    "GET /api/v1/revisions/{number}/difference",
    ROLL_BACK,
    UNDO,
    *(f"{method} /api/v1{path}/{{name}}" for path in COLLECTIONS for method in ("GET", "PUT", "PATCH")),
    *("GET /api/v1/export", "POST /api/v1/apply", "POST /api/v1/adopt", "POST /api/v1/handBack"),
}
"""The operations that answer with the tag of an object, or of the whole: edges are observed, and have none."""
TRIED = {
    *(*DOING, "POST /api/v1/apply", ROLL_BACK, UNDO),
    *(name for name in OPERATIONS if name.partition(" ")[0] in WRITING and f"/{name.split('/')[3]}" in COLLECTIONS),
} - {RETRY, BEAT}
"""The operations that can be tried without being kept."""
OPEN = {"GET /healthz", "GET /readyz"}
"""What answers without credentials."""


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def described_headers(answer: dict[str, Any]) -> set[str]:
    """Return the names of the headers that an answer has in any case, each of which is described and has a schema."""
    named = {}
    for header, described in answer.get("headers", {}).items():
        leads_to = described.get("$ref", "").rpartition("/")[2]
        named[header] = DOCUMENT["components"]["headers"][leads_to] if leads_to else described
    assert all(described["description"].endswith(".") and described["schema"] for described in named.values())
    return {header for header, described in named.items() if described.get("required", True)}


def body_example(operation: str) -> dict[str, Any] | None:
    """Return the example of an operation's body, with the names of other objects than those of the examples."""
    body = OPERATIONS[operation].get("requestBody")
    if body is None:
        return None
    examples = {json.dumps(resolved(media["schema"])["example"]) for media in body["content"].values()}
    assert len(examples) == 1
    example: dict[str, Any] = json.loads(examples.pop())
    return example


def path_example(operation: str) -> str:
    """Return an operation's path with the examples of its names, and of what its query needs."""
    path, query = operation.partition(" ")[2], {}
    for parameter in OPERATIONS[operation].get("parameters", ()):
        if parameter["in"] == "path":
            (example,) = parameter["schema"]["examples"]
            path = path.replace("{" + parameter["name"] + "}", str(example))
        elif parameter["in"] == "query" and parameter.get("required"):
            (query[parameter["name"]],) = parameter["schema"]["examples"]
    return f"{path}?{urlencode(query)}" if query else path


# Complete


def test_the_served_document_is_this_one_and_can_be_read_in_a_browser(client: httpx.Client) -> None:
    assert client.get(client.base_url.copy_with(path="/openapi.json")).json() == DOCUMENT
    assert "openapi.json" in client.get(client.base_url.copy_with(path="/docs")).text
    assert 'href="/docs"' in client.get(client.base_url.copy_with(path="/")).text


def test_every_operation_of_the_design_is_there() -> None:
    paths = COLLECTIONS
    designed = {f"{method} /api/v1{path}" for path in paths for method in ("GET", "POST")}
    designed |= {f"{method} /api/v1{path}/{{name}}" for path in paths for method in ("GET", "PUT", "PATCH", "DELETE")}
    designed |= {"GET /api/v1/explain", "GET /api/v1/conflicts"}
    designed |= {
        "POST /api/v1/expose",
        "POST /api/v1/adopt",
        "POST /api/v1/handBack",
        "GET /api/v1/rollouts",
        "GET /api/v1/services/{service}/rollout",
        ROLL_OUT,
        *STEERING,
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    }
    designed |= {"GET /api/v1/edges", "GET /api/v1/edges/{name}", "DELETE /api/v1/edges/{name}/quarantine"}
    designed |= {RETRY}
    designed |= {STREAM}
    designed |= {BEAT, "GET /api/v1/leases", "DELETE /api/v1/leases/held"}
    designed |= {"GET /api/v1/acme", "PUT /api/v1/acme", "DELETE /api/v1/acme"}
    designed |= {"GET /api/v1/tokens", "POST /api/v1/tokens", "GET /api/v1/tokens/{id}", "DELETE /api/v1/tokens/{id}"}
    designed |= {"GET /api/v1/revisions", "GET /api/v1/revisions/{number}", "GET /api/v1/audit"}
    designed |= {f"GET /api/v1/revisions/{{number}}/{part}" for part in ("configuration", "difference")} | {
        ROLL_BACK,
        UNDO,
        CONFIRM,
    }
    designed |= {"GET /api/v1/export", "POST /api/v1/apply", "GET /api/v1/schema"}
    designed |= {"GET /traefik/configuration", "HEAD /traefik/configuration"}
    assert set(OPERATIONS) == designed


def test_every_operation_has_words_and_a_name_of_its_own() -> None:
    assert len({operation["operationId"] for operation in OPERATIONS.values()}) == len(OPERATIONS)
    for operation in OPERATIONS.values():
        assert operation["operationId"].isidentifier()
        assert operation["summary"]
        assert operation["description"].endswith(".")
        assert operation["tags"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_parameter_is_described_and_has_a_schema(name: str) -> None:
    for parameter in OPERATIONS[name].get("parameters", ()):
        assert parameter["description"].endswith(".")
        assert parameter["schema"]
        if parameter["in"] == "path":
            assert parameter["required"]
            assert parameter["schema"]["examples"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_described_and_every_error_is_a_problem(name: str) -> None:
    head = name.startswith("HEAD ")
    for status, answer in OPERATIONS[name]["responses"].items():
        assert answer["description"].endswith(".") or status == "200"
        if int(status) >= 400:
            problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            assert answer.get("content") == (None if head else problem)
        elif status in {"204", "304"}:
            assert "content" not in answer
        else:
            assert set(answer.get("content", ())) == (set() if head else {MEDIA_TYPES.get(name, "application/json")})
        headers = described_headers(answer)
        writes = name.partition(" ")[0] in WRITING and status < "300"
        shows_all = name == "GET /api/v1/export" or "/traefik/" in name
        assert ("Config-Revision" in headers) == (writes or (shows_all and status == "200"))
        assert ("Location" in headers) == (status == "201")
        assert ("Retry-After" in headers) == (status in {"429", "503"})
        assert ("WWW-Authenticate" in headers) == (status == "401")
        assert ("X-Request-ID" in headers) == ("/traefik/" not in name)
        assert ("ETag" in headers) == (name in TAGGED and status in {"200", "201", "304"})


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_with_what_one_may_come_in(name: str) -> None:
    described = OPERATIONS[name]
    ways = [way for ways in described.get("security", ()) for way in ways]
    edge = "/traefik/" in name  # Traefik has no session
    assert ways == ([] if name in OPEN else ["token"] if edge else ["token", "session"])
    assert ("401" in described["responses"]) == (name not in OPEN)
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert (schemes["token"]["type"], schemes["token"]["scheme"]) == ("http", "bearer")
    assert (schemes["session"]["type"], schemes["session"]["in"]) == ("apiKey", "cookie")
    assert all(scheme["description"].endswith(".") for scheme in schemes.values())


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_write_can_wait_and_says_what_it_answers_then(name: str) -> None:
    writes = name.partition(" ")[0] in WRITING
    described = OPERATIONS[name]
    wait = [item for item in described.get("parameters", ()) if (item["in"], item["name"]) == ("header", "Prefer")]
    assert len(wait) == writes
    assert all("wait=SECONDS" in item["description"] and "0 to 300" in item["description"] for item in wait)
    assert ("202" in described["responses"]) == writes
    if writes:
        content = described["responses"]["202"]["content"]
        assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/UnconfirmedOutput"}}}
        assert "422" in described["responses"]


def test_a_time_to_confirm_is_documented_where_there_is_a_revision_to_roll_back() -> None:
    steps = ("", "/pause", "/resume", "/back", "/finish")
    operations = [OPERATIONS[f"POST /api/v1/services/{{service}}/rollout{step}"] for step in steps]
    timed = [[each["name"] for each in operation["parameters"]].count("confirmWithin") for operation in operations]
    assert timed == [0, 0, 0, 0, 1]


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    used = set(references(DOCUMENT))
    ways = [way for operation in OPERATIONS.values() for ways in operation.get("security", ()) for way in ways]
    used |= {f"#/components/securitySchemes/{way}" for way in ways}
    assert used == {
        f"#/components/{kind}/{name}" for kind, components in DOCUMENT["components"].items() for name in components
    }


def test_what_is_observed_has_schemas_of_its_own() -> None:
    observed = {"AvailabilityOutput", "HealthOutput", "EdgeOutput", "DocumentOutput", "QuarantineOutput", "PartOutput"}
    observed |= {"DisabledRouterOutput", "EdgeState", "PendingOutput", "UnconfirmedOutput"}
    assert observed <= set(SCHEMAS)
    assert "example" in SCHEMAS["EdgeOutput"]
    assert "example" in SCHEMAS["UnconfirmedOutput"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one_and_its_fields_are_described(name: str) -> None:
    schema = SCHEMAS[name]
    assert jsonschema_rs.meta.is_valid(schema)
    validator = jsonschema_rs.validator_for(
        {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    )
    if "example" in schema:
        validator.validate(schema["example"])
    if name not in {"Alive", "Ready"} and not name.startswith("Page_"):
        assert schema["description"]
        for field, described in schema.get("properties", {}).items():
            parts = [described, *described.get("anyOf", ()), resolved(described)]
            parts += [resolved(part) for part in described.get("anyOf", ())]
            parts += [resolved(described["items"])] if "items" in described else []
            assert any("description" in part for part in parts), field


def test_numbers_say_their_range_and_durations_their_unit() -> None:
    server = SCHEMAS["Server"]["properties"]
    assert (server["weight"]["minimum"], server["weight"]["maximum"]) == (1, 1000)
    check = SCHEMAS["HealthCheck"]["properties"]
    assert all(
        "from 100ms to 1h (units: ms, s, m, h)" in check[name]["description"] for name in ("interval", "timeout")
    )
    wait = next(item for item in OPERATIONS["GET /traefik/configuration"]["parameters"] if item["name"] == "wait")
    assert "seconds" in wait["description"]


# True


@pytest.fixture(scope="module")
def made() -> list[object]:
    """What stood in the service when the objects of the examples had been made."""
    return []


@pytest.fixture
def client(shared_service: Service, made: list[object]) -> Iterator[httpx.Client]:
    """A client of a service that has the objects of the examples: they are made anew where a test changed any."""
    with http_client(f"{shared_service.url}/api/v1") as client:
        if made != standing(client):
            empty(shared_service)
            for operation in MAKING:
                ask(client, operation, json=body_example(operation)).raise_for_status()
            give_token(shared_service.database, path_example("GET /api/v1/tokens/{id}").rpartition("/")[2])
            made[:] = standing(client)
        polled(client)
        yield client


def standing(client: httpx.Client) -> list[object]:
    """Return the state as a whole, and which tokens there are."""
    tokens = client.get("/tokens").raise_for_status().json()["items"]
    return [client.get("/export").raise_for_status().content, [token["id"] for token in tokens]]


def polled(client: httpx.Client) -> None:
    """Poll as the edge of the examples."""
    fetch(f"{client.base_url.copy_with(path='/traefik/configuration')}?wait=2").raise_for_status()


def roll(client: httpx.Client, operation: str) -> None:
    """Let there be a service to roll out, and a rollout, unless one is to be started."""
    client.post("/services", json={"name": "wayshub-next"})
    client.put("/services/wayshub-next/servers/a", json={"url": "http://10.0.0.12:3000"})
    client.post("/services/wayshub/rollout/back")
    if operation != ROLL_OUT:
        client.post("/services/wayshub/rollout", json={"to": "wayshub-next", "withoutHealthCheck": True})


def ask(client: httpx.Client, operation: str, **options: Any) -> httpx.Response:
    method, _space, path = operation.partition(" ")
    if operation.endswith("/rollout") or operation in STEERING:
        roll(client, operation)
    path = options.pop("path", path_example(operation))
    example = body_example(operation)
    if example is not None and "content" not in options and "json" not in options:
        options["json"] = example | EXAMPLES.get(operation, {})
    target = client.base_url.copy_with(raw_path=path.encode())
    answer = client.send(client.build_request(method, target, **options), stream=True)
    if operation == STREAM and answer.is_success:
        answer.close()
    else:
        answer.read()
    return answer


JSON_TYPE = "application/json"
SHOWN = [
    operation
    for operation, described in OPERATIONS.items()
    if operation.startswith("GET ")
    and JSON_TYPE in described["responses"]["200"].get("content", {})
    and "rollout" not in operation
]
"""What shows something as JSON."""
SERVICES: dict[str, Any] = {
    "pool": {
        "healthCheck": {"mode": "grpc", "headers": {"X-A": "b"}, "unhealthyInterval": "1s"},
        "passiveHealthCheck": {},
        "sticky": {"cookie": {"name": "c", "sameSite": "none", "secure": True, "maxAge": -1, "path": "/a"}},
        "responseForwarding": {"flushInterval": "-1ms"},
        "drainFor": "30m",
        "slowStart": "5s",
        "strategy": "p2c",
    },
    "shared": {"weighted": {"services": [{"name": "pool", "weight": 3}, {"name": "other@file"}], "healthCheck": None}},
    "copied": {"mirroring": {"service": "pool", "mirrors": [{"name": "shared", "percent": 10}]}},
    "spare": {"failover": {"service": "pool", "fallback": "shared", "errors": {"status": ["500-599"]}}},
    "hashed": {"highestRandomWeight": {"services": [{"name": "pool"}]}},
}
"""Services of all kinds."""
DRAINED = {"url": "http://10.0.0.11:3000", "state": "drain"}
JSON = {"Content-Type": "application/json"}
TAG = {"If-Match": '"x"'}


def missing(operation: str) -> str:
    path = operation.partition(" ")[2]
    return re.sub(r"\{\w+\}", "missing", path)


def undone(client: httpx.Client, **options: Any) -> httpx.Response:
    """Undo the newest revision: nothing else was built on it."""
    return ask(client, UNDO, path=path_example(UNDO).replace("/1/", f"/{numbers_made(client)[0]}/"), **options)


def confirmed(client: httpx.Client) -> httpx.Response:
    """Confirm a change that waits for it."""
    made = client.put("/domains/waiting.test", json={}, params={"confirmWithin": "10m"}).raise_for_status()
    return ask(client, CONFIRM, path=path_example(CONFIRM).replace("/1/", f"/{made.headers['Config-Revision']}/"))


def beaten(client: httpx.Client) -> httpx.Response:
    """Send a heartbeat of a server that has a lease."""
    where = client.base_url.copy_with(raw_path=path_example(BEAT).removesuffix("/heartbeat").encode())
    client.patch(where, json={"ttl": "24h"}).raise_for_status()
    return ask(client, BEAT)


def created(client: httpx.Client, operation: str) -> httpx.Response:
    if operation == UNDO:
        return undone(client)
    if operation == RETRY:
        let_wait(client, "alvin.xyz")
    if operation == CONFIRM:
        return confirmed(client)
    if operation == BEAT:
        return beaten(client)
    if operation.startswith("PUT "):
        path = path_example(operation)
        if "{" in operation:
            path = path.replace("/alvin.xyz", "/new.xyz") if "domains" in path else path + "-new"
        return ask(client, operation, path=path)
    return ask(client, operation)


USES = {
    "DELETE /api/v1/middlewares/{name}": ("/routers/wayshub", {"middlewares": ["strip-api"]}),
    "DELETE /api/v1/tlsOptions/{name}": ("/routers/wayshub", {"tls": {"options": "modern"}}),
    "DELETE /api/v1/serversTransports/{name}": ("/services/wayshub", {"serversTransport": "internal"}),
    "DELETE /api/v1/tcpMiddlewares/{name}": ("/tcpRouters/db", {"middlewares": ["inside"]}),
    "DELETE /api/v1/tcpServersTransports/{name}": (
        "/tcpServices/db",
        {"loadBalancer": {"serversTransport": "internal"}},
    ),
}
"""What makes the object of an example one that is in use, where those of other examples do not use it."""


def taken(client: httpx.Client, operation: str) -> httpx.Response:
    """Ask for a name that is taken, or without a word for what takes the last ready server away."""
    if operation == ROLL_OUT:
        ask(client, operation).raise_for_status()
        return client.post("/services/wayshub/rollout", json=body_example(operation))
    return _taken(client, operation)


def _taken(client: httpx.Client, operation: str) -> httpx.Response:
    method, _space, path = operation.partition(" ")
    if operation == "POST /api/v1/apply":
        declared = body_example(operation) or {}
        return ask(client, operation, json=declared | {"services": {"wayshub": {}}}, params={"prune": "true"})
    if operation == UNDO:
        number = numbers_made(client)[-1 - MAKING.index("POST /api/v1/services")]
        path = path_example(operation).replace("/1/", f"/{number}/")
        return ask(client, operation, path=path, params={"kind": "service", "name": "wayshub"})
    if operation in {ROLL_BACK, CONFIRM}:
        number = numbers_made(client)[-1]  # the revision in which there was no service, and that nobody has to confirm
        path = path_example(operation).replace("/1/", f"/{number}/")
        params = {"kind": "service", "name": "wayshub"} if operation == ROLL_BACK else {}
        return ask(client, operation, path=path, params=params)
    if operation in USES:
        user, patch = USES[operation]
        client.patch(user, json=patch).raise_for_status()
    if method == "POST":
        return ask(client, operation, json=body_example(operation))
    if path.endswith("/servers/{name}"):
        return ask(client, operation, **({} if method == "DELETE" else {"json": DRAINED}))
    return ask(client, operation)  # a router leads there


def numbers_made(client: httpx.Client) -> list[int]:
    """Return the revisions that made the objects of the examples, the newest first."""
    items = client.get("/revisions", params={"limit": len(MAKING)}).json()["items"]
    return [item["number"] for item in items]


def removed(client: httpx.Client, operation: str) -> httpx.Response:
    if operation == BEAT:
        return beaten(client)
    cascade = any(parameter["name"] == "cascade" for parameter in OPERATIONS[operation]["parameters"])
    params = {"cascade": "true"} if cascade else {}
    if operation.endswith("/servers/{name}"):
        params["confirm"] = "1"  # it is the last that is ready
    return ask(client, operation, params=params)


def unconfirmed(client: httpx.Client, operation: str) -> httpx.Response:
    """Ask to wait for an edge that polls, and that has no API which could tell what it runs."""
    polled(client)  # else it might have been silent for too long by now, which takes three seconds here
    client.headers["Prefer"] = "wait=0"
    method = operation.partition(" ")[0]
    return (removed if method == "DELETE" else created)(client, operation)


def unknown(client: httpx.Client, operation: str) -> httpx.Response:
    """Ask as nobody."""
    del client.headers["Authorization"]
    return ask(client, operation)


Producer = Callable[[httpx.Client, str], httpx.Response]


def tried(client: httpx.Client, operation: str) -> httpx.Response:
    """Ask for what is shown or changed; a removal answers with a body where it is only tried."""
    if operation in {UNDO, CONFIRM, RETRY}:
        return created(client, operation)
    if not operation.startswith("DELETE "):
        return ask(client, operation)
    cascade = any(parameter["name"] == "cascade" for parameter in OPERATIONS[operation]["parameters"])
    return ask(client, operation, params={"dryRun": "true"} | ({"cascade": "true"} if cascade else {}))


def validator(described: dict[str, Any], media_type: str) -> jsonschema_rs.Draft202012Validator:
    """Return what validates the body of an answer as it is described."""
    schema = described["content"][media_type]["schema"] | {"components": {"schemas": SCHEMAS}}
    found = jsonschema_rs.validator_for(schema)
    assert isinstance(found, jsonschema_rs.Draft202012Validator)
    return found


PRODUCERS: dict[str, Producer] = {
    "200": tried,
    "201": created,
    "202": unconfirmed,
    "204": removed,
    "304": lambda client, operation: ask(client, operation, headers={"If-None-Match": "*"}),
    "400": lambda client, operation: ask(client, operation, content=b"{", headers=JSON),
    "401": unknown,
    "403": lambda client, operation: ask(client, operation, headers={"Host": "evil.example"}),
    "404": lambda client, operation: ask(client, operation, path=missing(operation)),
    "409": taken,
    "412": lambda client, operation: ask(client, operation, headers=TAG),
    "413": lambda client, operation: ask(client, operation, content=b" " * 34_000_000, headers=JSON),
    "415": lambda client, operation: ask(client, operation, content=b"{}"),
    "422": lambda client, operation: ask(client, operation, params={"unknown": "1"}),
}


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (operation, status)
        for operation, described in OPERATIONS.items()
        for status in described["responses"]
        if status not in {"429", "503"}  # in e2e/test_acme, and of every operation in test_problems
    ],
)
def test_every_answer_that_is_documented_occurs(client: httpx.Client, operation: str, status: str) -> None:
    answer = PRODUCERS[status](client, operation)
    assert answer.status_code == int(status), answer.text
    described = OPERATIONS[operation]["responses"][status]
    for header in described_headers(described):
        assert header in answer.headers
    (media_type,) = described.get("content") or [None]
    assert answer.headers.get("content-type") == media_type or operation.startswith("HEAD ")
    if media_type is not None and "json" in media_type:
        validator(described, media_type).validate(answer.json())


def test_whatever_is_kept_is_shown_as_documented(client: httpx.Client) -> None:
    documents = [
        (f"{kind.lower()}-{number}", {kind: good}) for kind, row in ROWS.items() for number, good in enumerate(row.good)
    ]
    kept = [client.put(f"/middlewares/{name}", json=document).is_success for name, document in documents]
    assert kept.count(True) > len(kept) / 2  # others lead to what is not there
    for name, document in SERVICES.items():
        client.put(f"/services/{name}", json=document).raise_for_status()
    paths = [(operation, path_example(operation)) for operation in SHOWN]
    paths += [("GET /api/v1/services/{name}", f"/api/v1/services/{name}") for name in SERVICES]
    wrong = []
    for operation, path in paths:
        answer = client.get(client.base_url.copy_with(raw_path=path.encode())).raise_for_status()
        described = OPERATIONS[operation]["responses"]["200"]
        wrong += [f"{operation}: {error}" for error in validator(described, JSON_TYPE).iter_errors(answer.json())]
    assert not wrong


def test_503_is_documented_for_all_that_needs_the_database(tmp_path: Path) -> None:
    with running_service(tmp_path, None) as service, http_client(f"{service.url}/api/v1") as client:
        for operation, described in OPERATIONS.items():
            expected = 503 if "503" in described["responses"] else 200
            assert ask(client, operation).status_code == expected


@pytest.mark.parametrize("operation", [name for name, described in OPERATIONS.items() if "requestBody" in described])
def test_the_examples_are_accepted(client: httpx.Client, operation: str) -> None:
    assert ask(client, operation).is_success


@pytest.mark.parametrize("operation", sorted(TRIED))
def test_every_write_of_the_state_can_be_tried_and_answers_as_documented(
    client: httpx.Client, shared_service: Service, operation: str
) -> None:
    if operation == ROLL_OUT or operation in STEERING:
        roll(client, operation)
    before = state(shared_service)
    cascade = any(parameter["name"] == "cascade" for parameter in OPERATIONS[operation]["parameters"])
    params = {"dryRun": "true"} | ({"cascade": "true"} if cascade else {})
    answer = undone(client, params=params) if operation == UNDO else ask(client, operation, params=params)
    assert answer.is_success, answer.text
    assert state(shared_service) == before
    described = OPERATIONS[operation]["responses"][str(answer.status_code)]
    schema = described["content"]["application/json"]["schema"] | {"components": {"schemas": SCHEMAS}}
    jsonschema_rs.validator_for(schema).validate(answer.json())
    trial = {"$ref": "#/components/schemas/TrialOutput", "components": {"schemas": SCHEMAS}}
    jsonschema_rs.validator_for(trial).validate(answer.json())


def test_only_what_is_about_the_state_can_be_tried() -> None:
    def takes_trial(operation: str) -> bool:
        return any(parameter["name"] == "dryRun" for parameter in OPERATIONS[operation].get("parameters", ()))

    assert {operation for operation in OPERATIONS if takes_trial(operation)} == TRIED
