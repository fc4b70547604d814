"""The endpoint that Traefik polls, beside a bare ASGI application that sends the same bytes."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest

from tests.benchmarks.load import requests_per_second
from tests.benchmarks.results import Results
from tests.running import ROOT, answers, fetch, free_port, fresh_service_process, wait_until

ROUNDS = 7
LEAST_RATIO = 0.8


@contextmanager
def bare_process(content: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.bare", str(content), str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_until(lambda: answers(url), "the bare application answers")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.mark.bench
@pytest.mark.parametrize("count", [10, 10_000])
def test_the_endpoint_answers_at_least_0_8_as_often_as_a_bare_application(
    count: int, database_with: Callable[[int], Path], tmp_path: Path, results: Results
) -> None:
    with fresh_service_process(database_with(count).parent) as (_process, service_url):
        polled = f"{service_url}/traefik/configuration?edge=default"
        content = tmp_path / "content"
        content.write_bytes(fetch(polled).raise_for_status().content)
        with bare_process(content) as bare_url:
            pairs = [(requests_per_second(polled, 1.0), requests_per_second(bare_url, 1.0)) for _ in range(ROUNDS)]
    ratio = median(ours / bare for ours, bare in pairs)
    results.add(
        f"endpoint, {count} routers: {content.stat().st_size:,} bytes", median(o for o, _ in pairs), "requests/s"
    )
    results.add(f"bare ASGI application, the same bytes ({count} routers)", median(b for _, b in pairs), "requests/s")
    results.add(f"endpoint beside the bare application ({count} routers)", ratio, "ratio", f"≥ {LEAST_RATIO}")
    assert ratio >= LEAST_RATIO
