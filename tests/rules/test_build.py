"""Rules: how they are written, and how Traefik ranks them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider import rules, values
from tests import strategies

WILDCARDS = strategies.hosts.map(lambda host: values.to_ascii("*." + host.removeprefix("*.")))
LABELS = strategies.labels.map(lambda label: values.to_ascii(label + ".test").removesuffix(".test"))


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("alvin.xyz", "`alvin.xyz`"),
        ("", "``"),
        ('a"b\\c', '`a"b\\c`'),
        ("a`b", '"a`b"'),
        ('a`"b', '"a`\\"b"'),
        ("a`\\b", '"a`\\\\b"'),
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


def test_only_a_wildcard_needs_a_rank_of_its_own() -> None:
    assert rules.priority(["a.test", "b.test"], "/x") is None
    assert rules.priority([], "/x") is None
    assert rules.priority(["*.a.test"], None) == len("Host(`.a.test`)")


@given(WILDCARDS, st.lists(strategies.hosts.map(values.to_ascii)), LABELS, st.none() | strategies.path_prefixes)
def test_an_exact_host_wins_over_the_wildcard_that_covers_it(
    host: str, others: list[str], label: str, path_prefix: str | None
) -> None:
    exact = label + host[1:]
    wildcard_rank = rules.priority([host, *others], path_prefix)
    assert wildcard_rank is not None
    assert 0 < wildcard_rank < len(rules.build([exact], path_prefix))


def test_a_domain_with_all_below_it_leaves_those_that_have_a_router_of_their_own() -> None:
    rank = rules.priority(["example.com", "*.example.com"], None)
    assert rank is not None
    assert rank < len(rules.build(["api.example.com"], None))


@given(strategies.hosts.map(values.to_ascii), strategies.path_prefixes)
def test_a_path_prefix_raises_the_rank(host: str, path_prefix: str) -> None:
    def rank(path: str | None) -> int:
        return rules.priority([host], path) or len(rules.build([host], path))

    assert rank(None) < rank(path_prefix) < rank(path_prefix + "x")
