"""Every field of the headers middleware acts on real requests or answers, and so does every escape that is let in."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.e2e.acting import Recorder, Running, Servers, acting, acts, pool, routed

Given = Mapping[str, Any]

ORIGIN: Final = {"Origin": "https://a.test"}
LISTED: Final = {"accessControlAllowOriginList": ["https://a.test"]}
PREFLIGHT: Final = {
    **ORIGIN,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "X-One",
    "method": "OPTIONS",
}
HSTS: Final = {"stsSeconds": 60, "forceSTSHeader": True}

ANSWERED: Final[Mapping[str, tuple[Given, Mapping[str, str], Mapping[str, str]]]] = {
    "customResponseHeaders": ({"customResponseHeaders": {"X-Answer": "é"}}, {}, {"X-Answer": "é"}),
    "accessControlAllowCredentials": (
        {**LISTED, "accessControlAllowCredentials": True},
        ORIGIN,
        {"Access-Control-Allow-Credentials": "true"},
    ),
    "accessControlAllowHeaders": (
        {**LISTED, "accessControlAllowHeaders": ["X-One", "X-Two"]},
        PREFLIGHT,
        {"Access-Control-Allow-Headers": "X-One,X-Two"},
    ),
    "accessControlAllowMethods": (
        {**LISTED, "accessControlAllowMethods": ["GET", "PUT"]},
        PREFLIGHT,
        {"Access-Control-Allow-Methods": "GET,PUT"},
    ),
    "accessControlAllowOriginList": (LISTED, ORIGIN, {"Access-Control-Allow-Origin": "https://a.test"}),
    "accessControlAllowOriginListRegex": (
        {"accessControlAllowOriginListRegex": [r"^https://[a-c]\.test$"]},
        ORIGIN,
        {"Access-Control-Allow-Origin": "https://a.test"},
    ),
    "accessControlExposeHeaders": (
        {**LISTED, "accessControlExposeHeaders": ["X-One"]},
        ORIGIN,
        {"Access-Control-Expose-Headers": "X-One"},
    ),
    "accessControlMaxAge": ({**LISTED, "accessControlMaxAge": 9}, PREFLIGHT, {"Access-Control-Max-Age": "9"}),
    "addVaryHeader": ({**LISTED, "addVaryHeader": True}, ORIGIN, {"Vary": "Origin"}),
    "sslProxyHeaders": (
        {"sslProxyHeaders": {"X-Proto": "tls"}, "stsSeconds": 60},
        {"X-Proto": "tls"},
        {"Strict-Transport-Security": "max-age=60"},
    ),
    "stsSeconds": (HSTS, {}, {"Strict-Transport-Security": "max-age=60"}),
    "stsIncludeSubdomains": (
        {**HSTS, "stsIncludeSubdomains": True},
        {},
        {"Strict-Transport-Security": "max-age=60; includeSubDomains"},
    ),
    "stsPreload": ({**HSTS, "stsPreload": True}, {}, {"Strict-Transport-Security": "max-age=60; preload"}),
    "frameDeny": ({"frameDeny": True}, {}, {"X-Frame-Options": "DENY"}),
    "customFrameOptionsValue": ({"customFrameOptionsValue": "SAMEORIGIN"}, {}, {"X-Frame-Options": "SAMEORIGIN"}),
    "contentTypeNosniff": ({"contentTypeNosniff": True}, {}, {"X-Content-Type-Options": "nosniff"}),
    "browserXssFilter": ({"browserXssFilter": True}, {}, {"X-XSS-Protection": "1; mode=block"}),
    "customBrowserXSSValue": ({"customBrowserXSSValue": "0"}, {}, {"X-XSS-Protection": "0"}),
    "contentSecurityPolicy": (
        {"contentSecurityPolicy": "default-src 'self'"},
        {},
        {"Content-Security-Policy": "default-src 'self'"},
    ),
    "contentSecurityPolicyReportOnly": (
        {"contentSecurityPolicyReportOnly": "default-src 'none'"},
        {},
        {"Content-Security-Policy-Report-Only": "default-src 'none'"},
    ),
    "publicKey": (
        {"publicKey": 'pin-sha256="a"', "sslProxyHeaders": {"X-Proto": "tls"}},
        {"X-Proto": "tls"},
        {"Public-Key-Pins": 'pin-sha256="a"'},
    ),
    "referrerPolicy": ({"referrerPolicy": "same-origin"}, {}, {"Referrer-Policy": "same-origin"}),
    "permissionsPolicy": ({"permissionsPolicy": "camera=()"}, {}, {"Permissions-Policy": "camera=()"}),
}
"""By field: the middleware, the request and what the answer has that it has not otherwise."""

ESCAPES: Final = {
    "allowEncodedSlash": "%2F",
    "allowEncodedBackSlash": "%5C",
    "allowEncodedNullCharacter": "%00",
    "allowEncodedSemicolon": "%3B",
    "allowEncodedPercent": "%25",
    "allowEncodedQuestionMark": "%3F",
    "allowEncodedHash": "%23",
}
HOSTS: Final = {"allowedHosts": ["allowed.test"]}
MIDDLEWARES: Final[Mapping[str, Given]] = {
    **{field.lower(): {"headers": given} for field, (given, _sent, _told) in ANSWERED.items()},
    **{field.lower(): {"encodedCharacters": {field: True}} for field in ESCAPES},
    "asked": {"headers": {"customRequestHeaders": {"X-Added": "1", "X-Gone": ""}}},
    "unforced": {"headers": {"stsSeconds": 60}},
    "hosts": {"headers": HOSTS},
    "proxied": {"headers": {**HOSTS, "hostsProxyHeaders": ["X-Host"]}},
    "developed": {"headers": {**HOSTS, "isDevelopment": True}},
}


@pytest.fixture(scope="module")
def app() -> Iterator[Recorder]:
    with Servers() as servers:
        yield servers.http("app")[0]


@pytest.fixture(scope="module")
def edge(app: Recorder, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with acting(tmp_path_factory.mktemp("headers"), migrated) as made:
        routers = {name: routed(name, service="app", middlewares=[name])[name] for name in MIDDLEWARES}
        made.apply({"middlewares": MIDDLEWARES, "services": {"app": pool(app)}, "routers": routers | routed("app")})
        yield made


def ask(edge: Running, name: str, sent: Mapping[str, str]) -> httpx.Response:
    headers = {key: value for key, value in sent.items() if key != "method"}
    return edge.get(name, headers=headers, method=sent.get("method", "GET"))


@acts(*(f"http.middlewares.*.headers.{field}" for field in ANSWERED))
@pytest.mark.parametrize("field", ANSWERED)
def test_an_answer_has_the_header_that_the_field_asks_for(edge: Running, field: str) -> None:
    _given, sent, told = ANSWERED[field]
    answer = ask(edge, field.lower(), sent)
    without = ask(edge, "app", sent)
    for name, value in told.items():
        assert answer.headers[name] == value
        assert name not in without.headers


@acts("http.middlewares.*.headers.customRequestHeaders")
def test_servers_get_the_headers_that_are_set_and_not_those_that_are_removed(edge: Running, app: Recorder) -> None:
    ask(edge, "asked", {"X-Gone": "1", "X-Kept": "1"}).raise_for_status()
    headers = app.asked[-1].headers
    assert (headers["x-added"], headers["x-kept"], "x-gone" in headers) == ("1", "1", False)


@acts("http.middlewares.*.headers.forceSTSHeader")
def test_browsers_are_told_to_use_tls_over_plain_http_only_where_that_is_forced(edge: Running) -> None:
    found = [ask(edge, name, {}).headers.get("Strict-Transport-Security") for name in ("stsseconds", "unforced")]
    assert found == ["max-age=60", None]


@acts("http.middlewares.*.headers.{allowedHosts,hostsProxyHeaders,isDevelopment}")
def test_only_some_hosts_are_let_in_unless_somebody_develops(edge: Running) -> None:
    asked = {"hosts": {"X-Host": "allowed.test"}, "proxied": {"X-Host": "allowed.test"}, "developed": {}}
    assert {name: ask(edge, name, sent).status_code for name, sent in asked.items()} == {
        "hosts": 500,
        "proxied": 200,
        "developed": 200,
    }
    assert ask(edge, "proxied", {"X-Host": "other.test"}).status_code == 500


@acts(*(f"http.middlewares.*.encodedCharacters.{field}" for field in ESCAPES))
@pytest.mark.parametrize("field", ESCAPES)
def test_one_escape_is_let_in_and_all_others_are_refused(edge: Running, field: str) -> None:
    found = {escape for escape in ESCAPES.values() if edge.get(field.lower(), f"/a{escape}b").status_code == 200}
    assert found == {ESCAPES[field]}
