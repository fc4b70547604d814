"""Alarms: what is wrong is told once, to `/readyz` and the metrics, and what is gone is told no more."""

import re

import httpx
import pytest

from provider import configuration, outages
from provider.nouns import Server
from provider.nouns import Service as Pool
from provider.outages import Outage
from provider.parts import Part, Parts, Section
from tests.running import Service, Traefik, fetch, free_port, http_client, wait_until
from tests.test_metrics import scrape

URL = "http://10.0.0.1:80"
OTHER = "http://10.0.0.2:80"


def pool(name: str, *urls: str, checked: bool = True) -> Part:
    values = {"name": name, "healthCheck": {"path": "/"} if checked else None}
    listed = [Server(name=f"s{number}", url=url) for number, url in enumerate(urls)]
    return configuration.service_part(Pool.read(values), listed)


def parts(pools: dict[str, Part], *reached: str) -> Parts:
    return Parts(
        {
            "router": Section({name: Part(b"", (("service", name),)) for name in reached}),
            "service": Section(pools),
        }
    )


def test_services_without_a_server_are_found_before_those_that_lack_one() -> None:
    pools = {
        "empty": pool("empty"),
        "gone": pool("gone", URL, OTHER),
        "less": pool("less", URL, OTHER),
        "well": pool("well", URL, OTHER),
    }
    down = {"gone": {URL, OTHER}, "less": {URL}}
    assert outages.find(parts(pools, *pools), down) == [
        Outage("empty", 0, 0),
        Outage("gone", 2, 2),
        Outage("less", 2, 1),
    ]


def test_services_that_no_router_leads_to_are_no_outage() -> None:
    assert outages.find(parts({"empty": pool("empty"), "less": pool("less", URL)}), {"less": {URL}}) == []


def test_what_is_down_no_more_looks_at_it_is_no_outage() -> None:
    pools = {"unchecked": pool("unchecked", URL, checked=False), "moved": pool("moved", OTHER)}
    assert outages.find(parts(pools, *pools), {"unchecked": {URL}, "moved": {URL}}) == []


def test_of_a_service_made_of_others_those_are_told_and_whether_another_answers() -> None:
    pools = {"x": pool("x", URL), "y": pool("y", OTHER), "empty": pool("empty")}
    shared = {"weighted": {"services": [{"name": "x"}, {"name": "y"}]}}
    spare = {"failover": {"service": "x", "fallback": "y"}}
    copied = {"mirroring": {"service": "y", "mirrors": [{"name": "empty"}]}}
    for composition, told in ((shared, Outage("x", 1, 1)), (spare, Outage("x", 1, 1, is_covered=True)), (copied, None)):
        root = configuration.service_part(Pool.read({"name": "root", **composition}), [])
        found = outages.find(parts({"root": root, **pools}, "root"), {"x": {URL}})
        assert found == ([] if told is None else [told])
    assert not Outage("x", 1, 1, is_covered=True).is_total


@pytest.fixture
def fallen(service: Service, traefik: Traefik, client: httpx.Client) -> Service:
    """A service with one application all of whose servers are down, and one without any that is ready."""
    urls = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
    body = {"domain": "down.example.org", "name": "down", "servers": [{"url": url} for url in urls]}
    client.post("/expose", json=body).raise_for_status()
    check = {"healthCheck": {"path": "/", "interval": "1s", "timeout": "1s"}}
    client.patch("/services/down", json=check).raise_for_status()
    client.put("/services/empty", json={}).raise_for_status()
    router = {"rule": "Host(`empty.example.org`)", "service": "empty"}
    client.put("/routers/empty", json=router).raise_for_status()
    traefik.wait_for(service)
    return service


def test_servers_that_are_down_are_told_by_readyz_and_the_metrics(fallen: Service) -> None:
    def told() -> list[str]:
        found: list[str] = fetch(f"{fallen.url}/readyz").raise_for_status().json()["warnings"]
        return [warning for warning in found if warning.startswith("service ")]

    wanted = [
        "service down: all 2 servers are down, so Traefik answers 503",
        "service empty has no server that takes requests: Traefik answers 503",
    ]
    wait_until(lambda: told() == wanted, f"readyz tells {wanted}")
    found = scrape(fallen.url)
    assert found.get("provider_services_without_server") == 2
    assert found.get("provider_servers_down") == 2
    assert found.get("provider_alarms", gravity="bad") >= 2
    # The overview points to each, whichever page of it they are on, and the menu of every page counts them.
    with http_client(fallen.url, headers={"Accept": "text/html"}) as pages:
        overview, domains = pages.get("/").text, pages.get("/domains").text
    told_above = overview[overview.index('id="alarms"') : overview.index('id="totals"')]
    assert 'href="/services/down"' in told_above
    assert "Service empty has no server that takes requests: Traefik answers 503." in told_above
    assert re.search(r'aria-label="[0-9]+ problems?"', domains)
