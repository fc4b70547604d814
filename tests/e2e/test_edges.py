"""Every state of an edge is reached and left, with a real Traefik."""

from pathlib import Path

import httpx

from tests.e2e.edge import place, shown, wait_for_state
from tests.e2e.traffic import HOST, expose
from tests.running import Service, free_port, http_client, named_servers, running_service, wait_until

WAIT_SECONDS = 1.0
QUERY = f"edge=default&wait={WAIT_SECONDS:g}"


def api_of(service: Service) -> httpx.Client:
    return http_client(f"{service.url}/api/v1")


def test_an_edge_through_all_the_states_of_its_life(migrated: Path, tmp_path: Path) -> None:
    port = free_port()
    with (
        place(tmp_path / "traefik", f"http://127.0.0.1:{port}", QUERY) as edge,
        running_service(tmp_path, migrated, port=port, traefik_api=edge.api, coalesce_ms=20) as service,
        named_servers("a") as (server,),
        api_of(service) as client,
    ):
        assert shown(service.url) == {
            "name": "default",
            "state": "never seen",
            "since": None,
            "detail": "no Traefik has polled under this name yet",
            "address": None,
            "instances": 0,
            "addresses": [],
            "firstSeen": None,
            "lastSeen": None,
            "given": None,
            "givenAt": None,
            "running": None,
            "version": None,
            "startedAt": None,
            "entryPoints": {},
            "disabledRouters": [],
            "partlyServedRouters": [],
            "certificates": {"domains": 0, "good": 0, "nextEnd": None, "amiss": []},
            "quarantine": None,
        }
        traefik = edge.start()
        live = wait_for_state(service.url, "live")
        assert live["detail"] == "it runs revision 0, every router enabled"
        assert live["running"] == live["given"]["digest"] == service.digest() == traefik.digest()
        assert (live["address"], live["version"]) == ("127.0.0.1", "3.7.15")
        assert live["startedAt"]

        expose(client, (server, 1))
        changed = wait_for_state(service.url, "live")
        client.put(
            "/routers/odd", json={"domains": [HOST], "pathPrefix": "/odd", "service": "alvin", "entryPoints": ["none"]}
        )
        degraded = wait_for_state(service.url, "degraded")
        (disabled,) = degraded["disabledRouters"]
        assert disabled["name"] == "odd"
        assert "none" in disabled["error"]
        assert disabled["error"] in degraded["detail"]
        assert traefik.get(HOST).text == "a"
        assert degraded["firstSeen"] == changed["firstSeen"] == live["firstSeen"]
        client.delete("/routers/odd").raise_for_status()
        wait_for_state(service.url, "live")

        edge.kill()
        wait_for_state(service.url, "stale")
        wait_until(lambda: shown(service.url)["running"] is None, "its API is read once more")
        edge.start()
        again = wait_for_state(service.url, "live")
        assert again["startedAt"] > live["startedAt"]
        assert again["firstSeen"] == live["firstSeen"]
