"""Traefik's dynamic configuration becomes domains, services, servers and routers, and what cannot is told."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from provider import configuration, declarations, imports
from provider.declarations import Declaration
from provider.imports import Imported, ImportOutcome
from provider.imports.names import assign
from provider.listening import Listening
from provider.nouns import NOUNS, Domain
from provider.parts import Parts, Section

POOL: dict[str, Any] = {"loadBalancer": {"servers": [{"url": "http://10.0.0.1"}]}}
EVERYTHING = Path(__file__).with_name("everything.yml")


def written(found: Imported) -> dict[str, Any]:
    """Return what was imported as a declaration, without entry points where they are the usual one."""
    document = declarations.write(found.declaration)
    for each in document.get("routers", {}).values():
        if each.get("entryPoints") == ["web"]:
            del each["entryPoints"]
    return document


def router(**fields: Any) -> dict[str, Any]:
    """Import one router that points to a pool, and return it as a declaration has it; empty if it is left out."""
    found = imports.read(document(**fields))
    made: dict[str, Any] = written(found).get("routers", {}).get("r", {})
    return made


def document(**fields: Any) -> dict[str, Any]:
    whole = {"rule": "Host(`a.test`)", "service": "s", "entryPoints": ["web"], **fields}
    return {"http": {"routers": {"r": whole}, "services": {"s": POOL}}}


def balancer(**fields: Any) -> Imported:
    return imports.read({"http": {"services": {"s": {"loadBalancer": {**POOL["loadBalancer"], **fields}}}}})


def test_what_is_traefiks_own_transport_is_none_here() -> None:
    found = balancer(serversTransport="default@internal")
    assert found.findings == ()
    assert "serversTransport" not in written(found)["services"]["s"]


@pytest.mark.parametrize(("given", "held"), [("1h30m", "1h"), ("24h", "1h"), ("20ms", "100ms")])
def test_a_duration_of_a_health_check_that_is_out_of_range_is_brought_into_it(given: str, held: str) -> None:
    found = balancer(healthCheck={"path": "/", "interval": given, "timeout": "20ms"})
    assert written(found)["services"]["s"]["healthCheck"] == {"interval": held, "timeout": "100ms"}
    assert f"{given} is out of range: it becomes {held}" in reasons(found, "service", "s")


def test_traefik_ignores_the_user_in_the_url_of_a_server_unless_it_is_checked() -> None:
    servers = [{"url": "http://me:secret@10.0.0.1:80"}]
    found = balancer(servers=servers)
    assert [each.url for each in found.declaration.servers["s"].values()] == ["http://10.0.0.1:80"]
    told = "the user and the password in its URL are left out: Traefik ignores them"
    assert reasons(found, "service", "s") == told
    assert "secret" not in str(found.findings)
    assert "cannot have a user" in reasons(balancer(servers=servers, healthCheck={"path": "/"}), "service", "s")


def reasons(found: Imported, kind: str, name: str) -> str:
    return " / ".join(each.reason for each in found.findings if (each.kind, each.name) == (kind, name))


def left_out(**fields: Any) -> str:
    """Return why one router is left out."""
    found = imports.read(document(**fields))
    assert not found.declaration.routers
    (finding,) = found.findings
    assert (finding.outcome, finding.pointer) == (ImportOutcome.LEFT_OUT, "/http/routers/r")
    return finding.reason


def test_routers_services_and_servers_are_taken_over_and_their_domains_made() -> None:
    found = imports.read(
        {
            "http": {
                "routers": {"shop": {"rule": "Host(`a.test`) && PathPrefix(`/x`)", "service": "shop", "tls": False}},
                "services": {
                    "shop": {
                        "loadBalancer": {
                            "servers": [{"url": "http://10.0.0.1:80/", "weight": "3"}, {"url": "http://10.0.0.2"}],
                            "strategy": "p2c",
                            "passHostHeader": False,
                            "healthCheck": {"path": "/up", "interval": 10},
                            "sticky": {"cookie": {"name": "s", "path": "/"}},
                        }
                    }
                },
            }
        }
    )
    assert written(found) == {
        "domains": {"a.test": {}},
        "services": {
            "shop": {
                "strategy": "p2c",
                "passHostHeader": False,
                "healthCheck": {"path": "/up", "interval": "10s"} | {"timeout": "5s"},
                "sticky": {"cookie": {"name": "s"}},
                "servers": {
                    "10-0-0-1-80": {"url": "http://10.0.0.1:80", "weight": 3},
                    "10-0-0-2": {"url": "http://10.0.0.2"},
                },
            }
        },
        "routers": {"shop": {"domains": ["a.test"], "pathPrefix": "/x", "service": "shop"}},
    }
    assert not found.renamed


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("Host(`a.test`)", {"domains": ["a.test"]}),
        ('Host("A.test")', {"domains": ["a.test"]}),
        ("Host(`a.test`) || Host(`b.test`)", {"domains": ["a.test", "b.test"]}),
        ("PathPrefix(`/x`)", {"pathPrefix": "/x"}),
        (
            "(Host(`a.test`)||Host(`b.test`))&&PathPrefix(`/x`)",
            {"domains": ["a.test", "b.test"], "pathPrefix": "/x"},
        ),
        (r"HostRegexp(`^[^.]+\.a\.test$`)", {"domains": ["*.a.test"]}),
        (r"HostRegexp(`^[^.]+\.a\.test\.?$`)", {"domains": ["*.a.test"]}),
        (r"HostRegexp(`^[^.]+\.a\.test\.$`)", {"rule": r"HostRegexp(`^[^.]+\.a\.test\.$`)"}),
        (r"HostRegexp(`^[^.]+\.a.test$`)", {"rule": r"HostRegexp(`^[^.]+\.a.test$`)"}),
        ("Host(`a.test`) && Path(`/x`)", {"rule": "Host(`a.test`) && Path(`/x`)"}),
        ("Host(`a_b.test`)", {"rule": "Host(`a_b.test`)"}),
        ("Host(`*.a.test`)", {"rule": "Host(`*.a.test`)"}),
        ("!Host(`a.test`)", {"rule": "!Host(`a.test`)"}),
        ("PathPrefix(`/a`) && PathPrefix(`/b`)", {"rule": "PathPrefix(`/a`) && PathPrefix(`/b`)"}),
        ("Host(`a.test`) &&\n  Method(`PUT`)\n", {"rule": "Host(`a.test`) && Method(`PUT`)", "priority": 34}),
    ],
)
def test_a_rule_becomes_domains_and_a_path_prefix_where_they_say_the_same(rule: str, fields: dict[str, Any]) -> None:
    assert router(rule=rule) == {**fields, "service": "s"}


def test_many_hosts_stay_a_rule() -> None:
    hosts = " || ".join(f"Host(`h{number}.test`)" for number in range(101))
    assert router(rule=hosts) == {"rule": hosts, "service": "s"}


def test_a_priority_that_the_rule_has_anyway_is_left_out() -> None:
    assert "priority" not in router(priority=14)
    assert "priority" not in router(priority=0)
    assert router(priority="13")["priority"] == 13


def test_a_priority_below_zero_is_taken_and_one_beyond_all_is_put_at_the_end() -> None:
    assert router(rule="PathPrefix(`/`)", priority=-1)["priority"] == -1
    assert router(rule="Path(`/x`)", priority="-2")["priority"] == -2
    whole = document(rule="PathPrefix(`/`)", priority=2**62)
    routers = whole["http"]["routers"]
    routers["next"] = {**routers["r"], "priority": 2**62 - 1}
    routers["last"] = {**routers["r"], "priority": -(2**62)}
    routers["plain"] = {**routers["r"], "priority": 5}
    found = imports.read(whole)
    held = {name: each.priority for name, each in found.declaration.routers.items()}
    assert held == {"r": 1_000_000_000, "next": 999_999_999, "last": -1_000_000_000, "plain": 5}
    told = "its priority 4611686018427387904 becomes 1,000,000,000: its place among the others stays"
    assert reasons(found, "router", "r") == told
    routers["plain"]["priority"] = 999_999_999
    found = imports.read(whole)
    assert list(found.declaration.routers) == ["plain"]
    assert "its priority 4611686018427387904 cannot be kept" in reasons(found, "router", "r")
    assert "Traefik disables a router with one above" in left_out(priority=2**63 - 1000)


def test_what_is_not_in_these_files_stays_with_traefik() -> None:
    """It may stand in a file that is not given; if it is nowhere, Traefik disables the router as it did."""
    found = imports.read(document(service="other", middlewares=["m", "n@file"], tls={"options": "strict"}))
    held = written(found)["routers"]["r"]
    assert (held["service"], held["middlewares"]) == ("other@file", ["m@file", "n@file"])
    assert held["tls"] == {"options": "strict@file"}
    assert reasons(found, "router", "r").split(" / ")[0] == (
        "there is no middleware m in these files: it stays m@file, and if Traefik's other files have none, "
        "Traefik disables this"
    )


def test_checks_that_may_take_longer_than_the_time_between_them_come_less_often() -> None:
    found = balancer(healthCheck={"path": "/", "interval": "1s", "unhealthyInterval": "2s", "timeout": "3s"})
    assert written(found)["services"]["s"]["healthCheck"] == {"interval": "3s", "timeout": "3s"}
    assert reasons(found, "service", "s").count("is shorter than its timeout: it becomes 3s") == 2


def test_servers_that_traefik_takes_and_that_lead_nowhere_are_left_out_alone() -> None:
    found = balancer(servers=[{"url": "ftp://a"}, {}, {"url": "http://b"}])
    assert list(written(found)["services"]["s"]["servers"]) == ["b"]
    assert reasons(found, "service", "s").count("leads nowhere") == 2
    assert written(balancer(servers={"url": "http://a"}))["services"] == {"s": {}}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (
            {"tls": {"options": "default@file"}},
            "there are no TLS options default@file, as default ones are named without a provider: Traefik disables",
        ),
        ({"tls": {"certResolver": "le tters"}}, "tls/certResolver: 'le tters' is not a resolver's name"),
        ({"observability": {"traceVerbosity": "all"}}, "observability/traceVerbosity: this has to be"),
        ({"parentRefs": "other"}, "parentRefs"),
        ({"rule": "Hots(`a.test`)"}, "at character 1: there is no matcher Hots: did you mean Host?"),
        ({"rule": ""}, "it has no rule"),
        ({"rule": ["x"]}, "rule has to be a string"),
        ({"service": "oth|er"}, "there is no service oth|er in these files: Traefik disables what refers to it"),
        ({"service": "s@http"}, "service: 's@http' is kept here: leave out @http"),
        ({"service": "own@internal"}, "Traefik has no 'own@internal' of its own: it has api@internal"),
        ({"service": None}, "it names no service"),
        ({"priority": "high"}, "priority has to be a whole number, not high"),
        ({"entryPoints": ["w*b"]}, "entryPoints/0: 'w*b' is not an entry point's name"),
        ({"backend": "x"}, "Traefik has no field backend here"),
        ({"RULE": "Host(`b.test`)"}, "the field rule is given twice"),
        ({"tls": [1]}, "tls has to be an object"),
        ({"tls": {"middlewares": ["m"]}}, "Traefik has no field middlewares here"),
    ],
)
def test_a_router_that_would_do_otherwise_is_left_out_and_it_is_told_why(fields: dict[str, Any], reason: str) -> None:
    assert reason in left_out(**fields)


def test_fields_are_found_in_any_case_and_lists_may_be_texts() -> None:
    found = imports.read(
        {
            "HTTP": {
                "Routers": {"r": {"RULE": "Host(`a.test`)", "Service": "s@file", "entrypoints": "web , other"}},
                "services": {"s": {"loadbalancer": {"SERVERS": [{"URL": "http://10.0.0.1", "weight": "2"}]}}},
            }
        }
    )
    assert not found.findings
    assert written(found)["routers"] == {"r": {"domains": ["a.test"], "service": "s", "entryPoints": ["web", "other"]}}


def test_what_yaml_takes_over_with_a_merge_key_counts() -> None:
    text = """
