"""`edge`, `status`, `server list`: what the edges run, what they rejected, and what is lost behind them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from provider import configuration
from provider.configuration import Document
from provider.parts import Parts
from tests.cli.running import Run
from tests.running import (
    Service,
    Traefik,
    empty,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_service,
    running_traefik,
    wait_until,
)

BROKEN = "broken"
EXPOSE = ("expose", "alvin.xyz", "http://127.0.0.1:3000")


def assemble(parts: Parts) -> Document:
    """Put a document together as always; with a field that Traefik does not know while there is a router `broken`."""
    made = configuration.assemble(parts)
    if BROKEN not in parts.routers.parts:
        return made
    return Document(made.content.replace(b'{"http":{', b'{"http":{"bogus":1,', 1), made.digest)


@pytest.fixture(scope="module")
def watching(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Traefik]]:
    """A service that can be made to serve what Traefik rejects, and a Traefik that it reads back.

    It also expects the edge `london`, which never comes.
    """
    folder, port = tmp_path_factory.mktemp("watching"), free_port()
    apis = f"http://127.0.0.1:{port},london=http://127.0.0.1:{free_port()}"
    with (
        running_service(folder, migrated, assemble=assemble, coalesce_ms=20, traefik_api=apis) as service,
        running_traefik(folder, service.url, api_port=port, query="edge=default&wait=1") as traefik,
    ):
        yield service, traefik


@pytest.fixture
def own(watching: tuple[Service, Traefik]) -> Service:
    """That service with nothing in it, when its edge is live."""
    service, _traefik = watching
    empty(service)
    wait_until(lambda: state(service) == "live", "the edge is live")
    return service


@pytest.fixture
def own_cli(run: Run, own: Service, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against that service."""
    monkeypatch.setenv("PROVIDER_URL", own.url)
    return run


@pytest.fixture
def own_client(own: Service) -> Iterator[httpx.Client]:
    with http_client(f"{own.url}/api/v1") as made:
        yield made


def shown(service: Service, name: str = "default") -> dict[str, Any]:
    edge: dict[str, Any] = fetch(f"{service.url}/api/v1/edges/{name}").raise_for_status().json()
    return edge


def state(service: Service, name: str = "default") -> str:
    found: str = shown(service, name)["state"]
    return found


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def rows(out: str) -> list[list[str]]:
    return [cells(line) for line in out.splitlines()]


def test_edges_are_listed_with_what_each_was_given_and_runs(own_cli: Run, own: Service) -> None:
    own_cli(*EXPOSE, "--wait", "10").check()
    revision = str(shown(own)["given"]["revision"])
    head, default, london = rows(own_cli("edge", "list").check().out)
    assert head == ["Name", "State", "Since", "Given", "Runs", "Traefik", "Detail"]
    assert default[:2] == ["default", "live"]
    assert default[2] == "just now" or default[2].endswith(" s ago")
    version = shown(own)["version"]
    assert default[3:] == [revision, revision, version, f"it runs revision {revision}, every router enabled"]
    assert london[:3] == ["london", "never seen", "never"]
    assert rows(own_cli("edge", "list", "-q", "lon").check().out)[1:] == [london]


def test_an_edge_is_shown_with_all_that_is_known_of_it(own_cli: Run, own: Service) -> None:
    facts = dict(row for row in rows(own_cli("edge", "show", "default").check().out) if len(row) == 2)
    edge = shown(own)
    assert facts["State"] == "live"
    assert facts["Given"] == f"revision {edge['given']['revision']}, document {own.digest()}"
    assert facts["Runs document"] == own.digest()
    assert facts["Polls from"] == "127.0.0.1"
    assert facts["Traefik started"].endswith(f"({edge['startedAt']})")
    facts = dict(rows(own_cli("edge", "show", "london").check().out))
    assert (facts["Given"], facts["Runs document"], facts["First seen"]) == ("none", "unknown", "never")


def test_json_of_edges_is_what_rest_answers(own_cli: Run, own: Service) -> None:
    volatile = {"lastSeen"}
    for edge in json.loads(own_cli("edge", "list", "-o", "json").check().out):
        shown_here = json.loads(own_cli("edge", "show", edge["name"], "-o", "json").check().out)
        wanted = shown(own, edge["name"])
        assert edge.keys() == shown_here.keys() == wanted.keys()
        for key in wanted.keys() - volatile:
            assert edge[key] == shown_here[key] == wanted[key]


