"""What an explanation costs among many routers, by REST: between changes, and right after one."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx
import pytest

from tests.benchmarks.results import Results
from tests.running import fresh_service_process, http_client

ASKED = 200
CHANGED = 20
MOST_MILLISECONDS = 50


def explain(client: httpx.Client, index: int) -> float:
    """Ask about one router; return the milliseconds until it was told."""
    name = f"app-{index:05d}"
    start = time.perf_counter()
    answer = client.get("/api/v1/explain", params={"url": f"http://{name}.example.com/"})
    elapsed = (time.perf_counter() - start) * 1000
    assert answer.raise_for_status().json()["router"] == name
    return elapsed


def explain_after_a_change(client: httpx.Client, index: int) -> float:
    client.patch(f"/api/v1/routers/app-{index:05d}", json={"priority": index}).raise_for_status()
    return explain(client, index)


@pytest.mark.bench
def test_an_explanation_among_10_000_routers_takes_at_most_50_ms(
    database_with: Callable[[int], Path], results: Results
) -> None:
    with (
        fresh_service_process(database_with(10_000).parent) as (_, url),
        http_client(url) as client,
    ):
        first = explain(client, 0)
        between = median(explain(client, index) for index in range(ASKED))
        after = median(explain_after_a_change(client, index) for index in range(1, CHANGED))
    results.add("explanation among 10,000 routers, the first", first, "ms")
    results.add("explanation among 10,000 routers", between, "ms", f"≤ {MOST_MILLISECONDS}")
    results.add("explanation among 10,000 routers, right after a change", after, "ms", f"≤ {MOST_MILLISECONDS}")
    assert between <= MOST_MILLISECONDS
    assert after <= MOST_MILLISECONDS
