"""Every kind of middleware acts in a real Traefik, and Traefik enables whatever is taken here."""

import base64
import hashlib
import json
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import httpx
import pytest
import trustme
import yaml

from provider.nouns import document
from provider.nouns.fields import Field
from provider.nouns.middleware import Middleware
from provider.nouns.middlewares.headers import Headers
from tests.e2e.acting import acts
from tests.e2e.documents import routing
from tests.e2e.plugins import PLUGINS, add_plugin
from tests.nouns.middleware_rows import good
from tests.running import NamedServer, Traefik, compact, fetch, running_servers, wait_until

Document = Mapping[str, Any]

SHA: Final = "{SHA}" + base64.b64encode(hashlib.sha1(b"secret", usedforsecurity=False).digest()).decode()
USERS: Final = {
    "plain": "secret",
    "sha": SHA,
    "md5": "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1",
    "bcrypt": "$2y$04$4CVq8qjfjAn.hHdHjYJtz.sB2XWszD6YdYncG20dPqbKTaOSwkEAi",
}

ACTING: Final[Mapping[str, Document]] = {
    "add-prefix": {"addPrefix": {"prefix": "/app"}},
    "basic-auth": {
        "basicAuth": {
            "users": [f"{name}:{password}" for name, password in USERS.items()],
            "realm": "Ways hub",
            "headerField": "X-User",
            "removeHeader": True,
        }
    },
    "chain": {"chain": {"middlewares": ["add-prefix", "headers", "limit@file"]}},
    "compress": {"compress": {}},
    "headers": {
        "headers": {
            "customRequestHeaders": {"X-Added": "é", "X-Gone": ""},
            "customResponseHeaders": {"X-Answer": "1"},
            "frameDeny": True,
            "stsSeconds": 60,
            "forceSTSHeader": True,
            "accessControlAllowOriginListRegex": [r"^https://.+\.alvin\.xyz$"],
            "accessControlAllowMethods": ["GET"],
        }
    },
    "in-flight-req": {"inFlightReq": {"amount": 1}},
    "ip-allow-list": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"], "rejectStatusCode": 404}},
    "ip-allow-list-here": {"ipAllowList": {"sourceRange": ["127.0.0.0/8"]}},
    "ip-allow-list-behind": {"ipAllowList": {"sourceRange": ["10.0.0.1"], "ipStrategy": {"depth": 1}}},
    "rate-limit": {"rateLimit": {"average": 1, "period": "720h", "burst": 2}},
    "rate-limit-by-header": {
        "rateLimit": {"average": 1, "period": "720h", "sourceCriterion": {"requestHeaderName": "X-Key"}}
    },
    "buffering": {"buffering": {"maxRequestBodyBytes": 4, "maxResponseBodyBytes": 1_000}},
    "circuit-breaker": {
        "circuitBreaker": {
            "expression": "ResponseCodeRatio(500, 600, 0, 600) > 0.5",
            "checkPeriod": "1ms",
            "fallbackDuration": "720h",
            "responseCode": 599,
        }
    },
    "content-type": {"contentType": {}},
    "content-type-off": {"contentType": {"autoDetect": False}},
    "digest-auth": {"digestAuth": {"users": ["alvin:Ways hub:secret"], "realm": "Ways hub", "headerField": "X-User"}},
    "encoded-characters": {"encodedCharacters": {"allowEncodedSlash": True}},
    "encoded-characters-none": {"encodedCharacters": {}},
    "errors": {
        "errors": {
            "status": ["500-599"],
            "service": "echo",
            "query": "/pages/{status}?from={originalStatus}",
            "statusRewrites": {"503": 502},
            "errorRequestHeaders": ["Accept-Language"],
        }
    },
    "forward-auth": {
        "forwardAuth": {
            "address": "http://auth.test/login",
            "authResponseHeaders": ["Remote-User"],
            "authRequestHeaders": ["X-Key"],
            "addAuthCookiesToResponse": ["session"],
            "authSigninURL": "/sign-in",
        }
    },
    "grpc-web": {"grpcWeb": {"allowOrigins": ["https://alvin.xyz"]}},
    "ip-white-list": {"ipWhiteList": {"sourceRange": ["10.0.0.0/8"]}},
    "pass-tls-client-cert": {"passTLSClientCert": {"pem": True, "info": {"subject": {"commonName": True}}}},
    "plugin": {"plugin": {"demo": {"names": ["a", "b"], "deep": {"number": 3, "share": 0.5, "text": "ä\n"}}}},
    "redirect-regex": {
        "redirectRegex": {
            "regex": r"^http://(?P<host>[^/]+)/(.*)$",
            "replacement": "https://www.${host}/$2?a=$$1",
            "permanent": True,
        }
    },
    "redirect-for-good": {"redirectScheme": {"scheme": "https", "permanent": True}},
    "redirect-scheme": {"redirectScheme": {"scheme": "https", "port": "8443"}},
    "replace-path": {"replacePath": {"path": "/a%20b"}},
    "replace-path-regex": {"replacePathRegex": {"regex": "^/old/(.*)", "replacement": "/new/$1"}},
    "retry": {"retry": {"attempts": 3, "status": ["503"]}},
    "strip-prefix-only": {"stripPrefix": {"prefixes": ["/api"], "forceSlash": False}},
    "strip-prefix": {"stripPrefix": {"prefixes": ["/api"]}},
    "strip-prefix-regex": {"stripPrefixRegex": {"regex": ["^/v[0-9]+", "one"]}},
}


