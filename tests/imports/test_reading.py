"""Traefik's dynamic configuration becomes domains, services, servers and routers, and what cannot is told."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from provider import configuration, declarations, imports
from provider.declarations import Declaration
from provider.imports import Imported, ImportFinding, ImportOutcome
from provider.imports.names import assign
from provider.nouns import Domain
from provider.parts import Parts, Section

POOL: dict[str, Any] = {"loadBalancer": {"servers": [{"url": "http://10.0.0.1"}]}}
EVERYTHING = Path(__file__).with_name("everything.yml")


def written(found: Imported) -> dict[str, Any]:
    return declarations.write(found.declaration)


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


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"middlewares": ["m"]}, "it uses the middleware m, which cannot be imported yet"),
        ({"tls": {}}, "only takes requests over TLS"),
        ({"tls": True}, "only takes requests over TLS"),
        ({"tls": {"certResolver": "letters"}}, "only takes requests over TLS"),
        ({"parentRefs": "other"}, "parentRefs"),
        ({"ruleSyntax": "v2"}, "the syntax v2"),
        ({"rule": "Hots(`a.test`)"}, "at character 1: there is no matcher Hots: did you mean Host?"),
        ({"rule": ""}, "it has no rule"),
        ({"rule": ["x"]}, "rule has to be a text"),
        ({"service": "other"}, "there is no service other"),
        ({"service": "s@docker"}, "comes from Traefik's provider docker"),
        ({"service": "api@internal"}, "it points to api@internal, which is Traefik's own"),
        ({"service": None}, "it names no service"),
        ({"priority": -1}, "priorities here are 1"),
        ({"priority": "high"}, "priority has to be a whole number, not high"),
        ({"entryPoints": ["w*b"]}, "entryPoints/0: 'w*b' is not an entry point's name"),
        ({"backend": "x"}, "Traefik has no field backend here"),
        ({"RULE": "Host(`b.test`)"}, "the field rule is given twice"),
        ({"rule": "Host(`{{ env `HOST` }}`)"}, "rule is a template"),
        ({"tls": [1]}, "only takes requests over TLS"),
        (
            {"tls": {"middlewares": ["m"]}},
            "over TLS (tls), which a router cannot express yet; Traefik has no field middle",
        ),
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


def test_observability_is_no_reason_to_leave_a_router_out_but_is_told() -> None:
    found = imports.read(document(observability={"accessLogs": False, "metrics": True}))
    assert list(found.declaration.routers) == ["r"]
    (finding,) = found.findings
    assert finding == ImportFinding(
        "router",
        "r",
        ImportOutcome.CHANGED,
        "its observability is left out (accessLogs): its entry points decide that",
        "/http/routers/r/observability/accessLogs",
        "/http/routers/r/observability/accessLogs",
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"serversTransport": "private"}, "it has serversTransport, which cannot be imported yet"),
        ({"passiveHealthCheck": {"maxFailedAttempts": 1}}, "it has passiveHealthCheck"),
        ({"responseForwarding": {"flushInterval": "5ms"}}, "flushInterval"),
        ({"strategy": "random"}, "strategy: this has to be 'wrr', 'p2c', 'hrw' or 'leasttime'"),
        ({"healthCheck": {}}, "its health check is empty"),
        ({"healthCheck": {"path": "up"}}, "healthCheck/path: 'up' is not a path"),
        ({"healthCheck": {"path": "/", "status": 204, "port": 81}}, "its health check has status, port"),
        ({"healthCheck": {"path": "/", "unhealthyInterval": "1s"}}, "unhealthyInterval of its own"),
        ({"healthCheck": {"path": "/", "interval": "1ns"}}, "finer than milliseconds"),
        ({"healthCheck": {"path": "/", "interval": "soon"}}, "soon is not a duration"),
        (
            {"healthCheck": {"path": "/", "interval": "1s"}},
            "healthCheck/timeout: the timeout is longer than the interval",
        ),
        ({"sticky": {"cookie": {"secure": True, "httpOnly": True}}}, "its sticky cookie has secure, httpOnly"),
        ({"sticky": {"cookie": {"name": "a.b"}}}, "'a.b' is not a cookie's name"),
        (
            {"servers": [{"url": "http://a/b"}]},
            "one of its servers cannot be imported: a server's URL ends after the host",
        ),
        ({"servers": [{"url": "http://a", "preservePath": True}]}, "one of its servers has preservePath"),
        ({"servers": [{}]}, "does not begin with http://"),
        ({"servers": {"url": "http://a"}}, "servers has to be a list"),
        ({"servers": [{"url": "http://a", "weight": 1001}, {"url": "http://b"}]}, "a weight above 1000"),
        ({"passHostHeader": "perhaps"}, "passHostHeader has to be true or false, not perhaps"),
    ],
)
def test_a_service_is_held_whole_or_left_out(fields: dict[str, Any], reason: str) -> None:
    found = balancer(**fields)
    assert not found.declaration.services
    assert reason in reasons(found, "service", "s")


def test_a_router_to_a_service_that_is_left_out_is_left_out_too() -> None:
    whole = document()
    whole["http"]["services"]["s"] = {"weighted": {"services": [{"name": "a"}]}}
    found = imports.read(whole)
    assert found.declaration == Declaration()
    assert reasons(found, "router", "r") == "its service s is left out"


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
    assert list(found.declaration.routers) == ["plain"]
    assert list(found.declaration.services) == ["pool"]
    assert list(found.declaration.servers["pool"]) == ["10-1-0-1-80", "10-1-0-2-80"]
    counted: dict[str, int] = {}
    # Those whose values are wrong, and those with such a member.
    left_out = {"auth", "both", "digest", "few", "own", "slow", "smaller"}
    assert {finding.name for finding in found.findings if finding.kind == "middleware"} == left_out
    for finding in found.findings:
        assert finding.outcome is ImportOutcome.LEFT_OUT
        counted[finding.kind] = counted.get(finding.kind, 0) + 1
    assert counted == {
        "router": 1,
        "service": 5,
        "middleware": len(left_out),
        "servers transport": 1,
        "model": 1,
        "TCP router": 1,
        "TCP service": 2,
        "TCP middleware": 3,
        "TCP servers transport": 1,
        "UDP router": 1,
        "UDP service": 2,
        "TLS certificate": 2,
        "TLS options": 1,
        "TLS store": 1,
    }
    covered = found.held | {finding.pointer for finding in found.findings}
    lost = [leaf for leaf in imports.leaves(document) if not any(f"{leaf}/".startswith(f"{top}/") for top in covered)]
    assert lost == []
    assert "it would let nobody in" in reasons(found, "middleware", "auth")
    why = reasons(found, "router", "whole")
    for part in ("the middleware auth (basicAuth)", "only takes requests over TLS", "parentRefs", "syntax v2"):
        assert part in why


def test_a_home_server_behind_tls_and_single_sign_on_is_listed_and_its_plain_route_taken() -> None:
    """A shape that is often met: routers with a resolver and middlewares, the dashboard, and one plain router."""
    secure = {"entryPoints": ["websecure"], "tls": {"certResolver": "letters"}}
    found = imports.read(
        {
            "http": {
                "routers": {
                    "photos": {
                        **secure,
                        "rule": "Host(`photos.alvin.test`)",
                        "service": "photos",
                        "middlewares": ["sso"],
                    },
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
    assert written(found)["routers"] == {"lamp-lan": {"domains": ["lamp.lan"], "service": "lamp-lan"}}
    assert [(each.kind, each.name) for each in found.findings] == [
        ("router", "photos"),
        ("router", "traefik"),
        ("service", "photos"),
        ("servers transport", "own"),
        ("TLS certificate", "1"),
    ]


def test_a_file_for_one_team_with_a_template_in_it_loses_that_part_alone() -> None:
    """One more: plain routers by host, of which one points to a server whose name is filled in by a template."""
    names = ["front", "data", "upload"]
    found = imports.read(
        {
            "http": {
                "routers": {
                    name: {"rule": f"Host(`{name}.localhost`)", "service": name, "entryPoints": ["web"]}
                    for name in names
                },
                "services": {
                    name: {"loadBalancer": {"servers": [{"url": url}], "passHostHeader": True}}
                    for name, url in zip(
                        names, ["http://front:80", "http://data:80", 'http://{{ env "UP" }}:80'], strict=True
                    )
                },
            }
        }
    )
    assert list(found.declaration.routers) == ["front", "data"]
    assert [(each.kind, each.name, each.reason) for each in found.findings] == [
        ("router", "upload", "its service upload is left out"),
        ("service", "upload", "url is a template: only Traefik knows its result"),
    ]


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
    assert list(found.declaration.services) == ["real"]
    assert not found.declaration.routers
    assert "Host takes 1 argument" in reasons(found, "router", "two")
    assert "its service none is left out" in reasons(found, "router", "all")


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
    routers = {name: configuration.router_part(each, each.ascii_domains) for name, each in source.routers.items()}
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