def test_an_edge_that_there_is_not_is_one_line(own_cli: Run) -> None:
    for verb in ("show", "lift"):
        assert own_cli("edge", verb, "nope").error() == "there is no edge nope: none has polled under this name"


def test_a_disabled_router_is_told_in_traefiks_own_words(own_cli: Run, own_client: httpx.Client) -> None:
    own_cli(*EXPOSE, "--wait", "10").check()
    told = own_cli("router", "set", "alvin", "--entry-point", "nowhere", "--wait", "10")
    assert told.status == 3
    assert "Warning: edge default has no entry point nowhere (it has " in told.out
    assert "  default is degraded: it disabled router alvin: " in told.err
    told = own_cli("domain", "add", "budi.xyz", "--wait", "10")
    assert told.status == 0
    assert told.out.splitlines()[-1].startswith("Live on every edge that polls; not on london (never seen)")
    assert told.err.startswith("Edge default is degraded: it runs revision ")
    assert "router alvin: " in told.err
    [disabled] = own_client.get("/edges/default").json()["disabledRouters"]
    out = own_cli("edge", "show", "default").check().out
    assert rows(out)[-2:] == [["Disabled router", "Traefik says"], ["alvin", disabled["error"]]]
    assert ["default", "degraded"] in [row[:2] for row in rows(own_cli("status").check().out)]


def test_a_rejected_document_is_an_alarm_that_the_next_change_ends(own_cli: Run, own: Service) -> None:
    own_cli(*EXPOSE, "--wait", "10").check()
    accepted = shown(own)["given"]["revision"]
    told = own_cli("router", "add", BROKEN, "--service", "alvin", "--path-prefix", "/x", "--wait", "60")
    assert told.status == 3
    assert "  default is rejected: " in told.err
    wait_until(lambda: shown(own)["running"] == shown(own)["given"]["digest"], "the rest runs")

    [part] = shown(own)["quarantine"]["parts"]
    assert (part["kind"], part["name"], part["revision"]) == ("router", BROKEN, accepted + 1)
    alarm = f"ALARM: edge default: {shown(own)['detail']}"
    out = own_cli("status").check().out
    assert out.splitlines()[1] == f"{alarm}; see `wayshub-provider edge show default`"
    assert ["default", "rejected"] in [row[:2] for row in rows(out)]
    assert "Warning: edge default" not in out
    out = own_cli("edge", "show", "default").check().out
    assert f"{alarm}\nWhat changed between the two:\n  router {BROKEN} added\n" in out
    assert ["default", "rejected", str(accepted + 1), str(accepted + 1)] in [
        [row[0], row[1], *row[3:5]] for row in rows(own_cli("edge", "list").check().out)
    ]

    lifted = own_cli("edge", "lift", "default").check().out
    assert lifted == f"Lifted the quarantine of edge default (revision {accepted + 1}).\n"
    assert own_cli("edge", "lift", "default").check().out == "The edge default has no quarantine.\n"
    ended = own_cli("router", "remove", BROKEN, "--wait", "60").check().out
    assert ended.splitlines()[1].startswith("Live on every edge that polls")
    assert "ALARM" not in own_cli("status").check().out


def test_an_edge_that_fell_silent_is_not_waited_for_and_named(own_cli: Run, own: Service) -> None:
    with http_client(own.url) as paris:
        for _ in range(2):
            paris.get("/traefik/configuration?edge=paris&wait=0.1").raise_for_status()
    wait_until(lambda: state(own, "paris") == "stale", "paris is stale")
    out = own_cli(*EXPOSE, "--wait", "10").check().out
    assert "\nLive on every edge that polls; not on london (never seen), paris (stale).\n" in out


