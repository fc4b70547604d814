"""Somebody else who decides: each field of `forwardAuth` acts on real requests; and files of users."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import trustme

from tests.e2e.acting import Asked, Recorder, Running, Servers, acting, acts, pool, routed
from tests.e2e.test_middlewares import SHA
from tests.running import wait_until

ASKING: Final[dict[str, dict[str, Any]]] = {
    "plain": {},
    "some-headers": {"authRequestHeaders": ["X-Key"]},
    "answering": {"authResponseHeaders": ["X-User"]},
    "matching": {"authResponseHeadersRegex": "^X-Auth-"},
    "cookies": {"addAuthCookiesToResponse": ["session"]},
    "trusting": {"trustForwardHeader": True},
    "with-body": {"forwardBody": True, "maxBodySize": 4},
    "same-method": {"preserveRequestMethod": True},
    "short-answers": {"maxResponseBodySize": 2},
    "elsewhere": {"address": "/elsewhere"},
    "kept-location": {"address": "/elsewhere", "preserveLocationHeader": True},
    "signing-in": {"address": "/no", "authSigninURL": "https://sso.test/login"},
    "logged": {"headerField": "X-User"},
}
USERS: Final[dict[str, dict[str, Any]]] = {
    "basic": {"basicAuth": {"users": ["alvin:secret"], "realm": "Ways hub", "headerField": "X-User"}},
    "basic-file": {"basicAuth": {"usersFile": "basic", "removeHeader": True}},
    "digest": {"digestAuth": {"users": ["alvin:Ways hub:secret"], "realm": "Ways hub", "headerField": "X-User"}},
    "digest-file": {"digestAuth": {"usersFile": "digest", "removeHeader": True}},
}


@dataclass(frozen=True)
class Parties:
    """The server behind, who is asked, and who is asked by TLS and wants to see a certificate."""

    app: Recorder
    asked: Recorder
    secure: Recorder
    trust: trustme.CA


@pytest.fixture(scope="module")
def parties() -> Iterator[Parties]:
    trust = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.issue_cert("127.0.0.1").configure_cert(context)
    trust.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with Servers() as servers:
        app, asked = servers.http("app")[0], servers.http("asked", no=401, elsewhere=302)[0]
        asked.headers = {
            "/": {"X-User": "alvin", "X-Auth-Role": "admin", "Set-Cookie": "session=1"},
            "/elsewhere": {"Location": "/login"},
        }
        yield Parties(app, asked, servers.http("secure", context=context)[0], trust)


@pytest.fixture(scope="module")
def edge(parties: Parties, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("asking")
    files = {"basic": f"alvin:{SHA}", "digest": "alvin:traefik:a218adba41dfc2ef874296f2b1f912ad"}
    for name, content in files.items():
        (folder / name).write_text(f"{content}\n")
    shown = parties.trust.issue_cert("traefik.test")
    ca, cert, key = (
        each.bytes().decode() for each in (parties.trust.cert_pem, shown.cert_chain_pems[0], shown.private_key_pem)
    )
    secure: dict[str, dict[str, Any]] = {
        "trusted": {"ca": ca, "cert": cert, "key": key},
        "careless": {"insecureSkipVerify": True, "cert": cert, "key": key},
        "strange": {"cert": cert, "key": key},
        "hidden": {"ca": ca},
    }
    asking = {
        name: {"forwardAuth": {**given, "address": parties.asked.url + given.get("address", "/")}}
        for name, given in ASKING.items()
    }
    asking |= {name: {"forwardAuth": {"address": parties.secure.url, "tls": tls}} for name, tls in secure.items()}
    for name, given in USERS.items():
        ((kind, fields),) = given.items()
        asking[name] = {
            kind: {**fields, **({"usersFile": str(folder / fields["usersFile"])} if "usersFile" in fields else {})}
        }

    def adapt(static: dict[str, Any]) -> None:
        static["accessLog"] = {"filePath": str(folder / "access.log")}
        static["entryPoints"]["web"]["forwardedHeaders"] = {"insecure": True}

    with acting(folder, migrated, adapt=adapt) as made:
        routers = {name: routed(name, service="app", middlewares=[name])[name] for name in asking}
        made.apply({"middlewares": asking, "services": {"app": pool(parties.app)}, "routers": routers})
        yield made


def ask(edge: Running, parties: Parties, name: str, **options: Any) -> tuple[httpx.Response, Asked]:
    """Send a request, and return its answer and what was asked before."""
    before = len(parties.asked.asked)
    answer = edge.get(name, **options)
    assert len(parties.asked.asked) == before + 1
    return answer, parties.asked.asked[-1]


@acts("http.middlewares.*.forwardAuth.{address,authSigninURL}")
def test_who_is_asked_lets_a_request_pass_or_its_answer_goes_to_the_client(edge: Running, parties: Parties) -> None:
    assert ask(edge, parties, "plain")[0].text == "app"
    answer, _asked = ask(edge, parties, "signing-in")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://sso.test/login")


@acts("http.middlewares.*.forwardAuth.{authRequestHeaders,authResponseHeaders,authResponseHeadersRegex}")
def test_headers_go_on_as_was_said(edge: Running, parties: Parties) -> None:
    sent = {"X-Key": "1", "X-Other": "2", "X-User": "somebody", "X-Auth-Role": "guest"}
    asked = {name: ask(edge, parties, name, headers=sent)[1].headers for name in ("plain", "some-headers")}
    assert [("x-other" in headers, "x-key" in headers) for headers in asked.values()] == [(True, True), (False, True)]
    found = {}
    for name in ("plain", "answering", "matching"):
        ask(edge, parties, name, headers=sent)
        headers = parties.app.asked[-1].headers
        found[name] = (headers["x-user"], headers["x-auth-role"])
    assert found == {"plain": ("somebody", "guest"), "answering": ("alvin", "guest"), "matching": ("somebody", "admin")}


@acts("http.middlewares.*.forwardAuth.{addAuthCookiesToResponse,preserveLocationHeader}")
def test_clients_get_cookies_and_redirects_as_was_said(edge: Running, parties: Parties) -> None:
    cookies = {name: edge.get(name).headers.get("set-cookie") for name in ("plain", "cookies")}
    assert cookies == {"plain": None, "cookies": "session=1"}
    led = {name: edge.get(name).headers["location"] for name in ("elsewhere", "kept-location")}
    assert led == {"elsewhere": f"{parties.asked.url}/login", "kept-location": "/login"}


@acts("http.middlewares.*.forwardAuth.trustForwardHeader")
def test_what_a_proxy_before_said_is_told_only_where_it_is_trusted(edge: Running, parties: Parties) -> None:
    sent = {"X-Forwarded-Uri": "/before"}
    found = {
        name: ask(edge, parties, name, path="/now", headers=sent)[1].headers["x-forwarded-uri"]
        for name in ("plain", "trusting")
    }
    assert found == {"plain": "/now", "trusting": "/before"}


@acts("http.middlewares.*.forwardAuth.{forwardBody,maxBodySize,preserveRequestMethod}")
def test_who_is_asked_gets_the_body_and_the_method_where_that_was_said(edge: Running, parties: Parties) -> None:
    post = {"method": "POST", "content": b"1234"}
    found = {name: ask(edge, parties, name, **post)[1] for name in ("plain", "with-body", "same-method")}
    assert {name: (asked.method, asked.body) for name, asked in found.items()} == {
        "plain": ("GET", b""),
        "with-body": ("GET", b"1234"),
        "same-method": ("POST", b""),
    }
    assert edge.get("with-body", method="POST", content=b"12345").status_code == 401


@acts("http.middlewares.*.forwardAuth.maxResponseBodySize")
def test_too_long_an_answer_lets_nobody_in(edge: Running) -> None:
    assert edge.get("short-answers").status_code == 401


@acts("http.middlewares.*.forwardAuth.headerField")
def test_the_name_of_the_user_stands_in_the_access_log(edge: Running) -> None:
    edge.get("logged").raise_for_status()
    log = edge.place.log.parent.parent / "access.log"
    wait_until(lambda: "logged@http" in log.read_text(), "the request is logged")
    (line,) = (line for line in log.read_text().splitlines() if "logged@http" in line)
    assert " alvin [" in line


@acts("http.middlewares.*.forwardAuth.tls.{ca,cert,key,insecureSkipVerify}")
def test_who_is_asked_by_tls_is_trusted_and_sees_a_certificate_as_was_said(edge: Running) -> None:
    found = {name: edge.get(name).status_code for name in ("trusted", "careless", "strange", "hidden")}
    assert found == {"trusted": 200, "careless": 200, "strange": 500, "hidden": 500}


@acts("http.middlewares.*.{basicAuth,digestAuth}.{users,usersFile,realm,headerField,removeHeader}")
@pytest.mark.parametrize("kind", ["basic", "digest"])
def test_users_come_in_by_their_passwords_from_a_file_too(edge: Running, parties: Parties, kind: str) -> None:
    auth = httpx.DigestAuth if kind == "digest" else httpx.BasicAuth
    realms = {name: edge.get(name).headers["www-authenticate"] for name in (kind, f"{kind}-file")}
    assert ['realm="Ways hub"' in realms[kind], 'realm="traefik"' in realms[f"{kind}-file"]] == [True, True]
    for name in (kind, f"{kind}-file"):
        assert edge.get(name, auth=auth("alvin", "wrong")).status_code == 401
        assert edge.get(name, auth=auth("alvin", "secret")).status_code == 200
        headers = parties.app.asked[-1].headers
        assert (headers.get("x-user"), "authorization" in headers) == (
            ("alvin", True) if name == kind else (None, False)
        )
