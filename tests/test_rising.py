"""Servers that are new, or back, rise to their weights in few steps."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider import rising
from provider.configuration import service_part
from provider.nouns import Server, Service
from provider.parts import Part


def pool(*, interval: str | None = None) -> Part:
    check = None if interval is None else {"path": "/", "interval": interval, "timeout": interval}
    return service_part(Service.read({"name": "alvin", "healthCheck": check}), [])


def server(name: str, weight: int) -> Server:
    return Server(name=name, url=f"http://{name}", weight=weight)


@pytest.mark.parametrize(
    ("seconds", "interval", "step"),
    [(30, None, 7.5), (30, "1s", 7.5), (30, "2s", 15), (30, "10s", 30), (0.5, None, 0.5), (3600, "1s", 900)],
)
def test_a_step_is_three_checks_long_where_there_is_time_enough(
    seconds: float, interval: str | None, step: float
) -> None:
    assert rising.step_seconds(pool(interval=interval), seconds) == step


@given(st.floats(0.1, 3600), st.floats(0.1, 600))
def test_a_server_comes_to_its_weight_in_at_most_five_steps_each_higher_than_the_one_before(
    seconds: float, interval: float
) -> None:
    step = rising.step_seconds(pool(interval=f"{interval:.3f}s"), seconds)
    times = [seconds * part / 1000 for part in range(1001)]
    parts = [rising.find_part(time, seconds, step) for time in times]
    assert parts == sorted(parts)
    assert 0 < parts[0] < 1
    assert len(set(parts)) <= rising.MOST_STEPS
    assert rising.find_part(seconds + 0.001, seconds, step) == 1


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 5)), min_size=1, max_size=5))
def test_weights_are_whole_and_stand_to_each_other_as_they_should(given_servers: list[tuple[int, int]]) -> None:
    servers = [server(str(number), weight) for number, (weight, _part) in enumerate(given_servers)]
    parts = {each.url: Fraction(part, 5) for each, (_weight, part) in zip(servers, given_servers, strict=True)}
    weighed = rising.weigh(servers, parts)
    assert all(1 <= each.weight <= 1000 for each in weighed)
    wanted = [each.weight * parts[each.url] for each in servers]
    total, all_of_them = sum(each.weight for each in weighed), sum(wanted)
    for each, part in zip(weighed, wanted, strict=True):
        assert each.weight / total == pytest.approx(float(part / all_of_them), abs=0.003)


def test_a_weight_of_one_can_be_shown_in_parts() -> None:
    servers = [server("a", 1), server("b", 1), server("c", 2)]
    weighed = rising.weigh(servers, {"http://b": Fraction(1, 5)})
    assert [each.weight for each in weighed] == [5, 1, 10]
