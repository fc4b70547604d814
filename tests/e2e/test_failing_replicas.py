"""Services, the database and connections are killed while people write: nothing acknowledged is lost."""

import itertools
import logging
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from provider.database.locations import Location
from tests.forwarding import Balancer
from tests.postgres import Postgres
from tests.running import (
    AUTHORIZED,
    DEADLINE_SECONDS,
    Process,
    Traefik,
    cases,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_traefik,
    service_process,
    wait_until,
)

logger = logging.getLogger(__name__)

SERVICE_KILLS = cases(2, 20)
SERVER_KILLS = cases(1, 5)
CUTS = cases(1, 5)
STILL = cases(1, 5)
WRITERS = 8


@dataclass
class Watched:
    """What is seen while things fail."""

    stopped: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[str] = field(default_factory=list)
    refused: int = 0
    requests: int = 0
    wrong: list[str] = field(default_factory=list)

    def run(self, step: Callable[[], None], pause_seconds: float) -> None:
        while not self.stopped.is_set():
            step()
            self.stopped.wait(pause_seconds)


def write(watched: Watched, client: httpx.Client, writer: int, numbers: Iterator[int]) -> None:
    name = f"w{writer}-{next(numbers)}.test"
    try:
        status = client.put(f"/domains/{name}", json={"name": name}).status_code
    except httpx.TransportError:
        watched.refused += 1
        return
    if status in {200, 201}:
        watched.acknowledged.append(name)
    elif status == 503:
        watched.refused += 1
    else:
        watched.wrong.append(f"{name}: {status}")


def plan(watched: Watched, client: httpx.Client) -> None:
    """Try what writers do at the same time: it is told, or refused like a change."""
    try:
        status = client.put("/domains/tried.test", json={}, params={"dryRun": True}).status_code
    except httpx.TransportError:
        return
    if status not in {200, 201, 503}:
        watched.wrong.append(f"dry run: {status}")


def request(watched: Watched, client: httpx.Client, traefik: Traefik) -> None:
    try:
        status = client.get(traefik.web, headers={"Host": "stable.test"}).status_code
    except httpx.TransportError as error:
        watched.wrong.append(f"request: {error!r}")
        return
    watched.requests += 1
    if status != 200:
        watched.wrong.append(f"request: {status}")


