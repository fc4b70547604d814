"""What a file with 10,000 routers and 20,000 servers costs: to plan it, to apply it, and to apply it again."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
import yaml

from provider.cli.files import documents
from tests.benchmarks.results import Results
from tests.benchmarks.test_footprint import resident_megabytes
from tests.running import fresh_service_process, http_client

FEW, MANY = 1_000, 10_000
GROWS = 3
"""How much longer than ten times as long ten times as much may take."""

MOST_PLANS = 4
"""How many times as long as its plan it may take to apply a file: it is planned, and then done."""


def declared(count: int, weight: int = 3) -> dict[str, Any]:
    """A state of so many routers, each with a domain and a service of two servers."""
    names = [f"app-{index:05d}" for index in range(count)]
    return {
        "domains": {f"{name}.example.com": {} for name in names},
        "services": {
            name: {
                "servers": {
                    "a": {"url": f"http://10.0.{index >> 8}.{index & 255}:3001", "weight": weight},
                    "b": {"url": f"http://10.0.{index >> 8}.{index & 255}:3002"},
                }
            }
            for index, name in enumerate(names)
        },
        "routers": {name: {"domains": [f"{name}.example.com"], "service": name} for name in names},
    }


@contextmanager
def highest_megabytes(process: int) -> Iterator[Callable[[], float]]:
    """Look again and again how much memory a process holds; gives a function that tells the most so far."""
    found, ended = [resident_megabytes(process)], threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            found.append(resident_megabytes(process))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield lambda: max(found)
    finally:
        ended.set()
        thread.join()


def run(url: str, *arguments: str, status: int = 0) -> tuple[float, float, str]:
    """Run a command. Returns the seconds that it took, the most memory that it held in MB, and what it printed."""
    command = [sys.executable, "-m", "provider", *arguments]
    start = time.perf_counter()
    with subprocess.Popen(
        command, env=os.environ | {"PROVIDER_URL": url}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _pid, ended, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(ended)
    assert process.returncode == status, printed[-2000:]
    return time.perf_counter() - start, usage.ru_maxrss / 1024, printed


class Job:
    """A file of so many routers, and a service that has nothing yet."""

    def __init__(self, folder: Path, migrated: Path, count: int) -> None:
        self.folder, self.count = folder, count
        self.file = folder / "state.yml"
        copy(migrated, folder / "provider.db")

    def measure(self) -> dict[str, float]:
        """Plan and apply the file, apply it again, and change one weight in each service. Returns seconds and MB."""
        found: dict[str, float] = {}
        self.file.write_text(documents.write(declared(self.count)))
        with fresh_service_process(self.folder) as (process, url), highest_megabytes(process.pid) as highest:
            found["plan"], found["plan's memory"], printed = run(url, "plan", str(self.file), status=2)
            assert f"Plan: {self.count * 5:,} to create" in printed
            found["apply"], found["apply's memory"], printed = run(url, "apply", str(self.file), "--yes")
            assert f"Applied: {self.count * 5:,} created" in printed
            found["apply again"], _memory, printed = run(url, "apply", str(self.file), "--yes", "--prune")
            assert "Plan: nothing to do" in printed
            self.file.write_text(documents.write(declared(self.count, weight=5)))
            found["plan of all weights"], _memory, _printed = run(url, "plan", str(self.file), status=2)
            found["export"], _memory, printed = run(url, "export")
            assert len(re.findall(r"^  app-", printed, re.MULTILINE)) == 3 * self.count
            with http_client(f"{url}/api/v1") as client:
                planned = client.post("/apply", json=yaml.load(printed, yaml.CSafeLoader), params={"dryRun": True})
                assert planned.raise_for_status().json()["difference"]["objects"] == []
            found["the service's memory"] = highest()
        return found


@pytest.mark.bench
def test_a_file_of_10_000_routers_and_20_000_servers(
    migrated: Path, tmp_path_factory: pytest.TempPathFactory, results: Results
) -> None:
    few, many = (Job(tmp_path_factory.mktemp(f"plans-{count}"), migrated, count).measure() for count in (FEW, MANY))
    for what, value in many.items():
        unit = "MB" if what.endswith("memory") else "s"
        results.add(f"{what}, a file of {MANY:,} routers and {2 * MANY:,} servers", value, unit)
    for what in ("plan", "apply"):
        ratio = many[what] / few[what]
        results.add(f"{what} of {MANY:,} routers beside {FEW:,}", ratio, "ratio", f"≤ {GROWS * MANY // FEW}")
        assert ratio <= GROWS * MANY / FEW, what
    results.add(
        f"apply of {MANY:,} routers beside their plan", many["apply"] / many["plan"], "ratio", f"≤ {MOST_PLANS}"
    )
    assert many["apply"] <= MOST_PLANS * many["plan"]
