"""Servers that register themselves: deploys that lose no request and no session, and every way to end."""

import os
import re
import signal
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from time import monotonic

import httpx
import pytest

from tests.e2e.edge import place
from tests.e2e.registered import Fleet, Registered, fleet, server, tree
from tests.e2e.traffic import HOST, goes_on, load
from tests.e2e.visitors import STICKY, Visitor, come
from tests.running import (
    NamedServer,
    Service,
    Traefik,
    cases,
    free_port,
    http_client,
    running_servers,
    service_process,
    wait_until,
)

DEPLOYS = cases(1, 5)
SERVERS = "/services/alvin/servers"


def prepare(client: httpx.Client, **service: object) -> None:
    """Make a service without servers, and what leads to it."""
    client.put(f"/domains/{HOST}", json={}).raise_for_status()
    client.put("/services/alvin", json=service).raise_for_status()
    client.put("/routers/alvin", json={"domains": [HOST], "service": "alvin"}).raise_for_status()


def names(client: httpx.Client) -> list[str]:
    return [item["name"] for item in client.get(SERVERS).raise_for_status().json()["items"]]


def state(client: httpx.Client, name: str) -> str | None:
    answer = client.get(f"{SERVERS}/{name}")
    return answer.json()["state"] if answer.status_code == 200 else None


