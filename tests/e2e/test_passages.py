"""What is told of requests on their way through middlewares is what a real Traefik does with them."""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final

import pytest

from provider import passages
from provider.nouns import Middleware, document
from tests.e2e.documents import routing
from tests.running import NamedServer, Traefik, compact, running_servers

Document = Mapping[str, Any]

KINDS: Final[Mapping[str, Document]] = {
    "add": {"addPrefix": {"prefix": "/app"}},
    "allow-here": {"ipAllowList": {"sourceRange": ["127.0.0.0/8"]}},
    "allow-others": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"], "rejectStatusCode": 404}},
    "allow-old": {"ipWhiteList": {"sourceRange": ["10.0.0.0/8", "::1"]}},
    "basic": {"basicAuth": {"users": ["alvin:secret"]}},
    "cors": {"headers": {"accessControlAllowOriginList": ["*"], "accessControlAllowMethods": ["GET"]}},
    "digest": {"digestAuth": {"users": ["alvin:traefik:secret"]}},
    "escapes": {"encodedCharacters": {"allowEncodedSlash": True}},
    "hosts": {"headers": {"allowedHosts": ["HOSTS.test", "other.test"]}},
    "hosts-other": {"headers": {"allowedHosts": ["other.test"]}},
    "https": {"redirectScheme": {"scheme": "https"}},
    "https-port": {"redirectScheme": {"scheme": "https", "port": "8443", "permanent": True}},
    "http": {"redirectScheme": {"scheme": "http"}},
    "http-port": {"redirectScheme": {"scheme": "http", "port": "80"}},
    "regex": {"redirectRegex": {"regex": "^http://(?P<host>[^/]+)/(.*)$", "replacement": "https://www.${host}/$2"}},
    "regex-word": {"redirectRegex": {"regex": "a*", "replacement": "x", "permanent": True}},
    "regex-path": {"redirectRegex": {"regex": "^.*/old/(.*)$", "replacement": "/new/$1?a=$$1"}},
    "regex-same": {"redirectRegex": {"regex": "^(.*)$", "replacement": "$1"}},
    "replace": {"replacePath": {"path": "/a%20b"}},
    "replace-regex": {"replacePathRegex": {"regex": "^/old/(.*)", "replacement": "/new/$1"}},
    "replace-all": {"replacePathRegex": {"regex": "[a-z]*", "replacement": "${0}x"}},
    "strip": {"stripPrefix": {"prefixes": ["/api", "/v1/"]}},
    "strip-part": {"stripPrefix": {"prefixes": ["/fo"]}},
    "strip-regex": {"stripPrefixRegex": {"regex": ["^/v[0-9]+", "/x"]}},
    "both": {"chain": {"middlewares": ["strip", "add"]}},
    "stripped-regex": {"chain": {"middlewares": ["strip", "regex"]}},
    "named": {"headers": {"customRequestHeaders": {"Authorization": "Basic YTpi", "X-Gone": ""}}},
}
PATHS: Final = (
    "/",
    "/api",
    "/api/one?a=b&c=%20",
    "/api../one",
    "/api/%2e%2e/one",
    "/apis",
    "/a%2Fpi/b",
    "/api/a%2Fb",
    "/%61pi/x",
    "/api/%C3%A9",
    "/v1/two",
    "/v12/x/v12",
    "/v1%2Fx",
    "/foo/bar",
    "/old/a%20b?x=y",
    "/old/%2F;a=b",
    "//old//a",
    "/x/y",
    "/a%5Cb",
    "/old/../aaa",
    '/old/"q"',
)


class Asked(NamedServer):
    """A server that answers with what it was asked for."""

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        return 200, json.dumps({"path": path})


@dataclass(frozen=True)
class Answer:
    """What came back: from a middleware, or of which path a server was asked."""

    status: int
    location: str | None = None
    target: str | None = None


@pytest.fixture(scope="module")
def known() -> dict[str, Middleware]:
    return {name: Middleware.read({"name": name, **json.loads(compact(given))}) for name, given in KINDS.items()}


