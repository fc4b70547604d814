"""A row for each kind of middleware, with what it takes and what it refuses, where and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provider.nouns.middleware import Middleware

Document = Mapping[str, Any]

APR1: Final = "$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"
SHA: Final = "{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ="
BCRYPT: Final = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"
MD5: Final = "d41d8cd98f00b204e9800998ecf8427e"
LOCAL: Final = {"sourceRange": ["127.0.0.1"]}


@dataclass(frozen=True)
class Row:
    """What a kind takes; what it refuses, with the pointer within it and the code; what it warns of, with the place."""

    good: list[Document]
    bad: list[tuple[Document, str, str]]
    warned: list[tuple[Document, str]] = field(default_factory=list)


def criterion(**fields: Any) -> Document:
    return {"amount": 1, "sourceCriterion": fields}


def address(**fields: Any) -> Document:
    return criterion(ipStrategy=fields)


def redis(**fields: Any) -> Document:
    return {"average": 1, "redis": fields}


def users(*texts: str) -> Document:
    return {"users": list(texts)}


def regex(text: str, replacement: str = "https://a.test") -> Document:
    return {"regex": text, "replacement": replacement}


def plugin(**fields: Any) -> Document:
    return {"demo": fields}


def deep(levels: int) -> Document:
    found: Document = {"a": 1}
    for _level in range(levels - 1):
        found = {"a": found}
    return {"a": found}


def page(**fields: Any) -> Document:
    return {"status": ["500-599"], "service": "pages", **fields}


def ask(**fields: Any) -> Document:
    return {"address": "http://sso:9000", **fields}


def request(**headers: str) -> Document:
    return {"customRequestHeaders": {name.replace("_", "-"): value for name, value in headers.items()}}


ROWS: Final = {
    "addPrefix": Row(
        [{"prefix": "/app"}, {"prefix": "/" + "a" * 254}, {"prefix": "/a:b@c,d;e=f"}],
        [
            ({}, "/prefix", "field.required"),
            ({"prefix": ""}, "/prefix", "path.format"),
            ({"prefix": "app"}, "/prefix", "path.format"),
            ({"prefix": "/a?b=c"}, "/prefix", "path.format"),
            ({"prefix": "/" + "a" * 255}, "/prefix", "value.long"),
            ({"prefix": 1}, "/prefix", "type.string"),
        ],
        [({"prefix": "/app/"}, "/prefix")],
    ),
    "basicAuth": Row(
        [
            users(f"alvin:{BCRYPT}", f"budi:{APR1}", f"citra:{SHA}"),
            {**users("déwi:secret"), "realm": "Ways hub", "removeHeader": True, "headerField": "X-User"},
            {"usersFile": "/etc/traefik/users"},
        ],
        [
            ({}, "/users", "user.none"),
            (users(), "/users", "user.none"),
            (users("alvin"), "/users/0", "user.format"),
            (users("alvin:a:b"), "/users/0", "user.format"),
            (users(":secret"), "/users/0", "user.format"),
            (users("alvin:"), "/users/0", "user.format"),
            (users("alvin :secret"), "/users/0", "user.name"),
            (users("alvin:$6$salt$hash"), "/users/0", "user.hash"),
            (users("alvin:$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"), "/users/0", "user.hash"),
            (users(f"alvin:{BCRYPT}x"), "/users/0", "user.hash"),
            (users(f"alvin:{BCRYPT[:-1]}"), "/users/0", "user.hash"),
            (users("alvin:{SSHA}abc"), "/users/0", "user.hash"),
            (users("alvin:" + "é" * 37), "/users/0", "user.password"),
            (users("al║vin:secret"), "/users/0", "item.format"),
            (users("alvin:sec\nret"), "/users/0", "text.control"),
            (users("alvin:one", "alvin:two"), "/users", "user.duplicate"),
            ({**users("alvin:secret"), "headerField": "X User"}, "/headerField", "header.name"),
            ({**users("alvin:secret"), "realm": 'a"b'}, "/realm", "realm.format"),
        ],
    ),
    "buffering": Row(
        [
            {},
            {"maxRequestBodyBytes": 1, "memRequestBodyBytes": 1, "maxResponseBodyBytes": 1, "memResponseBodyBytes": 1},
            {"retryExpression": "IsNetworkError() && Attempts() < 3"},
            {"retryExpression": '(ResponseCode() >= 500||IsNetworkError()) && RequestMethod() != "POST"'},
        ],
        [
            ({"maxRequestBodyBytes": -1}, "/maxRequestBodyBytes", "value.small"),
            ({"memResponseBodyBytes": 1.5}, "/memResponseBodyBytes", "type.integer"),
            ({"retryExpression": "Attempts()"}, "/retryExpression", "condition.format"),
            ({"retryExpression": "Attempts() < 2.0"}, "/retryExpression", "condition.value"),
            ({"retryExpression": "!IsNetworkError()"}, "/retryExpression", "condition.format"),
            ({"retryExpression": "IsNetworkError() == 1"}, "/retryExpression", "condition.format"),
            ({"retryExpression": 'RequestMethod() > "A"'}, "/retryExpression", "condition.format"),
            ({"retryExpression": "RequestMethod() == GET"}, "/retryExpression", "condition.value"),
        ],
    ),
    "chain": Row(
        [{"middlewares": ["login"]}, {"middlewares": ["login", "limit@file"]}],
        [
            ({}, "/middlewares", "field.required"),
            ({"middlewares": []}, "/middlewares", "value.few"),
            ({"middlewares": ["Login"]}, "/middlewares/0", "name.format"),
            ({"middlewares": ["a", "a"]}, "/middlewares", "middlewares.duplicate"),
            ({"middlewares": ["api@internal"]}, "/middlewares/0", "reference.internal"),
            ({"middlewares": ["own@http"]}, "/middlewares/0", "reference.own"),
            ({"middlewares": ["a@b@c"]}, "/middlewares/0", "reference.format"),
            ({"middlewares": [f"m{number}" for number in range(31)]}, "/middlewares", "value.many"),
        ],
    ),
    "circuitBreaker": Row(
        [
            {"expression": "NetworkErrorRatio() > 0.30"},
            {"expression": "ResponseCodeRatio(500, 600, 0, 600) >= 0.25 && LatencyAtQuantileMS(50.0) > 100"},
            {"expression": "(NetworkErrorRatio()!=0.0||LatencyAtQuantileMS(99.9)==1)", "responseCode": 599},
            {"expression": "NetworkErrorRatio() > 1.0", "checkPeriod": "1ms", "recoveryDuration": "720h"},
        ],
        [
            ({}, "/expression", "field.required"),
            ({"expression": ""}, "/expression", "condition.format"),
            ({"expression": "NetworkErrorRatio() >= 0"}, "/expression", "condition.value"),
            ({"expression": "NetworkErrorRatio() >= -0.5"}, "/expression", "condition.value"),
            ({"expression": "NetworkErrorRatio() > 00.5x"}, "/expression", "condition.format"),
            ({"expression": "NetworkErrorRatio() > 0.5 &&"}, "/expression", "condition.format"),
            (
                {"expression": "NetworkErrorRatio() > 0.5 & NetworkErrorRatio() > 0.5"},
                "/expression",
                "condition.format",
            ),
            ({"expression": "(NetworkErrorRatio() > 0.5"}, "/expression", "condition.format"),
            ({"expression": "0.5 < NetworkErrorRatio()"}, "/expression", "condition.format"),
            ({"expression": "ErrorRatio() > 0.5"}, "/expression", "condition.function"),
            ({"expression": "LatencyAtQuantileMS(50) > 100"}, "/expression", "condition.value"),
            ({"expression": "ResponseCodeRatio(500, 600) > 0.5"}, "/expression", "condition.format"),
            ({"expression": "(" * 21 + "NetworkErrorRatio() > 0.5" + ")" * 21}, "/expression", "condition.format"),
            ({"expression": "NetworkErrorRatio() > 0.5", "checkPeriod": "0s"}, "/checkPeriod", "duration.range"),
            ({"expression": "NetworkErrorRatio() > 0.5", "responseCode": 0}, "/responseCode", "value.small"),
            ({"expression": "NetworkErrorRatio() > 0.5", "responseCode": 1000}, "/responseCode", "value.large"),
        ],
        [({"expression": "NetworkErrorRatio() > 0.5", "responseCode": 200}, "/responseCode")],
    ),
    "compress": Row(
        [
            {},
            {"encodings": ["br"], "defaultEncoding": "br", "minResponseBodyBytes": 1},
            {"includedContentTypes": ["text/html", "image/svg+xml"]},
            {"excludedContentTypes": ["text/event-stream"]},
        ],
        [
            ({"encodings": ["deflate"]}, "/encodings/0", "value.choice"),
            ({"encodings": []}, "/encodings", "value.few"),
            ({"encodings": ["br", "br"]}, "/encodings", "encodings.duplicate"),
            ({"encodings": ["br"], "defaultEncoding": "gzip"}, "/defaultEncoding", "encoding.default"),
            ({"defaultEncoding": "deflate"}, "/defaultEncoding", "value.choice"),
            ({"includedContentTypes": ["text"]}, "/includedContentTypes/0", "mediaType.format"),
            (
                {"includedContentTypes": ["text/html"], "excludedContentTypes": ["text/css"]},
                "/excludedContentTypes",
                "mediaType.exclusive",
            ),
            ({"minResponseBodyBytes": 0}, "/minResponseBodyBytes", "value.small"),
            ({"minResponseBodyBytes": -1}, "/minResponseBodyBytes", "value.small"),
        ],
    ),
    "contentType": Row(
        [{}, {"autoDetect": True}],
        [({"autoDetect": "yes"}, "/autoDetect", "type.boolean")],
        [({"autoDetect": False}, "/autoDetect")],
    ),
    "digestAuth": Row(
        [
            users(f"alvin:traefik:{MD5}"),
            {**users("alvin:Ways hub:secret", "budi:Ways hub:a:b"), "realm": "Ways hub", "headerField": "X-User"},
            {"usersFile": "/etc/traefik/digests", "removeHeader": True},
        ],
        [
            ({}, "/users", "user.none"),
            (users("alvin:traefik"), "/users/0", "user.format"),
            (users("alvin:traefik:"), "/users/0", "user.format"),
            (users("alvin::secret"), "/users/0", "user.format"),
            (users("alvin :traefik:secret"), "/users/0", "user.name"),
            (users(f"alvin:traefik:{MD5.upper()}"), "/users/0", "user.hash"),
            (users("alvin:other:secret"), "/users", "user.realm"),
            ({**users("alvin:traefik:secret"), "realm": "hub"}, "/users", "user.realm"),
            (users("alvin:traefik:a", "alvin:traefik:b"), "/users", "user.duplicate"),
            ({**users("alvin:traefik:secret"), "headerField": "X User"}, "/headerField", "header.name"),
        ],
    ),
    "encodedCharacters": Row(
        [{}, {"allowEncodedSlash": True, "allowEncodedHash": True}],
        [
            ({"allowEncodedSlash": 1}, "/allowEncodedSlash", "type.boolean"),
            ({"allowEncodedColon": True}, "/allowEncodedColon", "field.unknown"),
        ],
    ),
    "errors": Row(
        [
            {"status": ["500-599", "404"], "service": "pages", "query": "/{status}.html?from={originalStatus}&u={url}"},
            {"status": ["418"], "service": "pages@file", "statusRewrites": {"400-499": 404}},
            {"status": ["503"], "service": "pages", "errorRequestHeaders": ["Accept-Language"]},
        ],
        [
            ({"status": ["500"]}, "/service", "field.required"),
            ({"service": "pages"}, "/status", "field.required"),
            ({"status": [], "service": "pages"}, "/status", "value.few"),
            (page(status=["600"]), "/status/0", "status.format"),
            (page(status=["599-500"]), "/status/0", "status.format"),
            (page(status=["5xx"]), "/status/0", "status.format"),
            (page(status=[500]), "/status/0", "type.string"),
            (page(status=["500", "500"]), "/status", "status.duplicate"),
            (page(service="Pages"), "/service", "name.format"),
            (page(service="none@internal"), "/service", "reference.internal"),
            (page(service="pages@http"), "/service", "reference.own"),
            (page(query="/%zz"), "/query", "page.format"),
            (page(query="/{code}"), "/query", "page.format"),
            (page(statusRewrites={"a": 404}), "/statusRewrites", "status.format"),
            (page(statusRewrites={"500": 1000}), "/statusRewrites/500", "value.large"),
            (page(statusRewrites={"500": 100}), "/statusRewrites/500", "value.small"),
            (page(errorRequestHeaders=["X A"]), "/errorRequestHeaders/0", "header.name"),
        ],
        [(page(statusRewrites={"404": 500}), "/statusRewrites")],
    ),
    "forwardAuth": Row(
        [
            {"address": "http://sso:9000/verify?a=b"},
            {"address": "https://sso.alvin.xyz", "tls": {"insecureSkipVerify": True}, "authSigninURL": "/login"},
            ask(authResponseHeaders=["Remote-User"], authResponseHeadersRegex="^X-Auth-", trustForwardHeader=False),
            ask(forwardBody=True, maxBodySize=1_000, maxResponseBodySize=0, preserveRequestMethod=True),
            ask(addAuthCookiesToResponse=["connect.sid"], headerField="Remote-User", preserveLocationHeader=True),
        ],
        [
            ({}, "/address", "field.required"),
            ({"address": ""}, "/address", "url.scheme"),
            ({"address": "sso:9000"}, "/address", "url.scheme"),
            ({"address": "h2c://sso"}, "/address", "url.scheme"),
            ({"address": "http:///verify"}, "/address", "url.host"),
            ({"address": "http://a:b@sso/"}, "/address", "url.user"),
            ({"address": "http://sso/#a"}, "/address", "url.path"),
            ({"address": "http://169.254.169.254/"}, "/address", "url.refused"),
            (ask(authResponseHeadersRegex="("), "/authResponseHeadersRegex", "expression.format"),
            (ask(authRequestHeaders=["X A"]), "/authRequestHeaders/0", "header.name"),
            (ask(forwardBody=True, maxBodySize=0), "/maxBodySize", "body.none"),
            (ask(maxBodySize=-2), "/maxBodySize", "value.small"),
            (ask(addAuthCookiesToResponse=["a b"]), "/addAuthCookiesToResponse/0", "cookie.format"),
            (ask(authSigninURL="login"), "/authSigninURL", "url.scheme"),
            (ask(tls={"key": "/key.pem"}), "/tls/cert", "pair.half"),
            (ask(tls={"ca": "-----BEGIN CERTIFICATE-----\nMII"}), "/tls/ca", "pem.format"),
            (ask(tls={"ca": "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n"}), "/tls/ca", "pem.format"),
        ],
        [
            (ask(forwardBody=True), "/maxBodySize"),
            (ask(tls={"caOptional": True}), "/tls/caOptional"),
        ],
    ),
    "grpcWeb": Row(
        [{"allowOrigins": ["*"]}, {"allowOrigins": ["https://alvin.xyz", "http://localhost:8080", "http://[::1]:80"]}],
        [
            ({}, "/allowOrigins", "field.required"),
            ({"allowOrigins": []}, "/allowOrigins", "value.few"),
            ({"allowOrigins": ["https://alvin.xyz/"]}, "/allowOrigins/0", "origin.format"),
            ({"allowOrigins": ["alvin.xyz"]}, "/allowOrigins/0", "origin.format"),
            ({"allowOrigins": ["*", "*"]}, "/allowOrigins", "origins.duplicate"),
        ],
    ),
    "headers": Row(
        [
            request(X_A="1", X_B="", X_C="é " * 100 + "."),
            {"customResponseHeaders": {"A" * 200: "a" * 8_000}},
            {"accessControlAllowOriginList": ["*"], "accessControlAllowMethods": ["GET", "*"]},
            {"accessControlAllowOriginListRegex": [r"^https://.+\.alvin\.xyz$"], "accessControlMaxAge": 0},
            {"stsSeconds": 31_536_000, "stsIncludeSubdomains": True, "forceSTSHeader": True},
            {"frameDeny": True},
            {"contentSecurityPolicy": "default-src 'self'", "customBrowserXSSValue": "1; mode=block"},
        ],
        [
            ({}, "", "headers.none"),
            ({"frameDeny": False}, "", "headers.none"),
            ({"customRequestHeaders": {}}, "", "headers.none"),
            ({"sslRedirect": False}, "", "headers.none"),
            ({"customRequestHeaders": {"X A": "1"}}, "/customRequestHeaders", "header.name"),
            ({"customRequestHeaders": {"": "1"}}, "/customRequestHeaders", "header.name"),
            ({"customRequestHeaders": {"A" * 201: "1"}}, "/customRequestHeaders", "value.long"),
            ({"customRequestHeaders": {"X-A": "1", "x-a": "2"}}, "/customRequestHeaders", "key.duplicate"),
            ({"customResponseHeaders": {"X-A": "a\r\nX-B: b"}}, "/customResponseHeaders/X-A", "text.control"),
            ({"customResponseHeaders": {"X-A": " a"}}, "/customResponseHeaders/X-A", "header.value"),
            ({"customResponseHeaders": {"X-A": None}}, "/customResponseHeaders/X-A", "type.string"),
            (
                {"accessControlAllowOriginListRegex": ["(?=a)"]},
                "/accessControlAllowOriginListRegex/0",
                "expression.format",
            ),
            ({"accessControlAllowOriginList": ["a║b"]}, "/accessControlAllowOriginList/0", "item.format"),
            ({"accessControlAllowOriginList": [""]}, "/accessControlAllowOriginList/0", "item.format"),
            ({"accessControlAllowMethods": ["GET PUT"]}, "/accessControlAllowMethods/0", "method.format"),
            ({"accessControlAllowHeaders": ["X A"]}, "/accessControlAllowHeaders/0", "header.name"),
            ({"stsSeconds": -1}, "/stsSeconds", "value.small"),
            ({"customFrameOptionsValue": "a\nb"}, "/customFrameOptionsValue", "text.control"),
            ({"X-A": "b"}, "/X-A", "field.unknown"),
        ],
        [
            (
                {"accessControlAllowOriginList": ["*"], "accessControlAllowCredentials": True},
                "/accessControlAllowCredentials",
            ),
            ({"stsPreload": True}, "/stsSeconds"),
            ({"frameDeny": True, "sslRedirect": True}, "/sslRedirect"),
        ],
    ),
    "inFlightReq": Row(
        [
            {"amount": 1},
            criterion(requestHost=True),
            criterion(requestHeaderName="X-Api-Key"),
            address(depth=1),
            address(excludedIPs=["10.0.0.0/8", "::1"]),
            address(ipv6Subnet=128),
        ],
        [
            ({}, "/amount", "field.required"),
            ({"amount": 0}, "/amount", "value.small"),
            (criterion(), "/sourceCriterion", "source.none"),
            (criterion(requestHost=False), "/sourceCriterion", "source.none"),
            (criterion(requestHost=True, requestHeaderName="X-A"), "/sourceCriterion/requestHost", "source.many"),
            (criterion(requestHeaderName="X A"), "/sourceCriterion/requestHeaderName", "header.name"),
            (address(), "/sourceCriterion/ipStrategy", "source.address"),
            (address(depth=-1), "/sourceCriterion/ipStrategy/depth", "value.small"),
            (address(excludedIPs=["10.0.0.0/33"]), "/sourceCriterion/ipStrategy/excludedIPs/0", "network.format"),
            (address(ipv6Subnet=0), "/sourceCriterion/ipStrategy/ipv6Subnet", "value.small"),
            (address(ipv6Subnet=129), "/sourceCriterion/ipStrategy/ipv6Subnet", "value.large"),
        ],
        [(address(depth=1, excludedIPs=["10.0.0.0/8"]), "/sourceCriterion/ipStrategy/excludedIPs")],
    ),
    "ipAllowList": Row(
        [
            LOCAL,
            {"sourceRange": ["10.0.0.1/8", "2001:db8::/32", "::ffff:10.0.0.1"], "rejectStatusCode": 404},
            {**LOCAL, "ipStrategy": {}},
            {**LOCAL, "ipStrategy": {"depth": 100, "ipv6Subnet": 1}},
        ],
        [
            ({}, "/sourceRange", "field.required"),
            ({"sourceRange": []}, "/sourceRange", "value.few"),
            ({"sourceRange": ["10.0.0.0/33"]}, "/sourceRange/0", "network.format"),
            ({"sourceRange": ["10.0.0.256"]}, "/sourceRange/0", "network.format"),
            ({"sourceRange": ["alvin.xyz"]}, "/sourceRange/0", "network.format"),
            ({"sourceRange": ["fe80::1%eth0"]}, "/sourceRange/0", "network.format"),
            ({"sourceRange": ["10.0.0.1", "10.0.0.1/32"]}, "/sourceRange", "network.duplicate"),
            ({**LOCAL, "rejectStatusCode": 99}, "/rejectStatusCode", "value.small"),
            ({**LOCAL, "rejectStatusCode": 600}, "/rejectStatusCode", "value.large"),
        ],
        [({**LOCAL, "rejectStatusCode": 200}, "/rejectStatusCode")],
    ),
    "ipWhiteList": Row(
        [LOCAL, {**LOCAL, "ipStrategy": {"depth": 1}}],
        [
            ({}, "/sourceRange", "field.required"),
            ({"sourceRange": ["alvin.xyz"]}, "/sourceRange/0", "network.format"),
            ({**LOCAL, "rejectStatusCode": 404}, "/rejectStatusCode", "field.unknown"),
        ],
    ),
    "passTLSClientCert": Row(
        [
            {"pem": True},
            {"info": {"sans": True, "notAfter": True, "notBefore": True, "serialNumber": True}},
            {"info": {"subject": {"organizationalUnit": True, "commonName": True}, "issuer": {"country": True}}},
        ],
        [
            ({}, "", "certificate.none"),
            ({"pem": False}, "", "certificate.none"),
            ({"info": {}}, "/info", "certificate.none"),
            ({"pem": True, "info": {"subject": {}}}, "/info/subject", "certificate.none"),
            ({"info": {"issuer": {"organizationalUnit": True}}}, "/info/issuer/organizationalUnit", "field.unknown"),
        ],
    ),
    "plugin": Row(
        [
            plugin(),
            plugin(countries=["ID", "SG"], log=True, limit=3, share=0.25, text="a\nb"),
            plugin(rules=[{"path": "/a", "deep": {"deeper": [1, 2]}}]),
            {"Geo_Block-2": {"token": "secret"}},
        ],
        [
            ({}, "", "value.few"),
            ({"a": {}, "b": {}}, "", "value.many"),
            ({"a b": {}}, "", "plugin.name"),
            ({"demo": "x"}, "/demo", "type.object"),
            (plugin(a=None), "/demo/a", "free.empty"),
            (plugin(a={}), "/demo/a", "free.empty"),
            (plugin(a={"b": []}), "/demo/a/b", "free.empty"),
            (plugin(a=[[1]]), "/demo/a", "free.list"),
            (plugin(a=["x", 1]), "/demo/a", "free.list"),
            (plugin(a=["x║y"]), "/demo/a/0", "item.format"),
            (plugin(a=0.1234567), "/demo/a", "free.number"),
            (plugin(a=1e30), "/demo/a", "free.number"),
            (plugin(a="\x7f"), "/demo/a", "text.control"),
            ({"demo": {"": 1}}, "/demo", "free.name"),
            ({"demo": {"a" * 1_023: 1}}, "/demo", "free.name"),
            (plugin(a="x" * 64_000), "/demo", "free.long"),
            ({"demo": deep(21)}, "/demo" + "/a" * 21, "free.depth"),
        ],
    ),
    "rateLimit": Row(
        [
            {"average": 100},
            {"average": 1_000_000_000, "period": "720h", "burst": 1_000_000_000},
            {"average": 1, "period": "1ms", "sourceCriterion": {"requestHost": True}},
            redis(),
            redis(endpoints=["redis:6379", "[::1]:6379"], username="traefik", password="secret", db=1, tls={}),
            redis(readTimeout="1ms", poolSize=100_000, tls={"insecureSkipVerify": True}),
        ],
        [
            ({}, "/average", "field.required"),
            ({"average": -1}, "/average", "value.small"),
            ({"average": 1, "burst": 0}, "/burst", "value.small"),
            ({"average": 1, "period": "-1s"}, "/period", "duration.format"),
            ({"average": 1, "period": "0s"}, "/period", "duration.range"),
            ({"average": 1, "period": "721h"}, "/period", "duration.range"),
            ({"average": 1, "period": "1d"}, "/period", "duration.format"),
            ({"average": 1, "period": "\u0661s"}, "/period", "duration.format"),
            (
                {"average": 1, "sourceCriterion": {"requestHost": True, "ipStrategy": {"depth": 1}}},
                "/sourceCriterion/requestHost",
                "source.many",
            ),
            (redis(endpoints=[]), "/redis/endpoints", "value.few"),
            (redis(endpoints=["redis"]), "/redis/endpoints/0", "address.format"),
            (redis(endpoints=["redis:65536"]), "/redis/endpoints/0", "address.format"),
            (redis(db=-1), "/redis/db", "value.small"),
            (redis(tls={"cert": "/cert.pem"}), "/redis/tls/key", "pair.half"),
            (redis(tls={"ca": "-----BEGIN CERTIFICATE-----\nMII"}), "/redis/tls/ca", "pem.format"),
        ],
        [({"average": 0}, "/average")],
    ),
    "redirectRegex": Row(
        [
            regex(r"^https?://www\.(.+)", "https://${1}"),
            regex(r"^http://(?P<host>[^/]+)/(.*)$", "https://${host}/x/$2?a=$$1"),
            regex("a", "/b"),
            regex("^(https?)://a(.*)", "${1}://b:8443${2}"),
            regex("^https?://a.test/to/(.*)", "${1}"),
        ],
        [
            ({}, "/regex", "field.required"),
            (regex(""), "/regex", "expression.empty"),
            (regex("("), "/regex", "expression.format"),
            (regex("a(?=b)"), "/regex", "expression.format"),
            (regex("(?<!a)b"), "/regex", "expression.format"),
            (regex(r"(a)\1"), "/regex", "expression.format"),
            (regex("a++"), "/regex", "expression.format"),
            (regex("(?>a)"), "/regex", "expression.format"),
            (regex(r"a\Z"), "/regex", "expression.format"),
            (regex("a{1001}"), "/regex", "expression.format"),
            (regex("a\n"), "/regex", "text.control"),
            (regex("a", ""), "/replacement", "replacement.format"),
            (regex("a", "https://"), "/replacement", "replacement.format"),
            (regex("a", "https:// b"), "/replacement", "replacement.format"),
            (regex("a", "https://a/%zz"), "/replacement", "replacement.format"),
            (regex("(a)", "https://b/${2}"), "/replacement", "replacement.group"),
            (regex("(a)", "https://b/$1x"), "/replacement", "replacement.group"),
        ],
        [(regex("^http://a/(.*)", "www.b.test/${1}"), "/replacement")],
    ),
    "redirectScheme": Row(
        [{"scheme": "https"}, {"scheme": "https", "port": "8443", "permanent": True}],
        [
            ({}, "/scheme", "field.required"),
            ({"scheme": ""}, "/scheme", "scheme.format"),
            ({"scheme": "HTTPS"}, "/scheme", "scheme.format"),
            ({"scheme": "https://"}, "/scheme", "scheme.format"),
            ({"scheme": "https", "port": "abc"}, "/port", "port.format"),
            ({"scheme": "https", "port": "65536"}, "/port", "port.format"),
            ({"scheme": "https", "port": 8443}, "/port", "type.string"),
            ({"scheme": "https", "forcePermanentRedirect": True}, "/forcePermanentRedirect", "field.unknown"),
        ],
        [({"scheme": "gopher"}, "/scheme")],
    ),
    "replacePath": Row(
        [{"path": "/"}, {"path": "/a%20b"}, {"path": "/" + "a" * 999}],
        [
            ({}, "/path", "field.required"),
            ({"path": ""}, "/path", "path.format"),
            ({"path": "x"}, "/path", "path.format"),
            ({"path": "/%zz"}, "/path", "path.format"),
            ({"path": "/a?b"}, "/path", "path.format"),
            ({"path": "/" + "a" * 1_000}, "/path", "value.long"),
        ],
    ),
    "replacePathRegex": Row(
        [
            regex("^/old/(.*)", "/new/$1"),
            regex("^(/.*)", "$1/end"),
            regex("foo", "bar"),
            regex("^/api", ""),
            regex("^/(?P<name>[a-z]+)", "/a%20b/${name}"),
        ],
        [
            ({}, "/regex", "field.required"),
            (regex("("), "/regex", "expression.format"),
            ({"regex": "^/a"}, "/replacement", "field.required"),
            (regex("^/a", "b"), "/replacement", "replacement.slash"),
            (regex(".*", "b$0"), "/replacement", "replacement.slash"),
            (regex("^/a", "/b?c=d"), "/replacement", "path.format"),
            (regex("^/a", "/%zz"), "/replacement", "path.format"),
            (regex("^/a", "/b//c"), "/replacement", "path.segments"),
            (regex("^/a", "/b/../c"), "/replacement", "path.segments"),
            (regex("^/(a)", "/$2"), "/replacement", "replacement.group"),
        ],
    ),
    "retry": Row(
        [
            {"attempts": 2},
            {"attempts": 100, "initialInterval": "100ms", "timeout": "2s", "status": ["500-599", "429"]},
            {"attempts": 2, "status": ["503"], "disableRetryOnNetworkError": True, "retryNonIdempotentMethod": True},
        ],
        [
            ({}, "/attempts", "field.required"),
            ({"attempts": 0}, "/attempts", "value.small"),
            ({"attempts": 101}, "/attempts", "value.large"),
            ({"attempts": 2, "initialInterval": "1d"}, "/initialInterval", "duration.format"),
            ({"attempts": 2, "timeout": "721h"}, "/timeout", "duration.range"),
            ({"attempts": 2, "status": ["599-500"]}, "/status/0", "status.format"),
            ({"attempts": 2, "disableRetryOnNetworkError": True}, "/status", "retry.none"),
            ({"attempts": 2, "maxRequestBodyBytes": -2}, "/maxRequestBodyBytes", "value.small"),
        ],
        [
            ({"attempts": 1}, "/attempts"),
            ({"attempts": 2, "retryNonIdempotentMethod": True}, "/retryNonIdempotentMethod"),
            ({"attempts": 2, "maxRequestBodyBytes": -1}, "/maxRequestBodyBytes"),
        ],
    ),
    "stripPrefix": Row(
        [{"prefixes": ["/api"]}, {"prefixes": ["/api", "/v1"], "forceSlash": False}],
        [
            ({}, "/prefixes", "field.required"),
            ({"prefixes": []}, "/prefixes", "value.few"),
            ({"prefixes": "/api"}, "/prefixes", "type.array"),
            ({"prefixes": ["api"]}, "/prefixes/0", "path.format"),
            ({"prefixes": ["/a//b"]}, "/prefixes/0", "path.segments"),
            ({"prefixes": ["/api║"]}, "/prefixes/0", "path.format"),
            ({"prefixes": ["/api", "/api"]}, "/prefixes", "prefixes.duplicate"),
        ],
    ),
    "stripPrefixRegex": Row(
        [{"regex": ["^/v[0-9]+"]}, {"regex": ["/a", r"^/(en|id)\b"]}],
        [
            ({}, "/regex", "field.required"),
            ({"regex": []}, "/regex", "value.few"),
            ({"regex": "^/v[0-9]+"}, "/regex", "type.array"),
            ({"regex": [""]}, "/regex/0", "expression.empty"),
            ({"regex": ["^/a", "("]}, "/regex/1", "expression.format"),
            ({"regex": ["^/a(?=b)"]}, "/regex/0", "expression.format"),
            ({"regex": ["^/a "]}, "/regex/0", "item.format"),
        ],
        [({"regex": ["^/a", "^v[0-9]+"]}, "/regex")],
    ),
}


def good() -> Iterator[tuple[str, Document]]:
    return ((kind, document) for kind, row in ROWS.items() for document in row.good)


def read(kind: str, document: Document) -> Middleware:
    return Middleware.read({"name": "one", kind: document})