class Echo(NamedServer):
    """A server that answers with what it was asked; `/slow` waits until it is let go, `/503` answers that.

    For `/login` it lets in whoever has a key, and for `/flaky` it answers well at the third time.
    """

    def __init__(self) -> None:
        self.times = 0
        self.go = threading.Event()
        self.waiting = threading.Event()
        super().__init__("echo")

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        if path == "/slow":
            self.waiting.set()
            self.go.wait(60)
        status = 200
        if path == "/login" and headers["X-Key"] != "good":
            status = 401
        if path == "/flaky":
            self.times += 1
            status = 200 if self.times % 3 == 0 else 503
        if re.fullmatch("/[1-5][0-9]{2}", path):
            status = int(path[1:])
        return status, json.dumps({"path": path, "headers": {name.lower(): value for name, value in headers.items()}})

    def sent(self, path: str) -> Mapping[str, str]:
        return {"Remote-User": "alvin", "Set-Cookie": "session=1"} if path == "/login" else {}


def sample(each: Field) -> Any:
    """Return a value of a field of headers."""
    samples = {"Flag": True, "Whole": 1, "Text": "a", "ListOf": ["a"], "MapOf": {"X-A": "a"}}
    return samples[type(each.type).__name__]


def taken(folder: Path) -> Iterator[Document]:
    """Give middlewares that are taken here: those of the tests of each kind, and one for each field of headers."""
    for kind, given in good():
        if kind != "plugin" or "demo" in given:  # no other plugin is there
            yield {kind: given}
    for key, each in Headers.fields.items():
        if each.help != "Deprecated: Traefik 3 ignores it.":
            yield {"headers": {key: sample(each)}}
    yield {"headers": {"stsSeconds": 0}}
    yield {"headers": {"accessControlMaxAge": 0}}
    yield {"basicAuth": {"usersFile": str(folder / "users")}}


def everything(folder: Path, server: str) -> tuple[dict[str, Any], dict[str, Document]]:
    """Return the document of all, and what is taken by name."""
    numbered = {f"taken-{number}": given for number, given in enumerate(taken(folder))}
    login: Document = {"basicAuth": {"users": ["alvin:secret"]}}
    made = {}
    for name, given in {**ACTING, **numbered, "login": login}.items():
        read = Middleware.read(
            {
                "name": name,
                **json.loads(compact(given).replace("/etc/traefik", str(folder)).replace("http://auth.test", server)),
            }
        )
        made[name] = json.loads(document.encode(read.kept(None)))
    routers: dict[str, dict[str, Any]] = {
        name: {"rule": f"Host(`{name}.test`)", "service": "echo", "middlewares": [name], "entryPoints": ["web"]}
        for name in made
    }
    routers["pass-tls-client-cert"]["tls"] = {"options": "asking"}
    beacon = {"headers": {"customResponseHeaders": {"X-Config-Digest": "all"}}}
    services = {name: {"loadBalancer": {"servers": [{"url": server}]}} for name in ("echo", "pages")}
    http = {"middlewares": {**made, "provider.beacon": beacon}, "routers": routers, "services": services}
    asking = {"clientAuth": {"clientAuthType": "RequestClientCert"}}
    return {"http": http, "tls": {"options": {"asking": asking}}}, numbered


