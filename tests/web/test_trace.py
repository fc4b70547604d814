"""Trace: which way a request takes, and why; what is sent for real, and what is not."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.running import Service, http_client, wait_until
from tests.web.test_rendering import HOSTILE, Outline

FIELDS = {"url": "http://alvin.xyz/", "method": "GET", "headers": "", "client": "", "entry_point": "web"}


@pytest.fixture
def pages(service: Service) -> Iterator[httpx.Client]:
    """A client that wishes pages, of a service with alvin.xyz and alvin.xyz/api in it."""
    with http_client(f"{service.url}/api/v1") as client:
        servers = [
            {"name": "a", "url": "http://10.0.0.11:3000", "weight": 3},
            {"name": "b", "url": "http://10.0.0.12:3000"},
        ]
        client.post("/expose", json={"domain": "alvin.xyz", "servers": servers}).raise_for_status()
        more: dict[str, object] = {"domains": ["alvin.xyz"], "service": "alvin"}
        for router in (
            {"name": "api", "pathPrefix": "/api"},
            {"name": "admin", "pathPrefix": "/admin", "entryPoints": ["other"]},
            {"name": "old", "pathPrefix": "/old", "enabled": False},
        ):
            client.post("/routers", json={**more, **router}).raise_for_status()
        rule = {"name": "inside", "rule": "ClientIP(`10.0.0.0/8`) && Header(`X-Team`, `video`)", "service": "alvin"}
        client.post("/routers", json=rule).raise_for_status()
    with http_client(service.url, headers={"Accept": "text/html"}) as made:
        yield made


def trace(pages: httpx.Client, url: str, **fields: str) -> str:
    answer = pages.get("/trace", params={"url": url, **fields})
    assert answer.status_code == 200, answer.text
    outline = Outline(answer.text)
    assert outline.open == []
    return " ".join(outline.text.split())


def test_the_form_asks_for_a_url(pages: httpx.Client) -> None:
    page = pages.get("/trace").raise_for_status().text
    assert 'name="url"' in page
    assert "takes it" not in page


def test_the_router_that_takes_a_request_is_told_and_why(pages: httpx.Client) -> None:
    said = trace(pages, "http://alvin.xyz/api/users")
    assert "The router api takes it" in said
    assert "It matches, and its priority 29 is 4 higher than that of the next, alvin." in said
    assert "It matches, but its priority 25 is 4 lower than that of api." in said


@pytest.mark.parametrize("url", ["alvin.xyz", "  http://ALVIN.xyz:8080/ ", "http://alvin.xyz/#top"])
def test_a_url_may_be_typed_as_people_type_it(pages: httpx.Client, url: str) -> None:
    assert "The router alvin takes it" in trace(pages, url)


def test_those_that_did_not_match_are_told_with_what_stood_in_the_way(pages: httpx.Client) -> None:
    said = trace(pages, "http://alvin.xyz/about")
    assert "api does not match" in said
    assert "PathPrefix(`/api`) requires a path that begins with /api; this request has /about" in said


def test_a_router_on_another_entry_point_and_one_that_is_off_are_told(pages: httpx.Client) -> None:
    assert "It would match, but listens on other, not on web." in trace(pages, "http://alvin.xyz/admin")
    assert "The router admin takes it" in trace(pages, "http://alvin.xyz/admin", entry_point="other")
    assert "It would match, but is disabled." in trace(pages, "http://alvin.xyz/old")


def test_headers_and_the_client_decide_where_a_rule_asks_for_them(pages: httpx.Client) -> None:
    assert "No router takes it" in trace(pages, "http://elsewhere.xyz/")
    said = trace(pages, "http://elsewhere.xyz/", headers="X-Team: video\nAccept: */*", client="10.1.2.3")
    assert "The router inside takes it" in said
    assert "Requests are only sent for your domains." in said


def test_the_probability_of_each_server_is_told(pages: httpx.Client, client: httpx.Client) -> None:
    said = trace(pages, "http://alvin.xyz/")
    assert "a http://10.0.0.11:3000 ready unknown 3 75%" in said
    client.patch("/services/alvin/servers/a", json={"state": "drain"}).raise_for_status()
    assert "b http://10.0.0.12:3000 ready unknown 1 100%" in trace(pages, "http://alvin.xyz/")
    client.patch("/services/alvin", json={"strategy": "p2c"}).raise_for_status()
    said = trace(pages, "http://alvin.xyz/")
    assert "the strategy p2c, which does not follow the weights, so there are no probabilities" in said
    assert "a http://10.0.0.11:3000 drained unknown 3 0% b http://10.0.0.12:3000 ready unknown 1 possible" in said


def test_the_way_is_lit_up_in_the_drawing(pages: httpx.Client) -> None:
    elements = Outline(pages.get("/trace", params={"url": "http://alvin.xyz/api"}).text).elements
    drawing = [attributes for tag, attributes in elements if tag == "svg" and "traced" in (attributes["class"] or "")]
    assert len(drawing) == 1
    lit = {
        attributes.get("href")
        for tag, attributes in elements
        if tag == "a" and "lit" in (attributes.get("class") or "")
    }
    assert lit == {
        *("/domains/alvin.xyz", "/routers/api", "/services/alvin"),
        *("/services/alvin/servers/a", "/services/alvin/servers/b"),
    }


def test_it_is_said_in_bahasa_indonesia_too(pages: httpx.Client) -> None:
    page = pages.get("/trace", params={"url": "http://alvin.xyz/about"}, headers={"Accept-Language": "id"}).text
    said = " ".join(Outline(page).text.split())
    assert "Router alvin menerimanya" in said
    assert "yang dicari path yang diawali /api; di request ini /about" in said


@pytest.mark.parametrize(
    ("fields", "name", "told"),
    [
        ({"url": "ftp://alvin.xyz"}, "url", "The URL does not begin with http:// or https:// and a host."),
        ({"url": "http://"}, "url", "The URL does not begin with http:// or https:// and a host."),
        ({"url": "http://[::1"}, "url", "The URL's host is wrong: an IPv6 address is written http://[::1]/."),
        ({"url": "http://a/%zz"}, "url", "has a '%' without two hexadecimal digits after it."),
        ({"method": "GE T"}, "method", "is not a method."),
        ({"headers": "X-Team"}, "headers", "Write each header as \u201cName: value\u201d"),
        ({"headers": "X Team: video"}, "headers", "is not the name of a header."),
        ({"headers": "a: b\n" * 51}, "headers", "This has more than 50 headers."),
        ({"client": "10.0.0.256"}, "client", "is not an IP address."),
        ({"url": "http://alvin.xyz/" + "a" * 4000}, "url", "This is longer than 4000 characters."),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_stays_there(
    pages: httpx.Client, fields: dict[str, str], name: str, told: str
) -> None:
    answer = pages.get("/trace", params={**FIELDS, **fields})
    assert answer.status_code == 422
    outline = Outline(answer.text)
    assert told in " ".join(outline.text.split())
    wrong = [attributes for _tag, attributes in outline.elements if attributes.get("aria-invalid") == "true"]
    assert [attributes["name"] for attributes in wrong] == [name]
    assert f'id="field-{name}-wrong"' in answer.text


@pytest.mark.parametrize("text", HOSTILE)
def test_the_text_of_anybody_is_shown_as_text(pages: httpx.Client, text: str) -> None:
    plain = Outline(pages.get("/trace", params=dict.fromkeys(FIELDS, "alvin.xyz")).text)
    for name in FIELDS:
        answer = pages.get("/trace", params={**dict.fromkeys(FIELDS, "alvin.xyz"), name: text})
        assert answer.status_code in {200, 422}
        outline = Outline(answer.text)
        assert outline.open == []
        assert not {tag for tag, _attributes in outline.elements} - {tag for tag, _attributes in plain.elements} - {"p"}


# What edges make of it


@pytest.mark.usefixtures("traefik")
def test_a_router_that_the_edge_does_not_serve_is_not_said_to_take_a_request(
    pages: httpx.Client, client: httpx.Client
) -> None:
    odd = {"domains": ["alvin.xyz"], "pathPrefix": "/odd", "service": "alvin", "entryPoints": ["none"]}
    client.put("/routers/odd", json=odd).raise_for_status()
    asked = {"url": "http://alvin.xyz/odd", "entryPoint": "none"}
    wait_until(lambda: client.get("/edges/default").json()["disabledRouters"], "the edge disabled the router")
    (disabled,) = client.get("/edges/default").json()["disabledRouters"]
    found = client.get("/explain", params=asked).raise_for_status().json()
    assert found["router"] is None
    assert [each["verdict"] for each in found["candidates"] if each["router"] == "odd"] == ["refused"]
    said = trace(pages, "http://alvin.xyz/odd", entry_point="none")
    assert "No router takes it" in said
    assert "odd not served" in said
    assert "The edge default has no entry point none (it has" in said or disabled["error"] in said
    advice = send(pages, url="http://alvin.xyz/odd", entry_point="none")
    assert "PROVIDER_TRAEFIK_API" not in advice
    # The page of the router, and of what points to it, says the same.
    assert disabled["error"] in words(pages, "/applications/odd")
    assert f"The edge default does not serve it: {disabled['error']}" in words(pages, "/routers/odd")
    for path in ("/routers", "/services/alvin", "/domains/alvin.xyz"):
        assert "not served" in words(pages, path)
    client.patch("/routers/odd", json={"entryPoints": ["web", "none"]}).raise_for_status()
    wait_until(lambda: client.get("/edges/default").json()["partlyServedRouters"], "the edge serves it in part")
    (partly,) = client.get("/edges/default").json()["partlyServedRouters"]
    said = trace(pages, "http://alvin.xyz/odd")
    assert "The router odd takes it" in said
    assert f"default: The edge default serves it only in part: {partly['error']}" in said
    assert "takes it, with a warning" in said


def words(pages: httpx.Client, path: str) -> str:
    return " ".join(Outline(pages.get(path).raise_for_status().text).text.split())


# What is sent, and what is not


def send(pages: httpx.Client, **fields: str) -> str:
    """Ask for requests to be sent, which cannot be, and return what is told about it."""
    answer = pages.post("/trace/send", data={**FIELDS, **fields})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/trace?")
    return " ".join(Outline(pages.get(answer.headers["Location"]).text).text.split())


def test_nothing_is_sent_where_no_entry_point_is_known(pages: httpx.Client) -> None:
    said = trace(pages, "http://alvin.xyz/", entry_point="unheard-of")
    assert "No router takes it" in said
    assert "The address of the entry point unheard-of is unknown" in send(pages, entry_point="unheard-of")


@pytest.fixture
def reaching(start_service: Callable[..., Service]) -> Iterator[httpx.Client]:
    """Pages of a service that knows where an entry point is, though nobody listens there."""
    service = start_service(entry_points="web=http://127.0.0.1:9")
    with http_client(service.url, headers={"Accept": "text/html"}) as made:
        servers = [{"url": "http://10.0.0.11:3000"}]
        made.post("/api/v1/expose", json={"domain": "alvin.xyz", "servers": servers}).raise_for_status()
        made.post("/api/v1/routers", json={"name": "any", "pathPrefix": "/any", "service": "alvin"}).raise_for_status()
        yield made


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"url": "http://nothing.xyz/"}, "No router takes this request"),
        ({"url": "http://elsewhere.xyz/any"}, "Requests are only sent for your domains."),
        ({"method": "POST"}, "Only GET, HEAD and OPTIONS are sent"),
        ({"method": "DELETE"}, "Only GET, HEAD and OPTIONS are sent"),
        ({"headers": "Host: elsewhere.xyz"}, "No router takes this request"),
        ({"headers": "Transfer-Encoding: chunked"}, "The header Transfer-Encoding is about the connection itself"),
        ({"url": "ftp://alvin.xyz/"}, "does not begin with http://"),
    ],
)
def test_only_harmless_requests_for_our_own_domains_are_sent(
    reaching: httpx.Client, fields: dict[str, str], told: str
) -> None:
    assert told in send(reaching, **fields)


def test_an_entry_point_that_cannot_be_reached_is_told(reaching: httpx.Client) -> None:
    answer = reaching.post("/trace/send", data=FIELDS)
    assert answer.headers["Location"].startswith("/trace/sent/")
    page = reaching.get(answer.headers["Location"]).text
    while "answered</label>" in page:  # the page asks for itself until all is over
        page = reaching.get(answer.headers["Location"]).text
    assert "60 \u00d7 The entry point cannot be reached." in Outline(page).text


def test_who_may_only_read_sends_nothing(reaching: httpx.Client) -> None:
    token = reaching.post("/api/v1/tokens", json={"name": "reader", "scopes": ["read"]}).raise_for_status().json()
    headers = {"Authorization": f"Bearer {token['token']}"}
    page = reaching.get("/trace", params={"url": "http://alvin.xyz/"}, headers=headers).raise_for_status().text
    assert "The router alvin takes it" in page
    assert 'action="/trace/send"' not in page
    assert reaching.post("/trace/send", data=FIELDS, headers=headers).status_code == 403


def test_a_trial_that_is_forgotten_is_not_found(pages: httpx.Client) -> None:
    answer = pages.get("/trace/sent/nothing")
    assert answer.status_code == 404
    assert "This test no longer exists" in answer.text


@pytest.fixture
def passed(pages: httpx.Client, service: Service) -> httpx.Client:
    """The same, where a router has middlewares."""
    with http_client(f"{service.url}/api/v1") as client:
        for name, given in {
            "office": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}},
            "strip-api": {"stripPrefix": {"prefixes": ["/api"]}},
            "https": {"redirectScheme": {"scheme": "https"}},
        }.items():
            client.put(f"/middlewares/{name}", json=given).raise_for_status()
        client.patch("/routers/api", json={"middlewares": ["office", "strip-api", "sso@file"]}).raise_for_status()
        client.patch("/routers/alvin", json={"middlewares": ["https"]}).raise_for_status()
    return pages


def test_what_happens_on_the_way_is_told_step_by_step(passed: httpx.Client) -> None:
    said = trace(passed, "http://alvin.xyz/api/users", client="10.0.0.1")
    assert "10.0.0.1 is in 10.0.0.0/8." in said
    assert "The path /api/users becomes /users." in said
    assert "Servers get: /users" in said
    assert "Depends on the client's address" in trace(passed, "http://alvin.xyz/api/users")


def test_a_way_that_ends_says_with_what_answer(passed: httpx.Client) -> None:
    said = trace(passed, "http://alvin.xyz/api/users", client="192.0.2.1")
    assert "None: the middleware office answers 403 itself." in said
    assert "Servers get:" not in said
    said = trace(passed, "http://alvin.xyz/one")
    assert "Location: https://alvin.xyz/one" in said
    assert "None: the middleware https answers 302 itself." in said


def test_an_address_with_https_comes_in_where_https_does(pages: httpx.Client, service: Service) -> None:
    with http_client(f"{service.url}/api/v1") as client:
        client.patch("/domains/alvin.xyz", json={"tls": {"from": "stored"}}).raise_for_status()
    assert "Redirects to https" in trace(pages, "http://alvin.xyz/")
    said = trace(pages, "https://alvin.xyz/")
    assert "The router alvin takes it" in said
    assert "Redirects to https" not in said
    assert "by the address: web, or websecure for https" in said
