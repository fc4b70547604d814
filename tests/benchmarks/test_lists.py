"""The pages of lists and of single objects: with 10,000 routers they take about as long as with 10."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
import pytest

from tests.benchmarks.results import Results
from tests.running import http_client, running_service

ROUNDS = 30
MOST_RATIO = 3.0
PAGES = [
    *("/domains", "/domains/app-00005.example.com", "/domains/app-00005.example.com/edit"),
    *("/routers", "/routers?q=app-00005", "/routers/new", "/routers/app-00005", "/routers/app-00005/edit"),
    *("/services", "/services/app-00005", "/services/app-00005/servers/a", "/services/app-00005/remove"),
    *("/domains?q=app-00005", "/services?q=app-00005", "/revisions", "/audit", "/edges", "/tokens", "/accounts"),
    *("/learn", "/learn/load-balancing", "/trace", "/trace?url=http://app-00005.example.com/"),
]


def seconds(client: httpx.Client, page: str) -> float:
    start = perf_counter()
    client.get(page).raise_for_status()
    return perf_counter() - start


@pytest.mark.bench
def test_a_page_takes_at_10000_routers_at_most_three_times_its_time_at_10(
    database_with: Callable[[int], Path], results: Results
) -> None:
    with (
        running_service(database_with(10).parent, None) as small_one,
        running_service(database_with(10_000).parent, None) as large_one,
        http_client(small_one.url, headers={"Accept": "text/html"}) as few,
        http_client(large_one.url, headers={"Accept": "text/html"}) as many,
    ):
        for page in PAGES:
            pairs = [(seconds(few, page), seconds(many, page)) for _ in range(ROUNDS)][3:]
            small, large = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
            results.add(f"page {page} at 10,000 routers", large * 1000, "ms")
            results.add(f"page {page}, beside its time at 10", large / small, "ratio", f"≤ {MOST_RATIO}")
            assert large / small <= MOST_RATIO, page
