"""No request is lost: not those in flight on a server that goes, nor any other while everything changes."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from random import Random

import httpx
import pytest

from tests.e2e.traffic import HOST, expose, load, spread
from tests.running import NamedServer, Service, Traefik, cases, named_servers, running_servers

SERVERS = "/services/alvin/servers"
CHANGES = cases(12, 100)


class HeldServer(NamedServer):
    """A server that answers when the test says so."""

    def __init__(self, name: str) -> None:
        self.arrived = threading.Event()
        self.released = threading.Event()
        super().__init__(name)

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        self.arrived.set()
        assert self.released.wait(timeout=60)
        return 200, self.name


def drain(client: httpx.Client) -> httpx.Response:
    return client.patch(f"{SERVERS}/held", json={"state": "drain"})


def take_out(client: httpx.Client) -> httpx.Response:
    return client.patch(f"{SERVERS}/held", json={"state": "maint"})


def remove(client: httpx.Client) -> httpx.Response:
    return client.delete(f"{SERVERS}/held")


def point_elsewhere(client: httpx.Client) -> httpx.Response:
    return client.patch(f"{SERVERS}/held", json={"url": "http://127.0.0.1:1", "state": "drain"})


@pytest.mark.parametrize("change", [drain, take_out, remove, point_elsewhere])
def test_a_request_in_flight_on_a_server_that_goes_is_finished(
    client: httpx.Client, service: Service, traefik: Traefik, change: Callable[[httpx.Client], httpx.Response]
) -> None:
    with running_servers(HeldServer("held")) as (held,), named_servers("next") as (follower,):
        expose(client, (held, 1))
        traefik.wait_for(service)
        with ThreadPoolExecutor(1) as pool:
            in_flight = pool.submit(traefik.get, HOST)
            try:
                assert held.arrived.wait(timeout=60)
                client.put(f"{SERVERS}/next", json={"url": follower.url}).raise_for_status()
                change(client).raise_for_status()
                traefik.wait_for(service)
                assert spread(traefik, 10) == {"next": 10}
                assert not in_flight.done()
            finally:
                held.released.set()
            answer = in_flight.result(timeout=60)
        assert (answer.status_code, answer.text) == (200, "held")
        assert held.count == 1


def test_requests_in_flight_outlive_their_router_service_and_domain(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    with running_servers(HeldServer("held")) as (held,), ThreadPoolExecutor(1) as pool:
        expose(client, (held, 1))
        traefik.wait_for(service)
        in_flight = pool.submit(traefik.get, HOST)
        try:
            assert held.arrived.wait(timeout=60)
            client.delete("/services/alvin", params={"cascade": True}).raise_for_status()
            client.delete(f"/domains/{HOST}").raise_for_status()
            traefik.wait_for(service)
            assert traefik.get(HOST).status_code == 404
        finally:
            held.released.set()
        assert in_flight.result(timeout=60).text == "held"


class Changes:
    """Random changes of an application's servers, of which one is always ready, and of other routers."""

    def __init__(self, client: httpx.Client, servers: Sequence[NamedServer], seed: int) -> None:
        self._client = client
        self._urls = {server.name: server.url for server in servers}
        self._random = Random(seed)
        self._ready = set(self._urls)

    def make(self, number: int) -> None:
        """Make one change. The number sees to it that something changes."""
        kind = self._random.choice(["weight", "drain", "remove", "back", "back", "router"])
        out = self._urls.keys() - self._ready
        if kind in {"drain", "remove"} and len(self._ready) > 1:
            answer = self._take_out(self._random.choice(sorted(self._ready)), kind)
        elif kind == "back" and out:
            name = self._random.choice(sorted(out))
            self._ready.add(name)
            answer = self._client.put(f"{SERVERS}/{name}", json={"url": self._urls[name]})
        elif kind == "router":
            router = {"domains": [HOST], "pathPrefix": f"/other-{number}", "service": "alvin"}
            answer = self._client.put(f"/routers/other-{number % 3}", json=router)
        else:
            name = self._random.choice(sorted(self._ready))
            answer = self._client.patch(f"{SERVERS}/{name}", json={"weight": number + 2})
        answer.raise_for_status()

    def _take_out(self, name: str, kind: str) -> httpx.Response:
        self._ready.remove(name)
        if kind == "drain":
            return self._client.patch(f"{SERVERS}/{name}", json={"state": "drain"})
        return self._client.delete(f"{SERVERS}/{name}")


def test_changes_under_load_lose_no_request(client: httpx.Client, service: Service, traefik: Traefik) -> None:
    with named_servers("a", "b", "c", "d") as servers:
        expose(client, *((server, 1) for server in servers))
        traefik.wait_for(service)
        before = traefik.reloads()
        changes = Changes(client, servers, seed=2)
        with load(traefik.web, clients=3) as requests:
            for number in range(CHANGES):
                changes.make(number)
                traefik.wait_for(service)
        assert requests.failures == []
        assert traefik.reloads() - before == CHANGES
        assert requests.count > CHANGES
        assert sum(server.count for server in servers) == requests.count
