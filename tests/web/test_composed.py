"""Services that are made of services, in the console."""

from collections.abc import Iterator

import httpx
import pytest

from tests.running import Service, http_client
from tests.web.test_overview import links, page

POOLS = {"blue": ("a", "b"), "green": ("c",)}
MADE = {
    "made": {"weighted": {"services": [{"name": "blue", "weight": 3}, {"name": "copied"}]}},
    "copied": {"mirroring": {"service": "green", "mirrors": [{"name": "blue", "percent": 10}]}},
}


@pytest.fixture
def pages(service: Service) -> Iterator[httpx.Client]:
    """A browser without JavaScript, at a service with a tree of services and a router to it."""
    with http_client(service.url, headers={"Accept": "text/html"}) as made:
        for name, servers in POOLS.items():
            made.put(f"/api/v1/services/{name}", json={}).raise_for_status()
            for each in servers:
                body = {"url": f"http://{each}:80"}
                made.put(f"/api/v1/services/{name}/servers/{each}", json=body).raise_for_status()
        for name in ("copied", "made"):
            made.put(f"/api/v1/services/{name}", json=MADE[name]).raise_for_status()
        router = {"rule": "Host(`made.test`)", "service": "made"}
        made.put("/api/v1/routers/made", json=router).raise_for_status()
        yield made


def test_its_page_shows_what_it_is_made_of(pages: httpx.Client) -> None:
    found = page(pages, "/services/made")
    tree = found[found.index('id="tree"') : found.index("</table>")]
    assert [word for word in ("weight 3", "37.5%", "copies of 10%", "as above", "Mirroring") if word not in tree] == []
    assert {"/services/blue/servers/a", "/services/green/servers/c", "/services/copied"} <= links(tree)
    assert "No servers yet" not in found


def test_the_drawing_has_the_servers_below(pages: httpx.Client) -> None:
    drawn, _told, lists = page(pages, "/").partition('class="told"')
    for shown in (drawn, lists):
        assert 'href="/services/blue/servers/a"' in shown
        assert "blue/a" in shown
        assert "503" not in shown
    assert "No router points here" not in lists


def test_a_trace_names_who_answers(pages: httpx.Client) -> None:
    found = page(pages, "/trace?url=http://made.test")
    assert {"/services/blue/servers/a", "/services/green/servers/c"} <= links(found)
    assert "37.5%" in found
    assert "Traefik answers 503" not in found


def test_what_is_made_of_a_service_is_named_before_it_goes(pages: httpx.Client) -> None:
    found = page(pages, "/services/green/remove")
    assert "service copied, which needs it" in found
    assert "/services/copied" in links(page(pages, "/services/green"))
