"""Matchers take the requests that Traefik's take, and tell what stands in the way of the others."""

import pytest

from provider import rules
from provider.rules import Mismatch


def matches(rule: str, host: str = "a.test", target: str = "/", client: str = "127.0.0.1", **headers: str) -> bool:
    listed = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return rules.parse(rule).matches(rules.received(host, target, "GET", listed, client))


@pytest.mark.parametrize(
    ("rule", "host", "matched"),
    [
        ("Host(`A.Test`)", "a.TEST:80", True),
        ("Host(`a.test`)", "a.test.", True),
        ("Host(`a.test.`)", "a.test", True),
        ("Host(`a.test`)", "b.a.test", False),
        ("Host(`*.a.test`)", "b.a.test", True),
        ("Host(`*.a.test`)", "b.b.a.test", False),
        ("Host(`*.a.test`)", "a.test", False),
        ("Host(`*`)", "", True),
        ("Host(`a.test`)", "", False),
        ("HostRegexp(`^a`)", "A.test", True),
        ("HostRegexp(`^A`)", "a.test", False),
        ("HostRegexp(`^(www)?$`)", "other.test", True),
        ("!Host(`a.test`)", "a.test", False),
    ],
)
def test_hosts(rule: str, host: str, matched: bool) -> None:
    assert matches(rule, host) is matched


@pytest.mark.parametrize(
    ("rule", "target", "matched"),
    [
        ("Path(`/a`)", "/a?b", True),
        ("Path(`/a`)", "/a/", False),
        ("PathPrefix(`/a`)", "/ab", True),
        ("PathPrefix(`/a b`)", "/a%20b/c", True),
        ("PathPrefix(`/a`)", "/b/../a", True),
        ("PathRegexp(`^/v[0-9]+$`)", "/v12", True),
        ("PathRegexp(`^/.$`)", "/%ff", True),
        ("PathRegexp(`a$`)", "/a%0A", False),
        ("Query(`a`)", "/?a", True),
        ("Query(`a`)", "/?a=1", False),
        ("Query(`a`, `1`)", "/?a=2&a=1", True),
        ("QueryRegexp(`a`, `^[0-9]+$`)", "/?a=x&a=17", True),
        ("QueryRegexp(`a`)", "/?a=1", False),
        ("QueryRegexp(`a`)", "/?a=", True),
    ],
)
def test_paths_and_queries(rule: str, target: str, matched: bool) -> None:
    assert matches(rule, target=target) is matched


@pytest.mark.parametrize(
    ("rule", "client", "matched"),
    [
        ("ClientIP(`10.0.0.0/8`)", "10.1.2.3", True),
        ("ClientIP(`10.0.0.0/8`)", "::ffff:10.1.2.3", True),
        ("ClientIP(`::ffff:10.0.0.0/104`)", "10.1.2.3", True),
        ("ClientIP(`::/0`)", "10.1.2.3", False),
        ("ClientIP(`::ffff:0:0/95`)", "10.1.2.3", False),
        ("ClientIP(`0.0.0.0/0`)", "::1", False),
        ("ClientIP(`fe80::1`)", "fe80::1%eth0", True),
        ("ClientIP(`127.0.0.1/08`)", "127.9.9.9", True),
    ],
)
def test_clients(rule: str, client: str, matched: bool) -> None:
    assert matches(rule, client=client) is matched


def test_headers_and_methods() -> None:
    assert matches("Header(`x-team`, `video`)", X_Team="video")
    assert not matches("Header(`x-team`, `Video`)", X_Team="video")
    assert matches("HeaderRegexp(`X-Team`, `(?i)VID`)", X_Team="video")
    assert not matches("Header(`Host`, `a.test`)")
    assert matches("Method(`get`)")
    assert not matches("Method(`POST`)")


def test_without_a_client_no_network_matches() -> None:
    rule = rules.parse("ClientIP(`0.0.0.0/0`)")
    assert not rule.matches(rules.received("a.test", "/"))


def test_what_stands_in_the_way_is_told_by_the_shortest_way() -> None:
    rule = rules.parse("Host(`a.test`) && (PathPrefix(`/api`) && Method(`POST`) || !ClientIP(`127.0.0.0/8`))")
    assert rule.failures(rules.received("a.test", "/", client="127.0.0.1")) == (
        Mismatch("!ClientIP(`127.0.0.0/8`)", "anything but a client in 127.0.0.0/8", "127.0.0.1"),
    )
    assert rule.failures(rules.received("b.test", "/api", client="127.0.0.1")) == (
        Mismatch("Host(`a.test`)", "the host a.test", "b.test"),
        Mismatch("Method(`POST`)", "the method POST", "GET"),
    )
    assert rule.failures(rules.received("a.test", "/", client="10.0.0.1")) == ()
    assert rules.parse("Header(`X-A`, `b`)").failures(rules.received("a.test", "/")) == (
        Mismatch("Header(`X-A`, `b`)", "the header X-A: b", "no header X-A"),
    )
