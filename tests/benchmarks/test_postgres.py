"""PostgreSQL beside SQLite: durable writes a second, and how long a change takes to the first request it answers."""

import itertools
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median

import pytest

from provider.database.locations import Location
from tests.benchmarks.results import Results
from tests.benchmarks.test_push import QUIET_SECONDS, Changes, EntryPoint, answered, changed
from tests.benchmarks.test_writes import rest_writes_per_second
from tests.e2e.edge import place, wait_for_state
from tests.e2e.pollers import polling
from tests.e2e.test_push import open_files
from tests.e2e.traffic import expose
from tests.postgres import running_postgres
from tests.running import free_port, fresh_service_process, http_client, named_servers

CHANGES = 40
HELD_CHANGES = 7
EDGES = 1000
MOST_RATIO = 1.5
CLIENTS = (1, 8)
ROUNDS = 3


def of(location: Location) -> dict[str, str]:
    """Return what lets a service use a database."""
    return {"PROVIDER_DATABASE_URL": location.url, "PROVIDER_SECRET_KEY_FILE": str(location.keys_path)}


@pytest.mark.bench
def test_writes_a_second_on_postgresql_beside_sqlite(migrated: Path, tmp_path: Path, results: Results) -> None:
    shutil.copy(migrated, tmp_path / "provider.db")
    quiet = {"PROVIDER_LOG_LEVEL": "warning"}
    with ExitStack() as stack:
        postgres = stack.enter_context(running_postgres("fsync=on"))
        _process, file_url = stack.enter_context(fresh_service_process(tmp_path, **quiet))
        _process, server_url = stack.enter_context(fresh_service_process(tmp_path, **quiet, **of(postgres.migrated())))
        for url in (file_url, server_url):
            with http_client(f"{url}/api/v1") as client:
                for number in range(max(CLIENTS)):
                    body = {"domain": f"{number}.test", "name": f"app-{number:05d}", "servers": [{"url": "http://a:1"}]}
                    client.post("/expose", json=body).raise_for_status()
                    client.put(f"/services/app-{number:05d}/servers/a", json={"url": "http://a:2"}).raise_for_status()
        for clients in CLIENTS:
            found: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
            for _ in range(ROUNDS):
                found["SQLite"].append(rest_writes_per_second(file_url, clients))
                found["PostgreSQL"].append(rest_writes_per_second(server_url, clients))
            for what, rates in found.items():
                results.add(f"writes by {clients} clients: {what}", median(rates), "/s", samples=rates)
            ratio = median(found["PostgreSQL"]) / median(found["SQLite"])
            results.add(f"writes by {clients} clients: PostgreSQL beside SQLite", ratio, "ratio")


@pytest.mark.bench
def test_a_change_at_one_service_is_live_at_an_edge_that_polls_another(
    migrated: Path, tmp_path: Path, results: Results
) -> None:
    pause, ports = threading.Event(), (free_port(), free_port())
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    with ExitStack() as stack:
        on_file, file_point = stack.enter_context(pushing_from_a_file(migrated, tmp_path))
        location = stack.enter_context(running_postgres("fsync=on")).migrated()
        edge = stack.enter_context(place(tmp_path / "edge", urls[0]))
        shared = {**of(location), "PROVIDER_TRAEFIK_API": edge.api, "PROVIDER_LOG_LEVEL": "warning"}
        for port in ports:
            stack.enter_context(fresh_service_process(tmp_path, PROVIDER_PORT=str(port), **shared))
        servers = stack.enter_context(named_servers("a", "b"))
        here, there = (stack.enter_context(http_client(f"{url}/api/v1")) for url in urls)
        expose(here, (servers[0], 1))
        edge.start()
        wait_for_state(urls[0], "live")
        entry_point = stack.enter_context(closing(EntryPoint(edge.web)))
        answered(entry_point, "a")
        clients = itertools.cycle((here, there))
        changes = Changes((servers[0], servers[1]), lambda server: changed(next(clients), server))
        taken: tuple[list[float], list[float]] = [], []
        from_file: list[float] = []
        for number in range(2 * CHANGES):
            pause.wait(QUIET_SECONDS)
            name, acknowledged = changes.next()
            taken[number % 2].append(entry_point.seconds_until(name, acknowledged) * 1000)
            if number % 2:
                name, acknowledged = on_file.next()
                from_file.append(file_point.seconds_until(name, acknowledged) * 1000)
    results.add("change to answer on SQLite", median(from_file), "ms", samples=from_file)
    for where, times in zip(("the service that it polls", "another service"), taken, strict=True):
        results.add(f"change to answer on PostgreSQL, made at {where}", median(times), "ms", samples=times)
    ratio = median(taken[0]) / median(from_file)
    results.add("change to answer, PostgreSQL beside SQLite", ratio, "ratio", f"≤ {MOST_RATIO}")
    assert ratio <= MOST_RATIO
    ratio = median(taken[1]) / median(taken[0])
    results.add("change to answer on PostgreSQL, another beside the one", ratio, "ratio", f"≤ {MOST_RATIO}")
    assert ratio <= MOST_RATIO


