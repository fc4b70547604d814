"""Routers stand beside those that a Traefik has from a file, take their requests over and give them back: no request
is lost on the way, and each goes to whom it should."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.cli.running import Result, run_forked, variables
from tests.e2e.edge import place, wait_for_state
from tests.e2e.traffic import goes_on, load
from tests.running import (
    NamedServer,
    Service,
    Traefik,
    cases,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_service,
    wait_until,
)

Json = dict[str, Any]
COUNT = cases(12, 50)
HOSTS = [f"r{number}.test" for number in range(COUNT)]


@dataclass
class Both:
    """A Traefik with routes from a file, which polls the service too; `there` answers for the file, `here` for us."""

    file: Path
    service: Service
    client: httpx.Client
    traefik: Traefik
    there: NamedServer
    here: NamedServer

    def have(self, routers: Mapping[str, Json], **more: Any) -> None:
        """Let the file have these routers, which lead to its server unless they say otherwise."""
        pool = {"loadBalancer": {"servers": [{"url": self.there.url}]}}
        given = {name: {"service": "pool", "entryPoints": ["web"], **each} for name, each in routers.items()}
        document = {"http": {"services": {"pool": pool}, **({"routers": given} if given else {})}, **more}
        new = self.file.with_suffix(".new")
        new.write_text(yaml.safe_dump(document))
        new.replace(self.file)
        wait_until(lambda: self.of_file() == set(given), "Traefik has read its file")

    def of_file(self) -> set[str]:
        listed = fetch(f"{self.traefik.api}/api/http/routers?per_page=1000").json()
        return {each["name"].removesuffix("@file") for each in listed if each["provider"] == "file"}

    def run(self, *arguments: str) -> Result:
        return run_forked(*arguments, env=variables(PROVIDER_URL=self.service.url))

    def take(self, *options: str) -> str:
        """Import what the file has, to stand beside it."""
        return (
            self.run("import", "--from-api", self.traefik.api, "--beside", "--yes", "--wait", "60", *options)
            .check()
            .out
        )

    def turn(self) -> None:
        """Let the service that was taken over lead to the server here."""
        (server,) = self.client.get("/services/pool/servers").raise_for_status().json()["items"]
        changed = self.client.patch(f"/services/pool/servers/{server['name']}", json={"url": self.here.url})
        changed.raise_for_status()
        self.traefik.wait_for(self.service)

    def answers(self, host: str, path: str = "/") -> str:
        return self.traefik.get(host, path).text

    def conflicts(self) -> dict[str, str]:
        found = self.client.get("/conflicts").raise_for_status().json()["items"]
        return {each["conflict"]: each["detail"] for each in found}


@contextmanager
def running(folder: Path, migrated: Path) -> Iterator[Both]:
    port, file = free_port(), folder / "conf.yml"
    file.write_text("http: {services: {pool: {loadBalancer: {servers: []}}}}")
    with (
        named_servers("there", "here") as (there, here),
        place(folder / "traefik", f"http://127.0.0.1:{port}", "edge=default&wait=1") as edge,
        running_service(folder, migrated, port=port, traefik_api=edge.api, coalesce_ms=20) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        edge.static["providers"]["file"]["filename"] = str(file)
        traefik = edge.start()
        wait_for_state(service.url, "live")
        yield Both(file, service, client, traefik, there, here)


@pytest.fixture
def both(tmp_path: Path, migrated: Path) -> Iterator[Both]:
    with running(tmp_path, migrated) as made:
        yield made


def test_routers_take_over_and_give_back_under_load_and_no_request_is_lost(both: Both) -> None:
    both.have({f"r{number}": {"rule": f"Host(`{host}`)"} for number, host in enumerate(HOSTS)})
    with load(both.traefik.web, hosts=HOSTS) as requests:
        goes_on(requests)
        both.take("--with-services")
        both.turn()
        goes_on(requests)
        assert set(requests.answers) == {"there"}  # standing beside them takes nothing
        half = [f"r{number}" for number in range(0, COUNT, 2)]
        told = both.run("adopt", *half, "--wait", "60").check().out
        assert f"Adopted: {len(half)} changed" in told
        assert "runs on: default." in told
        assert [both.answers(host) for host in HOSTS] == ["here" if f"r{i}" in half else "there" for i in range(COUNT)]
        both.run("adopt", "--all", "--wait", "60").check()
        assert {both.answers(host) for host in HOSTS} == {"here"}
        goes_on(requests)
        both.run("hand-back", *half, "--wait", "60").check()
        assert [both.answers(host) for host in HOSTS] == ["there" if f"r{i}" in half else "here" for i in range(COUNT)]
        both.run("hand-back", "--all", "--wait", "60").check()
        assert {both.answers(host) for host in HOSTS} == {"there"}
        goes_on(requests)
    assert requests.failures == []
    assert both.conflicts() == {}


ROUTES: Mapping[str, Json] = {
    "ap": {"rule": "Host(`a.test`) && PathPrefix(`/ap`)"},
    "api": {"rule": "Host(`a.test`) && PathPrefix(`/api`)"},
    "all": {"rule": "Host(`a.test`)"},
    "rest": {"rule": "PathPrefix(`/`)", "priority": -50},
}
PATHS = {"ap": "/apple", "api": "/api/x", "all": "/x"}


@pytest.mark.parametrize("adopted", [{"ap"}, {"all"}, {"rest"}, {"ap", "all", "rest"}, {"api", "rest"}])
def test_an_adopted_router_takes_what_the_other_took_and_nothing_else(both: Both, adopted: set[str]) -> None:
    both.have(ROUTES)
    both.take("--with-services")
    both.turn()
    both.run("adopt", *sorted(adopted), "--wait", "60").check()
    takers = {name: both.answers("a.test", path) for name, path in PATHS.items()} | {"rest": both.answers("b.test")}
    assert takers == {name: "here" if name in adopted else "there" for name in ROUTES}


def test_what_the_file_loses_goes_on_here_and_can_stand_by_itself(both: Both) -> None:
    both.have(ROUTES)
    both.take("--with-services")
    both.turn()
    both.run("adopt", "--all", "--wait", "60").check()
    early = both.run("adopt", "--all", "--for-good")
    assert early.check().out.splitlines()[0] == "Adopted: nothing to do (revision 3)."
    there = "routers/0: ap@file is still there: remove it there first"
    wait_until(lambda: both.run("adopt", "ap", "--for-good").error() == there, "the edge's API was read")
    with load(both.traefik.web, hosts=["a.test", "b.test"]) as requests:
        both.have({})
        goes_on(requests)
        wait_until(lambda: "other-gone" in both.conflicts(), "the edge's API was read")
        assert both.run("hand-back", "ap").error() == (
            "routers/0: no edge has ap@file any more: it cannot take the requests of ap"
        )
        both.run("adopt", "--all", "--for-good", "--wait", "60").check()
        goes_on(requests)
        takers = [both.answers("a.test", path) for path in PATHS.values()]
    assert (takers, requests.failures) == (["here"] * 3, [])
    assert "other-gone" not in both.conflicts()
    routers = {each["name"]: each for each in both.client.get("/routers").json()["items"]}
    assert all("beside" not in each for each in routers.values())
    assert {each["priority"] for each in routers.values()} == {None}


def test_it_is_told_when_the_other_router_changes(both: Both) -> None:
    rule = "Host(`a.test`)"
    both.have({"a": {"rule": rule}})
    both.take("--with-services")
    both.turn()
    both.run("adopt", "a", "--wait", "60").check()
    both.have({"a": {"rule": rule, "priority": 500}})
    told = wait_until(lambda: both.conflicts().get("other-higher"), "the edge's API was read")
    assert told == (
        "a@file now has the priority 500 on edge default, and takes the requests of a, which was adopted at 15: "
        "adopt it again"
    )
    assert both.answers("a.test") == "there"
    both.run("adopt", "a", "--wait", "60").check()
    assert both.answers("a.test") == "here"
    both.have({"a": {"rule": "Host(`a.test`) && Method(`POST`)", "priority": 500}})
    told = wait_until(lambda: both.conflicts().get("other-rule"), "the edge's API was read")
    assert told == "on edge default, a@file has a different rule from a here: Host(`a.test`) && Method(`POST`)"


def test_tcp_routers_take_over_and_give_back(both: Both) -> None:
    tcp = {
        "routers": {"all": {"rule": "HostSNI(`*`)", "service": "pool", "entryPoints": ["other"]}},
        "services": {"pool": {"loadBalancer": {"servers": [{"address": both.there.url.removeprefix("http://")}]}}},
    }
    both.have({}, tcp=tcp)
    listed = f"{both.traefik.api}/api/tcp/routers"
    wait_until(lambda: "all@file" in fetch(listed).text, "Traefik has read its file")
    both.take("--with-services")
    pool = {"loadBalancer": {"servers": [{"address": both.here.url.removeprefix("http://")}]}}
    both.client.patch("/tcpServices/pool", json=pool).raise_for_status()
    both.traefik.wait_for(both.service)
    assert fetch(both.traefik.other).text == "there"
    both.run("adopt", "--tcp-router", "all", "--wait", "60").check()
    assert fetch(both.traefik.other).text == "here"
    both.run("hand-back", "--tcp-router", "all", "--wait", "60").check()
    assert fetch(both.traefik.other).text == "there"
