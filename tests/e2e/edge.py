"""An edge of one's own: a Traefik that a test kills, freezes and starts again, in the same place."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from provider.edges import fallback
from tests.running import (
    DEADLINE_SECONDS,
    Service,
    Traefik,
    answers,
    fetch,
    free_port,
    static_configuration,
    traefik_command,
    wait_until,
)


class Place:
    """Ports and files for one Traefik after the other. `static` and `program` may be changed before a start."""

    program: Path | None = None

    def __init__(self, folder: Path, service_url: str, query: str = "edge=default&wait=5") -> None:
        self._folder = folder
        self._ports = [free_port() for _ in range(3)]
        self.fallback_file = folder / "fallback.yml"
        self.static = static_configuration(service_url, *self._ports, query=query, fallback_file=self.fallback_file)
        self.web, self.other, self.api = (f"http://127.0.0.1:{port}" for port in self._ports)
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self._folder / "traefik.log"

    def start(self) -> Traefik:
        """Start a Traefik, and return it when its API answers."""
        assert self._running is None
        self._folder.mkdir(exist_ok=True)
        fallback.prepare(self.fallback_file)
        file = self._folder / "traefik.yml"
        file.write_text(yaml.safe_dump(self.static))
        with self.log.open("ab") as output:
            command = [self.program or traefik_command(), f"--configFile={file}"]
            self._running = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=self._folder)
        wait_until(lambda: answers(f"{self.api}/api/version"), "Traefik answers")
        return Traefik(self.web, self.other, self.api, self._running, self.log)

    def kill(self) -> None:
        """Kill the Traefik that runs here, if there is one."""
        if self._running is not None:
            self._running.kill()
            self._running.wait(timeout=60)
            self._running = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it stand still."""
        assert self._running is not None
        self._running.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._running.send_signal(signal.SIGCONT)

    @contextmanager
    def slowed(self, part: float) -> Iterator[None]:
        """Let it run for only a part of the time, a tenth of a second at most at a time."""
        assert self._running is not None
        running, over = self._running, threading.Event()

        def slow() -> None:
            while not over.is_set():
                running.send_signal(signal.SIGSTOP)
                over.wait(0.1 * (1 - part))
                running.send_signal(signal.SIGCONT)
                over.wait(0.1 * part)

        thread = threading.Thread(target=slow, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def place(folder: Path, service_url: str, query: str = "edge=default&wait=5") -> Iterator[Place]:
    """Give a place for a Traefik; whatever runs there in the end is killed."""
    made = Place(folder, service_url, query)
    try:
        yield made
    finally:
        made.kill()


def shown(service_url: str, name: str = "default") -> dict[str, Any]:
    """Return an edge as the API shows it."""
    found: dict[str, Any] = fetch(f"{service_url}/api/v1/edges/{name}").raise_for_status().json()
    return found


def wait_for_state(
    service_url: str, state: str, name: str = "default", seconds: float = DEADLINE_SECONDS
) -> dict[str, Any]:
    """Wait until an edge is in a state, and return it as it is shown then."""

    def find() -> dict[str, Any]:
        found = shown(service_url, name)
        return found if found["state"] == state else {}

    return wait_until(find, f"the edge {name} is {state}", seconds)


def history(service: Service) -> list[str]:
    """Return a list that has each state to which any edge comes from now on."""
    states: list[str] = []
    service.server._app.plane.edges.subscribe(lambda edge, _before: states.append(edge.verdict.state.value))
    return states


def stays(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Check for so long that a condition holds all the time."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < end:
        assert condition(), f"no longer: {what}"
        pause.wait(0.1)
