"""The first change after a quiet time is not held back, as those of a storm are."""

from collections.abc import Callable
from pathlib import Path

from tests.e2e.traffic import expose, spread
from tests.running import Service, http_client, named_servers, running_traefik, wait_until


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