class Edge:
    """A Traefik with a router for each middleware, `NAME.test`."""

    def __init__(self, traefik: Traefik, server: Echo, numbered: Mapping[str, Document]) -> None:
        self.traefik = traefik
        self.server = server
        self.numbered = numbered

    def get(self, name: str, path: str = "/", auth: tuple[str, str] | None = None, **headers: str) -> httpx.Response:
        """Ask for a path through a middleware."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return fetch(self.traefik.web + path, headers={"Host": f"{name}.test", **named}, timeout=60, auth=auth)

    def asked(self, name: str, path: str) -> dict[str, Any]:
        """Return what the server was asked."""
        found: dict[str, Any] = self.get(name, path).raise_for_status().json()
        return found


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("middlewares")
    (folder / "users").write_text(f"alvin:{SHA}\n")
    (folder / "digests").write_text("alvin:traefik:d41d8cd98f00b204e9800998ecf8427e\n")
    pages = {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:9"}]}}
    others = {"middlewares": {"limit": {"inFlightReq": {"amount": 9}}}, "services": {"pages": pages}}
    (folder / "fallback.yml").write_text(yaml.safe_dump({"http": others}))
    add_plugin(folder)
    with running_servers(Echo()) as (server,), routing(folder, PLUGINS) as routes:
        content, numbered = everything(folder, server.url)
        yield Edge(routes.run(compact(content), "all"), server, numbered)


def test_traefik_enables_whatever_is_taken_here(edge: Edge) -> None:
    routers = wait_until(lambda: edge.traefik.objects("routers"), "Traefik shows its routers")

    wrong = {name: found.get("error") for name, found in routers.items() if found["status"] != "enabled"}
    assert {(name, str(edge.numbered.get(name)), str(error)) for name, error in wrong.items()} == set()
    assert routers.keys() >= ACTING.keys() | edge.numbered.keys()


@acts(
    "http.middlewares.*.{addPrefix.prefix,replacePath.path,replacePathRegex.regex,replacePathRegex.replacement,stripPrefix.prefixes,stripPrefix.forceSlash,stripPrefixRegex.regex}"
)
def test_the_path_is_changed_on_its_way(edge: Edge) -> None:
    assert edge.asked("add-prefix", "/one")["path"] == "/app/one"
    assert edge.asked("replace-path", "/one")["path"] == "/a%20b"
    assert edge.asked("replace-path-regex", "/old/a%20b")["path"] == "/new/a%20b"

    stripped = edge.asked("strip-prefix", "/api/one")

    assert stripped["path"] == "/one"
    assert stripped["headers"]["x-forwarded-prefix"] == "/api"

    for name in ("strip-prefix", "strip-prefix-only"):
        assert edge.asked(name, "/apione")["path"] == "/one"  # whatever the deprecated forceSlash says

    matched = edge.asked("strip-prefix-regex", "/v12/one")

    assert matched["path"] == "/one"
    assert matched["headers"]["x-forwarded-prefix"] == "/v12"


@acts(
    "http.middlewares.*.redirectScheme.{scheme,port,permanent}",
    "http.middlewares.*.redirectRegex.{regex,replacement,permanent}",
)
def test_clients_are_sent_elsewhere(edge: Edge) -> None:
    scheme = edge.get("redirect-scheme", "/one?a=b")
    assert (scheme.status_code, scheme.headers["location"]) == (302, "https://redirect-scheme.test:8443/one?a=b")

    assert edge.get("redirect-for-good").status_code == 301

    regex = edge.get("redirect-regex", "/one")
    assert (regex.status_code, regex.headers["location"]) == (301, "https://www.redirect-regex.test/one?a=$1")


@pytest.mark.parametrize("name", USERS)
def test_a_user_comes_in_with_the_password_and_with_no_other(edge: Edge, name: str) -> None:
    refused = edge.get("basic-auth")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Basic realm="Ways hub"')
    assert edge.get("basic-auth", auth=(name, "wrong")).status_code == 401
    asked = edge.get("basic-auth", auth=(name, "secret")).raise_for_status().json()["headers"]
    assert asked["x-user"] == name
    assert "authorization" not in asked


def test_a_user_proves_the_password_without_sending_it(edge: Edge) -> None:
    def get(password: str) -> httpx.Response:
        url, headers = f"{edge.traefik.web}/", {"Host": "digest-auth.test"}
        with httpx.Client(auth=httpx.DigestAuth("alvin", password), trust_env=False, timeout=60) as client:
            return client.get(url, headers=headers)

    assert get("wrong").status_code == 401
    assert get("secret").raise_for_status().json()["headers"]["x-user"] == "alvin"


def test_another_service_says_who_is_let_in(edge: Edge) -> None:
    refused = edge.get("forward-auth", X_Key="bad")
    assert (refused.status_code, refused.headers["location"]) == (302, "/sign-in")

    answer = edge.get("forward-auth", X_Key="good", Remote_User="somebody").raise_for_status()
    assert answer.json()["headers"]["remote-user"] == "alvin"
    assert answer.headers["set-cookie"] == "session=1"


def test_servers_learn_of_the_clients_certificate(edge: Edge, tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("alvin@alvin.xyz", common_name="alvin")
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(tmp_path / "client.pem")
    name = "pass-tls-client-cert.test"
    with httpx.Client(verify=context, trust_env=False, timeout=60) as client:
        url = edge.traefik.web.replace("http:", "https:")
        asked = client.get(url, headers={"Host": name}, extensions={"sni_hostname": name}).raise_for_status()
    headers = asked.json()["headers"]

    assert unquote(headers["x-forwarded-tls-client-cert-info"]) == 'Subject="CN=alvin"'
    assert base64.b64decode(headers["x-forwarded-tls-client-cert"].partition(",")[0])


@acts("http.middlewares.*.plugin")
def test_a_plugin_gets_its_configuration(edge: Edge) -> None:
    told = json.loads(edge.asked("plugin", "/")["headers"]["x-config"].encode("latin-1"))

    # Traefik makes texts of numbers, and of these what the plugin has declared.
    assert told == {"Names": ["a", "b"], "Deep": {"number": "3", "share": "0.500000", "text": "ä\n"}}


def test_a_failing_server_is_asked_again(edge: Edge) -> None:
    assert edge.asked("retry", "/flaky")["path"] == "/flaky"
    assert edge.get("retry", "/503").status_code == 503


@acts("http.middlewares.*.contentType.autoDetect")
def test_media_types_are_found_out(edge: Edge) -> None:
    assert edge.get("content-type").headers["content-type"] == "text/plain; charset=utf-8"
    assert "content-type" not in edge.get("content-type-off").headers


@acts("http.middlewares.*.grpcWeb.allowOrigins")
def test_browsers_may_ask_by_grpc_from_some_pages(edge: Edge) -> None:
    def ask(origin: str) -> httpx.Response:
        headers = {"Host": "grpc-web.test", "Origin": origin, "Access-Control-Request-Method": "POST"}
        headers["Access-Control-Request-Headers"] = "x-grpc-web"
        return httpx.options(f"{edge.traefik.web}/a.B/C", headers=headers, timeout=60, trust_env=False)

    assert ask("https://alvin.xyz").headers["access-control-allow-origin"] == "https://alvin.xyz"
    assert "access-control-allow-origin" not in ask("https://other.xyz").headers


@acts("http.middlewares.*.{ipAllowList,ipWhiteList}.sourceRange", "http.middlewares.*.ipAllowList.rejectStatusCode")
def test_only_some_addresses_are_let_in(edge: Edge) -> None:
    assert edge.get("ip-white-list").status_code == 403
    assert edge.get("ip-allow-list").status_code == 404
    assert edge.get("ip-allow-list-here").status_code == 200
    assert edge.get("ip-allow-list-behind").status_code == 403


@acts("http.middlewares.*.rateLimit.{average,period,burst}")
def test_who_asks_too_often_waits(edge: Edge) -> None:
    assert [edge.get("rate-limit").status_code for _ in range(3)] == [200, 200, 429]

    keys = ["a", "b", "a"]
    assert [edge.get("rate-limit-by-header", X_Key=key).status_code for key in keys] == [200, 200, 429]


@acts("http.middlewares.*.inFlightReq.amount")
def test_only_so_many_requests_are_open_at_a_time(edge: Edge) -> None:
    with ThreadPoolExecutor(1) as pool:
        try:
            slow = pool.submit(edge.get, "in-flight-req", "/slow")
            assert edge.server.waiting.wait(60)
            assert edge.get("in-flight-req").status_code == 429
        finally:
            edge.server.go.set()
        assert slow.result().status_code == 200
    wait_until(lambda: edge.get("in-flight-req").status_code == 200, "the next request is let through")


@acts("http.routers.*.middlewares")
def test_headers_are_set_and_removed(edge: Edge) -> None:
    answer = edge.get("headers", X_Gone="1", Origin="https://way.alvin.xyz").raise_for_status()
    asked = answer.json()["headers"]

    assert asked["x-added"].encode("latin-1").decode() == "é"
    assert "x-gone" not in asked
    assert answer.headers["x-answer"] == "1"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["strict-transport-security"] == "max-age=60"
    assert answer.headers["access-control-allow-origin"] == "https://way.alvin.xyz"


@acts("http.middlewares.*.chain.middlewares")
def test_a_chain_is_all_its_members(edge: Edge) -> None:
    answer = edge.get("chain", "/one").raise_for_status()

    assert answer.json()["path"] == "/app/one"
    assert answer.headers["x-answer"] == "1"
