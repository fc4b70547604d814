"""Where an edge's API should be there is nothing, or nonsense: the edge is unconfirmed, and nobody else is hurt."""

import logging
from contextlib import ExitStack
from pathlib import Path

import pytest

from provider.edges import watch
from tests.e2e.edge import place, shown, stays, wait_for_state
from tests.e2e.traffic import HOST, expose
from tests.edges.apis import NONSENSE, api
from tests.running import cases, fetch, free_port, http_client, named_servers, running_service, wait_until

STAYS_SECONDS = cases(1, 60)
MOST_LINES_AN_EDGE = 3
AN_HOUR = 3600.0


def test_an_api_that_tells_nothing_makes_its_edge_unconfirmed_and_hurts_no_other(
    migrated: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        edge = stack.enter_context(place(tmp_path / "traefik", url))
        apis = {name: stack.enter_context(api(answer)) for name, answer in NONSENSE.items()}
        apis["nobody"] = f"http://127.0.0.1:{free_port()}"
        settings = ",".join(f"{name}={where}" for name, where in {**apis, "default": edge.api}.items())
        stack.enter_context(running_service(tmp_path, migrated, port=port, traefik_api=settings))
        (server,) = stack.enter_context(named_servers("a"))
        client = stack.enter_context(http_client(f"{url}/api/v1"))
        pollers = {name: stack.enter_context(http_client()) for name in apis}

        def poll() -> None:
            for name, poller in pollers.items():
                poller.get(f"{url}/traefik/configuration?edge={name}").raise_for_status()

        poll()
        traefik = edge.start()
        wait_for_state(url, "live")
        for name in apis:
            found = wait_for_state(url, "unconfirmed", name)
            wait_until(lambda name=name: "has not been read yet" not in shown(url, name)["detail"], "it was tried")  # type: ignore[misc]
            found = shown(url, name)
            assert found["detail"].startswith("it was given revision 0; ")
            assert "127.0.0.1" in found["detail"]
            assert (found["running"], found["version"], found["disabledRouters"]) == (None, None, [])

        with caplog.at_level(logging.INFO, "provider"):
            caplog.clear()
            monkeypatch.setattr(watch, "TIMEOUT_SECONDS", AN_HOUR)  # who waited for one that drips would wait for ever
            expose(client, (server, 1))
            wait_until(lambda: shown(url)["state"] == "live" and traefik.get(HOST).status_code == 200, "it is served")

            def answers() -> bool:
                poll()
                return fetch(f"{url}/healthz").raise_for_status().is_success

            stays(answers, "the service answers", STAYS_SECONDS)
            lines = [record.getMessage() for record in caplog.records if record.name.startswith("provider")]
        assert {shown(url, name)["state"] for name in apis} == {"unconfirmed"}
        assert shown(url)["state"] == "live"
        assert any(line.startswith("edge default: live") for line in lines)
        for name in apis:
            assert len([line for line in lines if f"edge {name}:" in line]) <= MOST_LINES_AN_EDGE, lines
        poll()  # nobody waits for an edge that has been silent for a moment
        answer = client.put("/services/other", json={}, headers={"Prefer": "wait=0"})
        assert answer.status_code == 202
        assert {item["name"] for item in answer.json()["pending"]} >= set(apis)
        assert all(item["detail"].startswith("it ") for item in answer.json()["pending"])
