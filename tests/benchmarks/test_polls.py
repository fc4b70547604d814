"""A thousand held polls on one process: how soon a change reaches them, and what they cost while nothing changes."""

import json
import os
import shutil
import time
from pathlib import Path
from statistics import median

import pytest

from tests.benchmarks.results import Results
from tests.e2e.edge import stays
from tests.e2e.pollers import polling
from tests.e2e.test_push import open_files
from tests.running import fresh_service_process, http_client

CHANGES = 7
EDGES = 1000
IDLE_SECONDS = 10.0
MOST_SECONDS = 0.5


def cpu_seconds(process: int) -> float:
    """The processor time that a process has taken, as Linux counts it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.bench
def test_a_change_reaches_1000_held_polls(migrated: Path, tmp_path: Path, results: Results) -> None:
    shutil.copy(migrated, tmp_path / "provider.db")
    environment = {"PROVIDER_LOG_LEVEL": "warning"}
    slowest, idle = [], 0.0
    with (
        open_files(2 * EDGES),
        fresh_service_process(tmp_path, **environment) as (process, url),
        http_client(f"{url}/api/v1") as client,
    ):
        for number in range(CHANGES):
            with polling(url, EDGES) as printed:
                if number == 0:
                    before, start = cpu_seconds(process.pid), time.monotonic()
                    stays(lambda: process.poll() is None, "the service runs", IDLE_SECONDS)
                    idle = (cpu_seconds(process.pid) - before) / (time.monotonic() - start)
                client.put(f"/services/s-{number}", json={}).raise_for_status()
                acknowledged = time.monotonic()
                answered = [moment - acknowledged for moment in json.loads(printed.readline())]
                slowest.append(answered[int(EDGES * 0.99) - 1] * 1000)
    limit = f"< {MOST_SECONDS * 1000:.0f}"
    results.add(f"change to 99 % of {EDGES:,} held polls", median(slowest), "ms", limit, slowest)
    results.add(f"{EDGES:,} held polls while nothing changes", idle * 100, "% of a core")
    assert median(slowest) < MOST_SECONDS * 1000
