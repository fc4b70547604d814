"""What schemathesis is told, beyond the OpenAPI document, about this service. Loaded by the program itself."""

from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import CheckContext
from schemathesis.core.transport import Response
from schemathesis.hooks import HookContext

from provider import server_urls, values
from provider.api.requests import ID_HEADER
from provider.cursors import write_cursor
from provider.hosts import check_hostname, to_ascii
from provider.nouns import Noun, Service, within
from provider.nouns.certificate import Certificate
from provider.nouns.middlewares import KINDS
from provider.nouns.router import check_rule
from provider.values import Refusal
from tests import strategies
from tests.api.checks import CODES, TITLES
from tests.nouns.middleware_rows import BCRYPT, MD5
from tests.running import AUTHORIZED, TOKEN_ID, http_client

Case = schemathesis.Case[Any]

OTHERS = [noun for noun in within("") if noun.kind not in {"domain", "service", "router", "middleware"}]
"""The nouns of which what leads where is said by the example."""

FORMATS: dict[str, st.SearchStrategy[str]] = {
    "domain": strategies.hosts,
    "server-url": strategies.urls,
    "traefik-rule": strategies.rules,
    "cursor": strategies.names.map(write_cursor),
    "basic-user": strategies.names.map(lambda name: f"{name}:{BCRYPT}"),
    "ip-network": st.ip_addresses().map(str) | st.ip_addresses(v=4).map(lambda address: f"{address}/24"),
    "http-statuses": st.integers(400, 499).flatmap(
        lambda first: st.sampled_from([f"{first}", *(f"{first}-{last}" for last in (500, 503, 599))])
    ),
    "digest-user": strategies.names.map(lambda name: f"{name}:traefik:{MD5}"),
}
SAMPLES: dict[str, list[str]] = {
    "go-duration": ["1s", "2.5s", "5s", "1m30s", "1h"],  # within all limits
    "go-regex": ["^/v[0-9]+", "a|b", ".*", "^https?://(.+)"],
    "path-replacement": ["/new", "/"],
    "url-replacement": ["https://a.test/", "/x"],
    "traefik-tcp-rule": ["HostSNI(`*`)"],
    "breaker-condition": ["NetworkErrorRatio() > 0.30"],
    "retry-condition": ["Attempts() < 3"],
    "pem-certificates": ["/etc/traefik/ca.pem", str(Certificate.example["certFile"])],
    "pem-key": ["/etc/traefik/ca.key", str(Certificate.example["keyFile"])],
}
"""What fits the formats of our own: what those mean in Traefik's languages, no pattern says."""

for made, texts in (FORMATS | {name: st.sampled_from(samples) for name, samples in SAMPLES.items()}).items():
    schemathesis.openapi.format(made, texts)

_revisions: list[int] = []
"""The revision before the request that was sent last."""


_client = http_client()


def service_url(case: Case) -> str:
    return (case.operation.base_url or "").rstrip("/")


def revision(url: str) -> int:
    number: int = _client.get(f"{url}/readyz").raise_for_status().json()["revision"]
    return number


