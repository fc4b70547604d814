"""What a change costs: with few and with many routers, in time and in the size of the database."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx
import pytest

from tests.benchmarks.results import Results
from tests.running import fresh_service_process, http_client

CHANGES = 300
MOST_TIMES = 5
MOST_MILLISECONDS = 60
MOST_BYTES = 10_000


def size(database: Path) -> int:
    """The file and its write-ahead log."""
    return sum(file.stat().st_size for file in database.parent.glob(f"{database.name}*"))


def change_weight(client: httpx.Client, index: int) -> float:
    """Change one server's weight; return the milliseconds until it was acknowledged."""
    start = time.perf_counter()
    answer = client.patch("/api/v1/services/app-00003/servers/a", json={"weight": 1 + index % 1000})
    elapsed = (time.perf_counter() - start) * 1000
    answer.raise_for_status()
    return elapsed


@pytest.mark.bench
def test_a_change_with_10_000_routers_costs_at_most_5_times_one_with_10(
    database_with: Callable[[int], Path], results: Results
) -> None:
    few, many = database_with(10), database_with(10_000)
    with (
        fresh_service_process(few.parent) as (_, few_url),
        fresh_service_process(many.parent) as (_, many_url),
        http_client(few_url) as few_client,
        http_client(many_url) as many_client,
    ):
        for client in (few_client, many_client):
            change_weight(client, 500)
        before = size(many)
        pairs = [(change_weight(few_client, index), change_weight(many_client, index)) for index in range(CHANGES)]
        grown = (size(many) - before) / CHANGES
    few_ms, many_ms = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    results.add("change of a weight, 10 routers", few_ms, "ms")
    results.add("change of a weight, 10,000 routers", many_ms, "ms", f"< {MOST_MILLISECONDS}")
    results.add("change of a weight, 10,000 beside 10 routers", many_ms / few_ms, "ratio", f"≤ {MOST_TIMES}")
    results.add("growth of the database a change, 10,000 routers", grown, "bytes", f"≤ {MOST_BYTES:,}")
    assert many_ms <= MOST_TIMES * few_ms
    assert many_ms < MOST_MILLISECONDS
    assert grown <= MOST_BYTES
