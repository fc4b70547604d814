"""Servers that register themselves: deploys that lose no request, and silence."""

import os
import signal
from pathlib import Path

import httpx

from tests.e2e.registered import Registered, fleet
from tests.e2e.traffic import HOST, goes_on, load
from tests.running import Service, Traefik, cases, free_port

DEPLOYS = cases(1, 5)
SERVERS = "/services/alvin/servers"


def prepare(client: httpx.Client, **service: object) -> None:
    """Make a service without servers, and what leads to it."""
    client.put(f"/domains/{HOST}", json={}).raise_for_status()
    client.put("/services/alvin", json=service).raise_for_status()
    client.put("/routers/alvin", json={"domains": [HOST], "service": "alvin"}).raise_for_status()


def names(client: httpx.Client) -> list[str]:
    return [item["name"] for item in client.get(SERVERS).raise_for_status().json()["items"]]


def test_a_rolling_deploy_of_servers_with_leases_loses_no_request(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    prepare(client, sticky={"cookie": {"name": "sid"}})
    with fleet(service.url, 3, "--ttl", "10s", "--grace", "500ms") as servers:
        servers.deploy("v0")
        traefik.wait_for(service)
        with load(traefik.web, clients=3) as requests:
            for number in range(1, DEPLOYS + 1):
                servers.deploy(f"v{number}")
                goes_on(requests)
            before = requests.answers.copy()
            goes_on(requests, 100)
        assert requests.failures == []
        assert set(requests.answers - before) == {f"v{DEPLOYS}"}
        assert sorted(names(client)) == sorted(made.name for made in servers.running.values())


def test_a_server_that_ends_by_itself_leaves_at_once_and_gives_its_exit_status(
    client: httpx.Client, service: Service
) -> None:
    prepare(client)
    made = Registered(service.url, free_port(), "v0", "--ttl", "24h")
    made.wait_for("Registered ")
    (child,) = Path(f"/proc/{made.process.pid}/task/{made.process.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGKILL)
    assert (made.wait(), names(client)) == (137, [])
