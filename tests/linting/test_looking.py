"""What is found in files: with consequence, code and place."""

import json
from typing import Any

import pytest

from provider.imports import Provenance, labels
from provider.imports.combining import ProviderPart, combined
from provider.imports.files import SourceText, read
from provider.linting import Consequence, LintFinding, find
from provider.nouns.versions import Version
from tests.imports.composed import alone
from tests.nouns.test_surprises import DISABLES, MIDDLEWARES, Surprise

UNTOLD: list[dict[str, object]] = [
    # Go's way to read media types is not known here: most that are refused here it takes.
    {"compress": {"excludedContentTypes": ["a/b/c; ="]}},
]
"""What Traefik disables, and is only told to break."""

NO_LIMIT = "there is no time limit: while a server is unreachable, visitors wait for minutes"
GOOD = """\
http:
  routers:
    shop: {rule: 'Host(`shop.test`)', service: shop, entryPoints: [web]}
  services:
    shop: {loadBalancer: {servers: [{url: 'http://127.0.0.1:3000'}]}}
"""


def found(*texts: str, version: Version | None = None) -> list[LintFinding]:
    folder = read(SourceText(f"{number}.yml", text) for number, text in enumerate(texts))
    return list(find(folder, ProviderPart(folder.document, folder.places), version))


def told(*texts: str, version: Version | None = None) -> list[tuple[str, str, str]]:
    return [(each.consequence.value, each.code, each.place) for each in found(*texts, version=version)]


def http(**sections: str) -> str:
    """Return a file with these sections beside a good service."""
    services = "  services:\n    s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:3000'}]}}\n"
    return "http:\n" + services + "".join(f"  {name}:\n    {text}\n" for name, text in sections.items())


def test_nothing_is_found_in_what_is_good() -> None:
    assert told(GOOD) == []
    assert told("") == []


@pytest.mark.parametrize("service", ["api@internal", "noop@internal"])
def test_what_traefik_makes_itself_is_told_of_where_no_middleware_stands_before_it(service: str) -> None:
    text = http(routers=f"r: {{rule: 'Host(`a.test`)', service: {service}, middlewares: [m]}}")
    assert told(text + "  middlewares: {m: {redirectScheme: {scheme: https}}}\n") == []
    assert told(http(serversTransports="t: {insecureSkipVerify: true}")) == []
    assert [each[:2] for each in told(text.replace(", middlewares: [m]", ""))] == [("breaks", "doubtful-value")]