def look(watched: Watched, port: int, newest: dict[int, int]) -> None:
    """See that no service ever serves an older document than it has served."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/traefik/configuration?edge=looking", headers=AUTHORIZED)
    except httpx.TransportError:
        return
    if answer.status_code == 200:
        number = int(answer.headers["Config-Revision"])
        if number < newest.get(port, 0):
            watched.wrong.append(f"port {port}: revision {number} after {newest[port]}")
        newest[port] = max(number, newest.get(port, 0))


class Services:
    """Two service processes on one database."""

    def __init__(self, stack: ExitStack, folder: Path, location: Location, apis: str) -> None:
        self._environment = {
            "PROVIDER_DATABASE_URL": location.url,
            "PROVIDER_SECRET_KEY_FILE": str(location.keys_path),
            "PROVIDER_TRAEFIK_API": apis,
            "PROVIDER_COALESCE_MS": "50",
        }
        self._stack, self._folder = stack, folder
        self.ports = [free_port(), free_port()]
        self.processes: dict[int, Process] = {}

    def start(self, port: int) -> None:
        environment = {**self._environment, "PROVIDER_PORT": str(port)}
        self.processes[port], _url = self._stack.enter_context(service_process(self._folder, **environment))

    def stand_still(self, port: int, until: Callable[[], bool]) -> None:
        """Let one do nothing, as on a machine that is suspended, and go on then."""
        self.processes[port].send_signal(signal.SIGSTOP)
        try:
            wait_until(until, "the other goes on")
        finally:
            self.processes[port].send_signal(signal.SIGCONT)

    def kill(self, port: int) -> None:
        self.processes[port].kill()
        self.processes[port].wait(timeout=60)


@contextmanager
def working(watched: Watched, *steps: tuple[Callable[[], None], float]) -> Iterator[None]:
    threads = [threading.Thread(target=watched.run, args=step) for step in steps]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        watched.stopped.set()
        for thread in threads:
            thread.join(timeout=DEADLINE_SECONDS)


def test_nothing_acknowledged_is_lost_and_no_request_fails_whatever_is_killed(
    postgres: Postgres, tmp_path: Path
) -> None:
    location, chance = postgres.migrated(), random.Random(18)
    names = ("one", "two", "three")
    api_ports = {name: free_port() for name in names}
    apis = ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in api_ports.items())
    watched, newest = Watched(), dict[int, int]()
    with ExitStack() as stack:
        services = Services(stack, tmp_path, location, apis)
        for port in services.ports:
            services.start(port)
        balancer = stack.enter_context(closing(Balancer(services.ports)))
        (server,) = stack.enter_context(named_servers("stable"))
        client = stack.enter_context(http_client(f"{balancer.url}/api/v1"))
        stable = {"domain": "stable.test", "servers": [{"url": server.url}]}
        client.post("/expose", json=stable).raise_for_status()
        traefiks = []
        for name in names:
            (tmp_path / name).mkdir()
            query = f"edge={name}&wait=5"
            started = running_traefik(tmp_path / name, balancer.url, api_port=api_ports[name], query=query)
            traefiks.append(stack.enter_context(started))
        for traefik in traefiks:
            wait_until(lambda traefik=traefik: traefik.get("stable.test").status_code == 200, "it serves")  # type: ignore[misc]
        numbers = itertools.count()
        # Each makes connections of its own, so that the balancer spreads them.
        clients = [stack.enter_context(http_client(f"{balancer.url}/api/v1", timeout=15)) for _ in range(WRITERS)]
        web = [stack.enter_context(http_client()) for _ in traefiks]
        steps = [
            *((lambda each=each, n=n: write(watched, each, n, numbers), 0.05) for n, each in enumerate(clients)),
            (lambda: plan(watched, client), 0.1),
            *((lambda each=each, t=t: request(watched, each, t), 0.02) for each, t in zip(web, traefiks, strict=True)),
            *((lambda port=port: look(watched, port, newest), 0.02) for port in services.ports),
        ]
        with working(watched, *steps):
            happening = ["service"] * SERVICE_KILLS + ["server"] * SERVER_KILLS + ["cut"] * CUTS + ["still"] * STILL
            chance.shuffle(happening)
            for what in happening:
                before = len(watched.acknowledged)
                if what == "service":
                    port = chance.choice(services.ports)
                    services.kill(port)
                    services.start(port)
                elif what == "still":
                    goes_on = before + WRITERS  # of the writes that were on their way, some are answered all the same
                    services.stand_still(
                        chance.choice(services.ports),
                        lambda goes_on=goes_on: len(watched.acknowledged) > goes_on,  # type: ignore[misc]
                    )
                elif what == "server":
                    postgres.kill()
                    postgres.start()
                else:
                    postgres.cut(location.url.rpartition("/")[2].partition("?")[0])
                wait_until(lambda before=before: len(watched.acknowledged) > before, f"writing goes on after {what}")  # type: ignore[misc]
        assert watched.wrong == []
        answers = [fetch(f"http://127.0.0.1:{port}/api/v1/export").json() for port in services.ports]
        kept = set(answers[0]["domains"])
        assert set(watched.acknowledged) <= kept
        wait_until(lambda: len({_digest(port) for port in services.ports}) == 1, "both serve the same")
        for traefik in traefiks:
            traefik.wait_for_digest(_digest(services.ports[0]))
        assert watched.requests > 100
        logger.info("%d kept, %d refused, %d requests", len(watched.acknowledged), watched.refused, watched.requests)


def _digest(port: int) -> str:
    digest: str = fetch(f"http://127.0.0.1:{port}/readyz").raise_for_status().json()["digest"]
    return digest
