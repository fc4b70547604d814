"""How long a change takes to the first request that it answers: pushed, by Traefik's own file provider, and polled."""

import http.client
import json
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.benchmarks.results import Results
from tests.certs import ca, issue
from tests.e2e.edge import Place, place, wait_for_state
from tests.e2e.traffic import HOST, expose
from tests.running import NamedServer, free_port, fresh_service_process, http_client, named_servers, wait_until

PUSHED = "pushed to Traefik"
BY_FILE = "Traefik's file provider"
EACH_SECOND = "polled each second"
BY_DEFAULT = "polled each 5 s, as Traefik does by itself"

CHANGES = 80
"""Traefik makes an RSA key for each document that it loads, if it has no default certificate. How long that takes is
chance: the median of fewer changes tells little."""

CHANGES_WITH_CERTIFICATE = 50
POLLED_CHANGES = 50
QUIET_SECONDS = 0.8
"""More than the time between two documents in a storm: these are single changes."""

MOST_RATIO = 1.25
MOST_EXTRA_MS = 15.0


class EntryPoint:
    """Where requests come in, on one kept-alive connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)

    def ask(self) -> str:
        self._connection.request("GET", "/", headers={"Host": HOST})
        return self._connection.getresponse().read().decode()

    def close(self) -> None:
        self._connection.close()

    def seconds_until(self, name: str, since: float) -> float:
        """Ask over and over until a server of this name answers; return how long that is after a moment."""
        while self.ask() != name:
            assert time.perf_counter() - since < 60, f"{name} never answers at {self.url}"
        return time.perf_counter() - since


class Changes:
    """The same change over and over: the one server of an application is another one."""

    def __init__(self, servers: tuple[NamedServer, NamedServer], make: Callable[[NamedServer], None]) -> None:
        self._servers = servers
        self._make = make
        self._count = 0

    def next(self) -> tuple[str, float]:
        """Make the next change. Returns who answers then, and when the change was acknowledged."""
        self._count += 1
        server = self._servers[self._count % 2]
        self._make(server)
        return server.name, time.perf_counter()


def document(server: NamedServer, **more: Any) -> dict[str, Any]:
    """What the service makes of the same state, but for the beacon."""
    router = {"rule": f"Host(`{HOST}`)", "service": "alvin", "entryPoints": ["web"]}
    balancer = {"servers": [{"url": server.url, "weight": 1}], "strategy": "wrr", "passHostHeader": True}
    return {"http": {"routers": {"alvin": router}, "services": {"alvin": {"loadBalancer": balancer}}}, **more}


def replaced(path: Path, server: NamedServer, **more: Any) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(document(server, **more)))
    beside.replace(path)


def changed(client: httpx.Client, server: NamedServer) -> None:
    client.patch("/services/alvin/servers/a", json={"url": server.url}).raise_for_status()


def by_file_alone(edge: Place, file: Path) -> None:
    edge.static["providers"] = {"providersThrottleDuration": "0s", "file": {"filename": str(file), "watch": True}}


def by_polling(edge: Place, interval: str) -> None:
    edge.static["providers"]["http"] |= {"pollInterval": interval}


@dataclass
class Stack:
    """A service, two servers that take turns behind it, and Traefiks that learn of it in different ways."""

    stack: ExitStack
    folder: Path
    url: str
    web: str
    servers: tuple[NamedServer, NamedServer]
    client: httpx.Client

    def changes(self) -> Changes:
        return Changes(self.servers, lambda server: changed(self.client, server))

    def entry_point(self, url: str) -> EntryPoint:
        return self.stack.enter_context(closing(EntryPoint(url)))

    def edge(self, name: str, query: str) -> Place:
        return self.stack.enter_context(place(self.folder / name, self.url, query))


@contextmanager
def running(migrated: Path, folder: Path) -> Iterator[Stack]:
    shutil.copy(migrated, folder / "provider.db")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        pushed = stack.enter_context(place(folder / "pushed", url))
        environment = {
            "PROVIDER_PORT": str(port),
            "PROVIDER_TRAEFIK_API": pushed.api,
            "PROVIDER_FALLBACK_FILE": str(pushed.fallback_file),
            "PROVIDER_LOG_LEVEL": "warning",
        }
        stack.enter_context(fresh_service_process(folder, **environment))
        a, b = stack.enter_context(named_servers("a", "b"))
        client = stack.enter_context(http_client(f"{url}/api/v1"))
        expose(client, (a, 1))
        pushed.start()
        wait_for_state(url, "live")
        yield Stack(stack, folder, url, pushed.web, (a, b), client)


def answered(entry_point: EntryPoint, name: str) -> None:
    wait_until(lambda: entry_point.ask() == name, f"{name} answers at {entry_point.url}")


def beside_the_file_provider(stack: Stack, count: int, **more: Any) -> dict[str, list[float]]:
    """Return how many milliseconds changes take in each of the two ways, which take turns; a file has `more` in it."""
    file, pause = stack.folder / "dynamic.yml", threading.Event()
    replaced(file, stack.servers[0], **more)
    edge = stack.edge("file", "edge=none")
    by_file_alone(edge, file)
    edge.start()
    ways = {
        PUSHED: (stack.entry_point(stack.web), stack.changes()),
        BY_FILE: (stack.entry_point(edge.web), Changes(stack.servers, lambda server: replaced(file, server, **more))),
    }
    for entry_point, _changes in ways.values():
        answered(entry_point, "a")
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(count):
        for way, (entry_point, changes) in ways.items():
            pause.wait(QUIET_SECONDS)
            name, acknowledged = changes.next()
            taken[way].append(entry_point.seconds_until(name, acknowledged) * 1000)
    return taken


@pytest.mark.bench
def test_a_pushed_change_is_live_as_soon_as_one_of_the_file_provider(
    migrated: Path, tmp_path: Path, results: Results
) -> None:
    with running(migrated, tmp_path) as stack:
        taken = beside_the_file_provider(stack, CHANGES)
    for way, times in taken.items():
        results.add(f"change to answer: {way}", median(times), "ms", samples=times)
    ratio = median(taken[PUSHED]) / median(taken[BY_FILE])
    results.add(f"change to answer: {PUSHED}, beside the file provider", ratio, "ratio", f"≤ {MOST_RATIO}")
    assert ratio <= MOST_RATIO


@pytest.mark.bench
def test_a_pushed_change_takes_milliseconds_with_a_default_certificate(
    migrated: Path, tmp_path: Path, results: Results
) -> None:
    """All that is left is what a push costs itself."""
    pair = issue("shop.test", by=ca()).pair
    with running(migrated, tmp_path) as stack:
        stack.client.put("/certificates/shop", json={**pair, "default": True}).raise_for_status()
        taken = beside_the_file_provider(
            stack, CHANGES_WITH_CERTIFICATE, tls={"stores": {"default": {"defaultCertificate": pair}}}
        )
    for way, times in taken.items():
        results.add(f"change to answer, with a default certificate: {way}", median(times), "ms")
    assert median(taken[PUSHED]) - median(taken[BY_FILE]) <= MOST_EXTRA_MS


@pytest.mark.bench
def test_a_polled_change_waits_for_its_poll(migrated: Path, tmp_path: Path, results: Results) -> None:
    pause, phase = threading.Event(), random.Random(3)
    with running(migrated, tmp_path) as stack:
        polled: dict[str, EntryPoint] = {}
        for way, interval in ((EACH_SECOND, "1s"), (BY_DEFAULT, "5s")):
            edge = stack.edge(interval, f"edge=each-{interval}")
            by_polling(edge, interval)
            edge.start()
            polled[way] = stack.entry_point(edge.web)
            answered(polled[way], "a")
        changes = stack.changes()
        taken: dict[str, list[float]] = {way: [] for way in polled}
        for _ in range(POLLED_CHANGES):
            pause.wait(QUIET_SECONDS + phase.uniform(0, 5))  # a change comes at any time between two polls
            name, acknowledged = changes.next()
            for way, entry_point in polled.items():  # the sooner one first
                taken[way].append(entry_point.seconds_until(name, acknowledged) * 1000)
    for way, times in taken.items():
        results.add(f"change to answer: {way}", median(times), "ms", samples=times)
        assert max(times) < 20_000