@contextmanager
def pushing_from_a_file(migrated: Path, folder: Path) -> Iterator[tuple[Changes, EntryPoint]]:
    """Run a service on an SQLite file, and an edge that polls it."""
    shutil.copy(migrated, folder / "provider.db")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        edge = stack.enter_context(place(folder / "edge-of-file", url))
        shared = {"PROVIDER_TRAEFIK_API": edge.api, "PROVIDER_LOG_LEVEL": "warning", "PROVIDER_PORT": str(port)}
        stack.enter_context(fresh_service_process(folder, **shared))
        servers = stack.enter_context(named_servers("a", "b"))
        client = stack.enter_context(http_client(f"{url}/api/v1"))
        expose(client, (servers[0], 1))
        edge.start()
        wait_for_state(url, "live")
        entry_point = stack.enter_context(closing(EntryPoint(edge.web)))
        answered(entry_point, "a")
        yield Changes((servers[0], servers[1]), lambda server: changed(client, server)), entry_point


@pytest.mark.bench
def test_a_change_reaches_1000_edges_that_poll_two_services(tmp_path: Path, results: Results) -> None:
    """The same polls at one of them, and half of them at each: the change is made at the first."""
    taken: dict[str, list[float]] = {"one service": [], "two services": []}
    with ExitStack() as stack:
        stack.enter_context(open_files(2 * EDGES))
        location = stack.enter_context(running_postgres("fsync=on")).migrated()
        quiet = {**of(location), "PROVIDER_LOG_LEVEL": "warning"}
        urls = [stack.enter_context(fresh_service_process(tmp_path, **quiet))[1] for _ in range(2)]
        client = stack.enter_context(http_client(f"{urls[0]}/api/v1"))
        for number in range(2 * HELD_CHANGES):
            where, polled = ("two services", urls) if number % 2 else ("one service", urls[:1])
            with ExitStack() as polls:
                each = EDGES // len(polled)
                printed = [polls.enter_context(polling(url, each, n * each)) for n, url in enumerate(polled)]
                answer = client.put(f"/services/s-{number}", json={})
                assert answer.is_success, answer.text
                acknowledged = time.monotonic()
                moments = sorted(moment for told in printed for moment in json.loads(told.readline()))
            taken[where].append((moments[int(EDGES * 0.99) - 1] - acknowledged) * 1000)
    for where, times in taken.items():
        results.add(f"change to 99 % of {EDGES:,} held polls at {where}", median(times), "ms", samples=times)
    ratio = median(taken["two services"]) / median(taken["one service"])
    results.add(f"change to {EDGES:,} held polls, two services beside one", ratio, "ratio", f"≤ {MOST_RATIO}")
    assert ratio <= MOST_RATIO
