"""Traffic is shared by weight, exactly, and follows every change of the servers."""

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.acting import acts
from tests.e2e.traffic import HOST, expose, spread
from tests.running import NamedServer, Service, Traefik, named_servers

SERVERS = "/services/alvin/servers"
LAST = {"confirm": 1}
"""Confirms that the last server of a service goes."""


@pytest.fixture
def exposed(client: httpx.Client, service: Service, traefik: Traefik) -> Iterator[dict[str, NamedServer]]:
    """Servers a, b and c with the weights 3, 2 and 1, exposed as alvin.xyz, and a server d that is not."""
    with named_servers("a", "b", "c", "d") as servers:
        a, b, c, _ = servers
        expose(client, (a, 3), (b, 2), (c, 1))
        traefik.wait_for(service)
        yield {server.name: server for server in servers}


@acts("http.services.*.loadBalancer.servers[].weight")
def test_weights_3_2_1_give_exactly_30_20_and_10_of_60(exposed: dict[str, NamedServer], traefik: Traefik) -> None:
    assert spread(traefik, 60) == {"a": 30, "b": 20, "c": 10}
    assert {name: server.count for name, server in exposed.items()} == {"a": 30, "b": 20, "c": 10, "d": 0}


@pytest.mark.usefixtures("exposed")
def test_a_changed_weight_takes_effect(client: httpx.Client, service: Service, traefik: Traefik) -> None:
    client.patch(f"{SERVERS}/a", json={"weight": 1}).raise_for_status()
    traefik.wait_for(service)
    assert spread(traefik, 40) == {"a": 10, "b": 20, "c": 10}


def test_the_largest_weight_beside_the_smallest_one_is_kept_exactly(
    exposed: dict[str, NamedServer], client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    client.delete(f"{SERVERS}/c").raise_for_status()
    client.patch(f"{SERVERS}/a", json={"weight": 1000}).raise_for_status()
    client.patch(f"{SERVERS}/b", json={"weight": 1}).raise_for_status()
    traefik.wait_for(service)
    assert spread(traefik, 1001) == {"a": 1000, "b": 1}
    assert exposed["c"].count == 0


def test_an_added_and_a_removed_server_take_effect(
    exposed: dict[str, NamedServer], client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    client.put(f"{SERVERS}/d", json={"url": exposed["d"].url, "weight": 4}).raise_for_status()
    traefik.wait_for(service)
    assert spread(traefik, 50) == {"a": 15, "b": 10, "c": 5, "d": 20}
    client.delete(f"{SERVERS}/a").raise_for_status()
    traefik.wait_for(service)
    assert spread(traefik, 35) == {"b": 10, "c": 5, "d": 20}


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize("state", ["drain", "maint"])
def test_a_server_that_is_not_ready_gets_nothing_until_it_is_brought_back(
    client: httpx.Client, service: Service, traefik: Traefik, state: str
) -> None:
    client.patch(f"{SERVERS}/a", json={"state": state}).raise_for_status()
    traefik.wait_for(service)
    assert spread(traefik, 30) == {"b": 20, "c": 10}
    client.patch(f"{SERVERS}/a", json={"state": "ready"}).raise_for_status()
    traefik.wait_for(service)
    assert spread(traefik, 60) == {"a": 30, "b": 20, "c": 10}


@pytest.mark.usefixtures("exposed")
def test_without_its_last_server_a_service_answers_503(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    for name in ("a", "b"):
        client.delete(f"{SERVERS}/{name}").raise_for_status()
    client.patch(f"{SERVERS}/c", json={"state": "drain"}, params=LAST).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST).status_code == 503
    client.patch(f"{SERVERS}/c", json={"state": "ready"}).raise_for_status()
    traefik.wait_for(service)
    assert spread(traefik, 5) == {"c": 5}
    client.delete(f"{SERVERS}/c", params=LAST).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST).status_code == 503


@pytest.mark.usefixtures("exposed")
def test_without_the_last_domain_the_edge_answers_404(client: httpx.Client, service: Service, traefik: Traefik) -> None:
    client.post("/domains", json={"name": "other.xyz"}).raise_for_status()
    client.patch("/routers/alvin", json={"domains": [HOST, "other.xyz"]}).raise_for_status()
    traefik.wait_for(service)
    assert spread(traefik, 6, "other.xyz").total() == 6
    assert client.delete(f"/domains/{HOST}").status_code == 409
    client.delete(f"/domains/{HOST}", params={"cascade": True}).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get(HOST).status_code == 404
    assert spread(traefik, 6, "other.xyz").total() == 6
    client.delete("/domains/other.xyz", params={"cascade": True}).raise_for_status()
    traefik.wait_for(service)
    assert traefik.get("other.xyz").status_code == 404
    assert traefik.objects("routers") == {}
