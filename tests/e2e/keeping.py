"""Edges under a steady load, with servers that die and changes that go on: what failed meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.steady import OK, Steady, Switched, running_loop
from tests.running import Service, Traefik, free_port, http_client, running_service, running_traefik, wait_until

HOST = "alvin.xyz"
INTERVAL_SECONDS = 1.0
CHECK = {"path": "/", "interval": f"{INTERVAL_SECONDS:g}s", "timeout": "500ms"}
CHANGE_SECONDS = 0.6
NAMES = ("a", "b", "c")
UNWELL = 503


@dataclass
class Field:
    """Servers behind edges, with requests that come through each."""

    service: Service
    client: httpx.Client
    traefiks: Sequence[Traefik]
    servers: dict[str, Switched]
    load: Steady
    stop: Callable[[], None]
    """Stops the service."""
    start: Callable[..., None]
    """Starts it anew at the same place, perhaps with other settings."""

    def restart(self, **changed: Any) -> None:
        """Stop the service, and start it anew."""
        self.stop()
        self.start(**changed)

    def failed_since(self, begun: float = 0.0) -> list[int]:
        """Count the requests that failed, by edge."""
        return [answers.failed_since(begun) for answers in self.load.answers]

    def down(self) -> set[str]:
        """The servers that are down for some edge."""
        items = self.client.get("/services/alvin/servers").raise_for_status().json()["items"]
        return {item["name"] for item in items if item["health"]["state"] == "down"}

    def kept_out(self) -> dict[str, set[str]]:
        """The edges on which each server is kept out."""
        items = self.client.get("/services/alvin/servers").raise_for_status().json()["items"]
        return {item["name"]: {each["edge"] for each in item["health"].get("keptOut", [])} for item in items}

    def edges(self) -> set[str]:
        """The names of the edges."""
        return {f"edge-{number}" for number in range(len(self.traefiks))}

    def states(self) -> dict[str, str]:
        """The state of each edge."""
        return {edge["name"]: edge["state"] for edge in self.client.get("/edges").raise_for_status().json()["items"]}

    def revision(self) -> int:
        """The number of the newest revision."""
        number: int = self.client.get("/revisions", params={"limit": 1}).raise_for_status().json()["items"][0]["number"]
        return number

    def answered_by(self, requests: int) -> list[dict[str, int]]:
        """Wait for so many more answers through each edge, and count who gave them."""
        before = [(answers.count, dict(answers.by_server)) for answers in self.load.answers]
        wait_until(
            lambda: all(
                answers.count >= count + requests
                for answers, (count, _known) in zip(self.load.answers, before, strict=True)
            ),
            "requests go on",
        )
        return [
            {
                name: count - known.get(name, 0)
                for name, count in answers.by_server.items()
                if count > known.get(name, 0)
            }
            for answers, (_count, known) in zip(self.load.answers, before, strict=True)
        ]

    def reloads(self) -> int:
        """How many documents all edges have taken."""
        return sum(traefik.reloads() for traefik in self.traefiks)

    def change(self, number: int) -> None:
        """Change something that has nothing to do with the servers."""
        answer = self.client.patch("/services/other/servers/x", json={"weight": 1 + number % 7})
        answer.raise_for_status()

    def storm(self, seconds: float, every: float = CHANGE_SECONDS) -> int:
        """Make a change every so many seconds; return how many."""
        begun, number = time.monotonic(), 0
        while time.monotonic() - begun < seconds:
            number += 1
            self.change(number)
            # Nothing is waited for: changes that come at this rate are what the edges have to stand.
            time.sleep(max(begun + number * every - time.monotonic(), 0))
        return number


@contextmanager
def running_field(
    folder: Path, migrated: Path, *, edges: int = 1, per_second: float = 50, check: object = CHECK, **settings: Any
) -> Iterator[Field]:
    """Run three servers behind so many edges, all of them up, under so many requests a second through each."""
    names = [f"edge-{number}" for number in range(edges)]
    ports = [free_port() for _name in names]
    apis = ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in zip(names, ports, strict=True))
    with ExitStack() as stack:
        loop = stack.enter_context(running_loop())
        made = {"port": free_port(), "traefik_api": apis, **settings}
        living = stack.enter_context(ExitStack())
        service = living.enter_context(running_service(folder, migrated, **made))

        def start(**changed: Any) -> None:
            living.enter_context(running_service(folder, None, **{**made, **changed}))

        traefiks = []
        for name, port in zip(names, ports, strict=True):
            place = folder / name
            place.mkdir()
            query = f"edge={name}&wait=5"
            traefiks.append(stack.enter_context(running_traefik(place, service.url, api_port=port, query=query)))
        client = stack.enter_context(http_client(f"{service.url}/api/v1"))
        servers = {name: Switched(name, loop) for name in NAMES}
        for server in servers.values():
            stack.callback(server.refuse)
        listed = [{"name": name, "url": server.url} for name, server in servers.items()]
        body = {"domain": HOST, "servers": listed, "healthCheck": check}
        client.post("/expose", json=body).raise_for_status()
        other = {"domain": "other.xyz", "servers": [{"name": "x", "url": servers["a"].url}]}
        client.post("/expose", json=other, headers={"Prefer": "wait=30"}).raise_for_status()
        for traefik in traefiks:
            wait_until(lambda t=traefik: t.get(HOST).status_code == OK, "all edges serve")  # type: ignore[misc]
        load = Steady(loop, [traefik.web for traefik in traefiks], HOST, per_second)
        stack.callback(load.close)
        yield Field(service, client, traefiks, servers, load, living.close, start)


@contextmanager
def flapping(server: Switched, every: float) -> Iterator[None]:
    """Let a server go and come back, each for so many seconds."""
    over = threading.Event()

    def flap() -> None:
        while True:
            server.status = UNWELL
            if over.wait(every):
                break
            server.status = OK
            if over.wait(every):
                break
        server.status = OK

    thread = threading.Thread(target=flap, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=60)
