"""Requests that fail while servers are dead and changes go on: with servers kept out, and with all left to Traefik.

Three edges, so many requests a second through each, three servers: one refuses connections, one answers 503. Besides,
how far shares are from weights, with a reload each second and without.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.results import Results
from tests.e2e.keeping import HOST, NAMES, UNWELL, Field, flapping, running_field
from tests.e2e.steady import OK
from tests.running import wait_until

pytestmark = pytest.mark.bench

EDGES = 3
PER_SECOND = 200.0
STORM_SECONDS = 60.0
FLAP_SECONDS = 3.0
DEAD = 2 / 3
"""The part of the requests that would go to dead servers if nobody noticed."""

MOST_RATIO = 0.05
"""Of what fails if all is left to Traefik, so much may fail at most where servers are kept out."""

Storm = Callable[[Field], int]
"""Lets servers die and changes go on; returns how many requests failed that count."""


def _die(field: Field) -> None:
    field.servers["a"].refuse()
    field.servers["b"].status = UNWELL


def _go_on(field: Field, seconds: float) -> None:
    """Let each edge answer as many requests as come in so many seconds."""
    until = [each.count + PER_SECOND * seconds for each in field.load.answers]
    waited = list(zip(field.load.answers, until, strict=True))
    wait_until(lambda: all(each.count >= count for each, count in waited), "requests are answered", 3 * seconds + 60)


def _is_found(field: Field) -> bool:
    return field.down() == {"a", "b"}


def known_to_be_dead(field: Field) -> int:
    """All edges have seen that the servers are dead when the changes begin."""
    _die(field)
    wait_until(lambda: _is_found(field), "they are down")
    _go_on(field, 1)
    begun = time.monotonic()
    field.storm(STORM_SECONDS)
    return sum(field.failed_since(begun))


def dying_in_a_storm(field: Field) -> int:
    """The servers die when changes have gone on for a while."""
    field.storm(STORM_SECONDS / 4)
    begun = time.monotonic()
    _die(field)
    field.storm(STORM_SECONDS * 3 / 4)
    return sum(field.failed_since(begun))


def coming_and_going(field: Field) -> int:
    """One server fails for three seconds, and is well for three, over and over."""
    begun = time.monotonic()
    with flapping(field.servers["a"], FLAP_SECONDS):
        field.storm(STORM_SECONDS)
    return sum(field.failed_since(begun))


def until_the_first_failed_check(field: Field) -> int:
    """Nothing changes: what fails from the death of the servers until Traefik has noticed it."""
    begun = time.monotonic()
    _die(field)
    wait_until(lambda: _is_found(field), "they are down")
    _go_on(field, 2)
    return sum(field.failed_since(begun))


def measure(folder: Path, migrated: Path, storm: Storm, *, keep_out: bool) -> tuple[int, int, int]:
    """Return how many requests failed, how many there were, and how many documents the edges took."""
    folder.mkdir()
    with running_field(folder, migrated, edges=EDGES, per_second=PER_SECOND, keep_out=keep_out) as field:
        _go_on(field, 2)
        before, reloads = sum(each.count for each in field.load.answers), field.reloads()
        failed = storm(field)
        return failed, sum(each.count for each in field.load.answers) - before, field.reloads() - reloads


@pytest.mark.parametrize("storm", [known_to_be_dead, dying_in_a_storm, coming_and_going])
def test_few_requests_fail_that_failed_before(storm: Storm, tmp_path: Path, migrated: Path, results: Results) -> None:
    first, _count, _reloads = measure(tmp_path / "quiet", migrated, until_the_first_failed_check, keep_out=True)
    results.add("failed until the first failed check, on three edges", first, "requests")
    found = {}
    for keep_out in (True, False):
        failed, count, reloads = measure(tmp_path / f"{keep_out}", migrated, storm, keep_out=keep_out)
        found[keep_out] = failed / count
        what = f"{storm.__name__.replace('_', ' ')}, {'kept out' if keep_out else 'left to Traefik'}"
        results.add(f"failed: {what}", 100 * failed / count, f"% of {count}", f"{failed} failed, {reloads} reloads")
        if keep_out and storm is known_to_be_dead:
            assert failed < first
    if storm is known_to_be_dead:
        assert found[True] <= MOST_RATIO * found[False]
    assert found[True] < found[False] / 2


def test_an_edge_without_any_server_has_the_first_that_answers(
    tmp_path: Path, migrated: Path, results: Results
) -> None:
    for keep_out in (True, False):
        folder = tmp_path / f"{keep_out}"
        folder.mkdir()
        with running_field(folder, migrated, per_second=PER_SECOND, keep_out=keep_out) as field:
            for server in field.servers.values():
                server.status = UNWELL
            wait_until(lambda f=field: f.down() == set(NAMES), "all are down")  # type: ignore[misc]
            field.storm(STORM_SECONDS / 6)
            begun = time.monotonic()
            field.servers["b"].status = OK
            wait_until(lambda f=field: f.traefiks[0].get(HOST).text == "b", "b answers")  # type: ignore[misc]
            what = "kept out" if keep_out else "left to Traefik"
            results.add(f"all servers down: until the first answer, {what}", time.monotonic() - begun, "s")


def test_shares_are_exact_where_nothing_reloads(tmp_path: Path, migrated: Path, results: Results) -> None:
    weights = {"a": 5, "b": 3, "c": 2}
    with running_field(tmp_path, migrated, per_second=PER_SECOND) as field:
        for name, weight in weights.items():
            field.client.patch(f"/services/alvin/servers/{name}", json={"weight": weight}).raise_for_status()
        field.traefiks[0].wait_for(field.service)
        _go_on(field, 2)
        for what, most in (("without a reload", 0.001), ("with a reload each second", 0.1)):
            before = dict(field.load.answers[0].by_server)
            if most > 0.01:
                field.storm(STORM_SECONDS, every=1.0)
            else:
                _go_on(field, STORM_SECONDS)
            after = field.load.answers[0].by_server
            counted = {name: after[name] - before.get(name, 0) for name in weights}
            total = sum(counted.values())
            away = max(abs(counted[name] / total - weight / 10) for name, weight in weights.items())
            results.add(
                f"shares over a minute, {what}: farthest from the weights", 100 * away, "% of all", f"{counted}"
            )
            assert away <= most
