"""What services on one PostgreSQL share, whichever of them it happens at, and whichever of them is killed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import pytest

from provider.database.connecting import database_at
from provider.database.locations import Location
from provider.duties import ROLLBACKS
from provider.models import Role
from provider.security import passwords, people
from provider.security.logins import FREE_FAILURES
from tests.api.test_events import listening
from tests.e2e import pebble
from tests.e2e.edge import place, shown
from tests.e2e.test_quarantine import BROKEN, assemble
from tests.e2e.traffic import HOST, expose
from tests.people import PASSWORD, QUICK, TESTER, log_in, nobody
from tests.postgres import Postgres
from tests.running import (
    ROOT,
    Process,
    Service,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_service,
    service_process,
    wait_until,
)

Pair = tuple[Service, Service]
PAGE = (ROOT / "docs" / "postgresql.md").read_text()


@pytest.fixture
def location(postgres: Postgres) -> Location:
    return postgres.migrated()


@pytest.fixture(scope="module")
def pair(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two services on one database, with an account that can log in."""
    folder, location = tmp_path_factory.mktemp("pair"), postgres.migrated()
    with closing(database_at(location)) as database:
        database.open()
        with database.writing() as session:
            for name in ("alvin", "bela"):
                people.add(session, TESTER, name, Role.ADMIN, datetime.now(UTC))
                people.set_password(session, TESTER, name, passwords.hashed(PASSWORD, QUICK))
    with (
        running_service(folder, None, location=location) as first,
        running_service(folder, None, location=location) as second,
    ):
        yield first, second


@contextmanager
def browser(pair: Pair) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """One browser that a balancer leads to either service: to it, both are one host."""
    first, second = pair
    host = first.url.removeprefix("http://")
    with nobody(first) as one, nobody(second, headers={"Host": host}) as other:
        yield one, other


def status(client: httpx.Client) -> int:
    return client.get("/", follow_redirects=False).status_code


def test_who_logs_in_at_one_service_is_logged_in_at_all_and_who_logs_out_is_out(pair: Pair) -> None:
    with browser(pair) as (one, other):
        assert log_in(one, "alvin").status_code == 303
        other.cookies.update(one.cookies)
        wait_until(lambda: status(other) == 200, "the other has heard of the session")
        assert other.post("/logout").status_code == 303
        wait_until(lambda: status(one) != 200, "the session is over at the first service too")


def test_failed_logins_slow_down_the_next_at_all_services(pair: Pair) -> None:
    with browser(pair) as clients:
        for number in range(FREE_FAILURES):
            assert log_in(clients[number % 2], "bela", "a wrong password").status_code == 401
        refused = [log_in(client, "bela").status_code for client in clients]
    assert refused == [429, 429]


def test_who_listens_at_one_service_hears_of_what_happens_at_the_other(pair: Pair) -> None:
    first, second = pair
    with listening(second) as heard, http_client(f"{first.url}/api/v1") as one:
        one.put("/domains/heard.test", json={}).raise_for_status()
        told = heard.wait_for("revision", author="tests")
        assert told.data["objects"] == [{"kind": "domain", "name": "heard.test"}]
        change = one.put("/domains/kept.test", json={}, params={"confirmWithin": "10m"}).raise_for_status()
        number = int(change.headers["Config-Revision"])
        heard.wait_for("confirmation", number=number, state="pending")
        one.post(f"/revisions/{number}/confirm").raise_for_status()
        heard.wait_for("confirmation", number=number, state="confirmed")


def test_who_listens_at_one_service_hears_what_becomes_of_rollouts_and_leases_at_the_other(pair: Pair) -> None:
    first, second = pair
    with (
        listening(first) as one_heard,
        listening(second) as heard,
        http_client(f"{first.url}/api/v1") as one,
        http_client(f"{second.url}/api/v1") as other,
    ):
        exposed = {"domain": "roll.test", "servers": [{"name": "a", "url": "http://127.0.0.1:9"}]}
        one.post("/expose", json=exposed).raise_for_status()
        one.put("/services/next", json={}).raise_for_status()
        one.put("/services/next/servers/a", json={"url": "http://127.0.0.1:10"}).raise_for_status()
        begun = {"to": "next", "withoutHealthCheck": True, "mirror": 10}
        one.post("/services/roll/rollout", json=begun).raise_for_status()
        heard.wait_for("rollout", service="roll", state="running")
        waiting = "waiting for an edge: none is connected"

        def details() -> list[str]:
            return [client.get("/services/roll/rollout").json()["detail"] for client in (one, other)]

        wait_until(lambda: all(each.endswith(waiting) for each in details()), "both tell what it waits for")
        one.post("/services/roll/rollout/pause").raise_for_status()
        heard.wait_for("rollout", service="roll", state="paused")
        one.post("/services/roll/rollout/back").raise_for_status()
        heard.wait_for("rollout", service="roll", state="back")

        leased = {"url": "http://127.0.0.1:11", "ttl": "1s"}
        other.put("/services/roll/servers/leased", json=leased).raise_for_status()
        for listener in (one_heard, heard):  # whichever of them has the duty
            listener.wait_for("lease", service="roll", name="leased", state="live")
            listener.wait_for("lease", service="roll", name="leased", state=None)