def test_each_finding_says_what_it_is_about_why_and_what_to_do() -> None:
    (one,) = found(GOOD.replace("service: shop", "service: shops"))
    assert (one.consequence, one.subject, one.place) == (Consequence.DISABLED, "router shop", "0.yml:3:39")
    assert one.detail == "there is no service shops in these files"
    assert (one.level, one.why) == ("error", "Traefik disables it")
    assert one.advice == "define it, or correct the name"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http: [}", [("rejected", "document.unreadable", "0.yml:1:8")]),
        ("http: {routers: {}}", [("rejected", "field.empty", "0.yml:1:8")]),
        (
            http(routers="r: {rule: 'Host(`a`)', service: s, colour: red}"),
            [("rejected", "field.unknown", "0.yml:5:40")],
        ),
        (http(middlewares="m: {plugin: text}"), [("rejected", "field.empty", "0.yml:5:9")]),
        (http(middlewares="m: {plugin: {p: {x: {y: '║a'}}}}"), [("rejected", "type.text", "0.yml:5:26")]),
        ("http:\n  routers:\n    a: {rule: '{{ env `X` }}'}\n", [("unknown", "env.missing", "0.yml:3:19")]),
        ("log: {level: DEBUG}\n", [("ignored", "section.static", "0.yml:1:1")]),
        (http(routers="r: {rule: 'Host(`a`', service: s}"), [("disabled", "rule.syntax", "0.yml:5:9")]),
        (http(routers="r: {rule: 'Hosts(`a`)', service: s}"), [("disabled", "rule.matcher", "0.yml:5:9")]),
        (http(routers="r: {service: s}"), [("disabled", "object.invalid", "0.yml:5:5")]),
        (http(routers="r: {rule: 'Host(`a`)'}"), [("disabled", "object.invalid", "0.yml:5:5")]),
        (
            http(routers="r: {rule: 'Host(`a`)', service: s, priority: 9223372036854775806}"),
            [("disabled", "object.invalid", "0.yml:5:40")],
        ),
        (http(routers="r: {rule: 'PathPrefix(`/`)', service: s, priority: -1}"), []),
        (http(routers="r: {rule: 'Path(`/{id:[0-9]+}`)', service: s}"), [("breaks", "rule.old", "0.yml:5:9")]),
        (http(middlewares="m: {basicAuth: {users: ['a:plain']}}"), [("breaks", "object.invalid", "0.yml:5:21")]),
        (http(middlewares="m: {headers: {frameDeny: false}}"), [("disabled", "headers.none", "0.yml:5:9")]),
        (http(middlewares="m: {chain: {middlewares: [m]}}"), [("disabled", "object.invalid", "0.yml:5:5")]),
        ("http: {services: {s: {loadBalancer: {servers: []}}}}", [("breaks", "service.empty", "0.yml:1:19")]),
        (http(routers="r: {rule: 'Host(`a`)', service: s, parentRefs: [x]}"), []),
    ],
)
def test_what_one_file_says_is_judged(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize("row", MIDDLEWARES, ids=lambda row: row.name)
def test_it_is_told_of_middlewares_whether_traefik_disables_them(row: Surprise) -> None:
    router = {"rule": "Host(`a.test`)", "service": "s", "middlewares": ["one"], "entryPoints": ["web"]}
    pool = {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:3000"}]}}
    document = {"middlewares": {"one": row.value}, "routers": {"r": router}, "services": {"s": pool}}
    consequences = {each.consequence for each in found(json.dumps({"http": document}))}
    if row.does == DISABLES:
        assert Consequence.DISABLED in consequences or row.value in UNTOLD
    else:
        assert Consequence.DISABLED not in consequences


def test_what_refers_to_something_disabled_is_disabled_too() -> None:
    text = http(
        routers="r: {rule: 'Host(`a`)', service: s, middlewares: [m]}",
        middlewares="m: {headers: {frameDeny: false}}",
    )
    assert [(each.subject, each.consequence.value) for each in found(text)] == [
        ("router r", "disabled"),
        ("middleware m", "disabled"),
    ]


def test_what_is_wrong_beside_what_cannot_be_held_here_is_told() -> None:
    text = http(routers="r: {rule: 'Host(`a`)', service: t, parentRefs: [x]}")
    assert told(text) == [("disabled", "reference.missing", "0.yml:5:28")]


def test_a_udp_router_that_leads_nowhere_is_disabled() -> None:
    text = "udp: {routers: {r: {entryPoints: [dns], service: s}}}"
    assert told(text) == [("disabled", "reference.missing", "0.yml:1:41")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp: {routers: {r: {rule: 'HostSNI(`*`)'}}}", ["it names no service: Traefik disables such a router"]),
        (
            "tcp: {routers: {r: {tls: {}}}}",
            ["it has no rule: Traefik disables such a router", "it names no service: Traefik disables such a router"],
        ),
        ("udp: {routers: {r: {entryPoints: [dns]}}}", ["it names no service: Traefik disables such a router"]),
        ("udp: {routers: {r: {service: s@docker}}}", []),
    ],
)
def test_routers_of_tcp_and_udp_without_what_traefik_needs_are_disabled(text: str, expected: list[str]) -> None:
    assert [(each.consequence.value, each.detail) for each in found(text)] == [("disabled", each) for each in expected]


def test_what_cannot_be_held_here_alone_is_no_finding() -> None:
    text = http(routers="r: {rule: 'Host(`a.test`)', ruleSyntax: v2, service: s, middlewares: [x@docker]}")
    assert told(text) == []


def test_routers_of_one_rank_are_left_to_chance() -> None:
    two = "one: {rule: 'Host(`a.test`)', service: s}\n    two: {rule: 'Host(`a.test`)', service: s}"
    (one,) = found(http(routers=two))
    assert (one.consequence.value, one.code, one.place) == ("chance", "same-rule", "0.yml:5:5")
    assert "priority 14" in one.detail
    with_tls = two.replace("service: s}\n", "service: s, tls: {}}\n")
    assert told(http(routers=with_tls)) == []
    elsewhere = two.replace("service: s}\n", "service: s, entryPoints: [a]}\n").replace("s}", "s, entryPoints: [b]}")
    assert told(http(routers=elsewhere)) == []


def test_a_router_that_is_always_hidden_is_told() -> None:
    two = "one: {rule: 'Host(`a.test`)', service: s, priority: 5}\n    two: {rule: 'Host(`a.test`)', service: s}"
    assert told(http(routers=two)) == [("breaks", "hidden", "0.yml:5:5")]


def test_of_several_udp_routers_on_an_entry_point_one_gets_nothing() -> None:
    text = """\
udp:
  routers:
    a: {entryPoints: [dns], service: s}
    b: {entryPoints: [dns], service: s}
    c: {entryPoints: [ntp], service: s}
  services: {s: {loadBalancer: {servers: [{address: '127.0.0.1:53'}]}}}
"""
    assert told(text) == [("chance", "udp.entryPoint", "0.yml:3:5")]


def test_a_weighted_service_shares_its_cookie_as_a_pool_does() -> None:
    text = """\
http:
  routers:
    a: {rule: 'Host(`a.test`)', service: made, entryPoints: [web]}
    b: {rule: 'Host(`a.test`) && PathPrefix(`/b`)', service: pool, entryPoints: [web]}
  services:
    made: {weighted: {services: [{name: plain}], sticky: {cookie: {name: way}}}}
    plain: {loadBalancer: {servers: [{url: 'http://127.0.0.1:3000'}]}}
    pool: {loadBalancer: {servers: [{url: 'http://127.0.0.1:3001'}], sticky: {cookie: {name: way}}}}
"""
    assert told(text) == [("breaks", "shared-cookie", "0.yml:6:5")]


TCP = """\
tcp:
  routers: {DB_1: {rule: 'HostSNI(`RULE`)', service: db, entryPoints: [web]TLS}}
  services: {db: {loadBalancer: {servers: [{address: '127.0.0.1:5432'}]}}}
"""


def test_a_tcp_router_that_takes_all_of_an_entry_point_is_told() -> None:
    (one,) = found(GOOD, TCP.replace("RULE", "*").replace("TLS", ""))
    assert (one.consequence, one.code, one.place) == (Consequence.BREAKS, "taken-entry-point", "1.yml:2:13")
    assert one.detail == ("the TCP router DB_1 takes everything without TLS on web: no requests there get to shop")
    assert told(GOOD.replace("[web]", "[web], tls: {}"), TCP.replace("RULE", "*").replace("TLS", "")) == []


def test_a_tcp_router_for_the_host_of_an_https_router_is_told() -> None:
    secure, tcp = GOOD.replace("[web]", "[web], tls: {}"), TCP.replace("TLS", ", tls: {passthrough: true}")
    (one,) = found(secure, tcp.replace("RULE", "shop.test"))
    assert (one.code, one.place) == ("taken-entry-point", "1.yml:2:13")
    assert told(secure, tcp.replace("RULE", "db.test")) == told(GOOD, tcp.replace("RULE", "shop.test")) == []


def test_files_are_read_together_and_a_second_definition_counts_for_nothing() -> None:
    routers = "http: {routers: {shop: {rule: 'Host(`a.test`)', service: shop, entryPoints: [web]}}}"
    services = "http: {services: {shop: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}}}"
    assert told(routers, services) == []
    assert [each[0] for each in told(routers)] == ["disabled"]
    other = services.replace("127.0.0.1:1", "127.0.0.1:2")
    assert told(routers, services, services) == [("ignored", "member.same", "2.yml:1:19")]
    assert told(routers, services, other) == [("ignored", "member.twice", "2.yml:1:19")]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (None, []),
        ((3, 4), []),
        ((3, 3), ["Traefik 3.3 has no field strategy here: it came with 3.4"]),
        ((3, 0, 4), ["Traefik 3.0.4 has no field strategy here: it came with 3.4"]),
    ],
)
def test_a_field_that_came_after_a_version_is_refused_by_it(version: Version | None, expected: list[str]) -> None:
    text = GOOD.replace("loadBalancer: {", "loadBalancer: {strategy: p2c, ")
    assert [each.detail for each in found(text, version=version)] == expected


