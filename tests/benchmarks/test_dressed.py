"""What TLS and middlewares cost: a change, a poll and an explanation among 10,000 routers with and without them."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx
import pytest

from tests.benchmarks.results import Results
from tests.benchmarks.seeding import seeded
from tests.running import fresh_service_process, http_client

ROUTERS = 10_000
ROUNDS = 60
MOST_TIMES = 1.5


Ask = Callable[[httpx.Client, int], httpx.Response]

ASKS: dict[str, Ask] = {
    "change of a weight": lambda client, index: client.patch(
        "/api/v1/services/app-00003/servers/a", json={"weight": 2 + index}
    ),
    "change of a router": lambda client, index: client.patch("/api/v1/routers/app-00004", json={"priority": 2 + index}),
    "explanation after it": lambda client, index: client.get(
        "/api/v1/explain", params={"url": f"https://app-{index:05d}.example.com/"}
    ),
    "explanation": lambda client, index: client.get(
        "/api/v1/explain", params={"url": f"https://app-{index:05d}.example.com/"}
    ),
    "poll": lambda client, _index: client.get("/traefik/configuration"),
}


def timed(ask: Ask, client: httpx.Client, index: int) -> float:
    """Return the milliseconds until it was answered."""
    start = time.perf_counter()
    answer = ask(client, index)
    elapsed = (time.perf_counter() - start) * 1000
    answer.raise_for_status()
    return elapsed


@pytest.mark.bench
def test_tls_and_two_middlewares_for_each_router_cost_at_most_1_5_times_as_much(
    migrated: Path, tmp_path_factory: pytest.TempPathFactory, results: Results
) -> None:
    plain, dressed = (
        seeded(migrated, tmp_path_factory.mktemp(f"dressed-{is_dressed}"), ROUTERS, dressed=is_dressed)
        for is_dressed in (False, True)
    )
    quiet = {"PROVIDER_LOG_LEVEL": "warning"}
    with (
        fresh_service_process(plain.parent, **quiet) as (_, plain_url),
        fresh_service_process(dressed.parent, **quiet) as (_, dressed_url),
        http_client(plain_url) as plain_client,
        http_client(dressed_url) as dressed_client,
    ):
        taken: dict[str, list[tuple[float, float]]] = {what: [] for what in ASKS}
        for index in range(-1, ROUNDS):
            for what, ask in ASKS.items():
                pair = timed(ask, plain_client, index + 1), timed(ask, dressed_client, index + 1)
                if index >= 0:  # the first ones read what later ones have
                    taken[what].append(pair)
    ratios = {}
    for what, pairs in taken.items():
        results.add(f"{what}, {ROUTERS:,} plain routers", median(one for one, _ in pairs), "ms")
        results.add(f"{what}, with TLS and two middlewares each", median(other for _, other in pairs), "ms")
        ratios[what] = median(other for _, other in pairs) / median(one for one, _ in pairs)
        results.add(f"{what}, beside plain routers", ratios[what], "ratio", f"≤ {MOST_TIMES}")
    assert {what: ratio for what, ratio in ratios.items() if ratio > MOST_TIMES} == {}
