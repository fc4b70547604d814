"""Whatever state the API accepts, Traefik takes it, whole."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provider.configuration import owner
from tests.e2e.states import PHASES, State, draw_state
from tests.running import Service, Traefik, cases, empty, http_client

tries = count()


@pytest.fixture(scope="module")
def api(shared_service: Service) -> Iterator[httpx.Client]:
    with http_client(f"{shared_service.url}/api/v1") as made:
        yield made


def check_document(document: dict[str, Any], state: State) -> None:
    """Check that a document has what was accepted, and nothing else."""
    enabled = {name: router for name, router in state.routers.items() if router["enabled"]}
    routers = document.get("routers", {})
    services = document.get("services", {})
    assert {owner(name): router["service"] for name, router in routers.items()} == {
        name: router["service"] for name, router in enabled.items()
    }
    for name, service in services.items():
        ready = [
            {"url": server["url"], "weight": server["weight"]}
            for (pool, _name), server in sorted(state.servers.items())
            if pool == name and server["state"] == "ready"
        ]
        assert service["loadBalancer"]["servers"] == ready
        assert service["loadBalancer"].get("strategy", "wrr") == state.services[name]["strategy"]
    assert services.keys() == state.services.keys()


def check_routers(traefik: Traefik, document: dict[str, Any]) -> None:
    """Check that Traefik runs each router of a document as it is there."""
    shown = traefik.objects("routers")
    wanted = document.get("routers", {})
    assert shown.keys() == wanted.keys()
    for name, router in shown.items():
        assert (router["status"], router.get("error")) == ("enabled", None), router
        assert router["using"] == ["web"], router
        told = {"rule": router["rule"], "service": router["service"], "entryPoints": router["entryPoints"] or ["web"]}
        assert told == {key: wanted[name][key] for key in told}
        assert router["priority"] == wanted[name].get("priority", len(router["rule"]))


def check_services(traefik: Traefik, document: dict[str, Any]) -> None:
    """Check that Traefik runs each service of a document as it is there."""
    shown = traefik.objects("services")
    wanted = document.get("services", {})
    assert shown.keys() == wanted.keys()
    for name, service in shown.items():
        assert (service["status"], service.get("error")) == ("enabled", None), service
        told, asked = service["loadBalancer"], wanted[name]["loadBalancer"]
        assert told.get("servers", []) == asked["servers"]
        assert told["strategy"] == asked.get("strategy", "wrr")
        assert told["passHostHeader"] == asked.get("passHostHeader", True)
        assert told.get("sticky", {}).get("cookie", {}).get("name") == asked.get("sticky", {}).get("cookie", {}).get(
            "name"
        )
        assert told.get("healthCheck", {}).get("path") == asked.get("healthCheck", {}).get("path")


@settings(
    max_examples=cases(3, 300),
    deadline=None,
    phases=PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(data=st.data())
def test_every_state_that_is_accepted_runs_in_traefik(
    api: httpx.Client, shared_service: Service, shared_traefik: Traefik, data: st.DataObject
) -> None:
    empty(shared_service)
    # Traefik may still be on its way through an example that was given up. None has the document of this one.
    state = draw_state(data, api, mark=f"the-example-of-this-try-{next(tries)}")
    document = shared_service.configuration()["http"]
    check_document(document, state)
    shared_traefik.wait_for(shared_service)
    check_routers(shared_traefik, document)
    check_services(shared_traefik, document)