def test_weights_that_a_strategy_ignores_are_told_at_the_strategy() -> None:
    weighed = GOOD.replace("3000'}]", "3000', weight: 3}, {url: 'http://127.0.0.1:3001'}]")
    assert told(weighed) == []
    (one,) = found(weighed.replace("loadBalancer: {", "loadBalancer: {strategy: p2c, "))
    assert (one.code, one.place, one.subject) == ("doubtful-value", "0.yml:5:27", "service shop")
    assert one.detail.startswith("the strategy p2c ignores weights")


def test_labels_are_looked_through_with_the_files_beside_them() -> None:
    document: Any = {
        "services": {
            "web": {"image": "a", "labels": {"traefik.http.routers.w.middlewares": "m@file"}, "expose": [80]},
            "bad": {"image": "a", "labels": {"traefik.http.routers.b.colour": "red"}},
        }
    }
    translated = labels.translate(labels.read_containers(alone(document, {}, "shop")))
    own = Provenance(labels.DOCKER, translated.refused, translated.findings)
    folder = read([SourceText("a.yml", "http: {middlewares: {m: {addPrefix: {prefix: /x}}}}")])
    files = ProviderPart(folder.document, folder.places)
    whole = combined([files, ProviderPart(translated.document, {}, own)])
    details = [(each.consequence.value, each.subject, each.detail) for each in find(folder, whole)]
    assert details == [
        (
            "disabled",
            "container bad",
            "Traefik has no field colour here: Traefik ignores the container",
        )
    ]


