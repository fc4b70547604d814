"""What follows from what is said only where it does, and a shared request is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider import rules
from provider.rules import Request, Rule, hosts
from provider.rules.effort import PAIR_STEPS, Effort
from provider.rules.implications import find_shared, implies
from tests.rules.drawing import accepted_rules, seen_requests


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Host(`a.test`) && Path(`/x`)", "Host(`a.test`)"),
        ("Host(`a.test`)", "Host(`A.TEST`) || Host(`b.test`)"),
        ("Host(`a.test`) || Host(`b.test`)", "Host(`b.test`) || Path(`/`) || Host(`a.test`)"),
        ("Host(`x.a.test`)", r"HostRegexp(`^[^.]+\.a\.test\.?$`)"),
        ("Host(`x.a.test`)", "Host(`*.a.test`) || Host(`*.a.test.`)"),
        ("Host(`a.test`)", "!Host(`b.test`)"),
        ("Host(`a.test`)", "Host(`*`)"),
        ("Path(`/api/v1`)", "PathPrefix(`/api`) && PathRegexp(`v[0-9]$`)"),
        ("PathPrefix(`/api/`)", "PathPrefix(`/api`)"),
        ("PathPrefix(`/api`)", "!Path(`/app`) && !PathPrefix(`/b`)"),
        ("!PathPrefix(`/api`)", "!Path(`/api/v1`)"),
        ("Method(`GET`)", "!Method(`POST`)"),
        ("Header(`x-team`, `video`)", "HeaderRegexp(`X-Team`, `^v`)"),
        ("Query(`q`, `12`)", "QueryRegexp(`q`, `[0-9]`)"),
        ("Query(`q`)", "QueryRegexp(`q`)"),
        ("ClientIP(`10.1.0.0/16`)", "ClientIP(`10.0.0.0/8`) && !ClientIP(`192.168.0.0/16`)"),
    ],
)
def test_what_follows_is_found(one: str, other: str) -> None:
    assert implies(rules.parse(one).condition, rules.parse(other).condition)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Host(`a.test`)", "Host(`a.test`) && Path(`/x`)"),
        ("Host(`x.a.test`)", r"HostRegexp(`^[^.]+\.a\.test$`)"),  # not for a request to `x.a.test.`
        ("PathPrefix(`/api`)", "PathPrefix(`/api/`)"),
        ("PathPrefix(`/`)", "Host(`*`) && Path(`/`)"),
        ("!Path(`/a`)", "Path(`/b`)"),
        ("ClientIP(`::/0`)", "ClientIP(`0.0.0.0/0`)"),
        ("Header(`a`, `b`)", "!Header(`a`, `c`)"),  # a header may stand twice
    ],
)
def test_what_does_not_follow_is_not_said_to(one: str, other: str) -> None:
    assert not implies(rules.parse(one).condition, rules.parse(other).condition)


@given(accepted_rules, accepted_rules, st.lists(seen_requests, min_size=5, max_size=30))
def test_whatever_is_said_to_follow_holds_for_every_request(one: Rule, other: Rule, requests: list[Request]) -> None:
    if implies(one.condition, other.condition):
        for request in requests:
            assert other.matches(request) or not one.matches(request)
    shared = find_shared(one.condition, other.condition)
    assert shared is None or (one.matches(shared) and other.matches(shared))
    if shared is None:
        return
    assert not implies(one.condition, other.condition.inverted())


@pytest.mark.parametrize(
    ("one", "other", "host"),
    [
        ("Host(`a.test`) && PathPrefix(`/x`)", "HostRegexp(`^a`) && Method(`PUT`)", "a.test"),
        (r"HostRegexp(`^[^.]+\.a\.test$`)", "Header(`a`, `b`) && Query(`c`)", "any.a.test"),
        ("ClientIP(`10.0.0.0/8`)", "!Path(`/`) && PathPrefix(`/x`)", "any.invalid"),
    ],
)
def test_a_shared_request_is_found(one: str, other: str, host: str) -> None:
    found = find_shared(rules.parse(one).condition, rules.parse(other).condition)
    assert found
    assert found.host == host


def test_rules_that_exclude_one_another_share_nothing() -> None:
    for one, other in [
        ("Host(`a.test`)", "Host(`b.test`)"),
        ("PathPrefix(`/a`)", "PathPrefix(`/b`)"),
        ("Host(`a.test`)", "!Host(`a.test`) || Path(`/`) && Path(`/x`)"),
    ]:
        assert find_shared(rules.parse(one).condition, rules.parse(other).condition) is None


@given(accepted_rules, seen_requests)
def test_a_rule_matches_no_host_but_those_of_its_keys(rule: Rule, request: Request) -> None:
    keys = hosts.keys(rule.condition)
    if rule.matches(request):
        assert keys is None or keys & set(hosts.asked_keys(request.host))
        assert hosts.may_match(rule.condition, request.host)


def test_the_keys_are_the_hosts_that_a_rule_tells() -> None:
    for text, keys in {
        "Host(`A.test.`) && Path(`/`)": {"a.test"},
        rules.build(["*.a.test", "b.test"], "/x"): {"*.a.test", "b.test"},
        "Host(`a`) || Path(`/`)": None,
        "!Host(`a`)": None,
        "Host(`*`)": None,
        "HostRegexp(`a`)": None,
    }.items():
        assert hosts.keys(rules.parse(text).condition) == keys


def test_a_wildcard_domain_may_be_matched_by_what_lies_below_it() -> None:
    for text, domain, may in [
        ("Host(`x.a.test`)", "*.a.test", True),
        ("Host(`a.test`)", "*.a.test", False),
        (rules.build(["*.a.test"], None), "*.a.test", True),
        (rules.build(["*.a.test"], None), "b.a.test", True),
        ("Path(`/`)", "*.a.test", True),
        ("HostRegexp(`b`)", "a.test", False),
        ("HostRegexp(`b`)", "*.a.test", True),
        ("!Host(`a.test`)", "a.test", False),
    ]:
        assert hosts.may_match(rules.parse(text).condition, domain) is may, (text, domain)


def test_rules_that_are_too_hard_to_compare_are_left_undecided_after_a_bounded_number_of_steps() -> None:
    texts = [" || ".join(f"PathPrefix(`/{name}/{part}`)" for part in range(100)) for name in ("a", "b")]
    one, other = (rules.parse(f"Host(`a.test`) && ({text})").condition for text in texts)
    effort = Effort(1_000_000)
    assert find_shared(one, other, effort) is None
    assert PAIR_STEPS < 1_000_000 - effort.left < 2 * PAIR_STEPS
