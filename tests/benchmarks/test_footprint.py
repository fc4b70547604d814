"""How much memory the service takes, and how long it is from `up` to the first answer through the edge."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx
import pytest

from tests.benchmarks.results import Results
from tests.running import fetch, free_port, fresh_service_process, wait_until

STARTS = 3
MOST_AT_REST = {0: 100.0, 10_000: 160.0}
"""How many megabytes the service takes at most after the start, by how many routers it has."""


def resident_megabytes(process: int) -> float:
    """The memory that a process holds now, as Linux counts it."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(kilobytes) / 1024


@pytest.mark.bench
@pytest.mark.parametrize("count", [0, 10_000])
def test_memory(count: int, database_with: Callable[[int], Path], results: Results) -> None:
    with fresh_service_process(database_with(count).parent) as (process, url):
        rest = resident_megabytes(process.pid)
        for _ in range(20):
            fetch(f"{url}/traefik/configuration").raise_for_status()
            fetch(f"{url}/api/v1/routers", params={"limit": 1000}).raise_for_status()
        busy = resident_megabytes(process.pid)
    results.add(f"memory after the start, {count:,} routers", rest, "MB", f"at most {MOST_AT_REST[count]:,.0f}")
    results.add(f"memory after 20 polls and 20 lists, {count:,} routers", busy, "MB")
    assert rest <= MOST_AT_REST[count]


def first_answer_seconds(folder: Path) -> float:
    """Run `up --demo` in an empty folder; return the seconds until the edge answers 200 for the demo."""
    port, web_port, api_port = (str(free_port()) for _ in range(3))
    folder.mkdir()
    ports = ["--port", port, "--web-port", web_port, "--api-port", api_port]
    command = [sys.executable, "-m", "provider", "up", "--demo", *ports]
    variables = os.environ | {"PROVIDER_DATABASE_URL": f"sqlite:///{folder / 'var' / 'provider.db'}"}

    def answered() -> bool:
        try:
            answer = httpx.get(f"http://127.0.0.1:{web_port}/", headers={"Host": "wayshub.localhost"}, timeout=2)
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.DEVNULL)
    try:
        wait_until(answered, "the edge answers", seconds=60)
        return time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(timeout=15)


@pytest.mark.bench
def test_time_from_up_to_the_first_answer_through_the_edge(tmp_path: Path, results: Results) -> None:
    seconds = median(first_answer_seconds(tmp_path / str(index)) for index in range(STARTS))
    results.add("from `up` on an empty folder to the first 200 through the edge", seconds, "s")
    assert seconds > 0
