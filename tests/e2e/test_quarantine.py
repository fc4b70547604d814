"""A document that Traefik rejects: what is served instead, who is told, and how it ends. And no false alarm.

The API lets no such document through. It is forced on the service where documents are put together.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from provider import configuration
from provider.configuration import Document
from provider.parts import Parts
from tests.e2e.edge import Place, history, place, shown, stays, wait_for_state
from tests.e2e.traffic import HOST, expose, load
from tests.running import (
    DEADLINE_SECONDS,
    NamedServer,
    Service,
    Traefik,
    cases,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_service,
    wait_until,
)

WAIT_SECONDS = 2
BROKEN = "broken"


def assemble(parts: Parts) -> Document:
    """Put a document together as always; with a field that Traefik does not know while there is a router `broken…`."""
    made = configuration.assemble(parts)
    if not any(name.startswith(BROKEN) for name in parts.routers.parts):
        return made
    return Document(made.content.replace(b'{"http":{', b'{"http":{"bogus":1,', 1), made.digest)


@dataclass
class Stack:
    """A service, a Traefik that polls it, and a server behind it that is exposed as `alvin`."""

    service: Service
    place: Place
    traefik: Traefik
    client: httpx.Client
    server: NamedServer

    @property
    def url(self) -> str:
        """Where the document is polled."""
        return f"{self.service.url}/traefik/configuration"

    def put_broken(self) -> None:
        router = {"domains": [HOST], "pathPrefix": "/broken", "service": "alvin"}
        self.client.put(f"/routers/{BROKEN}", json=router).raise_for_status()

    def remove_broken(self) -> None:
        self.client.delete(f"/routers/{BROKEN}").raise_for_status()

    def edge(self) -> dict[str, Any]:
        return shown(self.service.url)

    def wait_for(self, state: str, seconds: float = DEADLINE_SECONDS) -> dict[str, Any]:
        return wait_for_state(self.service.url, state, seconds=seconds)


@contextmanager
def running(
    migrated: Path, folder: Path, query: str, adapt: Callable[[dict[str, Any]], None] = lambda _static: None
) -> Iterator[Stack]:
    port = free_port()
    with (
        place(folder / "traefik", f"http://127.0.0.1:{port}", query) as made,
        running_service(
            folder,
            migrated,
            port=port,
            assemble=assemble,
            traefik_api=made.api,
            fallback_file=made.fallback_file,
        ) as service,
        named_servers("a") as (server,),
        http_client(f"{service.url}/api/v1") as client,
    ):
        adapt(made.static)
        expose(client, (server, 1))
        stack = Stack(service, made, made.start(), client, server)
        stack.wait_for("live")
        yield stack


@pytest.fixture
def stack(migrated: Path, tmp_path: Path) -> Iterator[Stack]:
    with running(migrated, tmp_path, f"edge=default&wait={WAIT_SECONDS}") as made:
        yield made


def test_a_rejected_document_is_put_in_quarantine_until_it_is_lifted_or_the_next_change(stack: Stack) -> None:
    accepted = fetch(f"{stack.url}?edge=default")
    revision = int(accepted.headers["Config-Revision"])
    with load(stack.traefik.web, clients=2) as requests:
        stack.put_broken()
        rejected = stack.wait_for("rejected")

        quarantine = rejected["quarantine"]
        assert quarantine["accepted"] == {"revision": revision, "digest": rejected["running"]}
        blamed = {"kind": "router", "name": BROKEN, "revision": revision + 1, "author": "tests"}
        assert quarantine["parts"] == [blamed]
        assert quarantine["searching"] is False
        assert quarantine["rejected"] == {"revision": revision + 1, "digest": stack.service.digest()}
        assert quarantine["changes"] == [f"router {BROKEN} added"]
        assert rejected["detail"] == (
            f"it rejected router {BROKEN} of revision {revision + 1} by tests; everything else works"
        )
        offered = fetch(f"{stack.url}?edge=default")
        assert offered.content == accepted.content
        assert offered.headers["Config-Revision"] == str(revision + 1)
        assert b"bogus" in fetch(f"{stack.url}?edge=other").content
        assert stack.client.get(f"/routers/{BROKEN}").status_code == 200  # what was acknowledged is kept

        assert stack.client.delete("/edges/default/quarantine").status_code == 204
        assert stack.edge()["state"] == "pending"
        stack.wait_for("rejected")
        assert stack.edge()["quarantine"]["changes"] == [f"router {BROKEN} added"]
    assert requests.failures == []

    assert "alvin" in stack.place.fallback_file.read_text()
    assert BROKEN not in stack.place.fallback_file.read_text()
    stack.place.kill()  # one that is started now gets what it can take
    traefik = stack.place.start()
    traefik.wait_for_digest(rejected["running"])
    assert traefik.get(HOST).text == "a"
    assert stack.edge()["state"] == "rejected"

    stack.remove_broken()
    assert stack.wait_for("live")["quarantine"] is None
    stack.client.patch("/services/alvin/servers/a", json={"weight": 2}).raise_for_status()
    traefik.wait_for(stack.service)


def test_what_others_change_is_live_while_a_part_is_left_out_and_its_author_is_told_which(stack: Stack) -> None:
    router = {"domains": [HOST], "pathPrefix": "/broken", "service": "alvin"}
    waits = {"Prefer": "wait=60"}
    own = stack.client.put(f"/routers/{BROKEN}", json=router, headers=waits)
    assert own.status_code == 202
    assert f"router {BROKEN} of revision" in own.json()["pending"][0]["detail"]
    for number in range(3):
        path = f"/fine-{number}"
        fine = {"domains": [HOST], "pathPrefix": path, "service": "alvin"}
        answer = stack.client.put(f"/routers/fine-{number}", json=fine, headers=waits)
        assert (answer.status_code, answer.headers["Preference-Applied"]) == (201, "wait")
        assert stack.traefik.get(HOST, path).text == "a"
    assert [part["name"] for part in stack.edge()["quarantine"]["parts"]] == [BROKEN]
    mended = stack.client.delete(f"/routers/{BROKEN}", headers=waits)
    assert mended.status_code == 204
    assert stack.edge()["state"] == "live"


@contextmanager
def storm(stack: Stack) -> Iterator[None]:
    """Change the state all the time, faster than a Traefik applies it."""
    stopping = threading.Event()

    def change_on() -> None:
        with http_client(f"{stack.service.url}/api/v1") as client:
            for weight in itertools.cycle(range(1, 1000)):
                client.patch("/services/alvin/servers/a", json={"weight": weight}).raise_for_status()
                if stopping.wait(0.2):  # the pace of the storm: nothing is waited for
                    return

    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change_on)
        try:
            yield
        finally:
            stopping.set()
        changing.result()


def test_parts_are_found_and_all_else_goes_live_while_others_change_the_state_all_the_time(stack: Stack) -> None:
    with storm(stack):
        stack.put_broken()
        fine = {"rule": "Path(`/fine`)", "service": "alvin"}
        stack.client.put("/routers/fine", json=fine).raise_for_status()
        wait_until(lambda: stack.traefik.get("other.test", "/fine").text == "a", "the rest is live", seconds=120)

        def blamed() -> list[str]:
            quarantine = stack.edge()["quarantine"]
            return [part["name"] for part in quarantine["parts"]] if quarantine else []

        wait_until(lambda: blamed() == [BROKEN], "the part is found", seconds=120)
        stack.remove_broken()
        wait_until(lambda: stack.edge()["quarantine"] is None, "it is given its chance", seconds=120)
    stack.wait_for("live", seconds=60)


def test_several_culprits_among_many_changes_are_found_also_by_a_service_that_was_restarted(
    migrated: Path, tmp_path: Path
) -> None:
    port = free_port()
    with (
        place(tmp_path / "traefik", f"http://127.0.0.1:{port}", "edge=default&wait=1") as edge,
        named_servers("a") as (server,),
    ):
        options: dict[str, Any] = {"port": port, "assemble": assemble, "traefik_api": edge.api}
        with running_service(tmp_path, migrated, **options) as service, http_client(f"{service.url}/api/v1") as client:
            expose(client, (server, 1))
            traefik = edge.start()
            wait_for_state(service.url, "live")
            for number in range(5):
                name = f"{BROKEN}-{number}" if number in {1, 3} else f"fine-{number}"
                fine = {"domains": [HOST], "pathPrefix": f"/{number}", "service": "alvin"}
                client.put(f"/routers/{name}", json=fine).raise_for_status()
            assert wait_for_state(service.url, "rejected")["quarantine"]["searching"]
        with running_service(tmp_path, migrated, **options) as service, http_client(f"{service.url}/api/v1") as client:

            def blamed() -> list[str]:
                quarantine = shown(service.url)["quarantine"]
                if quarantine is None or quarantine["searching"]:
                    return []
                return [part["name"] for part in quarantine["parts"]]

            wait_until(lambda: blamed() == [f"{BROKEN}-1", f"{BROKEN}-3"], "both are found", seconds=180)
            wait_until(lambda: traefik.get(HOST, "/4").text == "a", "the rest runs")
            for number in (1, 3):
                client.delete(f"/routers/{BROKEN}-{number}").raise_for_status()
            assert wait_for_state(service.url, "live")["quarantine"] is None


def test_what_was_rejected_is_not_served_again_by_a_service_that_was_restarted(migrated: Path, tmp_path: Path) -> None:
    port = free_port()
    with place(tmp_path / "traefik", f"http://127.0.0.1:{port}") as edge, named_servers("a") as (server,):
        options: dict[str, Any] = {"port": port, "assemble": assemble, "traefik_api": edge.api}
        with running_service(tmp_path, migrated, **options) as service, http_client(f"{service.url}/api/v1") as client:
            expose(client, (server, 1))
            traefik = edge.start()
            wait_for_state(service.url, "live")
            accepted = fetch(f"{service.url}/traefik/configuration?edge=default").content
            router = {"domains": [HOST], "pathPrefix": "/broken", "service": "alvin"}
            client.put(f"/routers/{BROKEN}", json=router).raise_for_status()
            rejected = wait_for_state(service.url, "rejected")
        with running_service(tmp_path, migrated, **options) as service, http_client(f"{service.url}/api/v1") as client:
            assert fetch(f"{service.url}/traefik/configuration?edge=default").content == accepted
            assert wait_for_state(service.url, "rejected")["quarantine"] == rejected["quarantine"]
            wait_until(lambda: shown(service.url)["running"] == rejected["running"], "it is read back")
            client.delete(f"/routers/{BROKEN}").raise_for_status()
            assert wait_for_state(service.url, "live")["quarantine"] is None
            assert traefik.get(HOST).text == "a"
        with running_service(tmp_path, migrated, **options) as service:
            assert wait_for_state(service.url, "live")["quarantine"] is None


def test_parts_are_found_by_a_service_that_never_saw_the_edge_run_anything(migrated: Path, tmp_path: Path) -> None:
    port = free_port()
    with (
        place(tmp_path / "traefik", f"http://127.0.0.1:{port}") as edge,
        named_servers("a") as (server,),
        ExitStack() as still,
    ):
        options: dict[str, Any] = {"port": port, "assemble": assemble, "traefik_api": edge.api}
        with running_service(tmp_path, migrated, **options) as service, http_client(f"{service.url}/api/v1") as client:
            expose(client, (server, 1))
            traefik = edge.start()
            wait_for_state(service.url, "live")
            still.enter_context(edge.frozen())
        with running_service(tmp_path, migrated, **options) as service, http_client(f"{service.url}/api/v1") as client:
            for name in ("fine", BROKEN):
                router = {"rule": f"Path(`/{name}`)", "service": "alvin"}
                client.put(f"/routers/{name}", json=router).raise_for_status()
            still.close()
            wait_until(lambda: traefik.get("other.test", "/fine").text == "a", "the rest is live", seconds=60)
            found = wait_for_state(service.url, "rejected", seconds=60)
            assert found["quarantine"]["parts"] == [
                {"kind": "router", "name": BROKEN, "revision": 3, "author": "tests"}
            ]


# No false alarm


def fill(stack: Stack, count: int) -> None:
    """Make so many routers. Each is a change of its own, so this is a storm as well."""
    for number in range(count):
        router = {"domains": [HOST], "pathPrefix": f"/{number}", "service": "alvin"}
        stack.client.put(f"/routers/r-{number}", json=router).raise_for_status()


def change(stack: Stack, weight: int) -> None:
    stack.client.patch("/services/alvin/servers/a", json={"weight": weight}).raise_for_status()


def test_a_traefik_that_is_slow_or_frozen_or_restarted_has_rejected_nothing(stack: Stack) -> None:
    states = history(stack.service)
    fill(stack, cases(20, 3000))
    stack.wait_for("live")
    for number in range(cases(1, 5)):
        with stack.place.frozen():
            change(stack, 10 + number)
            stays(lambda: "rejected" not in states, "nothing is rejected", cases(2, 20))
        stack.wait_for("live")
    for number in range(cases(1, 10)):
        with stack.place.slowed(0.1):
            change(stack, 20 + number)
            stack.wait_for("live", seconds=120)
    for number in range(cases(1, 10)):
        stack.place.kill()
        change(stack, 40 + number)
        stack.place.start()
        change(stack, 60 + number)
        stack.wait_for("live")
    assert "rejected" not in states


def test_one_who_looks_at_the_document_does_not_speak_for_the_edge(migrated: Path, tmp_path: Path) -> None:
    """A Traefik that polls rarely, and holds a change back after another; and a monitor that asks all the time."""

    def slowly(static: dict[str, Any]) -> None:
        static["providers"]["providersThrottleDuration"] = "2s"
        static["providers"]["http"]["pollInterval"] = "4s"

    with running(migrated, tmp_path, "edge=default", slowly) as stack, http_client() as monitor:
        states = history(stack.service)
        for number in range(cases(1, 5)):
            change(stack, 2 + number)

            def live() -> bool:
                monitor.get(f"{stack.url}?edge=default").raise_for_status()
                return stack.traefik.digest() == stack.service.digest()

            wait_until(live, "the edge runs the change")
        assert "rejected" not in states
