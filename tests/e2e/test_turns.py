"""Who takes the next request is what `provider.balancing` says, by a real Traefik."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, permutations

import httpx
import pytest

from provider.balancing import turns
from tests.e2e.traffic import expose
from tests.running import NamedServer, Service, Traefik, fetch, free_port, http_client, named_servers, wait_until

WEIGHTS = [
    *((3, 1), (1, 3), (5, 3), (1, 1), (1, 1, 1), (2, 2, 1), (5, 1, 1)),
    *((3, 2, 1), (4, 3, 2), (7, 2, 1), (10, 7, 3, 1), (6, 6, 4, 2)),
]
ROUNDS = 3


@pytest.fixture(scope="module")
def servers() -> Iterator[Sequence[NamedServer]]:
    with named_servers("a", "b", "c", "d") as running:
        yield running


def answered(traefik: Traefik, host: str, count: int) -> str:
    with http_client(headers={"Host": host}, timeout=60) as client:
        return "".join(client.get(traefik.web).raise_for_status().text for _ in range(count))


def possible(weights: Mapping[str, int], count: int, down: Sequence[str] = ()) -> set[str]:
    """Return what servers may answer: Traefik shuffles them, and so each order is possible."""
    orders = ({name: weights[name] for name in order} for order in permutations(weights))
    return {"".join(turn.server or "-" for turn in islice(turns(order, down), count)) for order in orders}


def test_traefik_gives_each_request_to_the_server_that_is_due_first(
    client: httpx.Client, service: Service, traefik: Traefik, servers: Sequence[NamedServer]
) -> None:
    for number, weights in enumerate(WEIGHTS):
        expose(client, *zip(servers, weights, strict=False), host=f"turns-{number}.xyz")
    traefik.wait_for(service)
    for number, weights in enumerate(WEIGHTS):
        count = ROUNDS * sum(weights)
        named = {server.name: weight for server, weight in zip(servers, weights, strict=False)}
        assert answered(traefik, f"turns-{number}.xyz", count) in possible(named, count), weights


def test_traefik_passes_a_server_over_that_is_down_when_it_is_due(
    client: httpx.Client, service: Service, traefik: Traefik, servers: Sequence[NamedServer]
) -> None:
    weights = {"a": 3, "b": 2, "gone": 4}
    gone = f"http://127.0.0.1:{free_port()}"
    listed = [{"name": server.name, "url": server.url, "weight": weights[server.name]} for server in servers[:2]]
    listed.append({"name": "gone", "url": gone, "weight": weights["gone"]})
    check = {"path": "/", "interval": "100ms", "timeout": "100ms"}
    client.post("/expose", json={"domain": "turns.xyz", "servers": listed, "healthCheck": check}).raise_for_status()
    traefik.wait_for(service)

    def is_down() -> bool:
        status = fetch(f"{traefik.api}/api/http/services/turns@http").json().get("serverStatus", {})
        return bool(status.get(gone) == "DOWN")

    wait_until(is_down, "Traefik finds that the server is down")
    assert answered(traefik, "turns.xyz", 27) in possible(weights, 27, down=["gone"])
