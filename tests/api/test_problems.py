"""Problem details: the one form in which every error leaves the service."""

import ast
import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import provider
from provider import errors, neighbours, validation
from provider.api import problems
from provider.app import create_app
from provider.cursors import write_cursor
from provider.errors import FieldError, InUse, Invalid, ProviderError, TooMany
from provider.nouns import NOUNS, within
from provider.settings import Settings
from tests.api.checks import CODES, TITLES, problem, state
from tests.running import Service, http_client, running_service

APPLICATION = {"domain": "alvin.xyz", "name": "wayshub", "servers": [{"name": "a", "url": "http://a"}]}


def codes_of_rooms(path: Path) -> Iterator[str]:
    """Find the codes of what is given twice, and those that a room of its own gives to be refused."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.AnnAssign | ast.Return | ast.Yield) and isinstance(node.value, ast.Tuple):
            texts = [each.value for each in node.value.elts if isinstance(each, ast.Constant)]
            told = ("template(", "Message(", "watching.find_")
            if texts and any(each in ast.unparse(node) for each in told):
                yield from (str(text) for text in texts if re.fullmatch(r"[A-Za-z]+\.[a-z]+", str(text)))


def codes_in(path: Path) -> Iterator[str]:
    """Find the codes that a module writes, where they are handed to what makes errors."""
    positions = {
        "FieldError": 1,
        "matching": 1,
        "_reason": 0,
        "Refusal": 0,
        "_RefusedValue": 0,
        "BadRule": 0,
        "BadArgument": 0,
    }
    positions["_refuse"] = 1 if path.name == "strict_json.py" else 0
    if path.parent.name == "rollouts":
        positions["_wrong"] = 0
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Assign) and ast.unparse(call.targets[0]) == "code" and path.parent.name == "rollouts":
            yield str(ast.literal_eval(call.value))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "reading.refuse":
            code = call.args[1]
            if isinstance(code, ast.Constant):
                yield str(code.value)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in positions:
            code = call.args[positions[call.func.id]]
            if isinstance(code, ast.Constant):
                yield str(code.value)
        for keyword in call.keywords if isinstance(call, ast.Call) else ():
            if keyword.arg == "duplicate" and isinstance(keyword.value, ast.Tuple):
                yield str(ast.literal_eval(keyword.value.elts[0]))
    yield from codes_of_rooms(path)


def test_the_codes_are_those_that_programs_know() -> None:
    written = {code for path in Path(provider.__file__).parent.rglob("*.py") for code in codes_in(path)}
    kinds = {*neighbours.KINDS, *(kind for noun in NOUNS.values() for kind in noun.kinds())}
    references = {f"{kind}.unknown" for kind in kinds} | {
        f"{kind}.cycle" for kind in kinds if kind in NOUNS[kind].kinds()
    }
    exclusive = {f"{key}.many" for noun in NOUNS.values() for key, each in noun.fields.items() if each.is_exclusive}
    assert written | references | exclusive | set(validation._CODES.values()) == CODES


def subclasses(kind: type[ProviderError]) -> Iterator[type[ProviderError]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


# A setting is read before there is anything that could answer.
KINDS = [
    kind
    for kind in subclasses(ProviderError)
    if kind.__module__ == "provider.errors" and kind is not errors.SettingsError
]


def make(kind: type[ProviderError]) -> ProviderError:
    if kind is Invalid:
        return Invalid([FieldError("/url", "url.scheme", "no scheme")])
    if kind is TooMany:
        return TooMany(2.5)
    if kind is errors.Brake:
        return errors.Brake(
            "much", [FieldError("/confirm", "brake.routers", "4 of 4 routers would be lost", "query")], 4
        )
    if kind is errors.ChangedSince:
        return errors.ChangedSince(
            "changed", [FieldError("/router/a/priority", "undo.changed", "it is 7 now", "query")], []
        )
    return InUse("used", [("router", "a")]) if kind is InUse else kind("what happened")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_error_has_a_status_and_a_form(kind: type[ProviderError]) -> None:
    error = make(kind)
    answer = problems.from_error(error, "/x")
    content = json.loads(bytes(answer.body))
    assert content["type"] == f"urn:wayshub-provider:{kind.code}"
    assert (content["title"], content["detail"], content["instance"]) == (kind.title, error.detail, "/x")
    assert answer.status_code == content["status"] == problems.STATUSES[kind]
    assert answer.media_type == "application/problem+json"
    assert answer.headers.get("retry-after") == {429: "3", 503: "1"}.get(answer.status_code)
    assert answer.headers.get("www-authenticate") == ("Bearer" if answer.status_code == 401 else None)
    if kind is not errors.Unverified:
        assert TITLES[kind.code] == (answer.status_code, kind.title)


def test_the_kinds_are_those_that_programs_know() -> None:
    assert {kind.code for kind in KINDS} | {"method-not-allowed"} == {*TITLES, "unverified"}
    assert all(issubclass(kind, ProviderError) for kind in problems.STATUSES)
    assert set(problems.STATUSES) == set(KINDS)


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "x" * 5000, "\ud800" * 5000])
def test_any_text_can_be_told(text: str) -> None:
    error = Invalid([FieldError(f"/{text}", "url.scheme", text)])
    content = json.loads(bytes(problems.from_error(error, f"/{text}").body))
    for told in (
        content["detail"],
        content["instance"],
        content["errors"][0]["pointer"],
        content["errors"][0]["detail"],
    ):
        assert len(told) <= 12_001
        told.encode()


def test_a_fault_of_ours_is_a_problem_too_and_tells_nothing_of_its_inside() -> None:
    app = create_app(Settings(database_url="sqlite:////nowhere/provider.db")).api

    @app.get("/fault")
    def fault() -> None:
        raise ZeroDivisionError("a secret")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/fault")

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:wayshub-provider:internal"
    assert "secret" not in answer.text


Producer = Callable[[httpx.Client], httpx.Response]
NOBODY = {"Authorization": "Bearer wsp_nobody00_" + "x" * 43}

PRODUCERS: list[tuple[Producer, str, list[tuple[str, str]]]] = [
    (
        lambda c: c.post("/domains", content=b"{", headers={"Content-Type": "application/json"}),
        "unreadable",
        [("", "json.syntax")],
    ),
    (lambda c: c.get("/domains", headers=NOBODY), "unauthenticated", []),
    (lambda c: c.get("/nothing", headers=NOBODY), "unauthenticated", []),
    (lambda c: c.put("/domains", json={}, headers=NOBODY), "unauthenticated", []),
    (lambda c: c.post("/domains", content=b" " * 2_000_000, headers=NOBODY), "unauthenticated", []),
    (lambda c: c.get(c.base_url.copy_with(path="/traefik/configuration"), headers=NOBODY), "unauthenticated", []),
    (lambda c: c.get("/domains", headers={"Host": "evil.example"}), "forbidden", []),
    (lambda c: c.get("/tokens/missing0"), "not-found", []),
    (lambda c: c.delete("/tokens/missing0"), "not-found", []),
    (lambda c: c.post("/tokens", json={"name": "a", "scopes": []}), "invalid", [("/scopes", "value.few")]),
    (lambda c: c.post("/tokens", json={"name": "a", "scopes": ["all"]}), "invalid", [("/scopes/0", "scope.format")]),
    (
        lambda c: c.post("/tokens", json={"name": "a", "scopes": ["read", "read"]}),
        "invalid",
        [("/scopes", "scopes.duplicate")],
    ),
    (
        lambda c: c.post("/tokens", json={"name": "a", "scopes": ["read"], "expires": "2026-01-01T00:00:00Z"}),
        "invalid",
        [("/expires", "expires.past")],
    ),
    (lambda c: c.get("/audit", params={"cursor": write_cursor("x")}), "invalid", [("/cursor", "cursor.format")]),
    *(
        (lambda c, time=time: c.get("/audit", params={"since": time}), "invalid", [("/since", "time.format")])
        for time in (
            "AAA",
            "2026-13-01T00:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "1e400",
            "0.5",
            "1700000000",
            "",
        )
    ),
    *(
        (
            lambda c, time=time: c.post("/tokens", json={"name": "a", "scopes": ["read"], "expires": time}),
            "invalid",
            [("/expires", "time.format")],
        )
        for time in ("AAA", "2999-13-01T00:00:00Z", "2999-01-01", "2999-01-01T00:00:00", "4000000000", "")
    ),
    (
        lambda c: c.post("/tokens", json={"name": "a", "scopes": ["read"], "expires": 4e9}),
        "invalid",
        [("/expires", "type.string")],
    ),
    (lambda c: c.get("/audit", params={"outcome": "x"}), "invalid", [("/outcome", "value.choice")]),
    (lambda c: c.delete("/audit"), "method-not-allowed", []),
    (lambda c: c.post("/domains", json={}, headers={"Origin": "null"}), "forbidden", []),
    (lambda c: c.get("/nothing"), "not-found", []),
    (lambda c: c.get("/domains/"), "not-found", []),
    (lambda c: c.get("/"), "not-found", []),
    (lambda c: c.get("/domains/missing.test"), "not-found", []),
    (lambda c: c.get("/services/missing/servers"), "not-found", []),
    (lambda c: c.get("/edges/missing"), "not-found", []),
    (lambda c: c.delete("/edges/missing/quarantine"), "not-found", []),
    (lambda c: c.delete("/edges"), "method-not-allowed", []),
    (lambda c: c.get("/edges", params={"cursor": "x"}), "invalid", [("/cursor", "cursor.format")]),
    (lambda c: c.get("/edges/missing", params={"x": 1}), "invalid", [("/x", "query.unknown")]),
    (lambda c: c.delete("/edges/missing/quarantine", params={"x": 1}), "invalid", [("/x", "query.unknown")]),
    (
        lambda c: c.put("/services/new", json={}, headers={"Prefer": "wait=301"}),
        "invalid",
        [("/Prefer", "prefer.wait")],
    ),
    (lambda c: c.delete("/routers/wayshub", headers={"Prefer": "wait=x"}), "invalid", [("/Prefer", "prefer.wait")]),
    (lambda c: c.get("/services/wayshub/servers/missing"), "not-found", []),
    (lambda c: c.put("/services/missing/servers/a", json={"url": "http://a"}), "not-found", []),
    (lambda c: c.put("/domains", json={}), "method-not-allowed", []),
    (lambda c: c.post("/domains", json={"name": "alvin.xyz"}), "already-exists", [("/name", "name.taken")]),
    (
        lambda c: c.post("/expose", json=APPLICATION),
        "already-exists",
        [("/name", "name.taken"), ("/domain", "domain.taken")],
    ),
    (lambda c: c.delete("/services/wayshub"), "in-use", []),
    (lambda c: c.delete("/domains/alvin.xyz"), "in-use", []),
    (lambda c: c.delete("/services/wayshub/servers/a"), "brake", [("/confirm", "brake.service")]),
    (lambda c: c.get("/domains", params={"label": "a"}), "invalid", [("/label/0", "label.format")]),
    (
        lambda c: c.post("/domains", json={"name": "b.test", "labels": {"A": "b"}}),
        "invalid",
        [("/labels", "label.key")],
    ),
    (
        lambda c: c.post("/domains", json={"name": "b.test", "labels": {"a": "-"}}),
        "invalid",
        [("/labels/a", "label.value")],
    ),
    (
        lambda c: c.delete("/routers/wayshub", headers={"If-Match": '"x"'}),
        "precondition-failed",
        [("/If-Match", "precondition.failed")],
    ),
    (
        lambda c: c.put("/services/wayshub", json={}, headers={"If-None-Match": "*"}),
        "precondition-failed",
        [("/If-None-Match", "precondition.failed")],
    ),
    (
        lambda c: c.post(f"/revisions/{int(c.get('/revisions').json()['items'][0]['number']) - 1}/undo"),
        "clash",
        [("/domain/alvin.xyz/description", "undo.changed")],
    ),
    (lambda c: c.post(f"/revisions/{c.get('/revisions').json()['items'][0]['number']}/confirm"), "not-pending", []),
    (lambda c: c.post("/domains", content=b" " * 2_000_000), "too-large", []),
    (
        lambda c: c.post("/domains", content=iter([b" " * 500_000] * 4), headers={"Content-Type": "application/json"}),
        "too-large",
        [],
    ),
    (lambda c: c.post("/domains", content=b"{}"), "unsupported-media-type", []),
    (lambda c: c.get("/domains", params={"limit": 0}), "invalid", [("/limit", "value.small")]),
    (lambda c: c.get("/domains", params={"cursor": "x"}), "invalid", [("/cursor", "cursor.format")]),
    (lambda c: c.get("/domains", params={"x": 1}), "invalid", [("/x", "query.unknown")]),
    (lambda c: c.delete("/domains/alvin.xyz", params={"cascade": "x"}), "invalid", [("/cascade", "type.boolean")]),
    (lambda c: c.post("/domains", json={}), "invalid", [("/name", "field.required")]),
    (lambda c: c.put("/domains/a_b", json={}), "invalid", [("/name", "host.format")]),
    (lambda c: c.patch("/services/wayshub", json={"strategy": 1}), "invalid", [("/strategy", "value.choice")]),
    (lambda c: c.patch("/services/wayshub", json={"name": "x"}), "invalid", [("/name", "name.immutable")]),
    (lambda c: c.patch("/routers/wayshub", json={"service": "x"}), "invalid", [("/service", "service.unknown")]),
    (
        lambda c: c.get(f"{c.base_url.copy_with(path='/traefik/configuration')}?edge=A"),
        "invalid",
        [("/edge", "name.format")],
    ),
    (lambda c: c.post(c.base_url.copy_with(path="/traefik/configuration")), "method-not-allowed", []),
    (lambda c: c.get(c.base_url.copy_with(path="/traefik/configuration/")), "not-found", []),
    (lambda c: c.post(c.base_url.copy_with(path="/readyz")), "method-not-allowed", []),
    (lambda c: c.post(c.base_url.copy_with(path="/metrics")), "method-not-allowed", []),
]


def test_every_producer_of_errors_uses_the_one_form(client: httpx.Client, service: Service) -> None:
    client.post("/expose", json=APPLICATION).raise_for_status()
    for text in ("one", "another"):
        client.patch("/domains/alvin.xyz", json={"description": text}).raise_for_status()
    before = state(service)
    seen = set()
    for produce, kind, fields in PRODUCERS:
        answer = produce(client)
        problem(answer, kind, *fields)
        assert {error["code"] for error in answer.json().get("errors", ())} <= CODES
        seen.add(kind)
    assert state(service) == before
    assert seen == set(TITLES) - {"unavailable", "too-many"}  # the latter is what logging in too often gives


def operations(client: httpx.Client) -> dict[str, set[str]]:
    """Return the methods of each path in the OpenAPI document, with names in its place-holders."""
    paths = client.get(client.base_url.copy_with(path="/openapi.json")).raise_for_status().json()["paths"]
    return {re.sub(r"\{\w+\}", "a", path): {method.upper() for method in methods} for path, methods in paths.items()}


METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"}


def test_a_method_that_a_path_does_not_know_is_answered_with_those_that_it_knows(client: httpx.Client) -> None:
    for path, known in operations(client).items():
        for method in METHODS - known:
            answer = client.request(method, client.base_url.copy_with(path=path))
            told = known | {"OPTIONS"} | ({"HEAD"} if "GET" in known else set())
            assert set(answer.headers["allow"].split(", ")) == told
            problem(answer, "method-not-allowed")
        if "GET" not in known:
            assert client.head(client.base_url.copy_with(path=path)).status_code == 405


IN_MEMORY = {
    "/healthz": 200,
    "/readyz": 200,
    "/metrics": 200,
    "/api/v1/schema": 200,
    "/api/v1/edges": 200,
    "/api/v1/edges/a": 404,
    "/api/v1/edges/a/quarantine": 404,
    "/api/v1/services/a/servers/a/heartbeat": 404,
    "/api/v1/leases": 200,
    "/api/v1/leases/held": 204,
}
"""What is answered when the database is lost, and how: the process and its edges are there, but no edge a."""


def ask_all(client: httpx.Client, paths: dict[str, set[str]], in_memory: dict[str, int], told: str) -> None:
    """Check that all operations but those in memory say that the database cannot be used, and what to do."""
    for path, methods in paths.items():
        for method in methods - {"HEAD"}:
            if path in in_memory:
                assert client.request(method, path).status_code == in_memory[path]
                continue
            body: Any = {"name": "a", "url": "http://a", "pathPrefix": "/", "service": "a", "scopes": ["read"]}
            body |= {"compress": {}, "directory": "letsencrypt", "termsAccepted": True, "all": True, "to": "b"}
            others = {f"/api/v1/{noun.plural}": noun for noun in within("")}
            wanted = {
                "/api/v1/domains": ["name"],
                "/api/v1/services": ["name"],
                "/api/v1/services/a/servers": ["name", "url"],
                "/api/v1/services/a/servers/a": ["url"],
                "/api/v1/middlewares": ["name", "compress"],
                "/api/v1/middlewares/a": ["compress"],
                "/api/v1/routers": ["name", "service", "pathPrefix"],
                "/api/v1/routers/a": ["service", "pathPrefix"],
                "/api/v1/tokens": ["name", "scopes"],
                "/api/v1/acme": ["directory", "termsAccepted"],
                "/api/v1/adopt": ["all"],
                "/api/v1/handBack": ["all"],
                "/api/v1/services/a/rollout": ["to"],
            }.get(path, [])
            body = {name: body[name] for name in wanted}
            noun = others.get(path.removesuffix("/a"))
            if noun is not None and not wanted:
                body = {key: value for key, value in noun.example.items() if key != "name" or not path.endswith("/a")}
            if path == "/api/v1/expose":
                body = APPLICATION
            query = {"url": "http://alvin.xyz/"} if path == "/api/v1/explain" else None
            answer = client.request(
                method, path, params=query, json=body if method in {"POST", "PUT", "PATCH"} else None
            )
            assert told in problem(answer, "unavailable")["detail"]


def test_without_a_database_nobody_is_known_and_all_but_the_process_answers_503_and_says_what_to_do(
    client: httpx.Client, tmp_path: Path
) -> None:
    paths = operations(client)
    with running_service(tmp_path, None) as service, http_client(service.url) as own:
        ask_all(own, paths, {"/healthz": 200}, "run `wayshub-provider migrate`")
        assert own.get("/healthz").json()["status"] == "alive"
        for path in ("/openapi.json", "/docs"):
            assert "run `wayshub-provider migrate`" in problem(own.get(path), "unavailable")["detail"]


def test_when_the_database_is_lost_everything_that_needs_it_answers_503_and_says_what_is_missing(
    start_service: Callable[[], Service],
) -> None:
    service = start_service()
    with http_client(service.url) as client:
        paths = operations(client)
        service.database.unlink()
        for path in ("/traefik/configuration", "/api/v1/events"):  # what is in memory goes on
            paths.pop(path)
        ask_all(client, paths, IN_MEMORY, f"the database {service.database} is missing")
        assert client.get("/traefik/configuration").status_code == client.get("/readyz").status_code == 200
        assert client.get("/healthz").json()["status"] == "alive"
        assert [edge["name"] for edge in client.get("/api/v1/edges").json()["items"]] == ["default"]
        problem(client.get("/api/v1/edges/a"), "not-found")
        problem(client.delete("/api/v1/edges/a/quarantine"), "not-found")
        assert client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("profile", "", "/profile"),
        ("dns", {"provider": "Knot DNS", "options": {}}, "/dns/provider"),
        ("eab", {"kid": "k", "key": "no key"}, "/eab/key"),
    ],
)
def test_what_has_another_form_has_a_code_of_ours(client: httpx.Client, field: str, value: object, where: str) -> None:
    wanted = {"directory": "letsencrypt", "termsAccepted": True, field: value}
    found = problem(client.put("/acme", json=wanted), "invalid", (where, "value.format"))
    assert "this has to match the pattern ^" in found["detail"]
