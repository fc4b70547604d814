"""Every Traefik 3 takes what is served: the oldest one, the last before strategies, and the newest."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx
import pytest
import yaml

from provider import configuration, rendering
from provider.listening import DEFAULT_POINTS
from provider.nouns import versions
from provider.overlays import find_newer, lay
from tests.e2e.declared import PACKET_POINTS, drawn
from tests.e2e.documents import routing
from tests.e2e.edge import wait_for_state
from tests.e2e.plugins import PLUGINS, add_plugin
from tests.e2e.test_declared import OTHERS, all_paths
from tests.e2e.traffic import HOST, expose
from tests.nouns.test_fields import FIELDS, version
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
    running_traefik,
    traefik_command,
)
from tests.traefiks import BEFORE_3_7, BEFORE_STRATEGIES, OLDEST, traefik_of

PROGRAMS: dict[str, Callable[[], Path]] = {
    "oldest": lambda: traefik_of(OLDEST),
    "before-strategies": lambda: traefik_of(BEFORE_STRATEGIES),
    "newest": lambda: Path(traefik_command()),
}


@pytest.fixture(scope="module")
def edges(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, dict[str, Traefik]]]:
    """A service that has everything a user can set, but strategies, and a Traefik of each version that polls it."""
    ports = {name: free_port() for name in PROGRAMS}
    apis = ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in ports.items())
    folder = tmp_path_factory.mktemp("versions")
    with ExitStack() as stack:
        service = stack.enter_context(running_service(folder, migrated, coalesce_ms=20, traefik_api=apis))
        (server,) = stack.enter_context(named_servers("a"))
        fill(stack.enter_context(http_client(f"{service.url}/api/v1")), server)
        traefiks = {
            name: stack.enter_context(
                running_traefik(
                    tmp_path_factory.mktemp(name),
                    service.url,
                    api_port=ports[name],
                    query=f"edge={name}&wait=5",
                    program=program(),
                )
            )
            for name, program in PROGRAMS.items()
        }
        yield service, traefiks


def fill(client: httpx.Client, server: NamedServer) -> None:
    """Make an application with every option, and routers of every kind to it."""
    expose(client, (server, 3), name="app")
    options = {
        "healthCheck": {"path": "/health?deep=1", "interval": "30s", "timeout": "5s"},
        "sticky": {"cookie": {"name": "way"}},
        "passHostHeader": False,
    }
    client.patch("/services/app", json=options).raise_for_status()
    client.put("/domains/*.wild.test", json={}).raise_for_status()
    routers: dict[str, dict[str, object]] = {
        "wild": {"domains": ["*.wild.test"], "priority": 7},
        "prefix": {"domains": [HOST], "pathPrefix": "/api"},
        "rule": {
            "rule": "Host(`rule.test`) && (PathPrefix(`/é`) || Header(`X-A`, `║, \U0001f600 `) || Query(`q`, `1`))"
        },
    }
    for name, fields in routers.items():
        client.put(f"/routers/{name}", json={"service": "app"} | fields).raise_for_status()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_document_with_everything_but_strategies_is_live(
    edges: tuple[Service, dict[str, Traefik]], name: str
) -> None:
    service, traefiks = edges
    traefik = traefiks[name]
    shown = wait_for_state(service.url, "live", name)
    assert shown["version"] == {"oldest": OLDEST, "before-strategies": BEFORE_STRATEGIES}.get(name, shown["version"])
    routers = traefik.objects("routers")
    assert {router["status"] for router in routers.values()} == {"enabled"}
    assert {name: router["rule"] for name, router in routers.items()} == {
        name: router["rule"] for name, router in service.configuration()["http"]["routers"].items()
    }
    for host, path in (
        (HOST, "/"),
        (HOST, "/api"),
        ("a.wild.test", "/"),
        ("a.wild.test.", "/"),
        ("rule.test", "/é"),
        ("rule.test", "/?q=1"),
    ):
        assert traefik.get(host, path).text == "a", (host, path)
    assert traefik.get("b.a.wild.test").status_code == 404


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_strategy_is_weighted_round_robin_where_none_is_written(
    edges: tuple[Service, dict[str, Traefik]], name: str
) -> None:
    service, traefiks = edges
    wait_for_state(service.url, "live", name)
    balancer = fetch(f"{traefiks[name].api}/api/http/services/app@http").raise_for_status().json()["loadBalancer"]
    assert "strategy" not in service.configuration()["http"]["services"]["app"]["loadBalancer"]
    assert balancer.get("strategy", "wrr") == "wrr"


def test_what_a_version_does_not_know_is_left_out_for_it_alone(edges: tuple[Service, dict[str, Traefik]]) -> None:
    service, traefiks = edges
    with http_client(f"{service.url}/api/v1") as client:
        url = client.get("/services/app/servers").json()["items"][0]["url"]
        client.put("/services/newer", json={"strategy": "p2c", "passiveHealthCheck": {}}).raise_for_status()
        client.put("/services/newer/servers/a", json={"url": url}).raise_for_status()
        router = {"pathPrefix": "/newer", "service": "newer"}
        answer = client.put("/routers/newer", json=router, headers={"Prefer": "wait=60"})
        assert answer.status_code == 202, answer.text
        missing = {edge["name"]: edge for edge in answer.json()["pending"]}
        assert set(missing) == {"oldest", "before-strategies"}
        told = f"Traefik {OLDEST} is too old for service newer (needs 3.6), so it does not serve newer"
        assert missing["oldest"]["detail"] == told
        for name, traefik in traefiks.items():
            assert traefik.get(HOST).text == "a"
            assert ("newer" in traefik.objects("routers")) == (name == "newest")
            shown = wait_for_state(service.url, "live" if name == "newest" else "degraded", name)
            assert name == "newest" or "too old for service newer" in shown["detail"]
        assert traefiks["newest"].get("any.test", "/newer").text == "a"
        client.delete("/services/newer", params={"cascade": "true", "confirm": "1"}).raise_for_status()
        for name in traefiks:
            wait_for_state(service.url, "live", name)


OTHERS_OF_OLD: Final = {root: section for root, section in OTHERS.items() if root != "tcp"}
"""What old edges have from their file provider: health checks of TCP came late."""

ALL: Final = sorted({version(since) for since in FIELDS.values()})
"""The versions that brought fields."""


def for_version(seed: int, known: versions.Version) -> configuration.Document:
    """Return a random state over all nouns and fields as an edge of a version gets it."""
    parts = rendering.whole(drawn(seed), DEFAULT_POINTS)
    return configuration.assemble(lay(find_newer(parts, known), parts))


@pytest.mark.parametrize("known", ALL, ids=versions.written)
def test_no_version_gets_a_field_that_came_later(known: versions.Version) -> None:
    newer = {path for path, since in FIELDS.items() if version(since) > known}
    for seed in range(cases(5, 100)):
        assert all_paths(for_version(seed, (*known, 0)[:3])) & newer == set()


@pytest.mark.parametrize("program", [OLDEST, BEFORE_STRATEGIES, BEFORE_3_7])
def test_older_traefiks_take_whatever_is_left_for_them(program: str, tmp_path: Path) -> None:
    (tmp_path / "fallback.yml").write_text(yaml.safe_dump(OTHERS_OF_OLD))
    add_plugin(tmp_path)
    points = {name: {"address": f"127.0.0.1:{free_port()}/udp"} for name in PACKET_POINTS}
    known = versions.read(program)
    assert known is not None
    with routing(tmp_path, PLUGINS, points, traefik_of(program)) as made:
        for seed in range(cases(10, 300)):
            document = for_version(seed, known)
            made.run(document.content.decode(), document.digest)
