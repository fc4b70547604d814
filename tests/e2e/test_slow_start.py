"""Servers that are new, or back, rise to their weights in steps, and a restart of the service goes on with that."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.test_health import Patient
from tests.e2e.traffic import expose, spread
from tests.running import (
    AUTHORIZED,
    Service,
    Traefik,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_servers,
    running_traefik,
    service_process,
    wait_until,
)

SERVERS = "/services/alvin/servers"
POLL = "/traefik/configuration"


def weights(document: dict[str, Any]) -> list[int]:
    servers = document["http"]["services"]["alvin"]["loadBalancer"]["servers"]
    return [server.get("weight", 1) for server in servers]


def rising(client: httpx.Client, name: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = client.get(f"{SERVERS}/{name}").json().get("rising")
    return found


def test_a_new_server_and_one_that_is_back_rise_to_their_weights(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    with named_servers("a", "b") as (a, b):
        expose(client, (a, 1))
        client.patch("/services/alvin", json={"slowStart": "8s"}).raise_for_status()
        revision = client.put(f"{SERVERS}/b", json={"url": b.url}).headers["Config-Revision"]
        assert weights(service.configuration()) == [5, 1]
        traefik.wait_for(service)
        assert spread(traefik, 30) == {"a": 25, "b": 5}
        shown = client.get(f"{SERVERS}/b").json()
        assert (shown["rising"]["part"], shown["share"]) == (0.2, pytest.approx(1 / 6))
        seen = [weights(service.configuration())]

        def has_risen() -> bool:
            now = weights(service.configuration())
            if now != seen[-1]:
                seen.append(now)
            return now == [1, 1]

        wait_until(has_risen, "it has its weight")
        assert seen == [[5, 1], [5, 2], [5, 3], [5, 4], [1, 1]]
        assert rising(client, "b") is None
        assert client.get("/revisions", params={"limit": 1}).json()["items"][0]["number"] == int(revision)
        traefik.wait_for(service)
        assert spread(traefik, 30) == {"a": 15, "b": 15}
        for state in ("drain", "ready"):
            client.patch(f"{SERVERS}/b", json={"state": state}).raise_for_status()
        assert weights(service.configuration()) == [5, 1]


def test_a_pool_in_which_all_are_new_begins_with_their_weights(client: httpx.Client, service: Service) -> None:
    expose_all = [{"name": name, "url": f"http://{name}.test", "weight": 3} for name in "ab"]
    client.post("/expose", json={"domain": "alvin.xyz", "servers": expose_all, "name": "alvin"}).raise_for_status()
    client.patch("/services/alvin", json={"slowStart": "1h"}).raise_for_status()
    assert weights(service.configuration()) == [3, 3]
    client.put("/services/alvin", json={"slowStart": "1h", "strategy": "p2c"}).raise_for_status()
    client.put(f"{SERVERS}/c", json={"url": "http://c.test"}).raise_for_status()
    assert weights(service.configuration()) == [3, 3, 1]


def test_a_start_of_the_service_goes_on_where_it_was(migrated: Path, tmp_path: Path) -> None:
    (tmp_path / "provider.db").write_bytes(migrated.read_bytes())
    with service_process(tmp_path) as (process, url), http_client(f"{url}/api/v1", headers=AUTHORIZED) as client:
        client.post("/services", json={"name": "alvin", "slowStart": "48s"}).raise_for_status()
        client.put(f"{SERVERS}/a", json={"url": "http://a.test"}).raise_for_status()
        begun = time.time()
        wait_until(lambda: time.time() - begun > 5, "the first one has begun before")
        client.put(f"{SERVERS}/b", json={"url": "http://b.test"}).raise_for_status()
        wait_until(lambda: weights(fetch(f"{url}{POLL}", headers=AUTHORIZED).json()) == [2, 1], "the first has risen")
        process.kill()
        process.wait(timeout=60)
    with service_process(tmp_path) as (_process, url), http_client(f"{url}/api/v1", headers=AUTHORIZED) as client:
        document = fetch(f"{url}{POLL}", headers=AUTHORIZED).json()
        found = rising(client, "b")
        assert time.time() - begun < 48, "the machine was too slow to see anything"
        assert found is not None
        one, other = weights(document)
        assert (one, other) == (2, 1) or one - other == 1


def test_a_server_that_is_back_rises_although_the_service_started_again_while_it_was_kept_out(
    migrated: Path, tmp_path: Path
) -> None:
    (tmp_path / "provider.db").write_bytes(migrated.read_bytes())
    port, api_port = free_port(), free_port()
    settings = {"PROVIDER_PORT": str(port), "PROVIDER_TRAEFIK_API": f"http://127.0.0.1:{api_port}"}
    with ExitStack() as stack:
        a, b = stack.enter_context(running_servers(Patient("a"), Patient("b")))
        process, url = stack.enter_context(service_process(tmp_path, **settings))
        traefik = stack.enter_context(running_traefik(tmp_path, url, api_port=api_port))
        client = stack.enter_context(http_client(f"{url}/api/v1"))

        def run() -> list[int]:
            services = traefik.objects("services")
            return weights({"http": {"services": services}}) if "alvin" in services else []

        check = {"path": "/health", "interval": "500ms", "timeout": "500ms"}
        expose(client, (a, 1), (b, 1), healthCheck=check)
        client.patch("/services/alvin", json={"slowStart": "20s"}).raise_for_status()
        begun = time.monotonic()
        b.well = False
        wait_until(lambda: run() == [1] and time.monotonic() - begun > 6, "b is kept out, and a has risen a step")
        process.kill()
        process.wait(timeout=60)
        stack.enter_context(service_process(tmp_path, **settings))
        b.well = True
        wait_until(lambda: len(found := run()) == 2 and found[0] > found[1], "b is back, and rises")
