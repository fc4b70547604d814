"""Services that are made of services, in the console."""

from collections.abc import Iterator

import httpx
import pytest

from tests.running import Service, http_client
from tests.web.filling import send
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


def test_the_drawing_tells_mirrors_and_spares_from_who_answers(pages: httpx.Client) -> None:
    pages.patch("/api/v1/services/green", json={"healthCheck": {"path": "/"}}).raise_for_status()
    spare = {"failover": {"service": "green", "fallback": "blue"}}
    pages.put("/api/v1/services/whole", json=spare).raise_for_status()
    mirrored = {"mirroring": {"service": "whole", "mirrors": [{"name": "copy", "percent": 10}]}}
    for name, body in {"copy": {}, "copied": mirrored}.items():
        pages.put(f"/api/v1/services/{name}", json=body).raise_for_status()
    pages.put("/api/v1/routers/made", json={"rule": "Host(`made.test`)", "service": "copied"}).raise_for_status()
    drawn, _told, lists = page(pages, "/").partition('class="told"')
    for shown in (drawn, lists):
        assert 'href="/services/copy"' in shown
        assert "copies of 10%" in shown
        assert "spare" in shown
        assert "1 of 3 servers" in shown


def test_a_trace_names_who_answers(pages: httpx.Client) -> None:
    found = page(pages, "/trace?url=http://made.test")
    assert {"/services/blue/servers/a", "/services/green/servers/c"} <= links(found)
    assert "37.5%" in found
    assert "Traefik answers 503" not in found


def test_what_is_made_of_a_service_is_named_before_it_goes(pages: httpx.Client) -> None:
    found = page(pages, "/services/green/remove")
    assert "service copied, which needs it" in found
    assert "/services/copied" in links(page(pages, "/services/green"))


def test_what_goes_because_of_what_goes_is_named_too(pages: httpx.Client) -> None:
    path = "/services/green/remove"
    asked = pages.get(path)
    for told in ("service made, which needs copied", "router made, which needs made"):
        assert told in asked.text
    assert send(pages, asked, path).status_code == 303
    assert pages.get("/api/v1/routers/made").status_code == 404


def test_what_another_provider_has_is_drawn_and_has_no_page(pages: httpx.Client) -> None:
    composition = {"weighted": {"services": [{"name": "blue"}, {"name": "old@file"}]}}
    pages.put("/api/v1/services/made", json=composition).raise_for_status()
    pages.put("/api/v1/routers/far", json={"rule": "Host(`far.test`)", "service": "old@file"}).raise_for_status()
    drawn, _told, lists = page(pages, "/").partition('class="told"')
    for shown in (drawn, lists):
        assert "old@file" in shown
        assert "/old@file" not in shown
        assert "/old%40file" not in shown
        assert "503" not in shown
    for path in ("/routers", "/routers/far", "/services/made", "/trace?url=http://far.test"):
        found = page(pages, path)
        assert "old@file" in found
        assert "answers 503" not in found


def test_each_way_to_make_one_has_its_form(pages: httpx.Client) -> None:
    chosen = [link for link in links(page(pages, "/services/new")) if link.startswith("/services/new?kind=")]
    assert len(chosen) == 4
    for path in [*chosen, "/services/made/edit", "/services/copied/edit", "/serversTransports/new"]:
        page(pages, path)
    transport = {"serverName": "a.test", "forwardingTimeouts": {}}
    pages.put("/api/v1/serversTransports/a", json=transport).raise_for_status()
    assert "/serversTransports/a" in links(page(pages, "/serversTransports"))


def test_a_router_over_tls_has_a_lock_and_links_of_https(pages: httpx.Client) -> None:
    pages.put("/api/v1/domains/made.test", json={}).raise_for_status()
    router = {"domains": ["made.test"], "service": "made", "tls": {"certResolver": "acme"}}
    pages.put("/api/v1/routers/made", json=router).raise_for_status()
    found = page(pages, "/routers/made")
    assert "Requests over TLS only." in found
    assert "Its certificate comes from the resolver acme." in found
    for path in ("/routers", "/services/made"):
        assert "over TLS only" in page(pages, path)
    assert "Over TLS only, with a certificate from acme" in page(pages, "/")
    assert "url=https%3A%2F%2Fmade.test" in page(pages, "/")
    assert "https://" in page(pages, "/applications/made")


def test_the_drawing_says_where_http_is_redirected(pages: httpx.Client) -> None:
    pages.put("/api/v1/domains/made.test", json={"tls": {"from": "stored"}}).raise_for_status()
    pages.put("/api/v1/routers/made", json={"domains": ["made.test"], "service": "made"}).raise_for_status()
    drawn, _told, lists = page(pages, "/").partition('class="told"')
    for shown in (drawn, lists):
        assert "Redirects web to HTTPS" in shown
        assert "/middlewares/" not in shown


def test_a_weight_that_is_left_empty_is_one(pages: httpx.Client) -> None:
    path = "/services/new?kind=weighted"
    answer = send(pages, pages.get(path), "/services/new", {"name": "fresh", "weighted/services/0/name": "blue"})
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/services/fresh"), answer.text
    kept = pages.get("/api/v1/services/fresh").json()
    assert kept["weighted"] == {"services": [{"name": "blue"}]}


def test_a_service_that_others_are_made_of_is_not_said_to_get_nothing(pages: httpx.Client) -> None:
    off = {"pathPrefix": "/off", "service": "blue", "enabled": False}
    pages.put("/api/v1/routers/off", json=off).raise_for_status()
    assert "It gets no requests now" not in page(pages, "/services/blue")
