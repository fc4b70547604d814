"""Traffic is shared by weight, and follows every change."""

from collections import Counter

import httpx

from tests.running import Service, Traefik, named_servers


def spread(traefik: Traefik, requests: int) -> Counter[str]:
    with httpx.Client() as client:
        return Counter(
            client.get(traefik.web, headers={"Host": "alvin.xyz"}).raise_for_status().text for _ in range(requests)
        )


def test_weights_3_2_1_give_exactly_30_20_and_10_of_60(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    with named_servers("a", "b", "c") as (a, b, c):
        servers = [{"name": s.name, "url": s.url, "weight": w} for s, w in ((a, 3), (b, 2), (c, 1))]
        client.post("/expose", json={"domain": "alvin.xyz", "servers": servers}).raise_for_status()
        traefik.wait_for(service)
        assert spread(traefik, 60) == {"a": 30, "b": 20, "c": 10}