def served(url: str) -> str:
    return GOOD.replace("http://127.0.0.1:3000", url)


def test_a_url_that_traefik_cannot_take_apart_disables_its_service_and_its_routers() -> None:
    assert told(served("10.0.0.1:3000")) == [
        ("disabled", "object.invalid", "0.yml:3:39"),
        ("disabled", "url.scheme", "0.yml:5:38"),
    ]


def test_a_url_that_leads_nowhere_is_told_where_it_stands() -> None:
    (one,) = found(served("localhost:3000"))
    assert (one.consequence, one.code, one.place) == (Consequence.BREAKS, "url.nowhere", "0.yml:5:37")
    assert one.detail == "one of its servers has a URL that leads nowhere, localhost:3000"
    assert one.advice == "begin with http://, https:// or h2c://, and give a host"


def test_routers_that_want_different_tls_options_for_one_host_are_told() -> None:
    text = """\
http:
  routers:
    a: {rule: 'Host(`shop.test`)', service: shop, entryPoints: [web], tls: {}}
    b: {rule: 'Host(`shop.test`) && PathPrefix(`/b`)', service: shop, entryPoints: [web], tls: {options: strict}}
  services:
    shop: {loadBalancer: {servers: [{url: 'http://127.0.0.1:3000'}]}}
tls: {options: {strict: {minVersion: VersionTLS13}}}
"""
    (one,) = found(text)
    assert (one.consequence, one.code, one.place) == (Consequence.BREAKS, "tls-options", "0.yml:3:5")
    assert one.advice == "let routers for the same host use the same TLS options"
    assert found(text.replace("tls: {}", "tls: {options: strict}")) == []


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        (
            {"routers": "r: {rule: 'Host(`https://a.test`)', service: s}"},
            "no request ever matches Host(`https://a.test`)",
        ),
        ({"routers": "r: {rule: 'Host(`a.test:80`)', service: s}"}, "no request ever matches Host(`a.test:80`)"),
        ({"routers": "r: {rule: 'Host(`a`) && !Host(`b/c`)', service: s}"}, ""),
        ({"routers": "r: {rule: 'Header(`Host`, `a`)', service: s}"}, "Traefik has no header Host"),
        ({"routers": "r: {rule: 'HeaderRegexp(`X-A:`, `a`)', service: s}"}, "this is not the name of a header"),
        ({"middlewares": "m: {headers: {allowedHosts: ['https://a.test']}}"}, "https://a.test never matches"),
        ({"middlewares": "m: {headers: {allowedHosts: ['a.test', 'a.test:80', A.test]}}"}, ""),
        *(
            (
                {"middlewares": f"m: {{headers: {{accessControlAllowOriginList: ['{origin}']}}}}"},
                f"{origin} never matches",
            )
            for origin in ("https://a.test/", "https://A.test", "https://a.test:443", "a.test", "https://*.test")
        ),
        ({"middlewares": "m: {headers: {accessControlAllowOriginList: ['https://a.test:8443', 'null']}}"}, ""),
        ({"middlewares": "m: {headers: {accessControlAllowOriginList: ['*', a.test]}}"}, ""),
        ({"serversTransports": "t: {serverName: 'https://a.test'}"}, "no certificate covers https://a.test"),
    ],
)
def test_what_never_matches_is_told(sections: dict[str, str], words: str) -> None:
    details = [each.detail for each in found(http(**sections))]
    assert len(details) == bool(words)
    assert words in "".join(details)


def test_tls_options_with_which_no_browser_can_connect_are_told() -> None:
    options = "tls: {options: {o: {alpnProtocols: [%s]}}}"
    (one,) = found(options % "spdy")
    assert one.detail == "alpnProtocols: browsers cannot connect: they speak h2 and http/1.1, and neither is listed"
    assert found(options % "http/1.1, spdy") == []


