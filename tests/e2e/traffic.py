"""Requests through the edge, and what they came to."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx

from tests.running import SOAK, NamedServer, Traefik, http_client, wait_until

HOST = "alvin.xyz"
PAUSE_SECONDS = 0.0 if SOAK else 0.005
"""Between two requests of a client: without, all clients together take a core."""


def listed(*weighted: tuple[NamedServer, int]) -> list[dict[str, object]]:
    """Return servers with their weights as the API takes them."""
    return [{"name": server.name, "url": server.url, "weight": weight} for server, weight in weighted]


def expose(client: httpx.Client, *weighted: tuple[NamedServer, int], host: str = HOST, **options: object) -> str:
    """Expose servers with their weights, and return the name of the application."""
    body = {"domain": host, "servers": listed(*weighted), **options}
    name: str = client.post("/expose", json=body).raise_for_status().json()["name"]
    return name


def spread(traefik: Traefik, requests: int, host: str = HOST) -> Counter[str]:
    """Send requests one after the other, without cookies, and count which server answered."""
    counted: Counter[str] = Counter()
    with http_client(headers={"Host": host}, timeout=60) as client:
        for _ in range(requests):
            counted[client.get(traefik.web).raise_for_status().text] += 1
            client.cookies.clear()
    return counted


class Load:
    """Clients that ask over and over, each on its own kept-alive connection, and what they were answered.

    `failures` has one line for each request that was answered with anything but 200, or not at all.
    """

    def __init__(self, url: str, hosts: Sequence[str]) -> None:
        self._url = url
        self._hosts = hosts
        self._begun = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []

    @property
    def count(self) -> int:
        """How many requests were answered well."""
        with self._lock:
            return self.answers.total()

    def ask(self, client_number: int) -> None:
        """Be one client, until the load is stopped."""
        self._begun.wait()
        with http_client(timeout=60) as client:
            number = client_number
            while not self._stopped.wait(PAUSE_SECONDS):
                number += 1
                host = self._hosts[number % len(self._hosts)]
                try:
                    answer = client.get(self._url, headers={"Host": host})
                except httpx.TransportError as error:
                    self._failed(f"{host}: {error!r}")
                    continue
                if answer.status_code != 200:
                    self._failed(f"{host}: {answer.status_code} {answer.text[:100]}")
                    continue
                with self._lock:
                    self.answers[answer.text] += 1

    def begin(self) -> None:
        self._begun.set()

    def stop(self) -> None:
        self._stopped.set()
        self._begun.set()

    def _failed(self, line: str) -> None:
        with self._lock:
            self.failures.append(line)


@contextmanager
def load(url: str, clients: int = 4, hosts: Sequence[str] = (HOST,), *, waits: bool = False) -> Iterator[Load]:
    """Keep a load on a URL, from now on or, if it waits, from `begin` on.

    When it ends, every request has been answered or has failed.
    """
    made = Load(url, hosts)
    if not waits:
        made.begin()
    threads = [threading.Thread(target=made.ask, args=(number,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.stop()
        for thread in threads:
            thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "a request hangs"


def goes_on(requests: Load, count: int = 30) -> None:
    """Wait until so many more requests have been answered."""
    before = requests.count
    wait_until(lambda: requests.count >= before + count, "traffic flows")