def test_a_server_that_is_down_is_told_wherever_servers_are(
    own_cli: Run, own_client: httpx.Client, own: Service
) -> None:
    with named_servers("a") as (a,):
        check = ("--health-check", "/", "--health-check-interval", "1s", "--health-check-timeout", "1s")
        gone = f"http://127.0.0.1:{free_port()}"
        own_cli("expose", "alvin.xyz", f"a={a.url}", f"b={gone}=3", *check, "--wait", "10").check()

        def is_down() -> bool:
            health: dict[str, Any] = own_client.get("/services/alvin/servers/b").json()["health"]
            return bool(health["state"] == "down")

        wait_until(is_down, "b is down")
        why = "its health check fails on default"
        _head, up, down = rows(own_cli("server", "list", "alvin").check().out)
        assert up[:5] == ["a", a.url, "1", "ready", "100 %"]
        assert up[5].startswith("up for ")
        assert down[:5] == ["b", gone, "3", "ready", "0 %"]
        assert down[5].startswith("down for ")
        assert f": {why}" in down[5]
        assert ["Share", "0 %"] in rows(own_cli("server", "show", "alvin", "b").check().out)
        assert "only one of 2 servers is left" in own_cli("service", "list").check().out
        assert ["Availability", "only one of 2 servers is left"] in rows(
            own_cli("service", "show", "alvin").check().out
        )

        out = own_cli("status").check().out
        assert "\n1 server is down:\n" in out
        assert ["alvin/b", gone] in [row[:2] for row in rows(out)]
        assert "\n1 service has one server left, or none:\n" in out
        assert ["alvin", "only one of 2 servers is left"] in rows(out)
        told = json.loads(own_cli("status", "-o", "json").check().out)
        assert [(server["service"], server["name"], server["health"]["why"]) for server in told["down"]] == [
            ("alvin", "b", why)
        ]
        assert [service["name"] for service in told["scarce"]] == ["alvin"]
        assert {edge["name"] for edge in told["edges"]} >= {"default", "london"}

        # Another edge reaches it.
        own.server._app.plane.edges.health.observe("paris", {"alvin": {gone: True}}, datetime.now(UTC))
        assert ["Share", "75 % where it is up"] in rows(own_cli("server", "show", "alvin", "b").check().out)
        assert [row[4] for row in rows(own_cli("server", "list", "alvin").check().out)[1:]] == [
            "25 %",
            "75 % where it is up",
        ]


def test_status_names_the_worst_services_and_counts_the_others(cli: Run, client: httpx.Client) -> None:
    for number in range(11):
        client.post("/services", json={"name": f"none-{number:02}"}).raise_for_status()
    servers = [{"url": "http://h:1"}, {"url": "http://h:2"}]
    client.post("/expose", json={"domain": "one.example", "servers": servers}).raise_for_status()
    client.patch("/services/one/servers/2", json={"state": "drain"}).raise_for_status()
    client.post("/expose", json={"domain": "single.example", "servers": servers[:1]}).raise_for_status()
    out = cli("status").check().out
    told = out.partition("12 services have one server left, or none:\n")[2].splitlines()
    assert [cells(line)[0] for line in told[1:-1]] == [f"none-{number:02}" for number in range(10)]
    assert told[-1] == "and 2 more: see `wayshub-provider service list`"
    assert len(json.loads(cli("status", "-o", "json").check().out)["scarce"]) == 12


def test_status_warns_of_what_no_edge_shows(run: Run, migrated: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with running_service(tmp_path, migrated, fallback_file=tmp_path / "file" / "fallback.yml") as service:
        warning = wait_until(lambda: fetch(f"{service.url}/readyz").json()["warnings"], "it is noticed")[0]
        out = run("status", "--url", service.url).check().out
    assert warning.startswith("the fallback file ")
    assert out.splitlines()[1] == f"Warning: {warning}"


def test_status_says_so_where_no_edge_polls(run: Run, migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service:
        out = run("status", "--url", service.url).check().out
        assert out.endswith("\nNo Traefik is connected yet, so nothing is live.\n")
        listed = run("edge", "list", "--url", service.url)
    assert (listed.status, listed.out) == (0, "")
    assert listed.err.startswith("no Traefik is connected yet: ")


def test_the_line_to_try_what_was_exposed_has_the_port_of_the_edge(
    own_cli: Run, watching: tuple[Service, Traefik]
) -> None:
    _service, traefik = watching
    assert own_cli(*EXPOSE).check().out.endswith(f"Try it: curl -H 'Host: alvin.xyz' {traefik.web}/\n")