def test_what_an_edge_rejected_at_one_service_no_service_offers_it(location: Location, tmp_path: Path) -> None:
    port = free_port()
    with (
        place(tmp_path, f"http://127.0.0.1:{port}", "edge=default&wait=2") as made,
        named_servers("a") as (server,),
        ExitStack() as stack,
    ):

        def start(port: int) -> Service:
            settings: dict[str, Any] = {"assemble": assemble, "coalesce_ms": 20, "traefik_api": made.api, "port": port}
            return stack.enter_context(running_service(tmp_path, None, location=location, **settings))

        polled, other = start(port), start(free_port())
        client = stack.enter_context(http_client(f"{other.url}/api/v1"))
        expose(client, (server, 1))
        made.start()
        wait_until(lambda: shown(other.url).get("state") == "live", "the edge is live")
        accepted = offered(polled)
        client.put(f"/routers/{BROKEN}", json={"domains": [HOST], "pathPrefix": "/broken", "service": "alvin"})
        for service in (polled, other):
            wait_until(lambda service=service: rejected(service) == [BROKEN], "it knows what was rejected")  # type: ignore[misc]  # bound now
            assert offered(service) == accepted
        late = start(free_port())
        assert (rejected(late), offered(late)) == ([BROKEN], accepted)
        client.delete(f"/routers/{BROKEN}").raise_for_status()
        for service in (polled, other, late):
            wait_until(lambda service=service: rejected(service) == [], "there is nothing in quarantine")  # type: ignore[misc]  # bound now


def offered(service: Service) -> bytes:
    return fetch(f"{service.url}/traefik/configuration?edge=default").raise_for_status().content


def rejected(service: Service) -> list[str]:
    quarantine = shown(service.url)["quarantine"]
    return [part["name"] for part in quarantine["parts"]] if quarantine else []