def test_a_rolling_deploy_of_servers_with_leases_loses_no_request_and_no_session(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    prepare(client, **STICKY, drainFor="4s")
    with fleet(service.url, 3, "--ttl", "10s", "--grace", "500ms") as servers:
        servers.deploy("v0")
        traefik.wait_for(service)
        visitors = come(traefik.web, 9)
        with load(traefik.web, clients=3) as requests:
            for number in range(1, DEPLOYS + 1):
                servers.deploy(f"v{number}", lambda made: _leave_visitors(made, visitors))
                goes_on(requests)
            before = requests.answers.copy()
            goes_on(requests, 100)
        assert requests.failures == []
        assert {answer.split()[1] for answer in requests.answers - before} == {f"v{DEPLOYS}"}
        assert sorted(names(client)) == sorted(made.name for made in servers.running.values())


def _leave_visitors(made: Registered, visitors: list[Visitor]) -> int:
    """Stop a server, whose visitors stay until the time that it says and then go to others without noticing."""
    stay = [visitor for visitor in visitors if visitor.ask() == made.answer]
    made.process.send_signal(signal.SIGTERM)
    until = datetime.fromisoformat(made.wait_for("Its visitors stay until ").split()[4].rstrip("."))
    while made.process.poll() is None:
        for visitor in visitors:
            answer, is_early = visitor.ask(), datetime.now(UTC) < until
            assert visitor.status == 200, answer
            assert visitor not in stay or answer == made.answer or not is_early
    return made.wait()


def test_a_server_is_registered_still_when_the_service_comes_back(migrated: Path, tmp_path: Path) -> None:
    copyfile(migrated, tmp_path / "provider.db")
    port = str(free_port())
    with ExitStack() as stack:
        process, url = stack.enter_context(service_process(tmp_path, PROVIDER_PORT=port))
        traefik = stack.enter_context(place(tmp_path / "edge", url)).start()
        client = stack.enter_context(http_client(f"{url}/api/v1"))
        prepare(client)
        servers: Fleet = stack.enter_context(fleet(url, 2, "--ttl", "2s"))
        servers.deploy("v0")
        wait_until(lambda: traefik.get(HOST).status_code == 200, "the servers answer")
        with load(traefik.web, clients=1) as requests:
            process.kill()
            process.wait(timeout=60)
            for made in servers.running.values():
                made.wait_for("Warning: no answer from ")
            began = monotonic()
            wait_until(lambda: monotonic() - began > 6, "their leases are over three times")
            stack.enter_context(service_process(tmp_path, PROVIDER_PORT=port))
            for made in servers.running.values():
                made.wait_for("Sending heartbeats again.")
            goes_on(requests, 100)
        assert requests.failures == []
        registered = sorted(made.name for made in servers.running.values())
        wait_until(lambda: sorted(names(client)) == registered, "both are there")
        assert len(set(requests.answers)) == 2


def test_a_server_that_ends_by_itself_leaves_at_once_and_gives_its_exit_status(
    client: httpx.Client, service: Service
) -> None:
    prepare(client)
    made = Registered(service.url, free_port(), "v0", "--ttl", "24h")
    made.wait_for("Registered ")
    (guard,) = children(made.process.pid)
    (child,) = children(guard)
    os.kill(child, signal.SIGKILL)
    assert (made.wait(), names(client)) == (137, [])
    assert "The server was ended by SIGKILL." in made.lines


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("way", ["asked once", "asked twice", "killed", "not ready"])
def test_however_it_ends_nothing_that_it_started_is_left(client: httpx.Client, service: Service, way: str) -> None:
    prepare(client)
    client.put(f"{SERVERS}/always", json={"url": "http://127.0.0.1:9"}).raise_for_status()
    options = {
        "asked once": ["--grace", "0s", "--stop-timeout", "24h"],
        "asked twice": ["--grace", "24h"],
        "killed": ["--ttl", "1s"],
        "not ready": ["--ready-timeout", "3s", "--ready-path", "/never", "--stop-timeout", "24h"],
    }
    runs = never_ready if way == "not ready" else tree
    made = Registered(service.url, free_port(), "v0", *options[way], runs=runs)
    mark = made.answer.replace(" ", "\0")
    if way != "not ready":
        made.wait_for("Registered ")
        assert len(processes(mark)) >= 4
    match way:
        case "asked once":
            assert made.stop() == 0
        case "asked twice":
            made.process.send_signal(signal.SIGTERM)
            made.wait_for("Draining ")
            assert made.stop(signal.SIGINT) == 0
        case "killed":
            made.process.kill()
            assert made.wait() == -signal.SIGKILL
        case "not ready":
            assert made.wait() == 1
            told = f"the server at {made.url} did not answer within 3 s: it was stopped (--ready-timeout)"
            assert any(told in line for line in made.lines), made.lines
    wait_until(lambda: not processes(mark), f"nothing of it is left: {processes(mark)}")
    wait_until(lambda: names(client) == ["always"], "it has left the pool")


def never_ready(port: int, version: str) -> list[str]:
    return [*tree(port, version), "503"]


def processes(mark: str) -> list[str]:
    """List the commands that run with these arguments, but for `register` itself."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode()
        except OSError:  # it has just ended
            continue
        if mark in command and "\0register\0" not in command:
            found.append(command)
    return found


def stubborn(port: int, version: str) -> list[str]:
    return ["sh", "-c", "trap '' TERM; exec \"$@\"", "sh", *server(port, version)]


def test_a_server_that_does_not_stop_is_ended(client: httpx.Client, service: Service) -> None:
    prepare(client)
    made = Registered(service.url, free_port(), "v0", "--grace", "0s", "--stop-timeout", "1s", runs=stubborn)
    made.wait_for("Registered ")
    assert (made.stop(), names(client)) == (137, [])


class Fickle(NamedServer):
    """A server that is well only while it is said to be."""

    is_well = True

    def answer(self, path: str, headers: object) -> tuple[int, str]:
        return (200 if self.is_well else 503), self.name


def test_what_something_else_runs_is_registered_while_it_answers(client: httpx.Client, service: Service) -> None:
    prepare(client)
    client.put(f"{SERVERS}/always", json={"url": "http://127.0.0.1:9"}).raise_for_status()
    with running_servers(Fickle("a")) as (answering,):
        answering.is_well = False
        made = Registered(service.url, answering.server_port, "", "--ttl", "1s", "--grace", "0s", runs=None)
        wait_until(lambda: answering.count > 2, "it is asked")
        assert names(client) == ["always"]
        answering.is_well = True
        made.wait_for("Registered ")
        answering.is_well = False
        wait_until(lambda: names(client) == ["always"], "it is removed")
        answering.is_well = True
        wait_until(lambda: state(client, made.name) == "ready", "it is back")
        assert (made.stop(), names(client)) == (0, ["always"])


def test_its_visitors_stay_as_long_as_it_is_told(client: httpx.Client, service: Service, traefik: Traefik) -> None:
    prepare(client, **STICKY, drainFor="24h")
    for seconds in ("4s", "0"):
        made = Registered(service.url, free_port(), "v0", "--drain-for", seconds, "--grace", "0s")
        made.wait_for("Registered ")
        traefik.wait_for(service)
        assert made.stop() == 0
        assert any(re.match("Its visitors stay until ", line) for line in made.lines) is (seconds != "0")
