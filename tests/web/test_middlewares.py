"""Middlewares in the console: what each does in words, on its own pages and on the way of requests."""

from collections.abc import Iterator

import httpx
import pytest

from provider.nouns.middlewares import Purpose
from tests.running import Service, http_client
from tests.web.test_overview import links, page, part
from tests.web.test_rendering import Outline

KINDS = {
    "login": {"basicAuth": {"users": ["alvin:secret", "budi:secret"]}},
    "strip-api": {"stripPrefix": {"prefixes": ["/api"]}},
    "common": {"chain": {"middlewares": ["login", "strip-api"]}},
}


@pytest.fixture
def pages(service: Service) -> Iterator[httpx.Client]:
    """A browser without JavaScript, at the shared service with a router through some middlewares."""
    with http_client(service.url, headers={"Accept": "text/html"}) as made:
        body = {"domain": "alvin.test", "name": "alvin", "servers": [{"url": "http://10.0.0.1"}]}
        made.post("/api/v1/expose", json=body).raise_for_status()
        for name, given in KINDS.items():
            made.put(f"/api/v1/middlewares/{name}", json=given).raise_for_status()
        chosen = {"middlewares": ["common", "sso@file"], "tls": {"certResolver": "acme"}}
        made.patch("/api/v1/routers/alvin", json=chosen).raise_for_status()
        yield made


@pytest.mark.parametrize("path", ["/", "/?view=list", "/applications/alvin", "/routers/alvin"])
def test_a_router_shows_what_its_requests_pass(pages: httpx.Client, path: str) -> None:
    found = page(pages, path)
    said = ["Asks for a password (2 users)", "Removes /api from the path", "sso@file"]
    first = found.index(said[0], found.index("<main"))
    places = [found.index(each, first) for each in said]
    assert places == sorted(places)
    assert {"/middlewares/login", "/middlewares/strip-api"} <= links(found)
    assert "secret" not in found


@pytest.mark.parametrize("path", ["/", "/applications/alvin"])
def test_a_lock_says_what_tls_means(pages: httpx.Client, path: str) -> None:
    assert "Over TLS only, with a certificate from acme" in page(pages, path)


def test_the_list_and_the_page_of_a_middleware_say_what_it_does(pages: httpx.Client) -> None:
    listed = part(page(pages, "/middlewares"), "main")
    assert "Removes /api from the path" in listed
    assert "Removes /api from the path." in page(pages, "/middlewares/strip-api")
    chain = page(pages, "/middlewares/common")
    assert "Passes requests through login and strip-api." in chain
    assert "Asks for a password (2 users)" in chain


def test_it_is_said_in_indonesian(pages: httpx.Client) -> None:
    pages.cookies.set("language", "id")
    pages.headers["Accept-Language"] = "id"
    assert "Meminta password (2 user)" in page(pages, "/routers/alvin")


def test_a_sentence_a_value_and_a_change_have_their_numbers_as_indonesian_writes_them(pages: httpx.Client) -> None:
    number = pages.put("/api/v1/middlewares/busy", json={"rateLimit": {"average": 12500}}).headers["Config-Revision"]
    pages.headers["Accept-Language"] = "id"
    shown = part(page(pages, "/middlewares/busy"), "main")
    assert "Paling banyak 12.500 request per detik." in shown
    changed = part(page(pages, f"/revisions/{number}"), "main")
    assert "12.500" in changed
    assert "12500" not in shown + changed


def test_kinds_are_found_by_what_they_are_good_for_and_by_traefiks_names(pages: httpx.Client) -> None:
    said = Outline(page(pages, "/middlewares/new")).text
    titles = [said.index(purpose.value) for purpose in Purpose]
    assert titles == sorted(titles)
    assert said.index("Restrict access") < said.index("basicAuth") < said.index("Change the path")


def test_lists_count_what_refers_to_each_and_say_where_nothing_does(pages: httpx.Client) -> None:
    pages.put("/api/v1/middlewares/spare", json={"compress": {}}).raise_for_status()
    rows = page(pages, "/middlewares").partition("<tbody>")[2].split("</tr>")
    used = [Outline(row).text.split()[-1] for row in rows if "</th>" in row]
    assert dict(zip(["common", "login", "spare", "strip-api"], used, strict=True)) == {
        "common": "1",
        "login": "1",
        "spare": "none",
        "strip-api": "1",
    }
