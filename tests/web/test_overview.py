"""The overview and an application's page: the way of requests, from the live state."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.running import Service, Traefik, http_client, named_servers, wait_until
from tests.web.test_rendering import HOSTILE, Outline

CHECK = {"path": "/", "interval": "500ms", "timeout": "400ms"}


@pytest.fixture
def pages(service: Service) -> Iterator[httpx.Client]:
    """A browser without JavaScript, at the shared service with nothing in it."""
    with http_client(service.url, headers={"Accept": "text/html"}) as made:
        yield made


def expose(client: httpx.Client, name: str, *urls: str, **fields: object) -> None:
    body = {"domain": f"{name}.test", "servers": [{"url": url} for url in urls], **fields}
    client.post("/api/v1/expose", json=body).raise_for_status()


def page(client: httpx.Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert Outline(answer.text).open == []
    return answer.text


def links(markup: str) -> set[str]:
    return {attributes["href"] or "" for tag, attributes in Outline(markup).elements if tag == "a"}


def part(markup: str, name: str) -> str:
    """Return the text of the element with an id, up to the end of the page."""
    return Outline(markup[markup.index(f'id="{name}"') - 5 :].partition("</main>")[0].partition("<footer")[0]).text


# The overview


def test_an_empty_service_says_what_to_do_first(pages: httpx.Client) -> None:
    found = page(pages, "/")
    assert "Nothing is exposed yet" in found
    assert "/expose" in links(found)
    assert 'class="drawing"' not in found


def test_the_way_is_drawn_and_told(pages: httpx.Client) -> None:
    expose(pages, "shop", "http://10.0.0.1:80", "http://10.0.0.2:80")
    pages.patch("/api/v1/services/shop/servers/10-0-0-2-80", json={"state": "drain"}).raise_for_status()
    found = page(pages, "/")
    drawn, _told, lists = found.partition('class="told"')
    for shown in (drawn, lists):
        assert "/domains/shop.test" in shown
        assert "/routers/shop" in shown
        assert "/services/shop/servers/10-0-0-1-80" in shown
        assert "Host(`shop.test`)" in shown
        assert "100%" in shown
        assert "drained" in shown
    assert links(found) >= {"/domains", "/routers", "/services", "/?view=list", "/expose"}


def test_a_router_that_another_hides_gets_no_requests_and_says_who_takes_them(pages: httpx.Client) -> None:
    expose(pages, "shop", "http://10.0.0.1:80")
    grab = {"name": "grab", "rule": "Host(`shop.test`)", "priority": 1000, "service": "other"}
    pages.post("/api/v1/services", json={"name": "other"}).raise_for_status()
    pages.put("/api/v1/services/other/servers/a", json={"url": "http://10.0.0.9:80"}).raise_for_status()
    pages.post("/api/v1/routers", json=grab).raise_for_status()
    found = page(pages, "/?q=shop")
    drawn, _told, lists = found.partition('class="told"')
    for shown in (drawn, lists):
        assert "no requests" in shown
        assert 'href="/routers/grab"' in shown
    assert "Router shop never takes a request: grab takes everything it matches" in drawn
    assert "hidden by grab" in drawn
    for path in ("/applications/shop", "/routers/shop", "/routers"):
        assert "/routers/grab" in links(page(pages, path))
        assert "It never takes a request" in Outline(page(pages, path)).text
    assert "It gets no requests now" in Outline(page(pages, "/services/shop")).text
    assert "100%" in page(pages, "/services/other")
    assert "It gets no requests now" not in Outline(page(pages, "/services/other")).text
    about = pages.get("/api/v1/conflicts", params={"object": "service/shop"}).raise_for_status().json()
    assert [each["conflict"] for each in about["items"]] == ["hidden"]
    pages.patch("/api/v1/routers/grab", json={"enabled": False}).raise_for_status()
    assert "no requests" not in page(pages, "/applications/shop")


def test_it_is_searched_and_paged(pages: httpx.Client) -> None:
    for index in range(22):
        expose(pages, f"app-{index:02}", "http://10.0.0.1:80")
    first = page(pages, "/")
    assert "/routers/app-19" in links(first)
    assert "/routers/app-20" not in links(first)
    (following,) = {link for link in links(first) if "cursor=" in link}
    second = page(pages, following)
    assert {link for link in links(second) if link.startswith("/routers/")} == {"/routers/app-20", "/routers/app-21"}
    found = page(pages, "/?q=APP-21.te")
    assert {link for link in links(found) if link.startswith("/routers/")} == {"/routers/app-21"}
    assert "contains “nothing like it”" in page(pages, "/?q=nothing+like+it")


def shown_in_order(markup: str, noun: str) -> list[str]:
    """Return the names of a kind in the order in which a page points to them, each once."""
    found = re.findall(f'href="/{noun}/(app[0-9]+)(?:\\.test)?"', markup)
    return list(dict.fromkeys(found))


def test_names_are_sorted_by_the_numbers_in_them_also_from_page_to_page(pages: httpx.Client) -> None:
    for number in (10, 2, 1, *range(11, 23), *range(3, 10)):
        expose(pages, f"app{number}", "http://10.0.0.1:80")
    names = [f"app{number}" for number in range(1, 23)]
    first = page(pages, "/")
    assert shown_in_order(first, "routers") == names[:20]
    (following,) = {link for link in links(first) if "cursor=" in link}
    assert shown_in_order(page(pages, following), "routers") == names[20:]
    for noun in ("routers", "services", "domains"):
        assert shown_in_order(page(pages, f"/{noun}"), noun) == names
    for server in ("s10", "s2"):
        pages.put(f"/api/v1/services/app1/servers/{server}", json={"url": "http://10.0.0.2:80"}).raise_for_status()
    listed = page(pages, "/services/app1")
    assert listed.index("servers/s2") < listed.index("servers/s10")


def test_each_application_is_opened_and_traced_from_the_overview(pages: httpx.Client) -> None:
    expose(pages, "shop", "http://10.0.0.1:80", pathPrefix="/a")
    ruled = {"name": "ruled", "rule": "Host(`ruled.test`) && Method(`GET`)", "service": "shop"}
    pages.post("/api/v1/routers", json=ruled).raise_for_status()
    found = page(pages, "/")
    traces = [link for link in links(found) if link.startswith("/trace?")]
    assert len(traces) == 2
    for path in ("/applications/shop", "/applications/ruled", *traces):
        assert path in links(found)
        page(pages, path)
    assert {"shop", "ruled"} == {
        name for path in traces for name in ("shop", "ruled") if f"router {name} takes" in page(pages, path)
    }


def filtered(pages: httpx.Client, state: str) -> list[str]:
    return re.findall(r'href="/applications/([a-z]+)" aria-label', page(pages, f"/?state={state}"))


@pytest.mark.usefixtures("traefik")
def test_applications_are_filtered_by_their_state(pages: httpx.Client) -> None:
    with named_servers("a") as (server,):
        for name in ("well", "off", "resting", "empty", "odd", "covered"):
            expose(pages, name, server.url, "http://10.0.0.9:80")
        api = "/api/v1"
        listed = pages.get(f"{api}/services/resting/servers").json()["items"]
        pages.patch(f"{api}/services/resting/servers/{listed[0]['name']}", json={"state": "drain"}).raise_for_status()
        for each in pages.get(f"{api}/services/empty/servers").json()["items"]:
            pages.delete(f"{api}/services/empty/servers/{each['name']}", params={"confirm": 1}).raise_for_status()
        pages.patch(f"{api}/routers/off", json={"enabled": False}, params={"confirm": 1}).raise_for_status()
        pages.patch(f"{api}/routers/odd", json={"entryPoints": ["none"]}).raise_for_status()
        grab = {"rule": "Host(`covered.test`)", "priority": 1000, "service": "well"}
        pages.put(f"{api}/routers/taking", json=grab).raise_for_status()
        wait_until(lambda: sorted(filtered(pages, "live")) == ["resting", "taking", "well"], "all is live that can be")
        assert filtered(pages, "wrong") == ["covered", "empty", "odd"]
        assert filtered(pages, "drained") == ["resting"]
        assert filtered(pages, "disabled") == ["off"]
        assert filtered(pages, "waiting") == []
        assert len(filtered(pages, "all")) == 7
        found = page(pages, "/?state=wrong&q=odd&view=list")
        assert {"/?q=odd&view=list", "/?q=odd&view=list&state=live"} <= links(found)
        assert '<input type="hidden" name="state" value="wrong">' in found
        assert re.findall(r'href="/routers/(odd|empty|covered)"', found)[0] == "odd"
        assert "No application is in this state now." in page(pages, "/?state=waiting")
        assert pages.get("/?state=sideways").status_code == 422


def test_without_an_edge_nothing_is_live(start_service: Callable[..., Service]) -> None:
    with http_client(start_service().url, headers={"Accept": "text/html"}) as pages:
        expose(pages, "shop", "http://10.0.0.1:80")
        assert (filtered(pages, "live"), filtered(pages, "waiting")) == ([], ["shop"])


def test_a_service_to_which_nothing_leads_is_shown_at_the_end(pages: httpx.Client) -> None:
    expose(pages, "shop", "http://10.0.0.1:80")
    pages.post("/api/v1/services", json={"name": "lonely"}).raise_for_status()
    found = page(pages, "/")
    assert "/services/lonely" in links(found)
    assert "No router points here." in found
    assert "/services/lonely" not in links(page(pages, "/?q=shop"))


def test_it_is_shown_as_lists_for_who_wants_that(pages: httpx.Client) -> None:
    expose(pages, "shop", "http://10.0.0.1:80")
    found = page(pages, "/?view=list&q=shop")
    assert "as-list" in found
    assert "/?q=shop" in links(found)
    assert pages.get("/?view=sideways").status_code == 422


@pytest.mark.parametrize("q", HOSTILE)
def test_what_is_searched_for_is_text(pages: httpx.Client, q: str) -> None:
    expose(pages, "shop", "http://10.0.0.1:80")
    answer = pages.get("/", params={"q": q})
    assert answer.status_code in {200, 422}
    assert "script" not in {tag for tag, attributes in Outline(answer.text).elements if "src" not in attributes}


@pytest.mark.parametrize("path", ["/", "/?view=list", "/applications/shop"])
@pytest.mark.parametrize("language", ["en", "id"])
def test_ids_stand_once_and_nothing_is_inline(pages: httpx.Client, path: str, language: str) -> None:
    expose(pages, "shop", *[f"http://10.0.0.{index}:80" for index in range(1, 20)])
    elements = Outline(pages.get(path, headers={"Accept-Language": language}).text).elements
    ids = [attributes["id"] for _tag, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in elements:
        assert tag != "style"
        assert "style" not in attributes
        assert tag != "script" or attributes["src"]
        assert set((attributes.get("aria-labelledby") or "").split()) <= set(ids)
        assert not attributes.get("data-live") or attributes.get("id")


def test_a_page_that_asks_for_itself_again_takes_no_notice_away(pages: httpx.Client) -> None:
    made = pages.post("/expose", data={"domain": "shop.test", "servers/0/url": "http://10.0.0.1:80"})
    assert made.status_code == 303
    assert "is exposed" in page(pages, "/")
    pages.post("/expose", data={"domain": "other.test", "servers/0/url": "http://10.0.0.1:80"})
    assert pages.get("/", headers={"X-Live-Update": "1"}).status_code == 200
    assert "other.test is exposed as other." in page(pages, made.headers["Location"])


def test_many_applications_fold_their_servers_and_their_domains_lead_to_where_one_tries_them(
    pages: httpx.Client,
) -> None:
    for index in range(7):
        expose(pages, f"app-{index}", "http://10.0.0.1:80", "http://10.0.0.2:80")
    assert not [link for link in links(page(pages, "/")) if "/servers/" in link]
    assert "/applications/app-1" in links(page(pages, "/domains/app-1.test"))


# An application


def test_the_last_changes_of_an_object_stand_on_its_page(pages: httpx.Client) -> None:
    expose(pages, "aged", "http://10.0.0.1:80")
    for weight in range(2, 7):
        path = "/api/v1/services/aged/servers/10-0-0-1-80"
        pages.patch(path, json={"weight": weight}).raise_for_status()
    pages.patch("/api/v1/routers/aged", json={"pathPrefix": "/a"}).raise_for_status()
    newest = pages.get("/api/v1/revisions").json()["items"][0]["number"]
    router, server = page(pages, "/routers/aged"), page(pages, "/services/aged/servers/10-0-0-1-80")
    assert f"/revisions/{newest}" in links(router)
    assert f"/revisions/{newest - 1}" not in links(router)
    told = [link for link in links(server) if re.fullmatch("/revisions/[0-9]+", link)]
    assert len(told) == 4
    assert "All its changes" in server
    assert "/revisions?object=server%2Faged%2F10-0-0-1-80" in links(server)
    for path in ("/services/aged", "/domains/aged.test"):
        assert "Show its history" in page(pages, path)


def test_an_application_that_another_hides_is_not_said_to_be_live(
    pages: httpx.Client, traefik: Traefik, service: Service
) -> None:
    expose(pages, "shop", "http://10.0.0.1:80")
    grab = {"rule": "Host(`shop.test`)", "priority": 1000, "service": "shop"}
    pages.put("/api/v1/routers/grab", json=grab).raise_for_status()
    traefik.wait_for(service)
    wait_until(lambda: "On every edge, but gets no requests" in page(pages, "/applications/shop"), "it is live")
    assert "Live on every edge" not in page(pages, "/applications/shop")


def test_an_application_that_is_not_there_is_not_found(pages: httpx.Client) -> None:
    assert pages.get("/applications/nothing").status_code == 404


def test_without_an_edge_it_says_that_none_polls(start_service: Callable[..., Service]) -> None:
    with http_client(start_service().url, headers={"Accept": "text/html"}) as pages:
        expose(pages, "shop", "http://10.0.0.1:80")
        assert "No Traefik is connected" in page(pages, "/applications/shop")
        assert "curl -H &#39;Host: shop.test&#39; http://127.0.0.1:8080/" in page(pages, "/applications/shop")


def test_an_edge_of_which_nobody_can_tell_what_it_runs_is_named(start_service: Callable[..., Service]) -> None:
    with http_client(start_service().url, headers={"Accept": "text/html"}) as pages:
        expose(pages, "shop", "http://10.0.0.1:80")
        for _ in range(2):
            pages.get("/traefik/configuration?edge=paris&wait=0").raise_for_status()
        found = page(pages, "/applications/shop")
        assert "On its way to the edges" in found
        assert "It was given revision 1; the address of its API is not set." in found


def test_it_says_since_when_it_is_live_and_others_changes_do_not_matter(
    pages: httpx.Client, traefik: Traefik, service: Service
) -> None:
    wait_until(lambda: pages.get("/api/v1/edges/default").json()["state"] == "live", "the edge is known to be live")
    with named_servers("a") as (server,):
        expose(pages, "live", server.url)
        found = str(wait_until(lambda: find_since(pages, "live"), "it is live"))
        traefik.wait_for(service)
        assert traefik.get("live.test").text == "a"
        expose(pages, "other", server.url)
        wait_until(lambda: find_since(pages, "other"), "the other is live, too")
        assert find_since(pages, "live") == found
        assert found is not None
        pages.patch("/api/v1/routers/live", json={"pathPrefix": "/a"}).raise_for_status()
        later = str(wait_until(lambda: is_later(find_since(pages, "live"), found), "it is live again, since later"))
        pages.patch("/api/v1/services/live/servers/" + only(pages, "live"), json={"weight": 7}).raise_for_status()
        wait_until(lambda: is_later(find_since(pages, "live"), later), "a change of a server is in the application")
        url = next(link for link in links(page(pages, "/applications/live")) if link.startswith("http://live.test:"))
        assert url == f"http://live.test:{traefik.web.rpartition(':')[2]}/a"
        assert "127.0.0.1 live.test" in page(pages, "/applications/live")


def is_later(found: str | None, before: str) -> str | None:
    return found if found is not None and found > before else None


def only(client: httpx.Client, service: str) -> str:
    """Return the name of the only server of a service."""
    (server,) = client.get(f"/api/v1/services/{service}/servers").json()["items"]
    name: str = server["name"]
    return name


def find_since(client: httpx.Client, name: str) -> str | None:
    """Find since when an application is live, as its page says."""
    found = re.search(r'Live on every edge since <time datetime="([^"]+)"', page(client, f"/applications/{name}"))
    return found[1] if found else None


@pytest.mark.usefixtures("traefik")
def test_a_router_that_an_edge_disabled_says_so_in_traefiks_words(pages: httpx.Client) -> None:
    expose(pages, "odd", "http://10.0.0.1:80")
    pages.patch("/api/v1/routers/odd", json={"entryPoints": ["none"]}).raise_for_status()
    wait_until(lambda: "An edge has disabled this router" in page(pages, "/applications/odd"), "it is disabled")
    (disabled,) = pages.get("/api/v1/edges/default").json()["disabledRouters"]
    assert disabled["error"] in part(page(pages, "/applications/odd"), "liveness")
    assert "disabled by the edge" in page(pages, "/applications/odd")


def test_a_disabled_router_says_so(pages: httpx.Client) -> None:
    expose(pages, "shop", "http://10.0.0.1:80")
    pages.patch("/api/v1/routers/shop", json={"enabled": False}).raise_for_status()
    assert "Disabled: no edge gets this router" in page(pages, "/applications/shop")


@pytest.mark.usefixtures("traefik")
def test_a_server_that_dies_is_seen_after_a_reload(pages: httpx.Client) -> None:
    with named_servers("a", "b") as (alive, dying):
        expose(pages, "health", alive.url, dying.url, healthCheck=CHECK)
        wait_until(lambda: page(pages, "/").count('class="shape good"') >= 2, "both are up")
        dying.shutdown()
        dying.server_close()
        wait_until(lambda: ">down<" in page(pages, "/"), "one is down")
        assert "100%" in page(pages, "/applications/health")


def test_an_application_with_https_is_tried_under_its_name(start_service: Callable[..., Service]) -> None:
    """The edge chooses the certificate by the name in the URL: a header comes too late for that."""
    with http_client(start_service().url, headers={"Accept": "text/html"}) as pages:
        expose(pages, "shop", "http://10.0.0.1:80")
        pages.patch("/api/v1/domains/shop.test", json={"tls": {"from": "stored"}}).raise_for_status()
        found = page(pages, "/applications/shop")
        assert "curl --insecure --resolve shop.test:443:127.0.0.1 https://shop.test/" in found


def test_a_router_with_a_rule_of_its_own_stands_at_the_host_that_the_rule_names(
    start_service: Callable[..., Service],
) -> None:
    with http_client(start_service().url, headers={"Accept": "text/html"}) as pages:
        expose(pages, "shop", "http://10.0.0.1:80")
        rule = {"rule": "Host(`by-rule.test`) && Method(`GET`)", "service": "shop"}
        pages.put("/api/v1/routers/odd", json=rule).raise_for_status()
        found = page(pages, "/?view=list")
        assert "by-rule.test" in Outline(found).text
        assert 'href="/domains/by-rule.test"' not in found