@schemathesis.hook
def before_call(_context: HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    url = service_url(case)
    if case.meta is not None and case.meta.generation.mode.is_positive:
        fit(case, url)
    # A poll is held on a connection that had one before. A case that was touched is judged anew, and by what is
    # documented a wrong `Authorization` is as good as any: those, of which none is held, stay as they are.
    if case.path.startswith("/traefik/") and case.headers.get("Authorization") == AUTHORIZED["Authorization"]:
        case.headers["Connection"] = "close"
    if case.method == "DELETE" and "/tokens/" in case.path and case.path_parameters["id"] == TOKEN_ID:
        case.path_parameters["id"] = "missing0"  # the token with which everything here is asked
    if case.headers.get("Prefer") == "wait=5":  # the edge of the poll before does not run what is written
        case.headers["Prefer"] = "wait=0"
    _revisions[:] = [revision(url)]


@schemathesis.check
def refused_as_a_problem_and_without_effect(_context: CheckContext, response: Response, case: Case) -> None:
    if response.status_code < 400:
        return
    assert not made_by(response, case), "what was refused made a revision"
    assert response.headers["cache-control"] == ["no-store"], "an error may be kept by a cache"
    assert len(response.content) < 100_000, "the answer to an error is long"
    if response.request.method != "HEAD":
        found = response.json()
        known = TITLES[found["type"].removeprefix("urn:wayshub-provider:")]
        assert (found["status"], found["title"]) == known, "the kind of problem is not known"
        assert {error["code"] for error in found.get("errors", ())} <= CODES, "a code is not known"


def made_by(response: Response, case: Case) -> list[Any]:
    """Return what a request did, by the audit: meanwhile others are rolled back, or their rollouts go on."""
    url = service_url(case)
    if revision(url) == _revisions[0]:
        return []
    kept = _client.get(f"{url}/api/v1/audit", params={"outcome": "accepted"}).raise_for_status().json()["items"]
    return [entry for entry in kept if [entry["requestId"]] == response.headers[ID_HEADER.lower()]]


# What a schema cannot say: that a name is the one in the path, that what is named exists, that a timeout
# is not longer than its interval, and which strings of its pattern are host names.


def fit(case: Case, url: str) -> None:
    """Make data that fits the schema fit what the schema cannot say, too."""
    path = case.path_parameters or {}
    fit_query(case)
    if case.headers.get("Config-Message"):  # what has other characters is sent as Latin-1
        case.headers["Config-Message"] = "because"
    if "/domains/" in case.path and "name" in path:
        path["name"] = a_host(path["name"])
    if case.path.endswith("/retry"):  # whether there is something to order, only the CA and the domain say
        path["name"] = "missing.test"
    if not isinstance(case.body, dict):
        return
    case.body = body = whole_numbers(case.body)
    if case.path.endswith("/apply"):
        fit_declaration(body, url)
        if (case.query or {}).get("prune") and body.get("routers"):  # what is not declared goes
            body.setdefault("domains", {}).setdefault("a.test", {})
            body.setdefault("services", {}).setdefault("s", {})
        return
    fit_fields(body)
    if case.path.endswith("/domains"):
        body["name"] = a_host(body["name"])
    elif case.path.endswith("/tokens"):
        fit_token(body)
    elif "name" in body and "name" in path:
        body["name"] = path["name"]
    fit_references(case, body, url)


def fit_references(case: Case, body: dict[str, Any], url: str) -> None:
    """Make an object lead to what exists."""
    if case.path.endswith(("/adopt", "/handBack")):
        body.update(routers=[], tcpRouters=[], all=True)
    if "/middlewares" in case.path:
        fit_middleware(body, patch=case.method == "PATCH")
    if "/routers" in case.path:
        fit_router(body, url, patch=case.method == "PATCH")
    if case.path.endswith("/rollout"):
        fit_rollout(case, body, url)
    elif "/services" in case.path and "/servers" not in case.path:
        fit_service(body)
    for noun in OTHERS:
        if f"/api/v1/{noun.plural}" in case.path:
            fit_other(body, noun, url, patch=case.method == "PATCH")


def fit_rollout(case: Case, body: dict[str, Any], url: str) -> None:
    """Make a rollout lead from a service that a router leads to, to another, in steps that rise."""
    for name in ("rolled", "rolled-next"):
        _client.put(f"{url}/api/v1/services/{name}", json={}).raise_for_status()
        _client.put(f"{url}/api/v1/services/{name}/servers/a", json={"url": "http://10.0.0.1"}).raise_for_status()
    router = {"rule": "Host(`rolled.test`)", "service": "rolled"}
    _client.put(f"{url}/api/v1/routers/rolled", json=router).raise_for_status()
    case.path_parameters["service"] = "rolled"
    body.update(to="rolled-next", steps=[50, 100], hold="2m", withoutHealthCheck=True)


def fit_service(body: dict[str, Any]) -> None:
    """Make a service a pool of servers that needs nothing else. Whether a patch leaves it a cookie, no schema says."""
    if body.get("sticky") == {}:
        del body["sticky"]
    for field in (*Service.alternatives(), "serversTransport", "middlewares"):
        body.pop(field, None)


def fit_other(body: dict[str, Any], noun: type[Noun], url: str, *, patch: bool) -> None:
    """Make an object that of the example, or a patch none at all: what it leads to exists."""
    for other in OTHERS:
        if other.kind in noun.kinds() and other is not noun:
            _client.put(f"{url}/api/v1/{other.plural}/{other.example['name']}", json=dict(other.example))
    name, labels = body.get("name"), body.get("labels")
    body.clear()
    body |= {} if patch else {key: value for key, value in noun.example.items() if key not in {"name", "labels"}}
    body |= {key: value for key, value in (("name", name), ("labels", labels)) if value is not None}


def fit_fields(body: dict[str, Any]) -> None:
    """Make the fields of an object what their formats want."""
    for field, value in list(body.items()):
        if value is not None and field in FITTED:
            body[field] = FITTED[field](value)


def fit_declaration(body: dict[str, Any], url: str) -> None:
    """Make a declaration one whose routers lead from and to what exists."""
    for plural in {"middlewares", "routers"} & body.keys():  # null is an empty object, which neither can be
        body[plural] = {name: item for name, item in body[plural].items() if item is not None}
    hosts = {to_ascii(a_host(name)): name for name in body.get("domains", {})}
    if hosts:
        body["domains"] = {label: body["domains"][name] for label, name in hosts.items()}
    for domain in body.get("domains", {}).values():
        fit_fields(domain or {})
    for service in body.get("services", {}).values():
        servers = (service or {}).pop("servers", None)
        fit_fields(service or {})
        if servers is not None:
            service["servers"] = servers
            for server in servers.values():
                fit_fields(server)
        fit_service(service or {})
    for middleware in body.get("middlewares", {}).values():
        fit_middleware(middleware, patch=False)
    for noun in OTHERS:
        body.pop(noun.plural, None)
    for router in body.get("routers", {}).values():
        fit_fields(router)
        fit_router(router, url, patch=False)


def fit_middleware(body: dict[str, Any], *, patch: bool) -> None:
    """Make a middleware one of the kind that stands first in it; a patch leaves the kind as it is."""
    kinds = [kind for kind in KINDS if body.get(kind) is not None]
    for kind in KINDS:
        body.pop(kind, None)
    if not patch:
        is_free = kinds and not any(KINDS[kinds[0]].kinds())  # what others refer to has to exist
        kind = kinds[0] if is_free else "compress"
        body[kind] = dict(KINDS[kind].example)


def fit_router(body: dict[str, Any], url: str, *, patch: bool) -> None:
    """Make a router, or a patch of one, lead from and to what exists."""
    _client.put(f"{url}/api/v1/domains/a.test", json={}).raise_for_status()
    _client.put(f"{url}/api/v1/services/s", json={}).raise_for_status()
    fit_parts(body, patch=patch)
    if body.get("middlewares"):
        body["middlewares"] = []
    if "service" in body:
        body["service"] = "s"
    if body.get("beside") and not body.get("entryPoints"):  # those of the other router
        body["entryPoints"] = ["web"]
    if body.get("domains"):
        body["domains"] = ["A.test"]
    if patch and body.get("rule"):
        body |= {"domains": [], "pathPrefix": None}
        return
    for field in ("domains", "pathPrefix", "rule"):  # it needs one of them
        if patch and not body.get(field, True):
            del body[field]
    if patch and {"domains", "pathPrefix"} & body.keys():
        body["rule"] = None


def fit_parts(body: dict[str, Any], *, patch: bool) -> None:
    """Leave out of a patch of a router what only makes sense with what there is."""
    if patch:  # whether anything is set of it then, only what there is says
        body.pop("observability", None)


def fit_query(case: Case) -> None:
    """Make a query one that fits its path."""
    if case.path.endswith(("/rollback", "/undo")) and case.query and {"kind", "name"} & case.query.keys():
        case.query |= {"kind": "router", "name": "a"}  # one goes with the other
    if case.path.endswith("/explain") and case.query:
        fit_request(case.query)
    if case.path.endswith(("/audit", "/revisions", "/rollouts")) and case.query and "cursor" in case.query:
        case.query["cursor"] = write_cursor("7")  # these lists are of numbers


def fit_request(query: dict[str, Any]) -> None:
    """Make what is asked for a request that a client could send."""
    query["url"] = "http://a.test/"
    for name, value in {"method": "GET", "header": ["a: b"], "client": "127.0.0.1", "entryPoint": "web"}.items():
        if name in query:
            query[name] = value


def fit_token(body: dict[str, Any]) -> None:
    """Make a token one that is good for a while."""
    if body.get("expires") is not None:
        body["expires"] = "2999-01-01T00:00:00Z"


def a_host(text: str) -> str:
    try:
        return check_hostname(text)
    except Refusal:
        return "b.test"


def a_url(text: str) -> str:
    try:
        return server_urls.check_server_url(text)
    except Refusal:
        return "http://b"


def a_duration(text: str) -> str:
    try:
        return values.check_duration(text)
    except Refusal:
        return "1s"


def a_rule(text: str) -> str:
    try:
        return check_rule(text)
    except Refusal:
        return "Host(`b`)"


def a_server(server: dict[str, Any]) -> dict[str, Any]:
    return server | {"name": None, "url": a_url(server["url"])}


def whole_numbers(value: Any) -> Any:
    """Return JSON in which whole numbers are written as such: to JSON Schema, 1.0 is an integer."""
    if isinstance(value, dict):
        return {name: whole_numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [whole_numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


FITTED: dict[str, Callable[[Any], Any]] = {
    "domain": a_host,
    "rule": a_rule,
    "url": a_url,
    "directory": lambda _: "https://127.0.0.1:1/directory",  # a CA that nobody runs
    "eab": lambda account: account | {"key": account.get("key") or "c2VjcmV0"},  # none is stored yet
    "dns": lambda dns: dns | {"options": dns.get("options") or {}},
    "tls": lambda tls: tls | {"options": None} if isinstance(tls, dict) else tls,
    "profile": lambda _: None,  # what a CA offers, it says itself
    "preferredChain": lambda _: None,
    "healthCheck": lambda check: check | {"interval": "1h", "timeout": a_duration(check.get("timeout") or "2s")},
    "servers": lambda servers: [a_server(server) for server in servers],
    "drainFor": lambda _: "30m",
    "drainUntil": lambda _: None,  # only a drained server of a sticky service has it
}
