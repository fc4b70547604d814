"""What middlewares do, in words: each kind says it of itself, and tells no secret."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from provider.nouns.middleware import Middleware
from provider.nouns.middlewares import KINDS
from provider.nouns.tcp_router import TCPRouterTLS
from provider.nouns.tls import RouterTLS
from tests.nouns.middleware_rows import good

SAID: Final[Mapping[str, list[tuple[Mapping[str, Any], str]]]] = {
    "addPrefix": [({"prefix": "/app"}, "Puts /app before the path")],
    "basicAuth": [
        ({"users": ["alvin:secret", "budi:secret"]}, "Asks for a password (2 users)"),
        (
            {"users": ["alvin:secret"], "usersFile": "/users"},
            "Asks for a password (1 user, the users in the file /users)",
        ),
    ],
    "buffering": [
        ({}, "Buffers requests and responses"),
        ({"maxRequestBodyBytes": 10_000_000}, "Buffers requests up to 10 MB, and refuses longer ones"),
        ({"maxResponseBodyBytes": 2**20}, "Buffers responses up to 1 MiB, and refuses longer ones"),
        (
            {"maxRequestBodyBytes": 2048, "maxResponseBodyBytes": 7},
            "Buffers requests up to 2 KiB and responses up to 7 B",
        ),
    ],
    "chain": [({"middlewares": ["login", "limit@file"]}, "Passes requests through login and limit@file")],
    "circuitBreaker": [
        ({"expression": "NetworkErrorRatio() > 0.30"}, "Answers 503 for 10s when NetworkErrorRatio() > 0.30")
    ],
    "compress": [({}, "Compresses responses"), ({"encodings": ["br"]}, "Compresses responses (br)")],
    "contentType": [({}, "Detects the media type of responses"), ({"autoDetect": False}, "Does nothing")],
    "digestAuth": [({"users": ["alvin:traefik:secret"]}, "Asks for a password, which is not sent (1 user)")],
    "encodedCharacters": [
        ({}, "Refuses paths with %2F, %5C, %00 and 4 more"),
        (
            {
                f"allowEncoded{name}": True
                for name in ("Slash", "BackSlash", "NullCharacter", "Percent", "QuestionMark")
            },
            "Refuses paths with %3B or %23",
        ),
    ],
    "errors": [
        ({"status": ["503"], "service": "pages"}, "Shows pages of pages instead of 503"),
        (
            {"status": ["500-599"], "service": "pages", "query": "/{status}.html"},
            "Shows /{status}.html of pages instead of 500-599",
        ),
    ],
    "forwardAuth": [
        (
            {"address": "http://sso:9000/verify?token=secret"},
            "Asks http://sso:9000/verify first whether a request may pass",
        )
    ],
    "grpcWeb": [
        ({"allowOrigins": ["*"]}, "Accepts gRPC from browsers"),
        ({"allowOrigins": ["https://alvin.xyz"]}, "Accepts gRPC from browsers on pages of https://alvin.xyz"),
    ],
    "headers": [
        ({"frameDeny": True, "contentTypeNosniff": True, "stsSeconds": 60}, "Adds 3 response headers"),
        (
            {"customRequestHeaders": {"X-A": "secret", "X-B": ""}, "allowedHosts": ["alvin.xyz"]},
            "Sets 1 request header. Removes 1 request header. Allows only the hosts alvin.xyz",
        ),
        ({"accessControlAllowOriginList": ["*"]}, "Allows pages of other origins"),
        ({"isDevelopment": True}, "Changes no header"),
    ],
    "inFlightReq": [
        ({"amount": 10}, "At most 10 requests at the same time"),
        (
            {"amount": 1, "sourceCriterion": {"requestHost": True}},
            "At most 1 request at the same time per host",
        ),
    ],
    "ipAllowList": [({"sourceRange": ["10.0.0.0/8"]}, "Allows only 10.0.0.0/8")],
    "ipWhiteList": [
        (
            {"sourceRange": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]},
            "Allows only 10.0.0.1, 10.0.0.2, 10.0.0.3 and 1 more",
        )
    ],
    "passTLSClientCert": [
        ({"pem": True}, "Passes the client's certificate to servers"),
        ({"info": {"sans": True}}, "Passes fields of the client's certificate to servers"),
    ],
    "plugin": [({"geoblock": {"token": "secret"}}, "Passes requests through the plugin geoblock")],
    "rateLimit": [
        ({"average": 100}, "At most 100 requests a second"),
        ({"average": 5, "period": "1m"}, "At most 5 requests a minute"),
        ({"average": 5, "period": "10s"}, "At most 5 requests in 10s"),
        (
            {"average": 1, "period": "1h", "sourceCriterion": {"requestHeaderName": "X-Key"}},
            "At most 1 request an hour per value of X-Key",
        ),
        ({"average": 0}, "Sets no limit"),
    ],
    "redirectRegex": [
        (
            {"regex": "^http://a/(.*)", "replacement": "https://b/$1", "permanent": True},
            "Redirects ^http://a/(.*) to https://b/$1 (301)",
        )
    ],
    "redirectScheme": [
        ({"scheme": "https"}, "Redirects to https (302)"),
        ({"scheme": "https", "port": "8443", "permanent": True}, "Redirects to https on port 8443 (301)"),
    ],
    "replacePath": [({"path": "/index.html"}, "Replaces the path with /index.html")],
    "replacePathRegex": [
        ({"regex": "^/old", "replacement": "/new"}, "Replaces ^/old in the path with /new"),
        ({"regex": "^/old", "replacement": ""}, "Removes what matches ^/old from the path"),
    ],
    "retry": [
        ({"attempts": 3}, "Tries up to 3 times if a server cannot be reached"),
        (
            {"attempts": 3, "status": ["503"]},
            "Tries up to 3 times if a server cannot be reached or answers 503",
        ),
        (
            {"attempts": 3, "status": ["503"], "disableRetryOnNetworkError": True},
            "Tries up to 3 times if the status is 503",
        ),
    ],
    "stripPrefix": [({"prefixes": ["/api", "/v1"]}, "Removes /api or /v1 from the path")],
    "stripPrefixRegex": [({"regex": ["^/v[0-9]+"]}, "Removes what matches ^/v[0-9]+ from the path")],
}
"""What each kind says of itself."""


def test_every_kind_says_what_it_does() -> None:
    assert SAID.keys() == KINDS.keys()


@pytest.mark.parametrize(("kind", "given", "said"), [(kind, *each) for kind, rows in SAID.items() for each in rows])
def test_a_middleware_says_what_it_does(kind: str, given: Mapping[str, Any], said: str) -> None:
    read = Middleware.read({"name": "a", kind: given}).kept(None)
    assert read.does() == said
    assert "secret" not in said


@pytest.mark.parametrize(("kind", "given"), list(good()))
def test_whatever_is_taken_is_said_without_its_secrets(kind: str, given: Mapping[str, Any]) -> None:
    read = Middleware.read({"name": "a", kind: json.loads(json.dumps(given))})
    said = read.does()
    assert said
    assert said[:1].isupper()
    assert not said.endswith(".") or said.endswith("…")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Over TLS only"),
        ({"certResolver": "acme"}, "Over TLS only, with a certificate from acme"),
        (
            {"certResolver": "acme", "options": "modern"},
            "Over TLS only, with a certificate from acme and the TLS options modern",
        ),
        ({"options": "modern"}, "Over TLS only, with the TLS options modern"),
    ],
)
def test_tls_says_what_it_means(given: Mapping[str, Any], said: str) -> None:
    assert RouterTLS.read(dict(given)).does() == said


def test_tls_that_is_passed_through_says_so() -> None:
    assert TCPRouterTLS.read({"passthrough": True}).does() == "Over TLS only, passed through to the servers"
    assert TCPRouterTLS.read({"certResolver": "acme"}).does() == "Over TLS only, with a certificate from acme"
