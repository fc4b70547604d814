"""Conflicts are found where they are, and never where they are not."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider import collisions, conflicts, rules
from provider.conflicts import Concern
from provider.explanations import explain
from provider.findings import Finding
from provider.models import Change, Conflict
from provider.nouns import Server, Service
from provider.nouns.middleware import Middleware
from provider.ranking import Route, Routes
from provider.rules import Request, Rule
from tests.rules.drawing import accepted_rules, seen_requests
from tests.test_explanations import route


def find(
    *routes: Route,
    domains: tuple[str, ...] = (),
    services: tuple[str, ...] = (),
    sticky: Mapping[str, str] | None = None,
) -> list[Finding]:
    return conflicts.find(Routes(routes), domains, services, sticky or {})


def kinds(found: list[Finding]) -> list[tuple[Conflict, tuple[str, ...]]]:
    return [(each.conflict, tuple(name for _kind, name in each.objects)) for each in found]


def test_what_traefik_takes_and_may_not_be_meant_is_told_with_its_object_and_field() -> None:
    by_address = {"ipStrategy": {"depth": 1, "excludedIPs": ["10.0.0.0/8"]}}
    limit = Middleware.read({"name": "limit", "rateLimit": {"average": 0, "sourceCriterion": by_address}})
    calm = Middleware.read({"name": "calm", "rateLimit": {"average": 1}})

    found = list(conflicts.find_doubts(limit, "limit"))

    assert kinds(found) == [(Conflict.DOUBTFUL_VALUE, ("limit",))] * 2
    assert [each.detail.split(": ")[:2] for each in found] == [
        ["middleware limit", "rateLimit/average"],
        ["middleware limit", "rateLimit/sourceCriterion/ipStrategy/excludedIPs"],
    ]
    assert list(conflicts.find_doubts(calm, "calm")) == []
    assert Middleware.is_doubted()
    assert not Server.is_doubted()


def test_two_routers_with_the_same_rule_and_rank_are_told() -> None:
    found = find(route("b", "Host(`a.test`)"), route("a", 'host("a.test")'))
    assert kinds(found) == [(Conflict.SAME_RULE, ("a", "b"))]
    assert found[0].detail == "a and b have the same rule and the same priority 14 on web: which one wins is random"


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
    secure = route("b", "Host(`a.test`)", tls="default")
    assert find(one, secure) == []
    assert kinds(find(secure, route("a", "Host(`a.test`)", tls="default"))) == [(Conflict.SAME_RULE, ("a", "b"))]
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
    both = Routes([route("hidden", hidden, 5), route("hiding", hiding, 6)])
    assert collisions.find_hidden(both, ["hidden", "hiding"]) == ({"hidden": "hiding"} if expected else {})
    assert collisions.find_hidden(both, ["hidden"], refused={"hiding"}) == {}


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
    assert found[0].detail == "no router points to the service other"
    off = find(route("a", "Host(`a.test`)", enabled=False), services=("wayshub",))
    assert kinds(off) == [(Conflict.UNREACHED_SERVICE, ("wayshub",))]


def test_a_service_made_together_with_what_leads_to_it_needs_no_router() -> None:
    made: dict[str, dict[str, Any]] = {
        "whole": {"failover": {"service": "main", "fallback": "spare"}},
        "copied": {"mirroring": {"service": "whole", "mirrors": [{"name": "copy"}]}},
        **{name: {} for name in ("main", "spare", "copy", "alone")},
    }
    changes = [
        Change("service", name, None, Service.read({"name": name, **each}).json()) for name, each in made.items()
    ]
    assert set(conflicts.concern_of(changes).services) == {"copied", "alone"}


def test_routers_meet_where_one_is_ranked_by_its_domains_and_the_other_by_the_length_of_its_rule() -> None:
    app = replace(route("app", "Host(`a.test`)", 25), is_plain=True)
    ruled = route("posts", "PathPrefix(`/posts`) && Method(`POST`)")
    found = find(app, ruled)
    assert kinds(found) == [(Conflict.MIXED_RANKS, ("posts", "app"))]
    assert found[0].detail == (
        "posts takes POST a.test/posts on web, which app matches too: the priority of posts is the length of its rule "
        "(38), that of app follows from its domains and path prefix (25)"
    )
    assert find(app, replace(ruled, priority=40)) == []  # somebody set it
    assert find(app, route("own", "Host(`a.test`) && Method(`POST`)")) == []  # what is narrower goes first, as meant
    assert find(app, route("rest", "PathPrefix(`/`)")) == []
    short = route("short", "Path(`/x`)")
    assert kinds(find(app, short)) == [(Conflict.MIXED_RANKS, ("app", "short"))]


def test_a_rule_that_meets_many_routers_is_told_of_once() -> None:
    apps = [replace(route(f"app{each}", f"Host(`{each}.a.test`)", 25), is_plain=True) for each in range(1, 6)]
    found = find(*apps, route("posts", "PathPrefix(`/posts`) && Method(`POST`)"), route("short", "Path(`/x`)"))
    names = tuple(each.name for each in apps)
    assert kinds(found) == [
        (Conflict.MIXED_RANKS, ("posts", *names)),
        (Conflict.MIXED_RANKS, (*names, "short")),
    ]
    assert found[0].detail == (
        "posts takes requests that app1, app2, app3 and 2 more match too, such as POST 1.a.test/posts on web: the "
        "priority of posts is the length of its rule (38), the others' follow from their domains and path prefixes"
    )


def test_routers_with_one_rule_are_told_of_together() -> None:
    found = find(*(route(name, "Path(`/a`)") for name in ("a", "b", "c", "d")))
    assert kinds(found) == [(Conflict.SAME_RULE, ("a", "b", "c", "d"))]
    told = "a, b, c and 1 more have the same rule and the same priority 10 on web: which one wins is random"
    assert found[0].detail == told


def test_a_router_with_wildcards_is_hidden_only_if_all_of_it_is() -> None:
    exact = replace(route("app", "Host(`a.test`)", 25), is_plain=True)
    wildcards = replace(route("app", rules.build(["*.a.test"], None), 2), is_plain=True, part=".wildcards")
    over_wildcards = route("over", rules.build(["*.a.test"], None), 99)
    assert find(exact, wildcards, over_wildcards) == []
    over_both = route("both", rules.build(["a.test", "*.a.test"], None), 98)
    assert kinds(find(exact, wildcards, over_both)) == [(Conflict.HIDDEN, ("app", "both"))]
    routes = Routes((exact, wildcards, over_both))
    about = conflicts.find_about(routes, Concern({("router", "app")}), {})
    assert kinds(about) == [(Conflict.HIDDEN, ("app", "both"))]


def test_services_that_share_a_cookie_on_a_host_are_told() -> None:
    shop = route("shop", "Host(`a.test`)", service="shop")
    blog = route("blog", "Host(`a.test`) && PathPrefix(`/blog`)", service="blog")
    sticky = {"shop": "sid", "blog": "sid", "docs": "sid"}
    found = find(shop, blog, sticky=sticky)
    assert kinds(found) == [(Conflict.SHARED_COOKIE, ("blog", "shop"))]
    assert "both keep sessions in the cookie sid on a.test" in found[0].detail
    assert find(shop, blog, sticky={"shop": "sid", "blog": "blog"}) == []
    assert find(shop, replace(blog, enabled=False), sticky=sticky) == []
    assert find(shop, route("blog", "Host(`b.test`)", service="blog"), sticky=sticky) == []
    below = route("blog", rules.build(["*.test"], "/blog"), service="blog")
    assert (Conflict.SHARED_COOKIE, ("blog", "shop")) in kinds(find(shop, below, sticky=sticky))
    anywhere = route("blog", "PathPrefix(`/blog`)", service="blog")
    assert (Conflict.SHARED_COOKIE, ("blog", "shop")) in kinds(find(shop, anywhere, sticky=sticky))
    about = conflicts.find_about(Routes((shop, blog)), Concern({("router", "blog")}), sticky)
    assert kinds(about) == [(Conflict.SHARED_COOKIE, ("blog", "shop"))]


@given(st.lists(accepted_rules, min_size=2, max_size=8), st.lists(seen_requests, min_size=5, max_size=20))
def test_there_is_never_a_false_alarm(drawn: list[Rule], requests: list[Request]) -> None:
    routes = Routes(Route(f"r{number}", rule, rule.priority // 20, "s") for number, rule in enumerate(drawn))
    asked = {request.host for request in requests}
    for finding in conflicts.find(routes, {host for host in asked if host.isascii()}, (), {}):
        names = [name for _kind, name in finding.objects]
        for request in requests:
            taken = explain(routes, request).route
            if finding.conflict is Conflict.HIDDEN:
                assert taken is None or taken.name != names[0]
            if finding.conflict is Conflict.UNUSED_DOMAIN and request.host == names[0]:
                assert taken is None


@settings(deadline=None)  # each case looks at many pairs
@given(st.lists(accepted_rules, min_size=2, max_size=12))
def test_what_is_found_about_one_router_is_what_is_found_about_it_among_all(drawn: list[Rule]) -> None:
    routes = Routes(Route(f"r{number}", rule, rule.priority // 20, "s") for number, rule in enumerate(drawn))
    ties = [each for each in conflicts.find(routes, (), (), {}) if each.conflict is not Conflict.UNREACHED_SERVICE]
    for each_route in routes:
        this = ("router", each_route.name)
        about = conflicts.find_about(routes, Concern({this}), {})
        known = {(each.conflict, each.objects[0]) for each in ties if this in each.objects}
        # What another hides too is told of both.
        assert known <= {(each.conflict, each.objects[0]) for each in about}
        assert {each for each in about if each.conflict is not Conflict.HIDDEN} == {
            each for each in ties if this in each.objects and each.conflict is not Conflict.HIDDEN
        }
        hidden = {each.objects[0] for each in ties if each.conflict is Conflict.HIDDEN}
        assert {each.objects[0] for each in about if each.conflict is Conflict.HIDDEN} <= hidden


def hard(name: str) -> Route:
    """Return a router whose rule is long, and shares nothing with that of another name."""
    paths = " || ".join(f"PathPrefix(`/{name}/{part}`)" for part in range(100))
    return route(name, f"Host(`a.test`) && ({paths})")


def test_what_is_too_long_to_compare_is_said_and_what_is_short_is_compared_all_the_same() -> None:
    found = find(*(hard(f"r{number}") for number in range(60)), route("y", "Path(`/a`)"), route("z", "Path(`/a`)"))
    assert kinds(found)[0] == (Conflict.SAME_RULE, ("y", "z"))
    told = found[-1]
    assert told.conflict is Conflict.NOT_COMPARED
    assert len(told.objects) == 5
    assert all(name.startswith("r") for _kind, name in told.objects)
    assert "too long to compare all of them" in told.detail


def test_what_is_found_about_one_router_among_rules_too_long_to_compare_says_so() -> None:
    routes = Routes([hard(f"r{number:02}") for number in range(90)])
    found = conflicts.find_about(routes, Concern({("router", "r07")}), {})
    assert Conflict.NOT_COMPARED in {each.conflict for each in found}


def test_a_large_state_of_usual_rules_is_compared_wholly() -> None:
    some = (route(f"r{number}", f"Host(`a{number // 3}.test`) && Path(`/{number}`)") for number in range(5000))
    found = find(*some, route("any", "PathPrefix(`/`)"), domains=("a1.test", "none.test"))
    assert Conflict.NOT_COMPARED not in {each.conflict for each in found}
