"""Servers that are drained keep the visitors they have, until a time, and get no new ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.running import run_forked, variables
from tests.e2e.edge import place
from tests.e2e.traffic import HOST, expose
from tests.e2e.visitors import STICKY, Visitor, come, seen
from tests.running import (
    AUTHORIZED,
    NamedServer,
    Service,
    Traefik,
    http_client,
    named_servers,
    running_servers,
    running_traefik,
    service_process,
    wait_until,
)
from tests.traefiks import BEFORE_3_7, BEFORE_STRATEGIES, traefik_of

SERVERS = "/services/alvin/servers"
LONG = "2h"


def later(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def drain(client: httpx.Client, name: str, seconds: float = 7200, service: str = "alvin") -> None:
    patch = {"state": "drain", "drainUntil": later(seconds)}
    client.patch(f"/services/{service}/servers/{name}", json=patch).raise_for_status()


def set_service(client: httpx.Client, name: str = "alvin", **fields: Any) -> None:
    client.patch(f"/services/{name}", json=fields).raise_for_status()


class Failing(NamedServer):
    """A server that answers with another status once it is told to."""

    status = 200

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        return self.status, self.name


@contextmanager
def sticky(client: httpx.Client, service: Service, traefik: Traefik, **fields: Any) -> Iterator[list[Failing]]:
    """Give three servers of a sticky service, which Traefik has."""
    with running_servers(*map(Failing, "abc")) as servers:
        expose(client, *((server, 1) for server in servers))
        set_service(client, **STICKY, **fields)
        traefik.wait_for(service)
        yield list(servers)


def is_sticky(traefik: Traefik) -> bool:
    return "sticky" in traefik.objects("services").get("alvin", {}).get("loadBalancer", {})


def of(visitors: list[Visitor], name: str) -> list[Visitor]:
    return [visitor for visitor in visitors if visitor.ask() == name]


@pytest.mark.parametrize("strategy", ["wrr", "p2c", "leasttime"])
def test_a_drained_server_keeps_its_visitors_and_gets_no_new_ones(
    client: httpx.Client, service: Service, traefik: Traefik, strategy: str
) -> None:
    with sticky(client, service, traefik, strategy=strategy):
        visitors = come(traefik.web, 24)
        stay = of(visitors, "a")
        others = [visitor for visitor in visitors if visitor not in stay]
        drain(client, "a")
        traefik.wait_for(service)
        assert seen(stay) == {"a": len(stay)}
        assert seen(others).keys() == {"b", "c"}
        assert seen(come(traefik.web, 12)).keys() == {"b", "c"}
        client.patch(f"{SERVERS}/a", json={"drainUntil": None}).raise_for_status()
        traefik.wait_for(service)
        assert seen(stay).keys() <= {"b", "c"}
        assert "provider.drain" not in str(service.configuration())


def test_another_router_of_the_host_keeps_its_requests(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    with sticky(client, service, traefik), named_servers("other") as (other,):
        client.post("/services", json={"name": "other"}).raise_for_status()
        client.post("/services/other/servers", json={"name": "o", "url": other.url}).raise_for_status()
        # Each ranks as high as the router of who stays, or one higher.
        matches: list[tuple[dict[str, Any], str]] = [
            ({"domains": [HOST], "pathPrefix": "/"}, "/"),
            ({"rule": f"Host(`{HOST}`) && Path(`/x`)"}, "/x"),
        ]
        for number, (match, path) in enumerate(matches):
            client.patch("/routers/alvin", json={"domains": [HOST], "pathPrefix": None}).raise_for_status()
            stay = of(come(traefik.web, 12), "a")
            assert stay
            client.put(f"/routers/other-{number}", json={**match, "service": "other"}).raise_for_status()
            drain(client, "a")
            traefik.wait_for(service)
            assert seen(stay, path) == {"other": len(stay)}
            client.delete(f"/routers/other-{number}").raise_for_status()
            traefik.wait_for(service)
            assert seen(stay, path) == {"a": len(stay)}
            client.patch(f"{SERVERS}/a", json={"state": "ready"}).raise_for_status()
            traefik.wait_for(service)


def test_visitors_stay_by_way_of_services_made_of_services(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    check = {"healthCheck": {"path": "/", "interval": "500ms", "timeout": "400ms"}}
    with sticky(client, service, traefik, **check), named_servers("green") as (green,):
        client.post("/services", json={"name": "green", **check}).raise_for_status()
        client.post("/services/green/servers", json={"name": "g", "url": green.url}).raise_for_status()
        both = [{"name": "alvin", "weight": 3}, {"name": "green", "weight": 1}]
        for made in (
            {"weighted": {"services": both, "sticky": {"cookie": {"name": "color"}}}},
            {"failover": {"service": "alvin", "fallback": "green"}},
            {"mirroring": {"service": "alvin", "mirrors": [{"name": "green", "percent": 0}]}},
        ):
            client.put("/services/whole", json={"name": "whole", **made}).raise_for_status()
            client.patch("/routers/alvin", json={"service": "whole"}).raise_for_status()
            traefik.wait_for(service)
            visitors = come(traefik.web, 24)
            stay = of(visitors, "a")
            elsewhere = [visitor for visitor in visitors if visitor not in stay]
            assert stay
            drain(client, "a")
            traefik.wait_for(service)
            assert seen(stay) == {"a": len(stay)}
            assert "a" not in seen(elsewhere)
            assert "a" not in seen(come(traefik.web, 12))
            client.patch(f"{SERVERS}/a", json={"state": "ready"}).raise_for_status()


@pytest.mark.parametrize("checked", [False, True])
def test_visitors_of_a_drained_server_that_dies_move_on(
    client: httpx.Client, service: Service, traefik: Traefik, checked: bool
) -> None:
    check = {"path": "/", "interval": "500ms", "timeout": "400ms"}
    with sticky(client, service, traefik, healthCheck=check if checked else None) as servers:
        stay = of(come(traefik.web, 24), "a")
        drain(client, "a")
        traefik.wait_for(service)
        assert seen(stay) == {"a": len(stay)}
        servers[0].status = 503
        assert set(seen(stay)) <= {"b", "c"}
        servers[0].status = 200
        assert set(seen(stay)) <= {"b", "c"}


def test_twenty_visitors_stay_until_the_deadline_across_restarts_of_service_and_edge(
    migrated: Path, tmp_path: Path
) -> None:
    (tmp_path / "provider.db").write_bytes(migrated.read_bytes())
    with named_servers("a", "b", "c") as servers:
        with service_process(tmp_path) as (process, url), place(tmp_path / "edge", url) as edge:
            traefik = edge.start()
            with http_client(f"{url}/api/v1", headers=AUTHORIZED) as client:
                expose(client, *((server, 1) for server in servers))
                set_service(client, **STICKY)
                wait_until(lambda: is_sticky(traefik), "it is sticky")
                visitors: list[Visitor] = []
                while len(visitors) < 20:
                    visitors += of(come(traefik.web, 20 - len(visitors)), "a")
                until = datetime.now(UTC) + timedelta(seconds=25)
                patch = {"state": "drain", "drainUntil": until.isoformat()}
                client.patch(f"{SERVERS}/a", json=patch).raise_for_status()
                wait_until(lambda: "provider.drain.alvin" in traefik.objects("services"), "the edge keeps them")
            assert seen(visitors) == {"a": 20}
            assert "a" not in seen(come(traefik.web, 20))
            port = url.rpartition(":")[2]
            process.kill()
            process.wait(timeout=60)
            assert seen(visitors) == {"a": 20}
        with service_process(tmp_path, PROVIDER_PORT=port):
            edge.kill()
            traefik = edge.start()
            wait_until(lambda: "provider.drain.alvin" in traefik.objects("services"), "the edge keeps them again")
            assert datetime.now(UTC) < until
            assert seen(visitors) == {"a": 20}
            assert "a" not in seen(come(traefik.web, 20))
            failed = []
            while "provider.drain.alvin" in traefik.objects("services"):
                failed += [visitor.status for visitor in visitors if not visitor.ask() or visitor.status != 200]
            assert datetime.now(UTC) >= until.replace(microsecond=0)
            assert failed == []
            assert set(seen(visitors)) <= {"b", "c"}
            edge.kill()


@pytest.mark.parametrize(("version", "checked"), [(BEFORE_3_7, True), (BEFORE_STRATEGIES, False)])
def test_older_traefiks_keep_visitors_too(
    start_service: Callable[..., Service], tmp_path: Path, version: str, checked: bool
) -> None:
    check, service = {"path": "/", "interval": "500ms", "timeout": "400ms"}, start_service()
    older = running_traefik(tmp_path, service.url, query="edge=older&wait=5", program=traefik_of(version))
    with http_client(f"{service.url}/api/v1") as client, older as traefik:
        service.server._app.plane.polls.know("older", tuple(map(int, version.split("."))))
        with running_servers(*map(Failing, "ab")) as servers:
            expose(client, *((server, 1) for server in servers))
            set_service(client, **STICKY, healthCheck=check if checked else None)
            wait_until(lambda: is_sticky(traefik), "it is sticky")
            stay = of(come(traefik.web, 12), "a")
            drain(client, "a")
            wait_until(lambda: "provider.drain.alvin" in traefik.objects("services"), "the edge keeps them")
            assert seen(stay) == {"a": len(stay)}
            if checked:
                servers[0].status = 503
                wait_until(lambda: seen(stay) == {"b": len(stay)}, "they move on")


def test_a_command_waits_until_a_drained_server_can_be_stopped(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    with sticky(client, service, traefik) as servers:
        stay = of(come(traefik.web, 12), "a")
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
        result = run_forked(
            "server", "drain", "alvin", "a", "--for", "5s", "--wait", env=variables(PROVIDER_URL=service.url)
        )
        assert result.status == 0, result
        assert datetime.now(UTC) >= until
        shown = client.get(f"{SERVERS}/a").json()
        assert shown["leaving"] == {"until": None, "edges": []}
        asked = servers[0].count
        assert set(seen(stay)) <= {"b", "c"}
        assert servers[0].count == asked