@pytest.fixture(scope="module")
def traefik(tmp_path_factory: pytest.TempPathFactory, known: Mapping[str, Middleware]) -> Iterator[Traefik]:
    """A Traefik with a router for each middleware, `NAME.test`."""
    middlewares: dict[str, Any] = {name: json.loads(document.encode(each.kept(None))) for name, each in known.items()}
    middlewares["provider.beacon"] = {"headers": {"customResponseHeaders": {"X-Config-Digest": "all"}}}
    routers = {
        name: {"rule": f"Host(`{name}.test`)", "service": "asked", "middlewares": [name], "entryPoints": ["web"]}
        for name in known
    }
    with running_servers(Asked("asked")) as (server,), routing(tmp_path_factory.mktemp("passages")) as routes:
        services = {"asked": {"loadBalancer": {"servers": [{"url": server.url}]}}}
        http_part = {"middlewares": middlewares, "routers": routers, "services": services}
        yield routes.run(compact({"http": http_part}), "all")


def ask(traefik: Traefik, host: str, path: str, method: str, headers: Sequence[tuple[str, str]]) -> Answer:
    """Send a request as it is."""
    connection = http.client.HTTPConnection(traefik.web.removeprefix("http://"), timeout=60)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in [("Host", host), *headers]:
            connection.putheader(name, value)
        connection.endheaders()
        found = connection.getresponse()
        content = found.read()
        is_served = found.status == 200 and content.startswith(b"{")
        target = json.loads(content)["path"] if is_served else None
        return Answer(found.status, found.getheader("Location"), target)
    finally:
        connection.close()


def told(known: Mapping[str, Middleware], host: str, path: str, method: str, headers: Any) -> Answer | None:
    """Return what is told of it, or None where it depends on what is not known."""
    begun = passages.begin(f"http://{host}{path}", method, [*headers, ("Host", host)], "127.0.0.1")
    found = passages.follow(begun, passages.stops([host.partition(".")[0].lower()], known))
    if any(step.effect.fate == "depends" for step in found.steps):
        return None
    if found.end is not None:
        return Answer(found.end.effect.status or 0, found.end.effect.location)
    return Answer(200, None, found.target)


@pytest.mark.parametrize("name", KINDS)
def test_paths_and_redirects_are_those_of_traefik(name: str, traefik: Traefik, known: Mapping[str, Middleware]) -> None:
    wrong = []
    for path in PATHS:
        host = f"{name}.test"
        expected = told(known, host, path, "GET", ())
        found = ask(traefik, host, path, "GET", ())
        if expected not in {found, None}:
            wrong.append((path, expected, found))
    assert wrong == []


@pytest.mark.parametrize(
    ("host", "method", "headers"),
    [
        ("https.test", "POST", {}),
        ("https-port.test", "PUT", {}),
        ("https.test:80", "GET", {}),
        ("https.test:8000", "GET", {}),
        ("https-port.test:8000", "HEAD", {}),
        ("http.test", "GET", {"X-Forwarded-Proto": "https"}),
        ("http.test:80", "GET", {}),
        ("http-port.test:80", "GET", {}),
        ("http-port.test:8080", "GET", {}),
        ("regex.test:8000", "POST", {}),
        ("hosts.test:8000", "GET", {}),
        ("HOSTS.test", "GET", {}),
        ("cors.test", "OPTIONS", {"Origin": "https://a.test", "Access-Control-Request-Method": "GET"}),
        ("cors.test", "GET", {"Origin": "https://a.test", "Access-Control-Request-Method": "GET"}),
        ("basic.test", "GET", {"Authorization": "Bearer a"}),
        ("digest.test", "GET", {"Authorization": "Basic YTpi"}),
        ("named.test", "GET", {"X-Gone": "a"}),
    ],
)
def test_methods_hosts_and_headers_count_as_for_traefik(
    host: str, method: str, headers: Mapping[str, str], traefik: Traefik, known: Mapping[str, Middleware]
) -> None:
    expected = told(known, host, "/one", method, list(headers.items()))
    found = ask(traefik, host, "/one", method, list(headers.items()))
    if method == "HEAD" and expected is not None:
        assert (found.status, found.location) == (expected.status, expected.location)
    else:
        assert found == expected


def test_with_a_password_it_depends_on_that(traefik: Traefik, known: Mapping[str, Middleware]) -> None:
    credentials = [("Authorization", "Basic YWx2aW46c2VjcmV0")]
    assert told(known, "basic.test", "/", "GET", credentials) is None
    assert ask(traefik, "basic.test", "/", "GET", credentials).status == 200
    assert told(known, "basic.test", "/", "GET", ()) == ask(traefik, "basic.test", "/", "GET", ()) == Answer(401)
