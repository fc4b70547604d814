"""What is refused here for its syntax, a real Traefik refuses or breaks on; where not, it is said below why it is."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from typing import Any, Final

from provider.nouns import NOUNS
from tests.e2e.refused import Document, Refused, find
from tests.e2e.test_middlewares import SHA
from tests.e2e.trying import QUICK, Around, Bench, Tried, Verdict, bench, is_worse
from tests.running import SOAK

STRICTER: Final[Mapping[tuple[str, str], str]] = {
    # Values of another type.
    ("*", "type.string"): "Traefik makes a text of anything, such as 'false' of false: here a slip shows",
    ("*", "type.integer"): "Traefik takes a text or nothing for a number: here a number has one form",
    ("*", "type.boolean"): "Traefik takes 1 and 'true' for true: here a flag has one form",
    ("*", "type.array"): "Traefik splits a text at commas, and takes an object for an empty list",
    ("*", "type.object"): "Traefik takes true for an object of which nothing is set, and loses what stands there",
    # Bounds.
    ("*", "value.long"): "far above what anybody needs, a bound keeps pages, plans and documents small",
    ("*", "value.many"): "far above what anybody needs, a bound keeps pages, plans and documents small",
    ("*", "value.large"): "far above what anybody needs, a bound keeps numbers within what every reader of JSON has",
    ("*", "value.small"): "Traefik takes it for its default or for none at all, which is said by leaving it out",
    ("*", "value.few"): "Traefik takes an empty list for none: what it was meant for does not happen",
    ("*", "value.choice"): "Traefik takes an unknown word for its default, and tells nobody",
    ("*", "duration.range"): "Traefik takes 0 for its default or for no limit, and nobody waits for more than a month",
    ("*", "duration.format"): "Traefik takes a number without a unit for seconds, which few expect",
    ("*.healthCheck.timeout", "timeout.interval"): "one check would still run when the next one begins",
    ("router.entryPoints", "beside.entryPoints"): "Traefik knows no pairs: here both listen where the other one does",
    ("router.priority", "priority.zero"): "for Traefik 0 is no priority, so that it does not do what it says",
    # What has no effect.
    (
        "*",
        "field.required",
    ): "what is missing has no effect: Traefik leaves the pair or the cookie out, and tells nobody",
    ("domain.bogus", "field.unknown"): "Traefik gets no domains: what we do not know ourselves has no effect",
    ("middleware.redirectScheme.forcePermanentRedirect", "field.unknown"): "Traefik takes it, and does nothing with it",
    ("*", "*.duplicate"): "what is listed twice has no effect, and which of two values for one name counts is chance",
    ("*", "body.none"): "no body is that short: each would get 401",
    ("*", "status.format"): "no answer has such a status",
    ("*", "header.name"): "no request and no answer can have such a header: it is never sent or never found",
    ("*", "header.value"): "blanks at the ends of a header are lost on the way",
    ("*", "cookie.format"): "no cookie can have such a name",
    ("*", "method.format"): "no request can have such a method",
    ("*", "mediaType.*"): "no answer can have such a media type",
    ("*", "origin.format"): "no browser sends such an origin",
    ("*", "item.format"): "in a list Traefik cuts a text at ║, trims it, and drops it where it is empty",
    ("*", "user.hash"): "Traefik compares hashes in lower case: this user never gets in",
    ("*", "user.name"): "blanks around a name are part of it for Traefik, and nobody types them",
    ("*", "user.realm"): "users of another realm never get in",
    ("*", "expression.empty"): "an empty expression matches everything, or does nothing",
    ("*", "replacement.group"): "there is no such group, and Traefik puts nothing in its place",
    (
        "router.*",
        "rule.exclusive",
    ): "domains and path prefixes are fields of ours, which a rule of its own would not heed",
    # What breaks for some requests.
    (
        "middleware.replacePathRegex.replacement",
        "replacement.slash",
    ): "where it matches, servers get a path without a slash",
    ("*", "path.format"): "where it matches, servers get a wrong path, and browsers no cookie: it is percent-encoded",
    ("*", "path.segments"): "Traefik cleans such paths away before it compares, or answers 400 to them",
    ("*", "page.format"): "the page cannot be asked for when it is needed",
    ("middleware.redirectRegex.replacement", "replacement.format"): "clients are sent to what is no URL",
    ("middleware.redirectScheme.scheme", "scheme.format"): "in capitals, Traefik redirects HTTPS to itself for ever",
    ("tlsOption", "tlsOption.none"): "Traefik rejects options of which nothing is set, or takes null for nothing",
    ("*", "pem.format"): "Traefik leaves a pair that it cannot read out, and tells nobody",
    (
        "middleware.forwardAuth.authSigninURL",
        "url.*",
    ): "nobody can be sent there, or a password would be seen on the way",
    ("*", "realm.format"): "it stands between quotes in a header, which ends there",
    ("tcpService.loadBalancer.healthCheck.*", "text.control"): "a form would lose a line break at the end of a text",
    ("*", "text.*"): "control characters break headers and lines, and pages and logs show something else",
    # Host names.
    ("*", "host.*"): "no certificate and no browser knows such a name",
    # Names of ours.
    (
        "*",
        "name.format",
    ): "names of objects have no dots, capitals or blanks, so that addresses and files can have them",
    (
        "service.*cookie.name",
        "cookie.name",
    ): "the name of a sticky cookie also stands in rules, where others mean something",
    ("*.tls.certResolver", "resolver.format"): "no resolver has such a name: visitors get the default certificate",
    ("server.weight", "weight.*"): "a weight of 0 can hang Traefik, and above 1000 no share shows between two changes",
    # Plugins.
    ("middleware.plugin.*", "free.*"): "Traefik changes or loses a part of it, or no plugin can be that large",
}
"""Fields and codes of what Traefik takes and we refuse, and why. `*` stands for anything."""

_PART: Final = 25


def bases(around: Around) -> dict[str, list[Document]]:
    """Return good objects of each kind."""
    url, texts = around.servers["good"], around.texts
    middlewares: dict[str, Any] = {
        "addPrefix": {"prefix": "/app"},
        "basicAuth": {"users": [f"alvin:{SHA}"]},
        "buffering": {"maxRequestBodyBytes": 1_000_000},
        "chain": {"middlewares": ["other"]},
        "circuitBreaker": {"expression": "NetworkErrorRatio() > 0.9"},
        "compress": {},
        "contentType": {},
        "digestAuth": {"users": ["alvin:traefik:d41d8cd98f00b204e9800998ecf8427e"]},
        "encodedCharacters": {"allowEncodedSlash": True},
        "errors": {"status": ["503"], "service": "fine", "query": "/page"},
        "forwardAuth": {"address": url},
        "grpcWeb": {"allowOrigins": ["*"]},
        "headers": {"customRequestHeaders": {"X-A": "1"}},
        "inFlightReq": {"amount": 10},
        "ipAllowList": {"sourceRange": ["127.0.0.1"]},
        "ipWhiteList": {"sourceRange": ["127.0.0.1"]},
        "passTLSClientCert": {"pem": True},
        "plugin": {"demo": {"names": ["a"]}},
        "rateLimit": {"average": 1_000, "burst": 1_000},
        "redirectRegex": {"regex": "^http://x/(.*)", "replacement": "https://y/$1"},
        "redirectScheme": {"scheme": "http"},
        "replacePath": {"path": "/replaced"},
        "replacePathRegex": {"regex": "^/x", "replacement": "/y"},
        "retry": {"attempts": 2},
        "stripPrefix": {"prefixes": ["/x"]},
        "stripPrefixRegex": {"regex": ["^/x"]},
    }
    members = {"services": [{"name": "good", "weight": 1}]}
    return {
        "domain": [{"name": "one.test"}],
        "router": [
            {"rule": "Host(`one.test`)", "service": "good", "entryPoints": ["web"]},
            {"domains": ["one.test"], "pathPrefix": "/", "service": "good", "entryPoints": ["web"]},
        ],
        "service": [
            {},
            {"weighted": members},
            {"mirroring": {"service": "good"}},
            {"failover": {"service": "good", "fallback": "fine"}},
            {"highestRandomWeight": members},
        ],
        "server": [{"url": url}],
        "middleware": [{kind: given} for kind, given in middlewares.items()],
        "serversTransport": [{"rootCAs": [texts["ca"]], "serverName": "safe.test"}],
        "tlsOption": [{"minVersion": "VersionTLS12"}],
        "certificate": [{"certFile": texts["cert"], "keyFile": texts["key"]}],
        "tcpRouter": [{"rule": "HostSNI(`one.test`)", "service": "good", "entryPoints": ["web"], "tls": {}}],
        "tcpService": [
            {"loadBalancer": {"servers": [{"address": around.servers["tcp"]}]}},
            {"weighted": members},
        ],
        "tcpMiddleware": [
            {"inFlightConn": {"amount": 9}},
            {"ipAllowList": {"sourceRange": ["127.0.0.1"]}},
            {"ipWhiteList": {"sourceRange": ["127.0.0.1"]}},
        ],
        "tcpServersTransport": [{"tls": {"rootCAs": [texts["ca"]], "serverName": "safe.test"}}],
        "udpRouter": [{"service": "good", "entryPoints": ["udp0"]}],
        "udpService": [
            {"loadBalancer": {"servers": [{"address": around.servers["udp"]}]}},
            {"weighted": members},
        ],
    }


def fills(around: Around) -> dict[str, Any]:
    """Return what stands in fields that have fields; where nothing is said, it is the example of these."""
    texts, check = around.texts, {"path": "/", **QUICK}
    pair = {"certFile": texts["cert"], "keyFile": texts["key"]}
    client = {"insecureSkipVerify": True}
    return {
        "domain.tls": None,
        "router.tls": {},
        "router.tls.domains": {"main": "one.test"},
        "tcpRouter.tls": {},
        "tcpRouter.tls.domains": {"main": "one.test"},
        "service.healthCheck": check,
        "service.weighted.healthCheck": {},
        "service.highestRandomWeight.healthCheck": {},
        "service.mirroring.healthCheck": {},
        "service.failover.healthCheck": {},
        "service.mirroring.mirrors": {"name": "fine", "percent": 10},
        "serversTransport.certificates": pair,
        "serversTransport.spiffe": None,
        "serversTransport.forwardingTimeouts": {"dialTimeout": "30s"},
        "tcpServersTransport.tls.certificates": pair,
        "tcpServersTransport.tls.spiffe": None,
        "tcpService.loadBalancer.healthCheck": QUICK,
        "tcpService.loadBalancer.proxyProtocol": {"version": 1},
        "tcpService.weighted.healthCheck": {},
        "tlsOption.clientAuth": {"clientAuthType": "RequestClientCert"},
        "middleware.forwardAuth.tls": client,
        "middleware.inFlightReq.sourceCriterion": {"ipStrategy": {"ipv6Subnet": 64}},
        "middleware.rateLimit.sourceCriterion": {"ipStrategy": {"ipv6Subnet": 64}},
        "middleware.rateLimit.redis": {"endpoints": [around.servers["redis"]]},
        "middleware.rateLimit.redis.tls": None,
        "middleware.ipAllowList.ipStrategy": {"ipv6Subnet": 64},
        "middleware.ipWhiteList.ipStrategy": {"ipv6Subnet": 64},
    }


def judge(made: Bench, refused: list[Refused]) -> dict[str, Verdict]:
    """Return what Traefik makes of each of these objects."""
    goods = {_base(each): _tried(each.kind, f"good{number}", each.base) for number, each in enumerate(refused)}
    usual = {name: made.told(each, made.give([each])) for name, each in goods.items()}
    tried, verdicts = {}, {}
    for number, each in enumerate(refused):
        tried[each.name] = _tried(each.kind, f"bad{number}", each.document)
        verdicts[each.name] = made.verdict(tried[each.name], usual[_base(each)])
    asked = [each for each in refused if verdicts[each.name] is Verdict.TAKEN]
    rest = list(asked)
    _give_all(made, goods, tried, rest)
    answers = {name: made.answers(each) for name, each in goods.items()}
    while rest:
        each = rest.pop(0)
        if is_worse(made.answers(tried[each.name]), answers[_base(each)]):
            verdicts[each.name] = Verdict.BROKEN
        if not made.lives:
            verdicts[each.name] = Verdict.KILLED
            made.revive()
            _give_all(made, goods, tried, rest)
    return verdicts


def _give_all(made: Bench, goods: Mapping[str, Tried], tried: Mapping[str, Tried], asked: Sequence[Refused]) -> None:
    made.give([*goods.values(), *(tried[each.name] for each in asked)])
    made.wait_for_checks()


def _base(refused: Refused) -> str:
    return f"{refused.kind} {refused.base}"


def _tried(kind: str, name: str, document: Document) -> Tried:
    own = document.get("name")
    return Tried(kind, name, document, own if isinstance(own, str) and own != "one" and kind != "domain" else "")


def test_what_is_refused_for_its_syntax_traefik_refuses_or_breaks_on(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        refused = find(bases(made.around), fills(made.around))
        assert len(refused) > 1_000
        assert {each.kind for each in refused} == NOUNS.keys()
        chosen = refused if SOAK else Random(1).sample(refused, _PART)  # the same in each run
        verdicts = judge(made, chosen)
    stricter = {(each.at, each.code) for each in chosen if verdicts[each.name] is Verdict.TAKEN}
    assert {each for each in stricter if _reason(*each) is None} == set()
    if SOAK:
        # Of a pair one value is drawn: whether Traefik takes just that one is chance.
        known = {_reason(each.at, each.code) for each in chosen}
        assert [each for each in STRICTER if each not in known] == []


def _reason(at: str, code: str) -> tuple[str, str] | None:
    """Return which entry of the list says why we are stricter."""
    return next((each for each in STRICTER if fnmatchcase(at, each[0]) and fnmatchcase(code, each[1])), None)
