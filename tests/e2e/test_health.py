"""The health of servers as Traefik observes it, and what each server's share and service come to."""

from collections.abc import Iterator
from email.message import Message
from typing import Any

import httpx
import pytest

from tests.e2e.traffic import expose, spread
from tests.running import NamedServer, Service, Traefik, running_servers, wait_until

INTERVAL_SECONDS = 1
CHECK = {"path": "/health", "interval": f"{INTERVAL_SECONDS}s", "timeout": "900ms"}
SERVERS = "/services/alvin/servers"


class Patient(NamedServer):
    """A server that says of itself whether it is well."""

    well = True

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        return (200, self.name) if self.well else (503, "not well")


def healths(client: httpx.Client) -> dict[str, str]:
    return {server["name"]: server["health"]["state"] for server in client.get(SERVERS).json()["items"]}


def shares(client: httpx.Client) -> dict[str, float]:
    return {server["name"]: server["share"] for server in client.get(SERVERS).json()["items"]}


def availability(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/services/alvin").json()["availability"]
    return found


@pytest.fixture
def servers() -> Iterator[tuple[Patient, ...]]:
    with running_servers(Patient("a"), Patient("b"), Patient("c")) as made:
        yield tuple(made)


def wait_for_healths(client: httpx.Client, wanted: dict[str, str]) -> None:
    wait_until(lambda: healths(client) == wanted, f"the servers are {wanted}, not {healths(client)}")


def test_a_server_that_dies_is_down_and_gets_nothing(
    client: httpx.Client, traefik: Traefik, servers: tuple[Patient, ...]
) -> None:
    a, b, c = servers
    expose(client, (a, 3), (b, 2), (c, 1), healthCheck=CHECK)
    wait_for_healths(client, {"a": "up", "b": "up", "c": "up"})
    assert shares(client) == {"a": 3 / 6, "b": 2 / 6, "c": 1 / 6}
    assert availability(client) == {
        "servers": 3,
        "ready": 3,
        "available": 3,
        "detail": "3 of 3 servers take requests",
    }

    a.shutdown()
    a.server_close()
    wait_for_healths(client, {"a": "down", "b": "up", "c": "up"})
    assert shares(client) == {"a": 0.0, "b": 2 / 3, "c": 1 / 3}
    assert sum(shares(client).values()) == pytest.approx(1)
    assert spread(traefik, 6) == {"b": 4, "c": 2}
    found = client.get(f"{SERVERS}/a").json()["health"]
    assert found["why"] == "its health check fails on default"
    assert found["since"]
    assert [each["edge"] for each in found["keptOut"]] == ["default"]

    c.well = False
    wait_for_healths(client, {"a": "down", "b": "up", "c": "down"})
    assert availability(client)["detail"] == "only one of 3 servers is left"
    b.well = False
    wait_for_healths(client, {"a": "down", "b": "down", "c": "down"})
    assert availability(client) == {
        "servers": 3,
        "ready": 3,
        "available": 0,
        "detail": "no server is left: requests get 503",
    }
    assert shares(client) == {"a": 0.0, "b": 0.0, "c": 0.0}
    assert traefik.get("alvin.xyz").status_code == 503

    b.well = c.well = True
    wait_for_healths(client, {"a": "down", "b": "up", "c": "up"})
    assert client.get(f"{SERVERS}/a").json()["health"]["since"] == found["since"]
    assert sum(shares(client).values()) == pytest.approx(1)

    client.patch(f"{SERVERS}/b", json={"state": "drain"}).raise_for_status()
    wait_until(lambda: shares(client) == {"a": 0.0, "b": 0.0, "c": 1.0}, "only c takes requests")
    assert client.get(f"{SERVERS}/b").json()["health"] == {
        "state": "unknown",
        "since": None,
        "why": "not checked while its state is drain",
    }
    # A reload lets every server count as up until it is looked at again, the dead one too.
    wait_until(lambda: availability(client)["detail"] == "only one of 3 servers is left", "the dead one is down again")


def test_every_form_of_a_url_is_found_again_in_what_traefik_tells(
    client: httpx.Client, service: Service, traefik: Traefik, servers: tuple[Patient, ...]
) -> None:
    a, b, _c = servers
    urls = {
        "plain": a.url,
        "slash": f"{b.url}/",
        "upper": f"HTTP://LOCALHOST:{a.server_port}",
        "h2c": "h2c://127.0.0.1:1",
        "six": "http://[::1]:1",
        "name": "https://Server_1.invalid",
    }
    listed = [{"name": name, "url": url} for name, url in urls.items()]
    client.post("/expose", json={"domain": "alvin.xyz", "servers": listed, "healthCheck": CHECK}).raise_for_status()
    traefik.wait_for(service)
    expected = {name: "up" if name in {"plain", "slash", "upper"} else "down" for name in urls}
    wait_for_healths(client, expected)


def test_without_a_health_check_nothing_is_known_and_all_take_their_part(
    client: httpx.Client, service: Service, traefik: Traefik, servers: tuple[Patient, ...]
) -> None:
    a, b, _c = servers
    expose(client, (a, 1), (b, 1))
    traefik.wait_for(service)
    assert healths(client) == {"a": "unknown", "b": "unknown"}
    assert client.get(f"{SERVERS}/a").json()["health"]["why"] == "the service has no health check"
    assert availability(client)["available"] == 2
