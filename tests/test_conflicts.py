"""Conflicts are found where they are, and never where they are not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider import conflicts, rules
from provider.conflicts import Concern, Finding
from provider.explanations import Route, Routes
from provider.models import Conflict
from provider.rules import Request, Rule
from tests.rules.drawing import accepted_rules, seen_requests
from tests.test_explanations import route


def find(*routes: Route, domains: tuple[str, ...] = (), services: tuple[str, ...] = ()) -> list[Finding]:
    return conflicts.find(Routes(routes), domains, services)


def kinds(found: list[Finding]) -> list[tuple[Conflict, tuple[str, ...]]]:
    return [(each.conflict, tuple(name for _kind, name in each.objects)) for each in found]


def test_two_routers_with_the_same_rule_and_rank_are_told() -> None:
    found = find(route("b", "Host(`a.test`)"), route("a", 'host("a.test")'))
    assert kinds(found) == [(Conflict.SAME_RULE, ("a", "b"))]
    assert found[0].detail == "a and b have the same rule and rank 14 on web: chance decides between them"


def test_two_routers_with_the_same_rank_are_told_if_a_request_matches_both() -> None:
    found = find(
        route("a", "Host(`a.test`) && PathPrefix(`/x`)"),
        route("b", "Host(`a.test`) && PathPrefix(`/`)", 99),
        route("c", "Host(`b.test`) && PathPrefix(`/x`)"),
    )
    assert kinds(find(route("a", "Host(`a.test`)"), route("b", "Host(`b.test`)"))) == []
    assert kinds(found) == [(Conflict.HIDDEN, ("a", "b"))]
    found = find(route("a", "Host(`a.test`)"), route("b", "Path(`/a/b/c`)"))
    assert kinds(found) == [(Conflict.SAME_RANK, ("a", "b"))]
    assert "both match GET a.test/a/b/c" in found[0].detail


def test_routers_on_other_entry_points_or_disabled_are_no_conflict() -> None:
    one = route("a", "Host(`a.test`)")
    assert find(one, route("b", "Host(`a.test`)", entry_points=("websecure",))) == []
    assert find(one, route("b", "Host(`a.test`)", enabled=False)) == []
    found = find(one, route("b", "Host(`a.test`)", entry_points=("websecure", "web")))
    assert kinds(found) == [(Conflict.SAME_RULE, ("a", "b"))]


@pytest.mark.parametrize(
    ("hidden", "hiding"),
    [
        ("Host(`a.test`) && PathPrefix(`/x`)", "Host(`a.test`)"),
        ("Host(`x.a.test`) && Path(`/`)", "Host(`*.a.test`) || Host(`*.a.test.`)"),
        ("Host(`a.test`)", "PathPrefix(`/`) || !PathPrefix(`/x`)"),
        (rules.build(["*.a.test"], "/x"), rules.build(["b.test", "*.a.test"], None)),
        ("Method(`GET`) && Path(`/a`)", "Path(`/a`)"),
    ],
)
def test_a_router_that_another_always_hides_is_told(hidden: str, hiding: str) -> None:
    found = find(route("hidden", hidden, 5), route("hiding", hiding, 6))
    expected = [] if "!" in hiding else [(Conflict.HIDDEN, ("hidden", "hiding"))]  # that would need a proof by cases
    assert kinds(found) == expected
    assert kinds(find(route("hidden", hidden, 7), route("hiding", hiding, 6))) == []


def test_a_router_is_hidden_only_where_the_other_listens_everywhere_it_does() -> None:
    hiding = route("hiding", "Host(`a.test`)", 99)
    both = ("web", "websecure")
    assert find(route("a", "Host(`a.test`) && Path(`/`)", entry_points=both), hiding) == []


def test_a_domain_that_no_router_uses_is_told() -> None:
    routes = [route("a", "Host(`a.test`) && Path(`/`)"), route("w", rules.build(["*.w.test"], None))]
    routes.append(route("off", "Host(`off.test`)", enabled=False))
    domains = ("a.test", "b.test", "off.test", "*.w.test", "x.w.test", "*.test", "*.other.test")
    found = find(*routes, domains=domains)
    assert kinds(found) == [(Conflict.UNUSED_DOMAIN, (name,)) for name in ("*.other.test", "b.test", "off.test")]
    assert find(*routes, route("any", "PathPrefix(`/x`)"), domains=domains) == []


def test_a_service_that_nobody_reaches_is_told() -> None:
    found = find(route("a", "Host(`a.test`)"), services=("wayshub", "other"))
    assert kinds(found) == [(Conflict.UNREACHED_SERVICE, ("other",))]
    assert found[0].detail == "no router leads to the service other"
    off = find(route("a", "Host(`a.test`)", enabled=False), services=("wayshub",))
    assert kinds(off) == [(Conflict.UNREACHED_SERVICE, ("wayshub",))]


@given(st.lists(accepted_rules, min_size=2, max_size=8), st.lists(seen_requests, min_size=5, max_size=20))
def test_there_is_never_a_false_alarm(drawn: list[Rule], requests: list[Request]) -> None:
    routes = Routes(Route(f"r{number}", rule, rule.priority // 20, "s") for number, rule in enumerate(drawn))
    asked = {request.host for request in requests}
    for finding in conflicts.find(routes, {host for host in asked if host.isascii()}, ()):
        names = [name for _kind, name in finding.objects]
        for request in requests:
            taken = routes.explain(request).route
            if finding.conflict is Conflict.HIDDEN:
                assert taken is None or taken.name != names[0]
            if finding.conflict is Conflict.UNUSED_DOMAIN and request.host == names[0]:
                assert taken is None


@settings(deadline=None)  # each case looks at many pairs
@given(st.lists(accepted_rules, min_size=2, max_size=12))
def test_what_is_found_about_one_router_is_what_is_found_about_it_among_all(drawn: list[Rule]) -> None:
    routes = Routes(Route(f"r{number}", rule, rule.priority // 20, "s") for number, rule in enumerate(drawn))
    ties = [each for each in conflicts.find(routes, (), ()) if each.conflict is not Conflict.UNREACHED_SERVICE]
    for each_route in routes:
        this = ("router", each_route.name)
        about = conflicts.find_about(routes, Concern({this}))
        known = {(each.conflict, each.objects[0]) for each in ties if this in each.objects}
        # What another hides too is told of both.
        assert known <= {(each.conflict, each.objects[0]) for each in about}
        assert {each for each in about if each.conflict is not Conflict.HIDDEN} == {
            each for each in ties if this in each.objects and each.conflict is not Conflict.HIDDEN
        }
        hidden = {each.objects[0] for each in ties if each.conflict is Conflict.HIDDEN}
        assert {each.objects[0] for each in about if each.conflict is Conflict.HIDDEN} <= hidden
