"""Traefik's dynamic configuration becomes domains, services, servers and routers, and what cannot is told."""

import json
from pathlib import Path
from typing import Any

import yaml

from provider import configuration, declarations, imports
from provider.declarations import Declaration
from provider.imports import ImportOutcome
from provider.imports.names import assign
from provider.listening import Listening
from provider.nouns import NOUNS, Domain
from provider.parts import Parts, Section
from tests.imports.held import POOL, document, reasons, written

EVERYTHING = Path(__file__).with_name("everything.yml")


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


def test_what_is_not_in_these_files_stays_with_traefik() -> None:
    """It may stand in a file that is not given; if it is nowhere, Traefik disables the router as it did."""
    found = imports.read(document(service="other", middlewares=["m", "n@file"], tls={"options": "strict"}))
    held = written(found)["routers"]["r"]
    assert (held["service"], held["middlewares"]) == ("other@file", ["m@file", "n@file"])
    assert held["tls"] == {"options": "strict@file"}
    told = (
        "there is no middleware m in these files: it stays m@file, and if Traefik's other files have none, "
        "Traefik disables this"
    )
    assert told in reasons(found, "router", "r").split(" / ")


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


def test_a_name_in_other_letters_is_proposed() -> None:
    found = imports.read(document(service="S"))
    assert reasons(found, "router", "r").startswith("there is no service S in these files, but there is s: it stays S@")


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
