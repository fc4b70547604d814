"""A storm of changes reaches the edge as a few documents, the last one always."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from tests.e2e.traffic import expose, spread
from tests.running import Service, http_client, named_servers, running_traefik, wait_until


def test_of_many_changes_in_a_storm_traefik_takes_two_documents_a_second_and_the_last_one(
    start_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = start_service()
    with (
        named_servers("a", "b") as (a, b),
        running_traefik(tmp_path, service.url) as traefik,
        http_client(f"{service.url}/api/v1") as client,
    ):
        expose(client, (a, 1), (b, 1))
        traefik.wait_for(service)
        before, begun, changes = traefik.reloads(), monotonic(), 0
        while changes < 100 or monotonic() - begun < 2:
            changes += 1
            weight = changes % 1000 + 1
            client.patch("/services/alvin/servers/a", json={"weight": weight}).raise_for_status()
        client.patch("/services/alvin/servers/a", json={"weight": 3}).raise_for_status()
        lasted = monotonic() - begun
        traefik.wait_for(service)
        taken = traefik.reloads() - before
        assert 3 <= taken <= 2 * lasted + 2, f"{taken} documents of {changes} changes in {lasted} s"
        assert spread(traefik, 40) == {"a": 30, "b": 10}


def test_the_first_change_after_a_quiet_time_is_live_at_once(
    start_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = start_service(coalesce_ms=60_000)
    with (
        named_servers("a", "b") as (a, b),
        running_traefik(tmp_path, service.url) as traefik,
        http_client(f"{service.url}/api/v1") as client,
    ):
        traefik.wait_for(service)
        expose(client, (a, 1), (b, 1))
        wait_until(lambda: traefik.digest() == service.digest(), "it is live before it would be held back", seconds=50)
        assert spread(traefik, 10) == {"a": 5, "b": 5}
