"""Rules: how they are written, and how Traefik ranks them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider import rules
from provider.hosts import to_ascii
from tests import strategies

WILDCARDS = strategies.hosts.map(lambda host: to_ascii("*." + host.removeprefix("*.")))
LABELS = strategies.labels.map(lambda label: to_ascii(label + ".test").removesuffix(".test"))


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("alvin.xyz", "`alvin.xyz`"),
        ("", "``"),
        ('a"b\\c', '`a"b\\c`'),
        ("a`b", '"a`b"'),
        ('a`"b', '"a`\\"b"'),
        ("a`\\b", '"a`\\\\b"'),
        ("a\udcff`\\", '"a\\xff`\\\\"'),
        ("\udcfe", '"\\xfe"'),
        ("a`) || PathPrefix(`/", '"a`) || PathPrefix(`/"'),
    ],
)
def test_a_value_is_quoted_so_that_it_cannot_end_early(value: str, quoted: str) -> None:
    assert rules.quote(value) == quoted


@given(st.text(st.characters() | st.sampled_from('`"\\|&()')))
def test_a_quoted_value_reads_back_as_it_was(value: str) -> None:
    quoted = rules.quote(value)
    if quoted.startswith("`"):
        assert "`" not in quoted[1:-1]
        assert quoted == f"`{value}`"
    else:
        assert re.fullmatch(r'"([^"\\]|\\["\\])*"', quoted, re.DOTALL)
        assert re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL) == value


@pytest.mark.parametrize(
    ("hosts", "path_prefix", "rule"),
    [
        (["alvin.xyz"], None, "Host(`alvin.xyz`)"),
        (["alvin.xyz"], "/api", "Host(`alvin.xyz`) && PathPrefix(`/api`)"),
        (["a.test", "b.test"], None, "Host(`a.test`) || Host(`b.test`)"),
        (["a.test", "b.test"], "/", "(Host(`a.test`) || Host(`b.test`)) && PathPrefix(`/`)"),
        ([], "/api", "PathPrefix(`/api`)"),
        (["*.example.com"], None, r"HostRegexp(`^[^.]+\.example\.com\.?$`)"),
        (["*.a-b.test", "c.test"], None, r"HostRegexp(`^[^.]+\.a-b\.test\.?$`) || Host(`c.test`)"),
    ],
)
def test_a_rule_matches_any_of_the_hosts_and_the_path(hosts: list[str], path_prefix: str | None, rule: str) -> None:
    assert rules.build(hosts, path_prefix) == rule


@given(WILDCARDS, LABELS)
def test_a_wildcard_matches_one_level_and_no_more(host: str, label: str) -> None:
    found = re.fullmatch(r"HostRegexp\(`(.*)`\)", rules.host_matcher(host))
    assert found
    expression = re.compile(found[1])
    assert expression.search(label + host[1:])
    assert expression.search(f"{label}{host[1:]}.")
    assert not expression.search(f"{label}{host[1:]}..")
    assert not expression.search(host[2:])
    assert not expression.search(f"a.{label}{host[1:]}")
    assert not expression.search(label + host[1:].replace(".", "x", 2))
    assert not expression.search(f"{label}{host[1:]}.evil.test")


_HOSTS = st.lists(strategies.hosts.map(to_ascii), min_size=1, unique=True)
_SETS = _HOSTS.map(lambda hosts: list(rules.split(hosts)[0]))


@pytest.mark.parametrize(
    ("higher", "lower"),
    [
        ((["a.test"], "/v2"), (["a.test"], None)),
        ((["a.test"], "/v2/x"), (["a.test"], "/v2")),
        ((["a.test"], "/v2"), (["a.test", "b.test", "a-rather-long-alias.test"], None)),
        ((["a.test"], None), (["*.test"], "/a/long/path/that/goes/on/and/on")),
        ((["*.test"], "/v2"), (["*.test"], None)),
        ((["*.test"], None), ([], "/v2")),
        (([], "/v2"), ([], "/v")),
    ],
)
def test_an_exact_host_goes_before_a_wildcard_and_a_longer_prefix_before_a_shorter(
    higher: tuple[list[str], str | None], lower: tuple[list[str], str | None]
) -> None:
    assert rules.priority(*higher) > rules.priority(*lower)


@given(_SETS, _SETS, st.none() | strategies.path_prefixes)
def test_an_alias_does_not_change_the_rank(hosts: list[str], more: list[str], path_prefix: str | None) -> None:
    if hosts[0].startswith("*.") == more[0].startswith("*."):
        assert rules.priority(hosts, path_prefix) == rules.priority([*hosts, *more], path_prefix)


@given(_HOSTS, st.none() | strategies.path_prefixes, st.none() | strategies.path_prefixes)
def test_every_exact_host_ranks_above_every_wildcard_and_that_above_no_host(
    hosts: list[str], one: str | None, other: str | None
) -> None:
    for group in rules.split(hosts):
        rank = rules.priority(group, one)
        assert rank != 0  # which Traefik takes for none
        assert (rank > rules.priority(["*.test"], other)) or group[0].startswith("*.")
        assert rank > rules.priority([], other or "/")


def test_exact_hosts_and_wildcards_rank_apart() -> None:
    assert rules.split(["a.test", "*.a.test", "b.test"]) == [["a.test", "b.test"], ["*.a.test"]]
    assert rules.split(["a.test"]) == [["a.test"]]
    assert rules.split([]) == [()]


def test_a_rule_that_takes_everything_ranks_below_a_host_and_one_that_asks_for_more_above_it() -> None:
    host = rules.priority(["a.test"], None)
    assert all(len(rule) < host for rule in ("PathPrefix(`/`)", "HostRegexp(`.+`)", "HostRegexp(`^.+$`)"))
    assert len("Host(`a.test`) && Path(`/`)") > host
    assert rules.priority(["*.test"], None) > 1


@given(strategies.hosts.map(to_ascii), strategies.path_prefixes.filter(lambda path: len(path) < 20))
def test_a_path_prefix_raises_the_rank(host: str, path_prefix: str) -> None:
    ranks = [rules.priority([host], path) for path in (None, path_prefix, path_prefix + "x")]
    assert ranks == sorted(set(ranks))
