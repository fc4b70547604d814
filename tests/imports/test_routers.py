"""Routers of HTTP are taken over with their rules, priorities, entry points and TLS, or left out."""

from typing import Any

import pytest

from provider import imports
from provider.imports import ImportOutcome
from tests.imports.held import document, left_out, reasons, router, written


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
        ({"service": "s@http"}, "service: 's@http' is managed here: leave out @http"),
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


def test_tls_options_that_say_nothing_but_the_defaults_are_held() -> None:
    whole: Any = document(tls={"options": "plain"})
    whole["tls"] = {"options": {"plain": {"sniStrict": False}}}
    found = imports.read(whole)
    assert written(found)["tlsOptions"] == {"plain": {"minVersion": "VersionTLS12"}}
    assert written(found)["routers"]["r"]["tls"] == {"options": "plain"}
    assert found.findings == ()


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


def test_a_router_that_names_an_entry_point_keeps_it_and_one_that_names_none_goes_by_its_domains() -> None:
    for given, kept in ((["web"], ["web"]), (None, None), ([], None), (["other"], ["other"])):
        found = imports.read(document(entryPoints=given)).declaration.routers["r"]
        assert found.entry_points == kept