class Processes:
    """Services that can be killed, on one database."""

    def __init__(self, folder: Path, location: Location, **more: str) -> None:
        self._folder = folder
        self._variables = {
            "PROVIDER_DATABASE_URL": location.url,
            "PROVIDER_SECRET_KEY_FILE": str(location.keys_path),
            "PROVIDER_COALESCE_MS": "20",
            **more,
        }
        self.stack = ExitStack()

    def start(self, port: int | None = None) -> tuple[Process, httpx.Client]:
        """Start one. Returns its process, and a client of its API."""
        variables = {**self._variables, "PROVIDER_PORT": str(port or free_port())}
        process, url = self.stack.enter_context(service_process(self._folder, **variables))
        return process, self.stack.enter_context(http_client(f"{url}/api/v1"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stack.close()


def kill(process: Process) -> None:
    process.kill()
    process.wait(timeout=60)


def test_a_rollout_goes_on_when_the_service_that_moves_it_is_killed(location: Location, tmp_path: Path) -> None:
    port = free_port()
    with (
        place(tmp_path, f"http://127.0.0.1:{port}") as edge,
        named_servers("old", "new") as (old, new),
        Processes(tmp_path, location, PROVIDER_TRAEFIK_API=edge.api) as services,
    ):
        moving, _one = services.start()  # who comes first has all duties
        _process, client = services.start(port)
        expose(client, (old, 1))
        client.post("/services", json={"name": "next"}).raise_for_status()
        client.put("/services/next/servers/new", json={"url": new.url}).raise_for_status()
        traefik = edge.start()

        def percent() -> int:
            found: int = client.get("/services/alvin/rollout").raise_for_status().json()["percent"]
            return found

        started = {"to": "next", "steps": [10, 20, 100], "hold": "2s", "withoutHealthCheck": True}
        client.post("/services/alvin/rollout", json=started).raise_for_status()
        wait_until(lambda: percent() >= 10, "the first step is made")
        kill(moving)
        wait_until(lambda: percent() == 100, "the other service goes on")
        wait_until(lambda: traefik.get(HOST).text == "new", "requests go to the new server")


def test_names_that_somebody_makes_up_keep_no_heartbeat_from_the_service_that_watches_leases(pair: Pair) -> None:
    first, second = pair
    watching, other = (first, second) if first.server._app.plane.duties.has(ROLLBACKS) else (second, first)
    with http_client(f"{other.url}/api/v1") as client, http_client(f"{watching.url}/api/v1") as watcher:
        client.post("/services", json={"name": "leased"}).raise_for_status()
        client.put("/services/leased/servers/always", json={"url": "http://always.test"}).raise_for_status()
        client.put("/services/leased/servers/a", json={"url": "http://a.test", "ttl": "3s"}).raise_for_status()
        ended = datetime.now(UTC) + timedelta(seconds=3)  # a heartbeat after this is not that of the registration

        def is_heard() -> bool:
            assert client.post(f"/services/leased/servers/{'a' * 8_000}/heartbeat").status_code == 404
            assert client.post("/services/leased/servers/a/heartbeat").status_code == 204
            last = watcher.get("/services/leased/servers/a").json()["lease"]["lastHeartbeat"]
            return last is not None and datetime.fromisoformat(last) > ended

        wait_until(is_heard, "who watches the lease hears of heartbeats for longer than it lasts")
        assert client.get("/services/leased/servers/a").json()["state"] == "ready"


def test_an_order_goes_on_when_the_service_that_makes_it_is_killed(
    postgres: Postgres, location: Location, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with pebble.running(tmp_path / "ca") as ca, place(tmp_path / "edge", url) as edge:
        edge.static["entryPoints"]["web"]["address"] = f"127.0.0.1:{ca.http_port}"
        settings = {f"PROVIDER_{name.upper()}": str(value) for name, value in ca.settings.items()}
        with Processes(tmp_path, location, PROVIDER_EDGE_URL=url, **settings) as services:
            ordering, _one = services.start()  # who comes first has all duties
            _process, client = services.start(port)
            edge.start()
            client.put("/acme", json={"directory": ca.directory, "termsAccepted": True}).raise_for_status()

            def certified() -> list[str]:
                with psycopg.connect(postgres.conninfo(name_of(location))) as connection:
                    found = connection.execute("SELECT name FROM issuance WHERE chain IS NOT NULL ORDER BY name")
                    return [name for (name,) in found]

            # The CA asks the edge, and the edge a service that does not make the order.
            client.put("/domains/one.test", json={"tls": {"from": "acme"}}).raise_for_status()
            wait_until(lambda: certified() == ["one.test"], "it has a certificate")
            client.put("/domains/two.test", json={"tls": {"from": "acme"}}).raise_for_status()
            wait_until(lambda: ca.orders() == 2, "the order is made")
            kill(ordering)
            wait_until(lambda: certified() == ["one.test", "two.test"], "the other service finishes it")
        assert len(ca.issued()) == 2


def test_a_dump_that_is_restored_beside_running_services_is_told_and_what_they_serve_stays(
    postgres: Postgres, location: Location, tmp_path: Path
) -> None:
    """A standby that takes over without what was acknowledged is such an older copy, too."""
    dump, restore, migrate = commands("Back up and restore")

    def run(command: str, tries: int = 1) -> None:
        named = re.sub(r"(?<=[ =])provider$|(?<=dbname=)provider\b", name_of(location), command)
        variables = {
            "PATH": f"{postgres.programs}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": str(postgres.folder),
            "PGUSER": "postgres",
            "PROVIDER_DATABASE_URL": location.url,
            "PROVIDER_SECRET_KEY_FILE": str(location.keys_path),
        }
        done = subprocess.run(
            ["bash", "-euc", named],
            cwd=tmp_path,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and tries > 1 and "deadlock detected" in done.stderr:  # with a service that reads
            return run(command, tries - 1)
        assert done.returncode == 0, done.stdout + done.stderr
        return None

    with Processes(tmp_path, location) as services:
        (_first, one), (_second, other) = services.start(), services.start()
        one.put("/domains/kept.test", json={}).raise_for_status()
        run(dump)
        one.put("/domains/lost.test", json={}).raise_for_status()
        wait_until(lambda: served(other) == 2, "the other serves it")
        run(restore, tries=10)
        for client in (one, other):
            wait_until(lambda client=client: "lacks revision 2" in warnings(client), "it is told")  # type: ignore[misc]  # bound now
            refused = client.put("/domains/new.test", json={})
            assert (refused.status_code, "restart all services" in refused.text) == (503, True)
        assert [served(client) for client in (one, other)] == [2, 2]
    with Processes(tmp_path, location) as services:
        _process, client = services.start()
        assert warnings(client) == ""
        assert [each["name"] for each in client.get("/domains").json()["items"]] == ["kept.test"]
        client.put("/domains/again.test", json={}).raise_for_status()
    run(restore)
    run(migrate.replace("wayshub-provider", f"{sys.executable} -m provider"))
    with Processes(tmp_path, location) as services:
        _process, client = services.start()
        assert [each["name"] for each in client.get("/domains").json()["items"]] == ["kept.test"]


def commands(heading: str) -> list[str]:
    """The commands below a heading of the page."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line for block in re.findall(r"```console\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]


def readiness(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(str(client.base_url).replace("/api/v1/", "/readyz")).raise_for_status().json()
    return found


def warnings(client: httpx.Client) -> str:
    return " ".join(readiness(client)["warnings"])


def served(client: httpx.Client) -> int:
    """The revision that a service serves."""
    number: int = readiness(client)["revision"]
    return number


def name_of(location: Location) -> str:
    return location.url.rpartition("/")[2].partition("?")[0]
