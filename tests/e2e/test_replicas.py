"""Two services on one PostgreSQL are one to edges, to people and to programs."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from provider.database.locations import Location
from tests.e2e.clocks import Clock
from tests.e2e.registered import fleet
from tests.forwarding import Balancer
from tests.postgres import Postgres, Wire
from tests.running import (
    Service,
    Traefik,
    fetch,
    free_port,
    fresh_service_process,
    http_client,
    running_service,
    running_traefik,
    wait_until,
)


@pytest.fixture
def location(postgres: Postgres) -> Location:
    return postgres.migrated()


@contextmanager
def two_services(folder: Path, location: Location, api_port: int) -> Iterator[tuple[Service, Service]]:
    api = f"http://127.0.0.1:{api_port}"
    with (
        running_service(folder, None, location=location, coalesce_ms=20, traefik_api=api) as first,
        running_service(folder, None, location=location, coalesce_ms=20, traefik_api=api) as second,
    ):
        yield first, second


@contextmanager
def two_clients(*services: Service) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    first, second = services
    with http_client(f"{first.url}/api/v1") as one, http_client(f"{second.url}/api/v1") as other:
        yield one, other


@dataclass(frozen=True)
class Cuttable:
    """Two services behind a balancer, of which the first can be cut off from the database."""

    wire: Wire
    first: Service
    second: Service
    balancer: Balancer


@contextmanager
def cuttable(folder: Path, postgres: Postgres, location: Location) -> Iterator[Cuttable]:
    with (
        closing(Wire(postgres.folder)) as wire,
        running_service(folder, None, location=wire.to(location)) as first,
        running_service(folder, None, location=location) as second,
        closing(Balancer([urlsplit(each.url).port or 0 for each in (first, second)])) as balancer,
    ):
        yield Cuttable(wire, first, second, balancer)


def state_of(service: Service) -> str:
    with http_client(f"{service.url}/api/v1") as client:
        state: str = client.get("/edges/default").raise_for_status().json()["state"]
    return state


def expose(client: httpx.Client, name: str, headers: dict[str, str] | None = None) -> httpx.Response:
    body = {"domain": f"{name}.test", "servers": [{"url": "http://127.0.0.1:9"}]}
    return client.post("/expose", json=body, headers=headers or {})


def test_who_changes_something_at_one_waits_for_the_edges_that_poll_the_other(
    location: Location, tmp_path: Path
) -> None:
    api_port = free_port()
    with (
        two_services(tmp_path, location, api_port) as (first, second),
        running_traefik(tmp_path, first.url, api_port=api_port) as traefik,
        http_client(f"{second.url}/api/v1") as client,
    ):
        traefik.wait_for(first)
        wait_until(lambda: state_of(second) == "live", "the second service knows that the edge runs its document")
        for name in ("a", "b", "c"):
            answer = expose(client, name, {"Prefer": "wait=60"})
            assert answer.status_code == 201, answer.text
            assert name in traefik.objects("routers")
            assert traefik.digest() == second.digest() == first.digest()
        _an_edge_moves(first, second, traefik)


def _an_edge_moves(first: Service, second: Service, traefik: Traefik) -> None:
    """Let a service stop: what it knew of the edge is known by the other."""
    first.server.should_exit = True
    with http_client(f"{second.url}/api/v1") as client:
        assert expose(client, "d").status_code == 201
        assert client.get("/edges/default").json()["lastSeen"] is not None
    assert "a" in traefik.objects("routers")


def test_a_token_is_good_and_revoked_at_all_services_at_once(location: Location, tmp_path: Path) -> None:
    with (
        two_services(tmp_path, location, free_port()) as (first, second),
        http_client(f"{first.url}/api/v1") as one,
    ):
        made = one.post("/tokens", json={"name": "ci", "scopes": ["read"]}).raise_for_status().json()
        headers = {"Authorization": f"Bearer {made['token']}"}

        def status() -> int:
            return httpx.get(f"{second.url}/api/v1/domains", headers=headers).status_code

        wait_until(lambda: status() == 200, "the other service knows the token")
        one.delete(f"/tokens/{made['id']}").raise_for_status()
        wait_until(lambda: status() == 401, "the other service knows that the token is revoked")


def test_a_service_that_cannot_reach_the_database_says_so_and_serves_what_it_has(
    postgres: Postgres, location: Location, tmp_path: Path
) -> None:
    with (
        two_services(tmp_path, location, free_port()) as (first, second),
        http_client(f"{first.url}/api/v1") as one,
    ):
        expose(one, "a")
        wait_until(lambda: second.digest() == first.digest(), "the other has it")
        before = second.configuration()
        postgres.kill()
        try:

            def warnings() -> str:
                return " ".join(httpx.get(f"{second.url}/readyz").raise_for_status().json()["warnings"])

            wait_until(lambda: "changes made by other services are not seen either" in warnings(), "it is told")
            assert second.configuration() == before
            assert expose(one, "b").status_code == 503
        finally:
            postgres.start()
        wait_until(lambda: expose(one, "b").status_code in {201, 409}, "changes are taken again")
        wait_until(lambda: second.digest() == first.digest() and second.configuration() != before, "it follows again")


def test_an_edge_that_polls_a_service_that_is_cut_off_can_come_to_another(
    postgres: Postgres, location: Location, tmp_path: Path
) -> None:
    with (
        cuttable(tmp_path, postgres, location) as services,
        http_client(f"{services.second.url}/api/v1") as other,
        http_client(services.balancer.url) as edge,
    ):

        def poll() -> httpx.Response:
            return edge.get("/traefik/configuration", params={"wait": 60}).raise_for_status()

        assert "connection" not in poll().headers
        services.wire.cut()
        try:
            expose(other, "a").raise_for_status()
            held = poll()
            assert ("a" in held.json()["http"].get("routers", {}), held.headers.get("connection")) == (False, "close")
            assert "a" in poll().json()["http"]["routers"]
        finally:
            services.wire.mend()


def test_a_server_that_sends_its_heartbeats_to_another_service_is_not_silent(
    location: Location, tmp_path: Path
) -> None:
    with (
        two_services(tmp_path, location, free_port()) as services,
        two_clients(*services) as (one, other),
    ):
        one.post("/services", json={"name": "wayshub"}).raise_for_status()
        for name, ttl in (("always", None), ("a", "2s"), ("b", "2s"), ("c", "2s"), ("quiet", "2s")):
            server = {"url": "http://127.0.0.1:9", "ttl": ttl}
            one.put(f"/services/wayshub/servers/{name}", json=server).raise_for_status()

        def beat() -> None:
            """Send one heartbeat to each service, each of another server."""
            for client, name in ((one, "a"), (other, "b"), (other, "c")):
                client.post(f"/services/wayshub/servers/{name}/heartbeat").raise_for_status()

        def states() -> dict[str, str]:
            beat()
            return {each["name"]: each["state"] for each in one.get("/services/wayshub/servers").json()["items"]}

        wait_until(lambda: states().get("quiet") != "ready", "the silent one is drained")
        wait_until(lambda: "quiet" not in states(), "the silent one is removed")
        assert states() == dict.fromkeys(("always", "a", "b", "c"), "ready")


def test_a_heartbeat_that_nobody_would_count_is_refused_and_counts_at_another_service(
    postgres: Postgres, location: Location, tmp_path: Path
) -> None:
    with (
        cuttable(tmp_path, postgres, location) as services,
        two_clients(services.first, services.second) as (one, other),
        fleet(services.balancer.url, 1, "--ttl", "10s") as fleet_of_one,
    ):
        other.post("/services", json={"name": "alvin"}).raise_for_status()
        for name in "abcd":
            server = {"url": "http://127.0.0.1:9", "ttl": "5s"}
            other.put(f"/services/alvin/servers/{name}", json=server).raise_for_status()
        fleet_of_one.deploy("v0")
        (registered,) = fleet_of_one.running.values()
        ready = {(name, "ready") for name in (*"abcd", registered.name)}
        refused = []

        def beat() -> bool:
            """Let one server ask the first service, and the other one if need be; all others ask that one."""
            answer = one.post("/services/alvin/servers/a/heartbeat")
            if answer.status_code == 503:
                assert answer.headers["Retry-After"] == "1"
                refused.append(answer)
            for name in "bcd" if answer.status_code == 204 else "abcd":
                other.post(f"/services/alvin/servers/{name}/heartbeat").raise_for_status()
            return bool(refused)

        def states() -> set[tuple[str, str]]:
            beat()
            return {(each["name"], each["state"]) for each in other.get("/services/alvin/servers").json()["items"]}

        wait_until(lambda: one.post("/services/alvin/servers/a/heartbeat").status_code == 204, "it is known here")
        beat()
        assert not refused
        services.wire.cut()
        try:
            wait_until(beat, "the heartbeat is refused")
            assert "does not count" in refused[0].json()["detail"]
            until = time.monotonic() + 12  # for longer than a lease and its removal take
            while time.monotonic() < until:
                assert states() == ready
        finally:
            services.wire.mend()
        # Once it is known that the database cannot be reached, nobody waits for it.
        assert sorted(answer.elapsed for answer in refused)[len(refused) // 2] < timedelta(seconds=1)
        assert [line.partition(" ")[0] for line in registered.lines] == ["Registered"]
        refused.clear()
        wait_until(lambda: one.post("/services/alvin/servers/a/heartbeat").status_code == 204, "it counts again")
        assert states() == ready


def test_each_service_tells_of_held_servers_and_one_of_them_drains_each_once(
    location: Location, tmp_path: Path
) -> None:
    with (
        two_services(tmp_path, location, free_port()) as services,
        two_clients(*services) as (one, other),
    ):
        silent = {name: {"url": "http://127.0.0.1:9", "ttl": "1s"} for name in "abcd"}
        servers = {"always": {"url": "http://127.0.0.1:9"}, **silent}
        one.post("/apply", json={"services": {"wayshub": {"servers": servers}}}).raise_for_status()

        def revisions() -> list[str]:
            items = other.get("/revisions").raise_for_status().json()["items"]
            return [each["summary"] for each in items if "heartbeats" in each["summary"]]

        for service, client in zip(services, (one, other), strict=True):
            wait_until(lambda client=client: client.get("/leases").json()["held"] == 4, "all are held")  # type: ignore[misc]
            assert client.get("/leases").json()["massSince"] is not None
            warnings = httpx.get(f"{service.url}/readyz").raise_for_status().json()["warnings"]
            assert any("4 of 4 servers" in each for each in warnings), warnings
        assert revisions() == []
        services[0].server.should_exit = True  # whichever has the duty: none drains them without being told
        assert other.delete("/leases/held").status_code == 204
        drained = "Drained 4 servers that stopped sending heartbeats"
        assert revisions()[-1] == drained
        wait_until(lambda: len(revisions()) > 1, "they are removed")
        assert revisions() == ["Removed 4 servers that stopped sending heartbeats", drained]
        names = [each["name"] for each in other.get("/services/wayshub/servers").json()["items"]]
        assert names == ["always"]


def test_what_has_to_be_confirmed_at_one_is_shown_kept_and_rolled_back_by_the_other(
    location: Location, tmp_path: Path
) -> None:
    with (
        two_services(tmp_path, location, free_port()) as (first, second),
        two_clients(first, second) as (one, other),
    ):

        def change(within: str) -> str:
            answer = one.put("/domains/a.test", json={"description": within}, params={"confirmWithin": within})
            return answer.raise_for_status().headers["Config-Revision"]

        def state(number: str) -> str:
            found: str = other.get(f"/revisions/{number}").raise_for_status().json()["confirmation"]["state"]
            return found

        kept = change("10m")
        wait_until(lambda: f"Revision {kept}" in fetch(second.url, headers=_PAGE).text, "the other shows what waits")
        other.post(f"/revisions/{kept}/confirm").raise_for_status()
        wait_until(lambda: f"Revision {kept}" not in fetch(first.url, headers=_PAGE).text, "the first knows of that")
        number = change("5s")
        first.server.should_exit = True
        wait_until(lambda: state(number) == "rolledBack", "the other rolls back")
        assert other.get("/domains/a.test").json()["description"] == "10m"


def test_a_clock_that_is_not_that_of_the_database_is_told_until_it_is_set(location: Location, tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    database = {"PROVIDER_DATABASE_URL": location.url, "PROVIDER_SECRET_KEY_FILE": str(location.keys_path)}
    with fresh_service_process(tmp_path, **database, **clock.variables) as (_process, url):

        def warnings() -> str:
            told: list[str] = httpx.get(f"{url}/readyz").raise_for_status().json()["warnings"]
            return " ".join(told)

        assert "clock" not in warnings()
        clock.put(timedelta(seconds=60))
        wait_until(lambda: "60 s ahead of the database's" in warnings(), "a clock that is ahead is told")
        assert "60 s ahead of the database" in fetch(url, headers=_PAGE).text
        clock.put(timedelta(seconds=-90))
        wait_until(lambda: "90 s behind the database's" in warnings(), "a clock that is behind is told")
        clock.put(timedelta(0))
        wait_until(lambda: "clock" not in warnings(), "a clock that is set is told no more")


_PAGE = {"Accept": "text/html"}
