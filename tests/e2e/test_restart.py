"""The service and Traefik come and go, each without the other taking harm."""

from pathlib import Path
from shutil import copyfile

import httpx

from tests.e2e.traffic import expose, goes_on, load, spread
from tests.running import (
    Service,
    Traefik,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_traefik,
    service_process,
)


def digest(url: str) -> str:
    found: str = fetch(f"{url}/readyz").raise_for_status().json()["digest"]
    return found


def test_a_stopped_and_a_killed_service_harm_no_traffic_and_are_followed_again(migrated: Path, tmp_path: Path) -> None:
    copyfile(migrated, tmp_path / "provider.db")
    port = str(free_port())
    with (
        service_process(tmp_path, PROVIDER_PORT=port) as (first, url),
        running_traefik(tmp_path, url) as traefik,
        named_servers("a", "b") as (a, b),
    ):
        with http_client(f"{url}/api/v1") as client:
            expose(client, (a, 1), (b, 1))
        traefik.wait_for_digest(digest(url))
        with load(traefik.web, clients=2) as requests:
            first.terminate()
            first.wait(timeout=60)
            goes_on(requests)
            with service_process(tmp_path, PROVIDER_PORT=port) as (second, _url):
                assert digest(url) == traefik.digest()
                change_and_wait(url, traefik, weight=2)
                second.kill()
                second.wait(timeout=60)
            goes_on(requests)
            with service_process(tmp_path, PROVIDER_PORT=port) as (_third, _url):
                assert digest(url) == traefik.digest()
                change_and_wait(url, traefik, weight=3)
                goes_on(requests)
        assert requests.failures == []


def change_and_wait(url: str, traefik: Traefik, weight: int) -> None:
    with http_client(f"{url}/api/v1") as client:
        client.patch("/services/alvin/servers/a", json={"weight": weight}).raise_for_status()
    traefik.wait_for_digest(digest(url))


def test_a_restarted_traefik_is_not_kept_waiting(client: httpx.Client, service: Service, tmp_path: Path) -> None:
    with named_servers("a") as (a,):
        expose(client, (a, 1))
        for _ in range(2):
            with running_traefik(tmp_path, service.url, query="edge=default&wait=60") as traefik:
                traefik.wait_for(service)  # it gives up its polls before they would be answered, if they waited


def test_two_edges_follow_the_same_service(
    client: httpx.Client, service: Service, traefik: Traefik, tmp_path: Path
) -> None:
    with named_servers("a", "b") as (a, b), running_traefik(tmp_path, service.url) as second:
        expose(client, (a, 1), (b, 1))
        for edge in (traefik, second):
            edge.wait_for(service)
            assert spread(edge, 10) == {"a": 5, "b": 5}
        client.delete("/services/alvin/servers/b").raise_for_status()
        for edge in (traefik, second):
            edge.wait_for(service)
            assert spread(edge, 10) == {"a": 10}
