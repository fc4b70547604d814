"""Weighted round-robin: who takes the next request, as Traefik does it."""

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.balancing import Turn, turns
from provider.configuration import shares
from provider.nouns import Server

WEIGHTS = st.lists(st.integers(1, 20), min_size=1, max_size=6).map(
    lambda found: dict(zip("abcdef", found, strict=False))
)


def sequence(weights: dict[str, int], count: int, down: str = "") -> str:
    return "".join(turn.server or "-" for turn in islice(turns(weights, down), count))


# Answers of a real Traefik 3.7.15, recorded; tests/e2e/test_turns.py asks another one each time.
@pytest.mark.parametrize(
    ("weights", "answered"),
    [
        ({"a": 3, "b": 1}, "aabaaaabaaba"),
        ({"a": 1, "b": 3}, "bbabbbbabbab"),
        ({"a": 5, "b": 3}, "abaababaabaababaabaababa"),
        ({"a": 3, "b": 2, "c": 1}, "ababacabaabcababac"),
        ({"a": 4, "b": 3, "c": 2}, "abacbabacabacbabacabacbabac"),
        ({"a": 7, "b": 2, "c": 1}, "aaabaaaabcaaabaaaabcaaabaaaabc"),
        ({"a": 10, "b": 7, "c": 3, "d": 1}, "ababacababacabababacdababacababacabababcdaababacababacabababcda"),
    ],
)
def test_traefik_answers_in_this_order_whatever_the_order_of_its_servers(
    weights: dict[str, int], answered: str
) -> None:
    assert sequence(weights, len(answered)) == answered
    assert sequence(dict(reversed(weights.items())), len(answered)) == answered


# Here the order in which Traefik took the servers up shows; it was that of the names as they stand.
@pytest.mark.parametrize(
    ("weights", "answered"),
    [
        ({"b": 1, "a": 1}, "bababa"),
        ({"a": 1, "c": 1, "b": 1}, "abcbcacab"),
        ({"a": 5, "c": 1, "b": 1}, "aaaabacaaaaacbaaaabca"),
        ({"b": 2, "c": 1, "a": 2}, "babacababcbabac"),
    ],
)
def test_among_servers_that_are_due_at_once_their_order_decides(weights: dict[str, int], answered: str) -> None:
    assert sequence(weights, len(answered)) == answered


@given(WEIGHTS, st.integers(1, 5))
def test_rounds_of_requests_are_shared_by_weight(weights: dict[str, int], rounds: int) -> None:
    count = rounds * sum(weights.values())
    counted = Counter(sequence(weights, count))
    # A time is a sum of fractions in binary: at the end of a round one server may be a last digit early.
    assert all(abs(counted[name] - rounds * weight) <= 1 for name, weight in weights.items())
    assert counted.total() == count


@given(WEIGHTS.filter(lambda weights: len(weights) > 1))
def test_one_that_is_down_gets_nothing_and_the_others_keep_their_proportions(weights: dict[str, int]) -> None:
    servers = [Server(name=name, url="http://10.0.0.1", weight=weight) for name, weight in weights.items()]
    left = sum(weights.values()) - weights["a"]
    counted = Counter(sequence(weights, 4 * left, down="a"))
    for name, share in shares(servers, down={"a"}).items():
        assert counted[name] == pytest.approx(share * 4 * left, abs=1)


def test_one_that_is_down_is_passed_over_when_it_is_due() -> None:
    listed = list(islice(turns({"a": 3, "b": 1}, down={"b"}), 4))
    assert listed == [Turn("a"), Turn("a"), Turn("a", ("b",)), Turn("a")]


@pytest.mark.parametrize("weights", [{}, {"a": 3, "b": 1}])
def test_without_a_server_nobody_takes_a_request(weights: dict[str, int]) -> None:
    assert list(islice(turns(weights, down=weights), 3)) == [Turn(None)] * 3
