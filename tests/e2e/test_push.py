"""Changes reach the edges at once, many edges too, and a storm of them in few documents."""

import json
import resource
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.e2e.edge import place, wait_for_state
from tests.e2e.pollers import polling
from tests.e2e.traffic import expose
from tests.running import (
    cases,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_service,
    service_process,
    wait_until,
)

CHANGES = 100
STORM_SECONDS = 2.0
MOST_DOCUMENTS = 6
COALESCE_SECONDS = 0.5

EDGES = cases(300, 1000)
FEW_OPEN_FILES = 256
"""The least that any usual system allows a program that does not ask for more: less than there are edges."""


class Edge:
    """What one edge is given, poll by poll."""

    def __init__(self, service_url: str) -> None:
        self._url = f"{service_url}/traefik/configuration?edge=raw&wait=1"
        self._stopped = threading.Event()
        self.given: list[httpx.Response] = []

    def poll(self) -> None:
        with http_client() as client:
            while not self._stopped.is_set():
                answer = client.get(self._url).raise_for_status()
                if not self.given or answer.content != self.given[-1].content:
                    self.given.append(answer)

    def stop(self) -> None:
        self._stopped.set()


@contextmanager
def one_edge(service_url: str) -> Iterator[Edge]:
    made = Edge(service_url)
    thread = threading.Thread(target=made.poll, daemon=True)
    thread.start()
    try:
        wait_until(lambda: made.given, "the edge was given its first document")
        yield made
    finally:
        made.stop()
        thread.join(timeout=60)


def test_a_storm_of_changes_comes_in_few_documents_and_the_last_is_the_last_state(
    migrated: Path, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        place(tmp_path / "traefik", url) as place_of_traefik,
        running_service(tmp_path, migrated, port=port, traefik_api=place_of_traefik.api) as service,
        named_servers("a") as (server,),
        http_client(f"{url}/api/v1") as client,
    ):
        expose(client, (server, 1))
        traefik = place_of_traefik.start()
        wait_for_state(url, "live")
        with one_edge(url) as edge:
            reloads, start = traefik.reloads(), time.monotonic()
            for number in range(CHANGES):
                client.patch("/services/alvin/servers/a", json={"weight": 2 + number}).raise_for_status()
            most = MOST_DOCUMENTS + max(0.0, time.monotonic() - start - STORM_SECONDS) / COALESCE_SECONDS
            last = fetch(f"{url}/traefik/configuration?edge=other")
            traefik.wait_for(service)
            wait_until(lambda: edge.given[-1].content == last.content, "the edge was given the last document")
            assert 2 <= len(edge.given) - 1 <= most
            assert int(edge.given[-1].headers["Config-Revision"]) == CHANGES + 1
            assert traefik.reloads() - reloads <= most
        assert traefik.objects("services")["alvin"]["loadBalancer"]["servers"] == [
            {"url": server.url, "weight": CHANGES + 1}
        ]


@contextmanager
def open_files(most: int) -> Iterator[None]:
    """Let this process, and what it starts meanwhile, have so many open files, unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_change_reaches_all_held_polls_however_many(migrated: Path, tmp_path: Path) -> None:
    """How soon, `make bench` measures."""
    shutil.copy(migrated, tmp_path / "provider.db")
    with ExitStack() as stack:
        with open_files(FEW_OPEN_FILES):
            _process, url = stack.enter_context(service_process(tmp_path, PROVIDER_LOG_LEVEL="warning"))
        with open_files(2 * EDGES):
            printed = stack.enter_context(polling(url, EDGES))
        client = stack.enter_context(http_client(f"{url}/api/v1"))
        client.put("/services/alvin", json={}).raise_for_status()
        answered = json.loads(printed.readline())
        assert len(client.get("/edges", params={"limit": 1000}).raise_for_status().json()["items"]) == EDGES
    assert len(answered) == EDGES
