"""The service goes away under load: the edge serves on, and is live again soon after the service is back."""

import shutil
from pathlib import Path

from tests.e2e.edge import place, stays, wait_for_state
from tests.e2e.traffic import HOST, expose, goes_on, load
from tests.running import answers, cases, free_port, http_client, named_servers, service_process

OUTAGE_SECONDS = cases(2, 60)


def test_an_outage_of_the_service_fails_no_request_and_the_edge_is_soon_live_again(
    migrated: Path, tmp_path: Path
) -> None:
    shutil.copy(migrated, tmp_path / "provider.db")
    port = free_port()
    with place(tmp_path / "traefik", f"http://127.0.0.1:{port}") as edge, named_servers("a", "b") as (a, b):
        environment = {
            "PROVIDER_PORT": str(port),
            "PROVIDER_TRAEFIK_API": edge.api,
            "PROVIDER_FALLBACK_FILE": str(edge.fallback_file),
        }
        with service_process(tmp_path, **environment) as (process, url):
            traefik = edge.start()
            with http_client(f"{url}/api/v1") as client:
                expose(client, (a, 3), (b, 1))
            first = wait_for_state(url, "live")
            with load(traefik.web, clients=2) as requests:
                process.kill()
                process.wait()
                stays(lambda: not answers(f"{url}/healthz"), "the service is away", OUTAGE_SECONDS)
                goes_on(requests, 100)
                with service_process(tmp_path, **environment):
                    again = wait_for_state(url, "live")
                    with http_client(f"{url}/api/v1") as client:
                        weight, wait = {"weight": 2}, {"Prefer": "wait=60"}
                        assert client.patch("/services/alvin/servers/b", json=weight, headers=wait).status_code == 200
        assert requests.failures == []
        assert again["running"] == first["running"]
        assert traefik.get(HOST).status_code == 200
