"""Values that make Traefik disable something, or that it takes and that then surprise: each is answered.

A row has a value, what Traefik makes of it (measured on 3.7.15), and how it is answered here: refused, or warned of.
Where neither can be, as nobody can know it here, the field's help says it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest
import trustme

from provider import rendering, survey
from provider.conflicts import find_doubts
from provider.declarations import Declaration
from provider.errors import Invalid
from provider.inventory import OfParts
from provider.listening import DEFAULT_POINTS
from provider.nouns import NOUNS, Noun
from provider.nouns.texts import MASK

Json = dict[str, Any]

DISABLES, SURPRISES = "disables", "surprises"
REFUSED, WARNED, HELPED = "refused", "warned", "helped"
TOO_MUCH = 100_000_001

CUT_SHORT: Final = "-----BEGIN CERTIFICATE-----\nMIIBQzCB6qADAgEC\n-----END CERTIFICATE-----"
"""PEM of which no certificate can be read."""

KEY_CUT_SHORT: Final = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqG\n-----END PRIVATE KEY-----"


@dataclass(frozen=True)
class Surprise:
    """A value of a kind of object, what Traefik does with it, how it is answered here, and where.

    What is `helped` is told by the help of the field at that place.
    """

    kind: str
    value: Json
    does: str
    answer: str
    at: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.value}"[:100]


def of_middleware(kind: str, does: str, answer: str, value: Json, at: str = "") -> Surprise:
    return Surprise("middleware", {kind: value}, does, answer, f"/{kind}{at}")


MIDDLEWARES: Final = [
    # It reserves that much memory at the first request, and ends.
    of_middleware(
        "forwardAuth",
        SURPRISES,
        REFUSED,
        {"address": "http://a.test", "maxResponseBodySize": TOO_MUCH},
        "/maxResponseBodySize",
    ),
    of_middleware(
        *("forwardAuth", SURPRISES, REFUSED),
        {"address": "http://a.test", "forwardBody": True, "maxBodySize": TOO_MUCH},
        "/maxBodySize",
    ),
    of_middleware(
        *("retry", SURPRISES, REFUSED),
        {"attempts": 2, "status": ["503"], "maxRequestBodyBytes": TOO_MUCH},
        "/maxRequestBodyBytes",
    ),
    of_middleware("ipAllowList", DISABLES, REFUSED, {"sourceRange": ["10.0.0.0/33"]}, "/sourceRange/0"),
    of_middleware("ipAllowList", DISABLES, REFUSED, {"sourceRange": ["alvin.xyz"]}, "/sourceRange/0"),
    of_middleware("ipAllowList", DISABLES, REFUSED, {"sourceRange": []}, "/sourceRange"),
    of_middleware(
        "ipAllowList", DISABLES, REFUSED, {"sourceRange": ["10.0.0.1"], "rejectStatusCode": 99}, "/rejectStatusCode"
    ),
    of_middleware(
        "ipAllowList",
        DISABLES,
        REFUSED,
        {"sourceRange": ["10.0.0.1"], "ipStrategy": {"excludedIPs": ["x"]}},
        "/ipStrategy/excludedIPs/0",
    ),
    of_middleware(
        "ipAllowList", SURPRISES, WARNED, {"sourceRange": ["10.0.0.1"], "rejectStatusCode": 200}, "/rejectStatusCode"
    ),
    of_middleware(
        "ipAllowList",
        SURPRISES,
        REFUSED,
        {"sourceRange": ["10.0.0.1"], "ipStrategy": {"depth": -1}},
        "/ipStrategy/depth",
    ),
    of_middleware(
        "ipAllowList", SURPRISES, HELPED, {"sourceRange": ["10.0.0.1"], "ipStrategy": {"depth": 2}}, "/ipStrategy/depth"
    ),
    of_middleware("redirectRegex", DISABLES, REFUSED, {"regex": "(?=a)", "replacement": "/"}, "/regex"),
    of_middleware("redirectRegex", SURPRISES, REFUSED, {"regex": "", "replacement": "/"}, "/regex"),
    of_middleware("redirectRegex", SURPRISES, REFUSED, {"regex": ".*", "replacement": "ht tp://%zz"}, "/replacement"),
    of_middleware("redirectRegex", SURPRISES, REFUSED, {"regex": ".*", "replacement": "/${7}"}, "/replacement"),
    of_middleware("redirectRegex", SURPRISES, WARNED, {"regex": "^(.*)$", "replacement": "${1}"}, "/replacement"),
    of_middleware("redirectRegex", SURPRISES, WARNED, {"regex": "a|b", "replacement": "$0"}, "/replacement"),
    of_middleware("redirectScheme", DISABLES, REFUSED, {"scheme": ""}, "/scheme"),
    of_middleware("redirectScheme", SURPRISES, WARNED, {"scheme": "gopher"}, "/scheme"),
    of_middleware("redirectScheme", SURPRISES, WARNED, {"scheme": "http"}, "/scheme"),
    of_middleware("redirectScheme", SURPRISES, REFUSED, {"scheme": "https", "port": "abc"}, "/port"),
    of_middleware("replacePathRegex", DISABLES, REFUSED, {"regex": "(", "replacement": "/"}, "/regex"),
    of_middleware("replacePathRegex", SURPRISES, REFUSED, {"regex": "^/(.*)", "replacement": "x$1"}, "/replacement"),
    of_middleware(
        "replacePathRegex", SURPRISES, REFUSED, {"regex": "^/(.*)", "replacement": "/%zz/$1"}, "/replacement"
    ),
    of_middleware("stripPrefixRegex", DISABLES, REFUSED, {"regex": ["("]}, "/regex/0"),
    of_middleware("stripPrefixRegex", SURPRISES, WARNED, {"regex": ["^v1"]}, "/regex"),
    of_middleware("replacePath", SURPRISES, REFUSED, {"path": ""}, "/path"),
    of_middleware("replacePath", SURPRISES, REFUSED, {"path": "x"}, "/path"),
    of_middleware("replacePath", SURPRISES, REFUSED, {"path": "/%zz"}, "/path"),
    of_middleware("addPrefix", DISABLES, REFUSED, {"prefix": ""}, "/prefix"),
    of_middleware("addPrefix", SURPRISES, REFUSED, {"prefix": "x"}, "/prefix"),
    of_middleware("addPrefix", SURPRISES, REFUSED, {"prefix": "/a?b"}, "/prefix"),
    of_middleware("stripPrefix", SURPRISES, REFUSED, {"prefixes": ["x"]}, "/prefixes/0"),
    of_middleware("stripPrefix", SURPRISES, HELPED, {"prefixes": ["/fo"]}, "/prefixes"),
    of_middleware("basicAuth", DISABLES, REFUSED, {"users": ["alvin"]}, "/users/0"),
    of_middleware("basicAuth", SURPRISES, REFUSED, {"users": ["alvin:$6$salt$hash"]}, "/users/0"),
    of_middleware("basicAuth", SURPRISES, REFUSED, {"users": ["a:b", "a:c"]}, "/users"),
    of_middleware("basicAuth", SURPRISES, REFUSED, {"users": ["a:b"], "headerField": "X A"}, "/headerField"),
    of_middleware("digestAuth", DISABLES, REFUSED, {"users": ["alvin:x"]}, "/users/0"),
    of_middleware("digestAuth", SURPRISES, REFUSED, {"users": []}, "/users"),
    of_middleware(
        "forwardAuth",
        DISABLES,
        REFUSED,
        {"address": "http://sso", "authResponseHeadersRegex": "("},
        "/authResponseHeadersRegex",
    ),
    of_middleware("forwardAuth", DISABLES, REFUSED, {"address": "http://sso", "tls": {"ca": CUT_SHORT}}, "/tls/ca"),
    of_middleware("forwardAuth", SURPRISES, REFUSED, {"address": ""}, "/address"),
    of_middleware("forwardAuth", SURPRISES, REFUSED, {"address": "sso:9000"}, "/address"),
    of_middleware(
        "forwardAuth",
        SURPRISES,
        REFUSED,
        {"address": "http://sso", "forwardBody": True, "maxBodySize": 0},
        "/maxBodySize",
    ),
    of_middleware("rateLimit", DISABLES, REFUSED, {"average": 1, "period": "-1s"}, "/period"),
    of_middleware(
        "rateLimit",
        DISABLES,
        REFUSED,
        {"average": 1, "sourceCriterion": {"requestHost": True, "requestHeaderName": "X-A"}},
        "/sourceCriterion/requestHost",
    ),
    of_middleware("rateLimit", SURPRISES, WARNED, {"average": 0}, "/average"),
    of_middleware("rateLimit", SURPRISES, REFUSED, {"average": -1}, "/average"),
    of_middleware("rateLimit", SURPRISES, REFUSED, {"average": 1, "burst": 0}, "/burst"),
    of_middleware("rateLimit", SURPRISES, REFUSED, {"average": 1, "period": "0s"}, "/period"),
    of_middleware(
        "rateLimit",
        SURPRISES,
        HELPED,
        {"average": 1, "sourceCriterion": {"requestHeaderName": "X-A"}},
        "/sourceCriterion/requestHeaderName",
    ),
    of_middleware("rateLimit", SURPRISES, HELPED, {"average": 1, "redis": {"endpoints": ["redis:6379"]}}, "/redis"),
    of_middleware("inFlightReq", SURPRISES, REFUSED, {"amount": 0}, "/amount"),
    of_middleware("circuitBreaker", DISABLES, REFUSED, {"expression": ""}, "/expression"),
    of_middleware("circuitBreaker", DISABLES, REFUSED, {"expression": "Ratio() > 0.5"}, "/expression"),
    of_middleware("circuitBreaker", DISABLES, REFUSED, {"expression": "NetworkErrorRatio() >= 0"}, "/expression"),
    of_middleware(
        "circuitBreaker",
        SURPRISES,
        REFUSED,
        {"expression": "NetworkErrorRatio() > 0.5", "responseCode": 1000},
        "/responseCode",
    ),
    of_middleware(
        "circuitBreaker",
        SURPRISES,
        WARNED,
        {"expression": "NetworkErrorRatio() > 0.5", "responseCode": 200},
        "/responseCode",
    ),
    of_middleware("headers", DISABLES, REFUSED, {"frameDeny": False}),
    of_middleware(
        "headers",
        DISABLES,
        REFUSED,
        {"accessControlAllowOriginListRegex": ["("]},
        "/accessControlAllowOriginListRegex/0",
    ),
    of_middleware("headers", SURPRISES, REFUSED, {"customRequestHeaders": {"X A": "b"}}, "/customRequestHeaders"),
    of_middleware("headers", SURPRISES, REFUSED, {"customResponseHeaders": {"X A": "b"}}, "/customResponseHeaders"),
    of_middleware("headers", SURPRISES, HELPED, {"allowedHosts": ["a.test"]}, "/allowedHosts"),
    of_middleware("buffering", DISABLES, REFUSED, {"maxRequestBodyBytes": -1}, "/maxRequestBodyBytes"),
    of_middleware("buffering", DISABLES, REFUSED, {"retryExpression": "Nope()"}, "/retryExpression"),
    of_middleware("buffering", SURPRISES, HELPED, {"maxResponseBodyBytes": 1}, "/maxResponseBodyBytes"),
    of_middleware("retry", DISABLES, REFUSED, {"attempts": 0}, "/attempts"),
    of_middleware("retry", DISABLES, REFUSED, {"attempts": 2, "status": ["x"]}, "/status/0"),
    of_middleware("retry", SURPRISES, HELPED, {"attempts": 2, "status": ["503"]}, "/retryNonIdempotentMethod"),
    of_middleware("errors", DISABLES, REFUSED, {"status": ["x"], "service": "s"}, "/status/0"),
    of_middleware("errors", SURPRISES, REFUSED, {"status": [], "service": "s"}, "/status"),
    of_middleware("errors", SURPRISES, REFUSED, {"status": ["599-500"], "service": "s"}, "/status/0"),
    of_middleware(
        "errors",
        SURPRISES,
        REFUSED,
        {"status": ["500"], "service": "s", "statusRewrites": {"500": 1000}},
        "/statusRewrites/500",
    ),
    of_middleware("compress", DISABLES, REFUSED, {"encodings": ["lzma"]}, "/encodings/0"),
    of_middleware("compress", DISABLES, REFUSED, {"encodings": ["gzip"], "defaultEncoding": "br"}, "/defaultEncoding"),
    of_middleware(
        "compress",
        DISABLES,
        REFUSED,
        {"includedContentTypes": ["text/html"], "excludedContentTypes": ["text/css"]},
        "/excludedContentTypes",
    ),
    of_middleware("compress", DISABLES, REFUSED, {"excludedContentTypes": ["a/b/c; ="]}, "/excludedContentTypes/0"),
    of_middleware("compress", SURPRISES, REFUSED, {"encodings": []}, "/encodings"),
    of_middleware("chain", DISABLES, REFUSED, {"middlewares": ["one"]}, "/middlewares/0"),
]

CHECK: Final = "/healthCheck"
TLS_FILE: Final = "/etc/x.pem"
OTHERS: Final = [
    Surprise("server", {"url": ""}, SURPRISES, REFUSED, "/url"),
    Surprise("server", {"url": "ftp://10.0.0.1"}, SURPRISES, REFUSED, "/url"),
    Surprise("server", {"url": "http://"}, SURPRISES, REFUSED, "/url"),
    Surprise("service", {"strategy": "fair"}, DISABLES, REFUSED, "/strategy"),
    Surprise(
        *("service", {"mirroring": {"service": "a", "maxBodySize": TOO_MUCH}}),
        *(SURPRISES, REFUSED, "/mirroring/maxBodySize"),
    ),
    Surprise(
        "service",
        {"failover": {"service": "a", "fallback": "b", "errors": {"status": ["503"], "maxRequestBodyBytes": TOO_MUCH}}},
        *(SURPRISES, REFUSED, "/failover/errors/maxRequestBodyBytes"),
    ),
    Surprise("service", {"serversTransport": "a b"}, DISABLES, REFUSED, "/serversTransport"),
    Surprise("service", {"healthCheck": {"path": "http://a/"}}, SURPRISES, REFUSED, f"{CHECK}/path"),
    Surprise("service", {"healthCheck": {"method": "G T"}}, SURPRISES, REFUSED, f"{CHECK}/method"),
    Surprise("service", {"healthCheck": {"scheme": "ftp"}}, SURPRISES, REFUSED, f"{CHECK}/scheme"),
    Surprise("service", {"healthCheck": {"port": -1}}, SURPRISES, REFUSED, f"{CHECK}/port"),
    Surprise("service", {"healthCheck": {"headers": {"X A": "b"}}}, SURPRISES, REFUSED, f"{CHECK}/headers"),
    Surprise("service", {"healthCheck": {"status": 101}}, SURPRISES, WARNED, f"{CHECK}/status"),
    Surprise("service", {"healthCheck": {"status": 301}}, SURPRISES, WARNED, f"{CHECK}/status"),
    Surprise("service", {"healthCheck": {"interval": "0s"}}, SURPRISES, REFUSED, f"{CHECK}/interval"),
    Surprise("service", {"healthCheck": {"timeout": "10s"}}, SURPRISES, REFUSED, f"{CHECK}/timeout"),
    Surprise("service", {"healthCheck": {"mode": "nope"}}, SURPRISES, REFUSED, f"{CHECK}/mode"),
    Surprise("service", {"healthCheck": {"mode": "grpc", "status": 204}}, SURPRISES, WARNED, f"{CHECK}/status"),
    Surprise("service", {"sticky": {"cookie": {"name": "a b;"}}}, SURPRISES, REFUSED, "/sticky/cookie/name"),
    Surprise(
        "service",
        {"sticky": {"cookie": {"name": "a", "sameSite": "some"}}},
        SURPRISES,
        REFUSED,
        "/sticky/cookie/sameSite",
    ),
    Surprise("service", {"strategy": "hrw", "sticky": {"cookie": {"name": "a"}}}, SURPRISES, WARNED, "/sticky"),
    Surprise("service", {"strategy": "p2c", "slowStart": "30s"}, SURPRISES, WARNED, "/slowStart"),
    Surprise("service", {"drainFor": "5m"}, SURPRISES, WARNED, "/drainFor"),
    Surprise("service", {"passiveHealthCheck": {}}, SURPRISES, WARNED, "/passiveHealthCheck"),
    Surprise("service", {"weighted": {"services": []}}, SURPRISES, REFUSED, "/weighted/services"),
    Surprise(
        "service",
        {"weighted": {"services": [{"name": "a", "weight": 0}]}},
        SURPRISES,
        REFUSED,
        "/weighted/services/0/weight",
    ),
    Surprise(
        "service",
        {"weighted": {"services": [{"name": "a"}, {"name": "a"}]}},
        SURPRISES,
        REFUSED,
        "/weighted/services",
    ),
    Surprise(
        "service",
        {"mirroring": {"service": "a", "mirrors": [{"name": "b", "percent": 101}]}},
        DISABLES,
        REFUSED,
        "/mirroring/mirrors/0/percent",
    ),
    Surprise(
        "service", {"mirroring": {"service": "a", "maxBodySize": -1}}, SURPRISES, HELPED, "/mirroring/maxBodySize"
    ),
    Surprise("serversTransport", {"rootCAs": ["-----BEGIN X"]}, SURPRISES, REFUSED, "/rootCAs/0"),
    Surprise("serversTransport", {"rootCAs": [CUT_SHORT]}, SURPRISES, REFUSED, "/rootCAs/0"),
    Surprise(
        *("serversTransport", {"certificates": [{"certFile": "/a.pem", "keyFile": KEY_CUT_SHORT}]}),
        *(SURPRISES, REFUSED, "/certificates/0/keyFile"),
    ),
    Surprise("tcpServersTransport", {"tls": {"rootCAs": [CUT_SHORT]}}, SURPRISES, REFUSED, "/tls/rootCAs/0"),
    Surprise(
        *("serversTransport", {"forwardingTimeouts": {"dialTimeout": "0s"}}),
        *(SURPRISES, WARNED, "/forwardingTimeouts/dialTimeout"),
    ),
    Surprise(
        *("serversTransport", {"forwardingTimeouts": {"pingTimeout": "0s"}}),
        *(SURPRISES, WARNED, "/forwardingTimeouts/pingTimeout"),
    ),
    Surprise("tcpServersTransport", {"dialTimeout": "0s"}, SURPRISES, WARNED, "/dialTimeout"),
    Surprise("tcpServersTransport", {"dialTimeout": "-1ms"}, SURPRISES, REFUSED, "/dialTimeout"),
    Surprise("tcpServersTransport", {"dialKeepAlive": "0s"}, SURPRISES, WARNED, "/dialKeepAlive"),
    Surprise("tcpServersTransport", {"terminationDelay": "0s"}, SURPRISES, WARNED, "/terminationDelay"),
    Surprise("serversTransport", {"minVersion": "TLS1.9"}, SURPRISES, REFUSED, "/minVersion"),
    Surprise("serversTransport", {"cipherSuites": ["NONE"]}, SURPRISES, REFUSED, "/cipherSuites/0"),
    Surprise("serversTransport", {"insecureSkipVerify": True}, SURPRISES, WARNED, "/insecureSkipVerify"),
    Surprise("serversTransport", {"spiffe": {}}, SURPRISES, WARNED, "/spiffe"),
    Surprise("tcpServersTransport", {"tls": {"spiffe": {}}}, SURPRISES, WARNED, "/tls/spiffe"),
    Surprise("tlsOption", {"minVersion": "TLS1.9"}, SURPRISES, REFUSED, "/minVersion"),
    Surprise("tlsOption", {"minVersion": "VersionTLS10"}, SURPRISES, WARNED, "/minVersion"),
    Surprise(
        "tlsOption", {"minVersion": "VersionTLS13", "maxVersion": "VersionTLS12"}, SURPRISES, REFUSED, "/maxVersion"
    ),
    Surprise(
        "tlsOption",
        {"clientAuth": {"clientAuthType": "RequireAndVerifyClientCert"}},
        DISABLES,
        REFUSED,
        "/clientAuth/caFiles",
    ),
    Surprise(
        *("tlsOption", {"clientAuth": {"clientAuthType": "RequireAndVerifyClientCert", "caFiles": [CUT_SHORT]}}),
        *(DISABLES, REFUSED, "/clientAuth/caFiles/0"),
    ),
    Surprise("router", {"service": "s", "rule": "PathPrefix(`/v{id:[0-9]+}`)"}, SURPRISES, WARNED, "/rule"),
    Surprise("router", {"service": "s", "rule": "Path(`/`)", "tls": {"options": "default"}}, SURPRISES, HELPED, "/tls"),
    Surprise("router", {"service": "s", "rule": "Path(`/`)", "tls": {"options": "strict"}}, SURPRISES, WARNED, "/tls"),
    Surprise(
        "router", {"service": "s", "domains": ["*.a.test"], "tls": {"options": "strict"}}, SURPRISES, WARNED, "/tls"
    ),
    Surprise(
        "router",
        {"service": "s", "domains": ["a.test"], "tls": {"domains": [{"main": "a.test"}]}},
        SURPRISES,
        WARNED,
        "/tls/domains",
    ),
    Surprise("router", {"service": "s", "rule": "Hots(`a`)"}, DISABLES, REFUSED, "/rule"),
    Surprise("tcpRouter", {"service": "s", "rule": "HostSNI(`a.test`)"}, DISABLES, REFUSED, "/tls"),
    Surprise("tcpRouter", {"service": "s", "rule": "ALPN(`acme-tls/1`)"}, DISABLES, REFUSED, "/rule"),
    Surprise("tcpRouter", {"service": "s", "rule": "Host(`a.test`)"}, DISABLES, REFUSED, "/rule"),
    Surprise("tcpRouter", {"service": "s", "rule": "ClientIP(`10.0.0.0/33`)"}, DISABLES, REFUSED, "/rule"),
    Surprise("tcpRouter", {"service": "s", "rule": "HostSNI(`münchen.test`)", "tls": {}}, DISABLES, REFUSED, "/rule"),
    Surprise("tcpRouter", {"service": "s", "rule": "HostSNI(`*`)"}, SURPRISES, WARNED, "/rule"),
    Surprise(
        "tcpService",
        {"loadBalancer": {"servers": [{"address": "10.0.0.1"}]}},
        SURPRISES,
        REFUSED,
        "/loadBalancer/servers/0/address",
    ),
    Surprise(
        "tcpService",
        {"loadBalancer": {"servers": [{"address": "tcp://a:1"}]}},
        SURPRISES,
        REFUSED,
        "/loadBalancer/servers/0/address",
    ),
    Surprise("tcpService", {"loadBalancer": {"servers": []}}, SURPRISES, HELPED, "/loadBalancer/servers"),
    Surprise("tcpMiddleware", {"inFlightConn": {"amount": 0}}, SURPRISES, REFUSED, "/inFlightConn/amount"),
    Surprise("tcpMiddleware", {"ipAllowList": {"sourceRange": []}}, DISABLES, REFUSED, "/ipAllowList/sourceRange"),
    Surprise("udpRouter", {"service": "s", "entryPoints": []}, SURPRISES, REFUSED, "/entryPoints"),
    Surprise("router", {"service": "a@b@c", "rule": "Path(`/`)"}, DISABLES, REFUSED, "/service"),
    Surprise("router", {"service": "a@http", "rule": "Path(`/`)"}, SURPRISES, REFUSED, "/service"),
    Surprise("router", {"service": "none@internal", "rule": "Path(`/`)"}, DISABLES, REFUSED, "/service"),
    Surprise("router", {"service": "api@internal", "rule": "Path(`/`)"}, SURPRISES, WARNED, "/service"),
]


@pytest.mark.parametrize(
    "row", [row for row in (*MIDDLEWARES, *OTHERS) if row.answer == REFUSED], ids=lambda row: row.name
)
def test_it_is_refused_at_its_place(row: Surprise) -> None:
    if "chain" in row.value:  # what is wrong with it is seen where it is kept
        return
    with pytest.raises(Invalid) as refused:
        read(row)
    assert row.at in [each.pointer for each in refused.value.fields]


@pytest.mark.parametrize(
    "row", [row for row in (*MIDDLEWARES, *OTHERS) if row.answer == WARNED], ids=lambda row: row.name
)
def test_it_is_warned_of_at_its_place(row: Surprise) -> None:
    assert row.at in ["/" + "/".join(map(str, where)) for where, _message in read(row).warnings()]


@pytest.mark.parametrize(
    "row", [row for row in (*MIDDLEWARES, *OTHERS) if row.answer == HELPED], ids=lambda row: row.name
)
def test_what_nobody_can_know_here_is_said_by_the_help(row: Surprise) -> None:
    model: Any = NOUNS[row.kind]
    assert not list(read(row).warnings())
    for key in row.at.strip("/").split("/"):
        field = model.fields[key]
        model = getattr(field.type, "model", None)
    assert field.help


def read(row: Surprise) -> Noun:
    return NOUNS[row.kind].read({"name": "one", **row.value})


@pytest.mark.parametrize(
    "row",
    [row for row in OTHERS if row.answer == WARNED and row.kind in {"router", "service"}],
    ids=lambda row: row.name,
)
def test_it_is_found_among_many(row: Surprise) -> None:
    item = read(row)
    parts = rendering.whole(Declaration.of(item), DEFAULT_POINTS)
    found = list(survey.find_doubted(OfParts(parts)))
    assert [each.detail for each in found] == [each.detail for each in find_doubts(item, "one")]


def test_a_key_beside_a_certificate_that_everybody_may_read_is_refused() -> None:
    issued = trustme.CA().issue_cert("one.test")
    cert, key = issued.cert_chain_pems[0].bytes().decode(), issued.private_key_pem.bytes().decode()
    with pytest.raises(Invalid) as refused:
        NOUNS["serversTransport"].read({"name": "one", **of_servers(f"{cert}{key}", key)})
    assert [(each.pointer, each.code) for each in refused.value.fields] == [
        ("/certificates/0/certFile", "certificate.key")
    ]


def of_servers(cert: str, key: str) -> Json:
    return {"certificates": [{"certFile": cert, "keyFile": key}]}


PAIRED: Final[dict[str, Callable[[str, str], tuple[str, Json]]]] = {
    "/certificates/0/keyFile": lambda cert, key: ("serversTransport", of_servers(cert, key)),
    "/tls/certificates/0/keyFile": lambda cert, key: ("tcpServersTransport", {"tls": of_servers(cert, key)}),
    "/keyFile": lambda cert, key: ("certificate", {"certFile": cert, "keyFile": key}),
    "/forwardAuth/tls/key": lambda cert, key: (
        "middleware",
        {"forwardAuth": {"address": "http://sso", "tls": {"cert": cert, "key": key}}},
    ),
    "/rateLimit/redis/tls/key": lambda cert, key: (
        "middleware",
        {"rateLimit": {"average": 1, "redis": {"tls": {"cert": cert, "key": key}}}},
    ),
}


@pytest.mark.parametrize("at", PAIRED)
def test_a_key_of_another_certificate_is_refused(at: str) -> None:
    ca = trustme.CA()
    one, other = (ca.issue_cert(f"{name}.test") for name in ("one", "other"))

    def made(shown: trustme.LeafCert, key: str) -> Noun:
        kind, given = PAIRED[at](shown.cert_chain_pems[0].bytes().decode(), key)
        return NOUNS[kind].read({"name": "one", **given})

    kept = made(one, one.private_key_pem.bytes().decode())
    assert made(one, MASK).kept(kept) == kept
    with pytest.raises(Invalid) as refused:
        made(one, other.private_key_pem.bytes().decode())
    assert [(each.pointer, each.code) for each in refused.value.fields] == [(at, "key.other")]
    # A mask stands for the key of the former certificate; in a list, where that is gone, for none.
    with pytest.raises(Invalid) as unkept:
        made(other, MASK).kept(kept)
    wanted = "secret.masked" if "certificates" in at else "key.other"
    assert [(each.pointer, each.code) for each in unkept.value.fields] == [(at, wanted)]
