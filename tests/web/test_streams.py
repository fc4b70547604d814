"""TCP and UDP on the overview: what connections and packets pass, and to which servers they come."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.running import Service, empty, free_port, http_client, running_service, wait_until
from tests.web.test_overview import links, page, part

OBJECTS = {
    "tcpMiddlewares/inside": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}},
    "tcpServices/db": {"loadBalancer": {"servers": [{"address": "10.0.0.11:5432"}, {"address": "10.0.0.12:5432"}]}},
    "tcpServices/mix": {"weighted": {"services": [{"name": "db", "weight": 3}, {"name": "old@file"}]}},
    "tcpServices/none": {"loadBalancer": {"servers": []}},
    "tcpRouters/db": {
        "rule": "HostSNI(`db.alvin.xyz`)",
        "service": "db",
        "entryPoints": ["db"],
        "tls": {"passthrough": True},
        "middlewares": ["inside", "limit@file"],
    },
    "tcpRouters/mix": {"rule": "HostSNI(`*`)", "service": "mix", "entryPoints": ["mix"]},
    "tcpRouters/none": {"rule": "HostSNI(`*`)", "service": "none", "entryPoints": ["none"]},
    "udpServices/dns": {"loadBalancer": {"servers": [{"address": "10.0.0.11:53"}]}},
    "udpRouters/dns": {"service": "dns", "entryPoints": ["dns"]},
    "udpRouters/later": {"service": "dns", "entryPoints": ["dns"]},
}


@contextmanager
def visited(service: Service) -> Iterator[httpx.Client]:
    """Give a browser without JavaScript, at a service with routers of TCP and UDP."""
    with http_client(service.url, headers={"Accept": "text/html"}) as made:
        for path, given in OBJECTS.items():
            made.put(f"/api/v1/{path}", json=given).raise_for_status()
        yield made


@pytest.fixture(scope="module")
def unpolled(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without any edge: one that lacks an entry point disables the router, and no share is drawn."""
    with running_service(tmp_path_factory.mktemp("unpolled"), migrated) as service:
        yield service


@pytest.fixture
def pages(unpolled: Service) -> Iterator[httpx.Client]:
    empty(unpolled)
    with visited(unpolled) as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/?view=list"])
def test_connections_are_drawn_with_what_they_pass_and_their_servers(pages: httpx.Client, path: str) -> None:
    found = page(pages, path)
    shown = part(found, "tcp")
    for words in (
        "db.alvin.xyz",
        "HostSNI(`db.alvin.xyz`)",
        "Over TLS only, passed through to the servers",
        "Allows only 10.0.0.0/8",
        "limit@file",
        "10.0.0.12:5432",
        "37.5%",
        "25%",
        "no server: closes connections",
    ):
        assert words in shown, words
    wanted = {"/tcpRouters/db", "/tcpServices/db", "/tcpMiddlewares/inside", "/tcpServices/mix"}
    assert wanted <= links(found)
    assert "/domains/db.alvin.xyz" not in links(found)


def test_packets_go_to_the_last_router_of_an_entry_point(pages: httpx.Client) -> None:
    found = page(pages, "/")
    shown = part(found, "udp")
    assert "hidden by later" in shown
    assert "every packet" in shown
    assert "10.0.0.11:53" in shown
    assert {"/udpRouters/dns", "/udpRouters/later", "/udpServices/dns"} <= links(found)


def test_they_are_searched_too_and_left_out_where_only_applications_are_meant(pages: httpx.Client) -> None:
    found = page(pages, "/?q=none")
    assert "/tcpRouters/none" in links(found)
    assert "/tcpRouters/db" not in links(found)
    assert 'id="tcp"' not in page(pages, "/?state=disabled")


def test_servers_that_are_folded_are_not_said_to_be_none(pages: httpx.Client) -> None:
    told = "no server: closes connections"
    before = page(pages, "/").count(told)
    pages.put("/api/v1/services/many", json={}).raise_for_status()
    for number in range(13):
        body = {"pathPrefix": f"/{number}", "service": "many"}
        pages.put(f"/api/v1/routers/many-{number}", json=body).raise_for_status()
    assert page(pages, "/").count(told) == before


def test_many_are_counted(pages: httpx.Client) -> None:
    for number in range(20):
        router = {"service": "dns", "entryPoints": [f"e{number}"]}
        pages.put(f"/api/v1/udpRouters/r{number}", json=router).raise_for_status()
    assert "Show all UDP routers" in page(pages, "/")


@pytest.mark.usefixtures("traefik")
def test_the_health_of_servers_of_tcp_is_seen(service: Service) -> None:
    with visited(service) as pages:
        _see_health(service, pages)


def _see_health(service: Service, pages: httpx.Client) -> None:
    pool = {"servers": [{"address": service.url.removeprefix("http://")}, {"address": f"127.0.0.1:{free_port()}"}]}
    checked = {"loadBalancer": {**pool, "healthCheck": {"interval": "500ms", "timeout": "400ms"}}}
    pages.put("/api/v1/tcpServices/db", json=checked).raise_for_status()
    known = {"entryPoints": ["web"], "middlewares": []}  # a router that Traefik disables has no checks made
    pages.patch("/api/v1/tcpRouters/db", json=known).raise_for_status()
    wait_until(lambda: "1 of 2 servers" in part(page(pages, "/"), "tcp"), "one of the servers is seen to be down")
    assert "up, 100%" in page(pages, "/")
    assert "down" in part(page(pages, "/"), "tcp")