http:
  routers: {r: {rule: 'Host(`a.test`)', service: s, entryPoints: [web]}}
  services:
    base: {loadBalancer: &base {passHostHeader: false, servers: [{url: 'http://10.0.0.1'}]}}
    s: {loadBalancer: {<<: *base, strategy: p2c}}
"""
    from_aliases = imports.read(
        {"http": {"services": {"s": {"loadBalancer": {"<<": {"strategy": "p2c"}, "strategy": "hrw"}}}}}
    )
    assert written(from_aliases)["services"]["s"] == {"strategy": "hrw"}
    found = imports.read(_parsed(text))
    assert not found.findings
    assert written(found)["services"]["s"] == written(found)["services"]["base"] | {"strategy": "p2c"}


def _parsed(text: str) -> Any:
    return yaml.safe_load(text)


def test_a_router_without_entry_points_listens_where_it_is_said() -> None:
    found = imports.read(document(entryPoints=[]), default_entry_points=["web", "other"])
    assert written(found)["routers"]["r"]["entryPoints"] == ["web", "other"]
    (finding,) = found.findings
    assert (finding.outcome, finding.reason[-11:]) == (ImportOutcome.CHANGED, " web, other")


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        ({"tls": {}}, {"tls": {}}),
        ({"tls": "true"}, {"tls": {}}),
        ({"tls": False}, {}),
        ({"TLS": {"certresolver": "Letters_1", "options": "default"}}, {"tls": {"certResolver": "Letters_1"}}),
        ({"tls": {"options": "strict@file"}}, {"tls": {"options": "strict@file"}}),
        ({"tls": {"options": "strict@docker"}}, {"tls": {"options": "strict@docker"}}),
        ({"tls": {"domains": [{"main": "a.test", "sans": "b.test, c.test"}]}}, None),
        ({"service": "s@docker"}, {"service": "s@docker"}),
        ({"middlewares": "Login.1@docker, m@kubernetescrd"}, {"middlewares": ["Login.1@docker", "m@kubernetescrd"]}),
        ({"entryPoints": "Web_Secure"}, {"entryPoints": ["Web_Secure"]}),
        (
            {"observability": {"accessLogs": "false", "traceVerbosity": "minimal"}},
            {"observability": {"accessLogs": False}},
        ),
        ({"observability": {"traceVerbosity": "minimal"}}, {}),
    ],
)
def test_what_a_router_says_of_tls_and_of_other_providers_is_kept(
    fields: dict[str, Any], held: dict[str, Any] | None
) -> None:
    if held is None:
        held = {"tls": {"domains": [{"main": "a.test", "sans": ["b.test", "c.test"]}]}}
    assert router(**fields) == {"domains": ["a.test"], "service": "s", **held}


def test_what_is_referred_to_comes_along_under_the_name_that_it_has_here() -> None:
    whole = document(tls={"options": "Very.Strict"}, middlewares=["m@docker"])
    whole["tls"] = {"options": {"Very.Strict": {"minVersion": "VersionTLS13"}, "default": {"sniStrict": True}}}
    whole["http"]["services"]["s"] = {"loadBalancer": {**POOL["loadBalancer"], "serversTransport": "Own@file"}}
    whole["http"]["serversTransports"] = {"Own": {"insecureskipverify": "1", "maxIdleConnsPerHost": "0"}}
    found = imports.read(whole)
    assert found.findings == ()
    assert written(found)["routers"]["r"]["tls"] == {"options": "very-strict"}
    assert written(found)["tlsOptions"] == {
        "very-strict": {"minVersion": "VersionTLS13"},
        "default": {"sniStrict": True},
    }
    assert written(found)["services"]["s"]["serversTransport"] == "own"
    assert written(found)["serversTransports"] == {"own": {"insecureSkipVerify": True}}
    assert [(each.kind, each.given) for each in found.renamed] == [
        ("servers transport", "Own"),
        ("TLS options", "Very.Strict"),
    ]


def test_whoever_refers_to_what_is_left_out_is_left_out_too_and_so_on() -> None:
    whole = document(service="shared")
    whole["http"]["services"] = {
        "shared": {"weighted": {"services": [{"name": "s"}, {"name": "other@docker"}]}},
        "s": {"loadBalancer": {"servers": [], "serversTransport": "odd"}},
    }
    whole["http"]["serversTransports"] = {"odd": {"minVersion": "TLS1.2"}}
    found = imports.read(whole)
    assert found.declaration == Declaration()
    assert reasons(found, "router", "r") == "its service shared is left out"
    assert reasons(found, "service", "shared") == "its service s is left out"
    assert reasons(found, "service", "s") == "its servers transport odd is left out"
    assert reasons(found, "servers transport", "odd").startswith("minVersion: this has to be")


def test_what_many_ways_lead_to_is_told_at_once() -> None:
    kinds: dict[str, Any] = {
        f"{side}{level}": {"chain": {"middlewares": [f"a{level + 1}", f"b{level + 1}"]}}
        for level in range(40)
        for side in "ab"
    }
    kinds |= {f"{side}40": {"stripPrefix": {"prefixes": ["/a"]}, "addPrefix": {"prefix": "/a"}} for side in "ab"}
    found = imports.read({"http": {"middlewares": kinds}})
    told = "Traefik disables its middleware a1 (chain); Traefik disables its middleware b1 (chain)"
    assert reasons(found, "middleware", "a0") == told


def test_services_of_services_are_taken_with_what_their_weights_come_to() -> None:
    services = {
        "shared": {
            "weighted": {
                "services": [
                    {"name": "blue", "weight": "3"},
                    {"name": "green", "weight": 0},
                    {"name": "blue", "weight": 2},
                    {"name": "old@docker"},
                ],
                "sticky": {"cookie": {"secure": True, "maxAge": "0"}},
            }
        },
        "blue": {"failover": {"service": "green", "fallback": "shadow", "errors": {"status": "502,503"}}},
        "shadow": {"mirroring": {"service": "green", "mirrors": [{"name": "green", "percent": 5}], "maxBodySize": -1}},
        "client": {"highestrandomweight": {"services": [{"name": "green"}]}},
        "green": POOL,
    }
    found = imports.read({"http": {"services": services}})
    held = written(found)["services"]
    assert held["shared"]["weighted"] == {
        "services": [{"name": "blue", "weight": 5}, {"name": "old@docker"}],
        "sticky": {"cookie": {"name": _cookie("shared@file"), "secure": True}},
    }
    assert held["blue"] == {
        "failover": {"service": "green", "fallback": "shadow", "errors": {"status": ["502", "503"]}}
    }
    assert held["shadow"] == {"mirroring": {"service": "green", "mirrors": [{"name": "green", "percent": 5}]}}
    assert held["client"] == {"highestRandomWeight": {"services": [{"name": "green"}]}}
    assert reasons(found, "service", "shared").split(" / ") == [
        "with this weight green gets no requests: it is left out",
        "blue is given twice: it gets both weights",
    ]


def _cookie(full_name: str) -> str:
    return "_" + hashlib.sha1(f"_TRAEFIK_BACKEND_{full_name}".encode(), usedforsecurity=False).hexdigest()[:5]


def test_services_that_go_by_the_health_of_others_are_left_out_where_nobody_checks_it() -> None:
    services = {
        "unsafe": {"failover": {"service": "s", "fallback": "safe"}},
        "safe": {"weighted": {"services": [{"name": "checked"}, {"name": "other@docker"}], "healthCheck": {}}},
        "checked": {"loadBalancer": {**POOL["loadBalancer"], "healthCheck": {"path": "/"}}},
        "s": POOL,
    }
    found = imports.read({"http": {"services": services}})
    assert written(found)["services"].keys() == {"safe", "checked", "s"}
    assert reasons(found, "service", "unsafe") == "s needs a health check: otherwise Traefik disables this"


def test_services_that_lead_back_to_themselves_are_left_out() -> None:
    services = {
        "a": {"failover": {"service": "b", "fallback": "s"}},
        "b": {"weighted": {"services": [{"name": "a"}]}},
        "s": POOL,
    }
    found = imports.read({"http": {"services": services}})
    assert list(found.declaration.services) == ["s"]
    assert "this refers back to a: a → b → a" in reasons(found, "service", "a")


def test_every_field_of_a_pool_is_kept_and_what_is_at_the_default_is_not() -> None:
    usual = balancer(
        healthCheck={"mode": "http", "status": 0, "port": "0", "followRedirects": True, "unhealthyInterval": 30},
        responseForwarding={"flushInterval": "0.1s"},
        serversTransport="",
        sticky={"cookie": {"name": "s", "sameSite": "", "maxAge": 0, "path": "/", "expires": 0}},
    )
    assert usual.findings == ()
    assert written(usual)["services"]["s"] | {"servers": {}} == {
        "healthCheck": {"interval": "30s", "timeout": "5s"},
        "sticky": {"cookie": {"name": "s"}},
        "servers": {},
    }
    own = balancer(
        healthCheck={"path": "/up", "status": 204, "port": 81, "unhealthyInterval": 5, "headers": {"x-a": 1}},
        passiveHealthCheck={"failureWindow": 8},
        responseForwarding={"flushInterval": -1},
        servers=[{"url": "http://a/b", "preservePath": "true"}],
    )
    assert own.findings == ()
    assert written(own)["services"]["s"] == {
        "healthCheck": {
            "path": "/up",
            "interval": "30s",
            "timeout": "5s",
            "status": 204,
            "port": 81,
            "unhealthyInterval": "5s",
            "headers": {"x-a": "1"},
        },
        "passiveHealthCheck": {"failureWindow": "8s"},
        "responseForwarding": {"flushInterval": "-1s"},
        "servers": {"a": {"url": "http://a/b", "preservePath": True}},
    }


def test_the_path_of_a_server_of_which_traefik_takes_no_notice_is_left_out() -> None:
    found = balancer(servers=[{"url": "http://a:80/app/"}])
    assert written(found)["services"]["s"]["servers"] == {"a-80": {"url": "http://a:80"}}
    assert reasons(found, "service", "s") == "its path /app/ is left out: Traefik ignores it"


def test_the_query_of_a_server_of_which_traefik_takes_no_notice_is_left_out() -> None:
    found = balancer(servers=[{"url": "http://a/x?y=1#z", "preservePath": True}, {"url": "http://b?y"}])
    servers = written(found)["services"]["s"]["servers"]
    assert servers == {"a": {"url": "http://a/x", "preservePath": True}, "b": {"url": "http://b"}}
    assert reasons(found, "service", "s").split(" / ") == [
        "?y=1#z is left out of its URL: Traefik ignores it",
        "?y is left out of its URL: Traefik ignores it",
    ]


@pytest.mark.parametrize(
    ("path", "expected"), [("up", "/app/up"), ("", "/app/"), (None, "/app/"), ("/up", "/up"), ("/a b#c", "/a%20b")]
)
def test_the_path_of_a_health_check_is_the_one_that_traefik_asks_for(path: str | None, expected: str) -> None:
    check = {"interval": "10s", "port": 81} | ({} if path is None else {"path": path})
    found = balancer(servers=[{"url": "http://a/app/"}], healthCheck=check)
    assert written(found)["services"]["s"]["healthCheck"] == {
        "path": expected,
        "interval": "10s",
        "timeout": "5s",
        "port": 81,
    }


def test_a_name_in_other_letters_is_proposed() -> None:
    found = imports.read(document(service="S"))
    assert reasons(found, "router", "r").startswith("there is no service S in these files, but there is s: it stays S@")


def test_services_none_of_which_has_a_weight_are_left_out_with_what_traefik_answers() -> None:
    found = imports.read(
        {"http": {"services": {"s": POOL, "w": {"weighted": {"services": [{"name": "s", "weight": 0}]}}}}}
    )
    assert list(found.declaration.services) == ["s"]
    assert reasons(found, "service", "w") == (
        "none of its services has a weight above 0: Traefik answers 503 to every request"
    )


def test_tls_options_that_say_nothing_but_the_defaults_are_held() -> None:
    whole: Any = document(tls={"options": "plain"})
    whole["tls"] = {"options": {"plain": {"sniStrict": False}}}
    found = imports.read(whole)
    assert written(found)["tlsOptions"] == {"plain": {"minVersion": "VersionTLS12"}}
    assert written(found)["routers"]["r"]["tls"] == {"options": "plain"}
    assert found.findings == ()


TCP = {
    "routers": {
        "mail": {
            "rule": "HostSNI(`mail.test`)",
            "service": "mail",
            "entrypoints": "Mail_S",
            "ruleSyntax": "v3",
            "tls": {"passthrough": True, "options": "default"},
            "middlewares": ["near"],
            "priority": "7",
        },
        "plain": {"rule": "HostSNI(`mail.test`)", "service": "mail"},
        "old": {"rule": "HostSNI(`*`)", "service": "mail", "ruleSyntax": "v2"},
    },
    "services": {
        "mail": {
            "loadBalancer": {
                "servers": [{"address": "10.0.0.1:993"}],
                "serversTransport": "raw",
                "proxyProtocol": {"version": 2},
                "healthCheck": {"interval": 30, "timeout": "2s"},
            }
        },
        "both": {"weighted": {"services": [{"name": "mail", "weight": 2}, {"name": "m@docker"}]}},
    },
    "middlewares": {"near": {"ipAllowList": {"sourceRange": "10.0.0.0/8"}}},
    "serversTransports": {"raw": {"dialTimeout": "0.5s", "tls": True}},
}


def test_tcp_comes_along() -> None:
    found = imports.read({"tcp": TCP})
    assert written(found) == {
        "tcpRouters": {
            "mail": {
                "rule": "HostSNI(`mail.test`)",
                "service": "mail",
                "entryPoints": ["Mail_S"],
                "priority": 7,
                "middlewares": ["near"],
                "tls": {"passthrough": True},
            },
            "old": {"rule": "HostSNI(`*`)", "service": "mail"},
        },
        "tcpServices": {
            "mail": {
                "loadBalancer": {
                    "servers": [{"address": "10.0.0.1:993"}],
                    "serversTransport": "raw",
                    "proxyProtocol": {},
                    "healthCheck": {"timeout": "2s"},
                }
            },
            "both": {"weighted": {"services": [{"name": "mail", "weight": 2}, {"name": "m@docker"}]}},
        },
        "tcpMiddlewares": {"near": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}}},
        "tcpServersTransports": {"raw": {"dialTimeout": "0.5s", "tls": {}}},
    }
    assert "without TLS, clients ask for no name" in reasons(found, "TCP router", "plain")


def test_udp_comes_along() -> None:
    found = imports.read(
        {
            "udp": {
                "routers": {"dns": {"service": "dns", "entryPoints": ["dns"]}, "any": {"service": "dns"}},
                "services": {"dns": {"loadBalancer": {"servers": [{"address": "10.0.0.1:53"}]}}},
            },
        }
    )
    assert written(found) == {
        "udpRouters": {"dns": {"service": "dns", "entryPoints": ["dns"]}},
        "udpServices": {"dns": {"loadBalancer": {"servers": [{"address": "10.0.0.1:53"}]}}},
    }
    assert reasons(found, "UDP router", "any").startswith("it names no entry points: Traefik uses all that are for UDP")


def test_the_rule_of_a_tcp_router_is_written_in_one_line_and_keeps_its_rank() -> None:
    rule = "HostSNI(`a.test`) ||\n  HostSNI(`b.test`)\n"
    flows = {
        "two": {"rule": rule, "service": "db@docker", "tls": {}},
        "all": {"rule": "HostSNI(`*`)\n", "service": "db@docker"},
        "odd": {"rule": "HostSNI(\n", "service": "db@docker"},
    }
    found = imports.read({"tcp": {"routers": flows}})
    assert written(found)["tcpRouters"] == {
        "two": {
            "rule": "HostSNI(`a.test`) || HostSNI(`b.test`)",
            "service": "db@docker",
            "priority": len(rule),
            "tls": {},
        },
        "all": {"rule": "HostSNI(`*`)", "service": "db@docker"},
    }
    assert [each.name for each in found.findings] == ["odd"]


def test_a_router_without_entry_points_listens_where_routers_with_tls_do_or_those_without() -> None:
    for tls, where in (({}, "websecure"), (None, "web"), (False, "web")):
        found = imports.read(document(entryPoints=[], tls=tls))
        assert found.declaration.routers["r"].entry_points is None
        assert [each.reason.rpartition(" ")[2] for each in found.findings] == [where]
        found = imports.read(document(entryPoints=[], tls=tls), default_entry_points=["web"])
        assert found.declaration.routers["r"].entry_points == (["web"] if tls == {} else None)


def test_without_the_default_tls_options_no_router_comes_that_has_them() -> None:
    whole = document(tls={})
    whole["tls"] = {
        "options": {
            "default": {"clientAuth": {"clientAuthType": "RequireAndVerifyClientCert"}},
            "own": {"sniStrict": True},
        }
    }
    assert "its TLS options default" in reasons(imports.read(whole), "router", "r")
    for tls in (None, {"options": "own"}):
        whole["http"]["routers"]["r"]["tls"] = tls
        assert list(imports.read(whole).declaration.routers) == ["r"]


def test_routers_come_also_where_their_certificates_cannot_be_read() -> None:
    whole = document(tls={})
    whole["tls"] = {"certificates": [{"certFile": "/c", "keyFile": "/k"}], "stores": {"default": {}}}
    found = imports.read(whole)
    assert written(found)["routers"]["r"]["tls"] == {}
    assert [(each.kind, each.name) for each in found.findings] == [("certificate", "1")]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"passiveHealthCheck": {}}, "its passiveHealthCheck is empty: Traefik rejects such a file"),
        ({"responseForwarding": {"flushInterval": "soon"}}, "soon is not a duration"),
        ({"nginxUpstreamHashBy": "$uri"}, "it has nginxUpstreamHashBy"),
        ({"strategy": "random"}, "strategy: this has to be 'wrr', 'p2c', 'hrw' or 'leasttime'"),
        ({"healthCheck": {}}, "its health check is empty"),
        ({"healthCheck": {"path": "//up"}}, "healthCheck/path: '//up' is not a path"),
        (
            {"healthCheck": {"path": "up"}, "servers": [{"url": "http://a/x/"}, {"url": "http://b/y/"}]},
            "the path of its health check counts from its servers' URLs, and these have several paths",
        ),
        ({"healthCheck": {"path": "/", "status": 99}}, "healthCheck/status: this has to be at least 100"),
        ({"healthCheck": {"path": "/", "interval": "1.0000001s"}}, "more precise than milliseconds"),
        ({"healthCheck": {"path": "/", "interval": "soon"}}, "soon is not a duration"),
        ({"sticky": {"cookie": {"secure": "yes"}}}, "secure has to be true or false"),
        ({"sticky": {"cookie": {"expires": 5}}}, "its sticky cookie has expires"),
        ({"sticky": {"cookie": {"name": "a.b"}}}, "'a.b' is not a cookie's name"),
        ({"servers": [{"url": "http://a:0"}]}, "the URL of one of its servers cannot be used: '0' is not a port"),
        (
            {"servers": [{"url": "http://a", "preservePath": True}, {"url": "http://a"}]},
            "with and without preservePath",
        ),
        ({"servers": [{"url": "http://a:port"}]}, "'port' is not a port"),
        ({"servers": [{"url": "http://a", "weight": 1001}, {"url": "http://b"}]}, "a weight above 1000"),
        ({"passHostHeader": "perhaps"}, "passHostHeader has to be true or false, not perhaps"),
    ],
)
def test_a_service_is_held_whole_or_left_out(fields: dict[str, Any], reason: str) -> None:
    found = balancer(**fields)
    assert not found.declaration.services
    assert reason in reasons(found, "service", "s")


def test_a_weight_that_gives_nothing_is_a_drained_server() -> None:
    found = balancer(
        servers=[{"url": "http://a", "weight": 0}, {"url": "http://b", "weight": "-1"}, {"url": "http://c"}]
    )
    servers = written(found)["services"]["s"]["servers"]
    assert [(name, server.get("state")) for name, server in servers.items()] == [
        ("a", "drain"),
        ("b", "drain"),
        ("c", None),
    ]
    assert reasons(found, "service", "s").count("it is drained") == 2


def test_weights_that_are_too_large_keep_their_shares() -> None:
    found = balancer(servers=[{"url": "http://a", "weight": 4000}, {"url": "http://b", "weight": 6000}])
    servers = found.declaration.servers["s"].values()
    assert configuration.shares(servers) == {"a": 0.4, "b": 0.6}
    assert "divided by 2000" in reasons(found, "service", "s")


def test_one_url_twice_is_one_server_with_both_weights() -> None:
    found = balancer(servers=[{"url": "http://a", "weight": 2}, {"url": "http://A/", "weight": 3}])
    assert written(found)["services"]["s"]["servers"] == {"a": {"url": "http://a", "weight": 5}}
    assert "is given twice" in reasons(found, "service", "s")


def test_a_cookie_without_a_name_keeps_the_one_that_traefik_gives_it() -> None:
    found = balancer(sticky={"cookie": {}})
    assert written(found)["services"]["s"]["sticky"] == {"cookie": {"name": "_23300"}}  # as Traefik 3.7.15 shows it
    assert "sticky" not in written(balancer(sticky={}))["services"]["s"]


def test_names_that_do_not_fit_are_changed_without_two_becoming_one() -> None:
    given = ["My_Shop@file", "my-shop@file", "MY.SHOP@file", "Ü@file", "@file", f"{'x' * 80}@file", f"{'x' * 70}@file"]
    assert assign(given, "router") == assign(reversed(given), "router")
    assert assign(given, "router") == {
        "my-shop@file": "my-shop",
        "@file": "router",
        "MY.SHOP@file": "my-shop-2",
        "My_Shop@file": "my-shop-3",
        f"{'x' * 70}@file": "x" * 63,
        f"{'x' * 80}@file": f"{'x' * 61}-2",
        "Ü@file": "router-2",
    }
    assert assign(["a@docker", "a@file"], "router") == {"a@docker": "a", "a@file": "a-file"}
    found = imports.read({"http": {"services": {"My_Shop": POOL, "plain": POOL}}})
    assert [(each.kind, each.given, each.name) for each in found.renamed] == [("service", "My_Shop", "my-shop")]


def test_everything_that_traefik_has_is_held_or_listed_object_by_object() -> None:
    document = yaml.safe_load(EVERYTHING.read_text())
    found = imports.read(document)
    assert list(found.declaration.routers) == ["plain", "secure"]
    assert set(found.declaration.services) == {"pool", "every-field", "either", "by-client", "copying", "shared"}
    assert {kind for kind, _name, _item in found.declaration} == {*NOUNS} - {"certificate"}
    assert list(found.declaration.servers["pool"]) == ["10-1-0-1-80", "10-1-0-2-80"]
    counted: dict[str, int] = {}
    # Those whose values are wrong, and those with such a member.
    left_out = {"auth", "both", "digest", "few", "own", "slow", "smaller"}
    rewritten = [each for each in found.findings if each.outcome is ImportOutcome.REWRITTEN]
    assert [each.name for each in rewritten] == ["inside-2", "near-2"]
    assert {(each.before, each.after) for each in rewritten} == {("ipWhiteList", "ipAllowList")}
    gone = [each for each in found.findings if each not in rewritten]
    assert {finding.name for finding in gone if finding.kind == "middleware"} == left_out
    for finding in gone:
        assert finding.outcome is ImportOutcome.LEFT_OUT
        counted[finding.kind] = counted.get(finding.kind, 0) + 1
    assert counted == {
        "router": 1,
        "middleware": len(left_out),
        "model": 1,
        "certificate": 3,
        "TLS store": 1,
    }
    covered = found.held | {finding.pointer for finding in found.findings}
    lost = [leaf for leaf in imports.leaves(document) if not any(f"{leaf}/".startswith(f"{top}/") for top in covered)]
    assert lost == []
    assert "it would let nobody in" in reasons(found, "middleware", "auth")
    why = reasons(found, "router", "whole")
    for part in ("its middleware auth (basicAuth) is left out", "parentRefs"):
        assert part in why


def test_a_home_server_behind_tls_and_single_sign_on_is_taken_over_with_its_dashboard() -> None:
    """A shape that is often met: routers with a resolver and middlewares, the dashboard, and one plain router."""
    secure = {"entryPoints": ["websecure"], "tls": {"certResolver": "letters"}}
    photos = {"rule": "Host(`photos.alvin.test`)", "service": "photos", "middlewares": ["sso"]}
    found = imports.read(
        {
            "http": {
                "routers": {
                    "photos": {**secure, **photos},
                    "traefik": {**secure, "rule": "Host(`edge.alvin.test`)", "service": "api@internal"},
                    "lamp-lan": {"entryPoints": ["web"], "rule": "Host(`lamp.lan`)", "service": "lamp-lan"},
                },
                "services": {
                    "photos": {
                        "loadBalancer": {"servers": [{"url": "https://10.0.0.5:8443"}], "serversTransport": "own"}
                    },
                    "lamp-lan": {"loadBalancer": {"servers": [{"url": "http://10.0.0.30:5000"}]}},
                },
                "middlewares": {"sso": {"forwardAuth": {"address": "http://sso:9000"}}},
                "serversTransports": {"own": {"insecureSkipVerify": True}},
            },
            "tls": {"certificates": [{"certFile": "/c", "keyFile": "/k"}]},
        }
    )
    assert written(found)["routers"] == {
        "lamp-lan": {"domains": ["lamp.lan"], "service": "lamp-lan"},
        "photos": {"domains": ["photos.alvin.test"], "service": "photos", "middlewares": ["sso"], **secure},
        "traefik": {"domains": ["edge.alvin.test"], "service": "api@internal", **secure},
    }
    assert written(found)["services"]["photos"]["serversTransport"] == "own"
    assert [(each.kind, each.name) for each in found.findings] == [("certificate", "1")]


def test_redirects_of_old_by_a_service_that_is_none_are_listed() -> None:
    """Another: everything is sent on to TLS by a rule in the syntax of v2, and a service that stands for nothing."""
    found = imports.read(
        {
            "http": {
                "routers": {
                    "all": {
                        "rule": "HostRegexp(`{any:.*}`)",
                        "entryPoints": ["web"],
                        "middlewares": ["on"],
                        "service": "none",
                    },
                    "two": {
                        "rule": "Host(`a.test`, `b.test`)",
                        "entryPoints": ["web"],
                        "service": "real",
                        "priority": 100,
                    },
                },
                "services": {
                    "none": {"loadBalancer": {"servers": [{"url": ""}]}},
                    "real": {"LoadBalancer": {"Servers": [{"URL": "http://10.0.0.7"}]}},
                },
                "middlewares": {"on": {"redirectScheme": {"scheme": "https"}}},
            }
        }
    )
    assert written(found)["routers"] == {
        "all": {"rule": "HostRegexp(`^.*$`)", "service": "none", "middlewares": ["on"], "priority": 22},
        "two": {"domains": ["a.test", "b.test"], "service": "real", "priority": 100},
    }
    assert written(found)["services"]["none"] == {}
    assert reasons(found, "service", "none").startswith("one of its servers has a URL that leads nowhere")
    rewritten = {each.before: each.after for each in found.findings if each.outcome is ImportOutcome.REWRITTEN}
    assert rewritten == {
        "HostRegexp(`{any:.*}`)": "HostRegexp(`^.*$`)",
        "Host(`a.test`, `b.test`)": "Host(`a.test`) || Host(`b.test`)",
    }


def test_an_application_with_its_parts_under_paths_is_taken_over_whole() -> None:
    """A third: one host, several services by path prefix and priority, several servers with health checks."""
    check = {"path": "/healthz", "interval": "10s", "timeout": "3s"}
    found = imports.read(
        {
            "http": {
                "routers": {
                    "app_front": {
                        "rule": "Host(`app.test`) || Host(`www.app.test`)",
                        "service": "app_front",
                        "entryPoints": ["web"],
                    },
                    "app_api": {
                        "rule": "(Host(`app.test`) || Host(`www.app.test`)) && PathPrefix(`/api`)",
                        "service": "app_api",
                        "entryPoints": ["web"],
                        "priority": 1000,
                    },
                    "app_socket": {
                        "rule": "Host(`app.test`) && Path(`/socket`) && Header(`Upgrade`, `websocket`)",
                        "service": "app_api",
                        "entryPoints": ["web"],
                    },
                },
                "services": {
                    "app_front": {
                        "loadBalancer": {"servers": [{"url": "http://front-1:80"}, {"url": "http://front-2:80"}]}
                    },
                    "app_api": {
                        "loadBalancer": {
                            "servers": [{"url": "http://api:8000"}],
                            "healthCheck": check,
                            "sticky": {"cookie": {"name": "app"}},
                        }
                    },
                },
            }
        }
    )
    assert not found.findings
    assert written(found)["routers"] == {
        "app-api": {
            "domains": ["app.test", "www.app.test"],
            "pathPrefix": "/api",
            "service": "app-api",
            "priority": 1000,
        },
        "app-front": {"domains": ["app.test", "www.app.test"], "service": "app-front"},
        "app-socket": {
            "rule": "Host(`app.test`) && Path(`/socket`) && Header(`Upgrade`, `websocket`)",
            "service": "app-api",
        },
    }
    assert len(found.renamed) == 5


def test_what_this_service_serves_comes_back_as_it_was() -> None:
    source = imports.read(document(rule="Host(`a.test`) || Host(`*.b.test`)", priority=7)).declaration
    routers = {name: configuration.router_part(each, Listening()) for name, each in source.routers.items()}
    services = {
        name: configuration.service_part(each, source.servers[name].values()) for name, each in source.services.items()
    }
    served = configuration.assemble(
        Parts({"router": Section({name: part for name, part in routers.items() if part}), "service": Section(services)})
    )
    found = imports.read(json.loads(served.content))
    assert found.declaration == source
    assert [(each.name, each.outcome) for each in found.findings] == [("provider.beacon", ImportOutcome.RECOGNISED)]


def test_what_is_there_already_keeps_its_labels_names_and_descriptions() -> None:
    imported = imports.read(document()).declaration
    mine = {"labels": {"team": "video"}}
    current = declarations.read(
        {
            "domains": {"a.test": {"description": "mine"}, "b.test": {}},
            "services": {
                "s": {**mine, "servers": {"one": {"url": "http://10.0.0.1", **mine}, "10-0-0-2": {"url": "http://x"}}}
            },
            "routers": {"r": {"pathPrefix": "/", "service": "s", **mine}},
        }
    )
    kept = imports.keeping(imported, current)
    assert kept.domains == {}
    assert dict(kept.servers) == {"s": {"one": current.servers["s"]["one"]}}
    assert kept.services["s"].labels == kept.routers["r"].labels == {"team": "video"}
    assert kept.routers["r"].domains == ["a.test"]
    none = imports.keeping(imported, Declaration())
    assert none.domains == {"a.test": Domain(name="a.test")}


def test_a_router_that_names_an_entry_point_keeps_it_and_one_that_names_none_goes_by_its_domains() -> None:
    for given, kept in ((["web"], ["web"]), (None, None), ([], None), (["other"], ["other"])):
        found = imports.read(document(entryPoints=given)).declaration.routers["r"]
        assert found.entry_points == kept
