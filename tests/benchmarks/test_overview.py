"""The overview with 10 routers and with 10,000: it draws a page of them, and takes no longer for all the others."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
import pytest

from tests.benchmarks.results import Results
from tests.running import fresh_service_process, http_client

ROUNDS = 15
MOST = 3.0


def seconds(client: httpx.Client, path: str) -> float:
    start = perf_counter()
    assert client.get(path).raise_for_status().text.count('class="drawing"') == 1
    return perf_counter() - start


@pytest.mark.bench
@pytest.mark.parametrize(("path", "what"), [("/", "overview"), ("/applications/app-00000", "page of an application")])
def test_a_page_takes_at_most_three_times_as_long_with_10_000_routers(
    path: str, what: str, database_with: Callable[[int], Path], results: Results
) -> None:
    few, many = database_with(10), database_with(10_000)
    with fresh_service_process(few.parent) as (_one, small), fresh_service_process(many.parent) as (_other, large):
        page = {"Accept": "text/html"}
        with http_client(small, headers=page) as one, http_client(large, headers=page) as other:
            for client in (one, other):
                seconds(client, path)  # templates are compiled once
            pairs = [(seconds(one, path), seconds(other, path)) for _ in range(ROUNDS)]
    results.add(f"{what}, 10 routers", 1000 * median(short for short, _ in pairs), "ms")
    results.add(f"{what}, 10,000 routers", 1000 * median(long for _, long in pairs), "ms")
    ratio = median(long / short for short, long in pairs)
    results.add(f"{what}, 10,000 routers beside 10", ratio, "ratio", f"at most {MOST}")
    assert ratio <= MOST
