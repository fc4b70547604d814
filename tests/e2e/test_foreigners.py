"""What other providers have is told from what an edge's own API tells: before something names it, and when it goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.e2e.edge import place, wait_for_state
from tests.running import Service, fetch, free_port, http_client, running_service, wait_until

Json = dict[str, Any]

POOL: Json = {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:1"}]}}
MARK: Json = {"headers": {"customResponseHeaders": {"X-Mark": "1"}}}


class Others:
    """A Traefik that polls the service, and has more from a file."""

    def __init__(self, file: Path, service: Service, client: httpx.Client) -> None:
        self._file, self.service, self.client = file, service, client

    def have(self, *services: str, middlewares: tuple[str, ...] = ("mark",)) -> None:
        """Let the file have these objects."""
        document = {
            "http": {"services": dict.fromkeys(services, POOL), "middlewares": dict.fromkeys(middlewares, MARK)}
        }
        new = self._file.with_suffix(".new")
        new.write_text(yaml.safe_dump(document | {"tcp": {"services": {"db": {"loadBalancer": {"servers": []}}}}}))
        new.replace(self._file)

    def told(self, path: str, body: Json) -> list[tuple[str, str]]:
        """Return what is told before something is written, but for what has to do with no edge."""
        answer = self.client.put(path, json=body, params={"dryRun": True}).raise_for_status()
        listed = [(each["conflict"], each["detail"]) for each in answer.json()["warnings"]]
        return [each for each in listed if "edge default" in each[1]]

    def conflicts(self) -> list[str]:
        return [each["conflict"] for each in self.client.get("/conflicts").raise_for_status().json()["items"]]


@pytest.fixture(scope="module")
def others(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Others]:
    with running_others(tmp_path_factory.mktemp("others"), migrated) as made:
        yield made


@contextmanager
def running_others(folder: Path, migrated: Path) -> Iterator[Others]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        place(folder / "traefik", url, "edge=default&wait=1") as edge,
        running_service(folder, migrated, port=port, traefik_api=edge.api, coalesce_ms=20) as service,
        http_client(f"{url}/api/v1") as client,
    ):
        made = Others(folder / "others.yml", service, client)
        made.have("there")
        edge.static["providers"]["file"]["filename"] = str(folder / "others.yml")
        edge.static["entryPoints"]["other"]["http"] = {"middlewares": ["mark@file", "own@http"]}
        edge.start()
        wait_for_state(url, "live")
        client.put("/services/plain", json={}).raise_for_status()
        client.put("/middlewares/own", json=MARK).raise_for_status()
        wait_until(lambda: made.told("/routers/probe", router("absent@file")), "the edge's API was read")
        yield made


def router(service: str, *middlewares: str, **more: Any) -> Json:
    return {"pathPrefix": "/x", "service": service, "middlewares": list(middlewares), **more}


def test_what_an_edge_does_not_have_is_told_before_it_is_named(others: Others) -> None:
    assert others.told("/routers/a", router("there@file", "mark@file")) == []
    assert others.told("/routers/a", router("web@docker", "limit@file")) == [
        ("missing-reference", "edge default has no service web@docker: it disables the router a"),
        ("missing-reference", "edge default has no middleware limit@file: it disables the router a"),
    ]
    parent = {"weighted": {"services": [{"name": "there@file"}, {"name": "gone@file"}]}}
    (found,) = others.told("/services/parent", parent)
    assert found[1] == "edge default has no service gone@file: it disables the routers that need the service parent"
    assert others.told("/middlewares/pages", {"errors": {"status": ["500"], "service": "gone@file"}})
    assert others.told("/middlewares/all", {"chain": {"middlewares": ["mark@file", "gone@file"]}})
    tcp = {"rule": "HostSNI(`*`)", "entryPoints": ["other"]}
    assert others.told("/tcpRouters/t", {**tcp, "service": "db@file"}) == []
    assert others.told("/tcpRouters/t", {**tcp, "service": "there@file"})  # that one is of HTTP
    assert others.told("/routers/a", router("noop@internal")) == []
    assert others.told("/routers/a", router("rest@internal"))  # its static configuration has no REST provider


def test_what_no_api_tells_is_not_told(others: Others) -> None:
    assert others.told("/services/plain", {"serversTransport": "gone@file"}) == []
    assert others.told("/routers/a", router("plain", tls={"options": "gone@file"})) == []


def test_who_waits_is_told_and_so_is_everybody_when_it_goes_later(others: Others) -> None:
    patiently = {"Prefer": "wait=30"}
    answer = others.client.put("/routers/b", json=router("late@file"), headers=patiently)
    assert answer.status_code == 202
    assert answer.json()["pending"][0]["detail"] == ('it disabled router b: the service "late@file" does not exist')
    assert "missing-reference" in others.conflicts()
    others.have("there", "late")
    wait_for_state(others.service.url, "live")
    wait_until(lambda: "missing-reference" not in others.conflicts(), "it is seen that it is there")
    others.have("there")
    edge = wait_for_state(others.service.url, "degraded")
    assert "late@file" in edge["detail"]
    wait_until(lambda: "missing-reference" in others.conflicts(), "it is seen that it is gone")
    assert "late@file" in fetch(f"{others.service.url}/readyz").text
    others.client.delete("/routers/b").raise_for_status()


def test_a_middleware_that_the_entry_point_has_already_is_told(others: Others) -> None:
    on_both = ["web", "other"]
    told = others.told("/routers/c", router("plain", "mark@file", "own", entryPoints=on_both))
    assert sorted(each[1] for each in told) == [
        f"edge default adds the middleware {name} to all routers on other: requests for c pass through it twice"
        for name in ("mark@file", "own@http")
    ]
    assert {each[0] for each in told} == {"doubtful-value"}
    assert others.told("/routers/c", router("plain", "mark@file", entryPoints=["web"])) == []