def test_a_value_that_is_doubted_is_named() -> None:
    (one,) = found(http(middlewares="m: {headers: {sslRedirect: true, frameDeny: true}}"))
    assert one.detail == "headers/sslRedirect: Traefik 3 ignores this: leave it out"


@pytest.mark.parametrize(
    ("text", "consequence", "detail"),
    [
        (
            http(middlewares="m: {rateLimit: {average: 5, period: 0}}"),
            *("ignored", "period 0s: Traefik uses 1s instead"),
        ),
        (
            http(middlewares="m: {circuitBreaker: {expression: NetworkErrorRatio() > 0.3, fallbackDuration: -5}}"),
            *("ignored", "fallbackDuration -5s: Traefik uses 10s instead"),
        ),
        (
            GOOD.replace("{servers:", "{healthCheck: {unhealthyInterval: 0, interval: 9}, servers:"),
            *("ignored", "unhealthyInterval 0: Traefik uses 30s instead"),
        ),
        (
            GOOD.replace("{servers:", "{passiveHealthCheck: {failureWindow: 0}, servers:"),
            *("breaks", "passiveHealthCheck/failureWindow: '0s' is out of range: between 1ms and 720h"),
        ),
        (
            "tcp: {services: {t: {loadBalancer: {healthCheck: {timeout: 0}, servers: [{address: 'a:1'}]}}}}",
            *("breaks", "loadBalancer/healthCheck/timeout: '0s' is out of range: between 1ms and 720h"),
        ),
        (
            http(serversTransports="t: {forwardingTimeouts: {idleConnTimeout: 0, dialTimeout: 0}}"),
            "breaks",
            f"forwardingTimeouts/dialTimeout: {NO_LIMIT}",
        ),
        (
            http(serversTransports="t: {forwardingTimeouts: {pingTimeout: 0}}"),
            *("breaks", "forwardingTimeouts/pingTimeout: for 0s, Traefik uses 15s"),
        ),
        (
            "tcp: {serversTransports: {t: {dialKeepAlive: 0}}}",
            *("breaks", "dialKeepAlive: for 0s, Traefik uses 15s"),
        ),
    ],
)
def test_it_is_told_what_traefik_makes_of_durations_that_are_not_above_zero(
    text: str, consequence: str, detail: str
) -> None:
    (one,) = found(text)
    assert (one.consequence, one.detail) == (consequence, detail)


def test_servers_that_all_have_weight_0_are_told() -> None:
    (one,) = found(GOOD.replace("3000'", "3000', weight: 0"))
    assert (one.code, one.detail) == (
        "service.empty",
        "all its servers have weight 0: Traefik answers 503 to every request",
    )


def test_many_routers_with_one_rule_are_told_of_together() -> None:
    routers = "".join(f"    r{n}: {{rule: 'Host(`a.test`)', service: s, entryPoints: [web]}}\n" for n in range(5))
    text = http().replace("http:\n", f"http:\n  routers:\n{routers}")
    assert [each.detail.partition(" have ")[0] for each in found(text)] == ["r0, r1, r2 and 2 more"]


def test_what_is_no_text_where_one_belongs_is_told() -> None:
    text = http(middlewares="m: {headers: {customResponseHeaders: {X-Own: [a]}}}")
    assert [(each.consequence.value, each.detail) for each in found(text)] == [("breaks", "X-Own has to be a string")]


def test_objects_are_called_as_in_the_files() -> None:
    routers = (
        "A_One: {rule: 'Host(`a.test`)', service: The_Pool, entryPoints: [web]}\n    B_Two: {rule: 'Host(`a.test`)'"
    )
    text = http(routers=f"{routers}, service: The_Pool, entryPoints: [web]}}").replace("    s:", "    The_Pool:")
    empty, same = found(text.replace("{url: 'http://127.0.0.1:3000'}", ""))
    assert (empty.subject, empty.place) == ("service The_Pool", "0.yml:3:5")
    assert (same.subject, same.place) == ("router A_One", "0.yml:5:5")
    assert same.detail.startswith("A_One and B_Two have the same rule")
    udp = """\
udp:
  routers:
    Z: {entryPoints: [dns], service: s@docker}
    a: {entryPoints: [dns], service: s@docker}
"""
    (one,) = found(udp)
    assert (one.subject, one.place) == ("UDP router Z", "0.yml:3:5")
