"""The demo: what it takes for its own, and where its sample servers listen."""

import asyncio
import socket
from collections.abc import Iterator

import httpx
import pytest

from provider.cli.client import Client
from provider.cli.running import demo
from tests.running import TOKEN, Service, fetch

PORTS = {"a": 9101, "b": 9102, "c": 9103}


@pytest.fixture
def caller(service: Service) -> Iterator[Client]:
    with Client(service.url, TOKEN) as made:
        yield made


def test_the_demo_is_found_again_where_it_was_exposed(caller: Client) -> None:
    assert demo.is_empty(caller)
    demo.expose(caller, PORTS)
    assert not demo.is_empty(caller)
    assert demo.find_servers(caller) == PORTS


def test_sample_servers_are_exposed_with_weights_3_2_1(caller: Client, client: httpx.Client) -> None:
    demo.expose(caller, PORTS)
    servers = client.get("/services/wayshub/servers").json()["items"]
    assert {server["name"]: server["weight"] for server in servers} == {"a": 3, "b": 2, "c": 1}
    assert client.get("/routers/wayshub").json()["domains"] == ["wayshub.localhost"]


def test_what_others_made_is_not_the_demo(caller: Client, client: httpx.Client) -> None:
    client.post("/domains", json={"name": "alvin.xyz"}).raise_for_status()
    assert not demo.is_empty(caller)
    assert demo.find_servers(caller) == {}
    servers = [{"name": "a", "url": "http://127.0.0.1:9101"}]
    client.post("/expose", json={"domain": "alvin.xyz", "name": "wayshub", "servers": servers}).raise_for_status()
    assert demo.find_servers(caller) == {}


def test_a_server_that_was_put_in_the_place_of_a_sample_server_is_left_alone(
    caller: Client, client: httpx.Client
) -> None:
    demo.expose(caller, PORTS)
    client.patch("/services/wayshub/servers/a", json={"url": "http://127.0.0.1:3000"}).raise_for_status()
    client.put("/services/wayshub/servers/d", json={"url": "http://127.0.0.1:9104"}).raise_for_status()
    assert demo.find_servers(caller) == {"b": 9102, "c": 9103}


def test_a_sample_server_whose_port_is_taken_moves(caller: Client) -> None:
    demo.expose(caller, PORTS)
    demo.move(caller, PORTS, {"a": 9101, "b": 9104, "c": 9103})
    assert demo.find_servers(caller) == {"a": 9101, "b": 9104, "c": 9103}


def test_a_sample_server_listens_elsewhere_when_its_port_is_taken() -> None:
    async def run() -> None:
        servers = demo.SampleServers(told.append)
        try:
            with socket.create_server(("127.0.0.1", 0)) as taken:
                number = taken.getsockname()[1]
                listening = await servers.start({"a": number})
            assert listening["a"] in demo.PORTS
            url = f"http://127.0.0.1:{listening['a']}/"
            assert (await asyncio.to_thread(fetch, url)).text == "sample server a\n"
        finally:
            await servers.stop(2)

    told: list[str] = []
    asyncio.run(run())
    assert not told


def test_a_sample_server_listens_when_it_is_started_and_stops_when_told() -> None:
    async def run() -> int:
        servers = demo.SampleServers(lambda _line: None)
        try:
            return (await servers.start({"a": demo.PORTS[0]}))["a"]
        finally:
            await servers.stop(2)

    number = asyncio.run(run())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", number)).close()
