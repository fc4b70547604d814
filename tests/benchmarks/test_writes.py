"""Durable writes a second through REST, beside a bare loop that commits the same rows."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copy
from statistics import median

import pytest

from provider.database.connections import prepare
from tests.benchmarks.results import Results
from tests.running import fresh_service_process, http_client

SECONDS = 1.5
ROUNDS = 3


def bare_writes_per_second(path: Path, clients: int) -> float:
    """Change a server's weight and add a revision, each time in a transaction, with the service's pragmas."""

    def loop(client: int) -> int:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
            prepare(connection)
            return _write(connection, client, time.perf_counter() + SECONDS)

    return together(loop, clients)


def _write(connection: sqlite3.Connection, client: int, deadline: float) -> int:
    count = 0
    while time.perf_counter() < deadline:
        count += 1
        weight = 1 + count % 1000
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "UPDATE server SET fields = json_set(fields, '$.weight', ?) WHERE service = ? AND name = 'a'",
            (weight, f"app-{client:05d}"),
        )
        (number,) = connection.execute("SELECT max(number) FROM revision").fetchone()
        connection.execute(
            "INSERT INTO revision (number, time, author, summary, digest) VALUES (?, ?, ?, ?, ?)",
            (number + 1, "2026-01-01T00:00:00.000+00:00", "benchmark", "server: weight", "0" * 12),
        )
        connection.execute(
            "INSERT INTO revision_change SELECT ?, position, kind, name, before, after FROM revision_change "
            "WHERE revision = 2",
            (number + 1,),
        )
        connection.execute("COMMIT")
    return count


def rest_writes_per_second(url: str, clients: int) -> float:
    """Change a server's weight through REST, each client a server of its own."""

    def loop(client: int) -> int:
        count, deadline = 0, time.perf_counter() + SECONDS
        with http_client(url) as http:
            while time.perf_counter() < deadline:
                count += 1
                path = f"/api/v1/services/app-{client:05d}/servers/a"
                content = json.dumps({"weight": 1 + (count + 500) % 1000})
                http.patch(path, content=content, headers={"Content-Type": "application/json"}).raise_for_status()
        return count

    return together(loop, clients)


def together(loop: Callable[[int], int], clients: int) -> float:
    """Run a loop in as many threads as there are clients; return how often a second it went round in all."""
    counts: list[int] = []
    threads = [threading.Thread(target=lambda client=client: counts.append(loop(client))) for client in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - start)


@pytest.mark.bench
@pytest.mark.parametrize("clients", [1, 8])
def test_durable_writes_beside_a_bare_loop(
    clients: int, database_with: Callable[[int], Path], tmp_path: Path, results: Results
) -> None:
    served = database_with(10)
    bare = tmp_path / "bare.db"
    with fresh_service_process(served.parent) as (_, url):
        with http_client(url) as http:
            http.patch("/api/v1/services/app-00000/servers/a", json={"weight": 77}).raise_for_status()
        with closing(sqlite3.connect(served)) as source:
            source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy(served, bare)
        pairs = [(rest_writes_per_second(url, clients), bare_writes_per_second(bare, clients)) for _ in range(ROUNDS)]
    who = "one client" if clients == 1 else f"{clients} clients"
    results.add(f"durable writes through REST, {who}", median(rest for rest, _ in pairs), "writes/s")
    results.add(f"durable writes by a bare sqlite3 loop, {who}", median(loop for _, loop in pairs), "writes/s")
    ratio = median(rest / loop for rest, loop in pairs)
    results.add(f"REST beside the bare loop, {who}", ratio, "ratio")
    assert ratio > 0
