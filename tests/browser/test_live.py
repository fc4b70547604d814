"""What changes in the world changes on the page, in a real browser, and what one types stays."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.browsing import Watch, check_accessible, check_width, screenshots
from tests.running import AUTHORIZED, Service, http_client, let_wait, named_servers, wait_until

SECONDS = 60_000
"""The longest that a page may take to show what happened, in milliseconds: the machine may be busy."""

TYPED = """() => {
    const field = document.createElement("input");
    field.id = "typed";
    document.querySelector("#path").append(field);
    field.value = "mine";
}"""
"""Puts a field into a live part, with something typed in it: at once, so that no change comes between."""

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, service: Service) -> Iterator[OpenPage]:
    """Open pages of the shared service, which may do all, and watch what they do."""
    with ExitStack() as stack:
        watches: list[Watch] = []

        def open_one(**options: Any) -> Page:
            defaults = {"locale": "en-GB", "reduced_motion": "reduce", "extra_http_headers": AUTHORIZED}
            context = chromium.new_context(base_url=service.url, **{**defaults, **options})
            stack.callback(context.close)
            watches.append(Watch(context, service.url))
            page = context.new_page()
            page.set_default_timeout(SECONDS)
            return page

        yield open_one
        assert [complaint for watch in watches for complaint in watch.complaints] == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with http_client(f"{service.url}/api/v1") as made:
        yield made


def expose(client: httpx.Client, name: str, *urls: str, **fields: Any) -> None:
    servers = [{"name": f"s{index}", "url": url} for index, url in enumerate(urls)]
    client.post("/expose", json={"domain": f"{name}.test", "servers": servers, **fields}).raise_for_status()


def opened(page: Page, path: str) -> Page:
    """Open a page, and wait until it hears of what changes."""
    page.goto(path)
    expect(page.locator("html[data-connection=on]")).to_be_attached(timeout=SECONDS)
    return page


def node(page: Page, path: str) -> Any:
    return page.locator(f'.drawn a[href="{path}"]')  # a link of SVG


# Live


def test_the_overview_shows_what_others_change_without_a_reload(page: Page, client: httpx.Client) -> None:
    expose(client, "shop", "http://10.0.0.1:80", "http://10.0.0.2:80")
    opened(page, "/")
    page.evaluate("window.stayed = true")
    client.patch("/services/shop/servers/s0", json={"weight": 3}).raise_for_status()
    expect(node(page, "/services/shop/servers/s0")).to_contain_text("75%", timeout=SECONDS)
    client.patch("/services/shop/servers/s1", json={"state": "drain"}).raise_for_status()
    expect(node(page, "/services/shop/servers/s1")).to_contain_text("drained", timeout=SECONDS)
    expose(client, "other", "http://10.0.0.1:80")
    expect(node(page, "/routers/other")).to_be_visible(timeout=SECONDS)
    expect(page.locator("#totals")).to_contain_text("Routers 2", timeout=SECONDS)
    assert page.evaluate("window.stayed")


@pytest.mark.usefixtures("traefik")
def test_a_server_that_dies_turns_red_by_itself(page: Page, client: httpx.Client) -> None:
    check = {"path": "/", "interval": "500ms", "timeout": "400ms"}
    with named_servers("a", "b") as (alive, dying):
        expose(client, "health", alive.url, dying.url, healthCheck=check)
        opened(page, "/applications/health")
        expect(page.locator(".notice.good")).to_contain_text("Live on every edge", timeout=SECONDS)
        expect(page.locator(".drawn .server.good")).to_have_count(2, timeout=SECONDS)
        dying.shutdown()
        dying.server_close()
        expect(node(page, "/services/health/servers/s1")).to_contain_text("down", timeout=SECONDS)
        expect(node(page, "/services/health/servers/s0")).to_contain_text("100%", timeout=SECONDS)


def test_a_service_shows_who_registers_itself_and_who_is_held_until_that_is_ended(
    page: Page, client: httpx.Client
) -> None:
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    opened(page, "/services/wayshub")
    server = {"url": "http://127.0.0.1:9"}
    client.put("/services/wayshub/servers/a", json={**server, "ttl": "1h"}).raise_for_status()
    observed = page.locator("#observed-a")
    expect(observed).to_contain_text("It registered itself. Last heartbeat:", timeout=SECONDS)
    expect(observed).to_contain_text("Without another one, it is drained in")
    client.put("/services/wayshub/servers/a", json={**server, "ttl": "1s"}).raise_for_status()
    page.get_by_role("button", name="End its lease").click()
    expect(page.get_by_text("server a at http://127.0.0.1:9")).to_be_visible()
    page.get_by_label("Why").fill("its machine is gone")
    page.get_by_role("button", name="Drain").click()
    expect(page.locator("#notices")).to_contain_text("they are drained")
    expect(page.locator("#pool")).to_contain_text("No servers yet", timeout=SECONDS)
    ended = client.get("/revisions").json()["items"][1]
    assert (ended["author"], ended["message"]) == ("tests", "its machine is gone")
    assert ended["summary"].startswith("Drained server a of wayshub")


def test_what_came_of_an_order_for_a_certificate_is_shown_without_a_reload(page: Page, client: httpx.Client) -> None:
    let_wait(client, "alvin.xyz")
    opened(page, "/domains/alvin.xyz")
    next_try = page.locator("#issuance time")
    before = next_try.get_attribute("datetime") or ""
    client.post("/domains/alvin.xyz/retry").raise_for_status()
    expect(next_try).not_to_have_attribute("datetime", before, timeout=SECONDS)
    expect(page.locator("#issuance")).to_contain_text("127.0.0.1 cannot be reached")
    expect(page.locator("#retry button")).to_be_visible()


def test_what_is_typed_and_where_the_focus_is_stay_when_the_world_changes(page: Page, client: httpx.Client) -> None:
    expose(client, "shop", "http://10.0.0.1:80")
    opened(page, "/")
    search = page.get_by_role("searchbox")
    search.fill("half a wo")
    expose(client, "other", "http://10.0.0.1:80")
    expect(node(page, "/routers/other")).to_be_visible(timeout=SECONDS)
    expect(search).to_be_focused()
    expect(search).to_have_value("half a wo")


def test_the_focus_stays_on_a_link_of_a_list_that_changes(page: Page, client: httpx.Client) -> None:
    expose(client, "shop", "http://10.0.0.1:80")
    opened(page, "/revisions")
    link = page.locator("main tbody a").first
    href = link.get_attribute("href")
    link.focus()
    expose(client, "other", "http://10.0.0.1:80")
    expect(link).not_to_have_attribute("href", href or "", timeout=SECONDS)
    expect(page.locator(f'main tbody a[href="{href}"]').first).to_be_focused()


def test_a_live_part_in_which_somebody_types_waits(page: Page, client: httpx.Client) -> None:
    expose(client, "shop", "http://10.0.0.1:80")
    opened(page, "/")
    page.evaluate(TYPED)
    client.patch("/services/shop/servers/s0", json={"state": "drain"}, params={"confirm": 1}).raise_for_status()
    expect(page.locator("#totals")).to_be_visible()
    expose(client, "other", "http://10.0.0.1:80")
    expect(page.locator("#totals")).to_contain_text("Routers 2", timeout=SECONDS)  # another part goes on
    expect(page.locator("#typed")).to_have_value("mine")
    expect(node(page, "/routers/other")).to_have_count(0)
    page.fill("#typed", "")
    page.locator("h1").click()
    expect(node(page, "/routers/other")).to_be_visible(timeout=SECONDS)
    expect(page.locator("#typed")).to_have_count(0)


def test_what_changes_while_the_page_is_asked_for_is_shown_too(page: Page, client: httpx.Client) -> None:
    expose(client, "shop", "http://10.0.0.1:80")
    opened(page, "/")
    page.evaluate("window.heard = 0; document.addEventListener('live:revision', () => { window.heard += 1; });")
    asked: list[Route] = []
    page.route("/", lambda route: route.continue_() if asked else asked.append(route))
    expose(client, "second", "http://10.0.0.1:80")
    wait_until(lambda: page.evaluate("window.heard") == 1, "the page heard of it")
    wait_until(lambda: page.evaluate("true") and asked, "the page is asked for")
    answer = asked[0].fetch()
    expose(client, "third", "http://10.0.0.1:80")
    wait_until(lambda: page.evaluate("window.heard") == 2, "the page heard of it")
    asked[0].fulfill(response=answer)
    expect(node(page, "/routers/third")).to_be_visible(timeout=SECONDS)


def test_a_page_that_nobody_sees_has_no_connection(page: Page, service: Service) -> None:
    events = service.server._app.plane.events
    before = events.listeners
    opened(page, "/")
    wait_until(lambda: events.listeners == before + 1, "it listens")
    page.goto("about:blank")
    wait_until(lambda: events.listeners == before, "it does not listen any more")


# Exposing


@pytest.mark.usefixtures("client")
def test_the_form_shows_while_one_types_what_will_come_of_it(page: Page) -> None:
    page.goto("/expose")
    page.get_by_label("Domain").press_sequentially("alvin.xyz")
    page.locator("#field-servers-0-url").press_sequentially("http://10.0.0.1:80")
    page.locator("#field-servers-0-weight").fill("3")
    page.get_by_role("button", name="Add a server").click()
    added = page.locator("#field-servers-1-url")
    expect(added).to_be_focused(timeout=SECONDS)
    added.press_sequentially("http://10.0.0.2:80")
    expect(page.locator("#share-0")).to_have_text("75%", timeout=SECONDS)
    expect(page.locator("#preview")).to_contain_text("Host(`alvin.xyz`)", timeout=SECONDS)
    expect(page.locator("#preview-drawing svg.drawing")).to_be_visible(timeout=SECONDS)
    expect(added).to_be_focused()
    added.fill("htp://x")
    expect(page.locator("#field-servers-1-url-wrong")).to_contain_text("does not begin with http://", timeout=SECONDS)
    expect(added).to_have_attribute("aria-invalid", "true")
    expect(added).to_be_focused()
    check_accessible(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Remove server 2").click()
    expect(page.locator("#field-servers-1-url")).to_have_count(0, timeout=SECONDS)
    expect(page.locator("#share-0")).to_have_text("100%", timeout=SECONDS)
    page.get_by_text("More options").click()
    with page.expect_response(
        "**/expose/check"
    ):  # a page that one leaves meanwhile complains of an answer it never got
        page.locator("#field-name").fill("mine")
    page.get_by_label("Domain").press("Enter")
    page.wait_for_url("**/applications/mine")
    expect(page.locator("#notices")).to_contain_text("alvin.xyz is exposed as mine.")


def test_a_row_comes_however_much_is_asked_for_before_the_answer(page: Page) -> None:
    held: list[Route] = []
    page.route(
        "**/expose/check",
        lambda route: held.append(route) if "do=add" in (route.request.post_data or "") else route.continue_(),
    )
    page.goto("/expose")
    page.locator("#field-servers-0-url").fill("http://10.0.0.1:80")
    with page.expect_response("**/expose/check"):  # what is typed is looked at
        page.get_by_role("button", name="Add a server").click()
    held.pop().continue_()
    expect(page.locator("#field-servers-1-url")).to_be_visible(timeout=SECONDS)
    assert page.locator("#field-servers-0-url").input_value() == "http://10.0.0.1:80"
    assert page.locator("#preview #servers").count() == 0


def test_it_is_live_by_itself_after_it_was_exposed(page: Page, traefik: Any) -> None:
    with named_servers("a") as (server,):
        page.goto("/expose")
        page.get_by_label("Domain").fill("byitself.test")
        page.locator("#field-servers-0-url").fill(server.url)
        page.get_by_role("button", name="Expose", exact=True).last.click()
        page.wait_for_url("**/applications/byitself")
        expect(page.locator("#liveness .notice.good")).to_contain_text("Live on every edge", timeout=SECONDS)
        assert traefik.get("byitself.test").text == "a"


# Looks

PATHS = ["/", "/?view=list", "/?q=nothing", "/expose", "/applications/shop"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["en", "id"])
def test_no_page_keeps_anybody_out_or_is_scrolled_sideways(
    open_page: OpenPage, client: httpx.Client, path: str, language: str
) -> None:
    expose(client, "shop", *[f"http://10.0.0.{index}:80" for index in range(1, 12)])
    for state, name in (("drain", "s1"), ("maint", "s2")):
        client.patch(f"/services/shop/servers/{name}", json={"state": state}).raise_for_status()
    client.post("/domains", json={"name": "a-very-long-name-of-a-host." * 8 + "test"}).raise_for_status()
    long = {"name": "x" * 63, "domains": ["a-very-long-name-of-a-host." * 8 + "test"], "service": "shop"}
    client.post("/routers", json=long).raise_for_status()
    page = open_page(locale=language)
    page.goto(path)
    check_accessible(page)
    check_width(page)
    screenshots(page, f"overview-{path.strip('/').replace('/', '-').replace('?', '-') or 'home'}-{language}")


def test_what_is_drawn_fits_into_its_box(page: Page, client: httpx.Client) -> None:
    """The widths of texts, which the service takes to be so at most, are those of a browser at most."""
    expose(client, "www-mmm", "http://10.0.0.1:80", "https://www.mmmmmmmmmmmmmmmmmmmmmmmmmmm.example:8443")
    page.goto("/")
    page.set_viewport_size({"width": 1280, "height": 800})
    too_wide = page.evaluate(
        """[...document.querySelectorAll('.drawn a')].flatMap((node) => {
            const room = node.querySelector('rect')?.getBBox();
            return [...node.querySelectorAll('text')].map((text) => text.getBBox())
                .filter((box) => room && (box.x < room.x - 0.5 || box.x + box.width > room.x + room.width + 0.5));
        }).length"""
    )
    assert too_wide == 0


def test_twenty_applications_take_little_room_and_stay_as_they_were_opened(page: Page, client: httpx.Client) -> None:
    for number in range(1, 21):
        expose(client, f"app{number}", "http://10.0.0.1:80", "http://10.0.0.2:80")
    for width, most in ((1280, 1_700), (390, 2_500)):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto("/")
        assert page.evaluate("document.documentElement.scrollHeight") < most
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, "/?state=all&q=app1")
    page.locator("#way-app10 summary").click()
    client.patch("/services/app10/servers/s0", json={"weight": 3}).raise_for_status()
    expect(page.locator("#way-app10 .pool")).to_contain_text("100%", timeout=SECONDS)
    expect(page.locator("#way-app10")).to_have_attribute("open", "")
    page.goto("/?state=drained")
    expect(page.locator("#path")).to_contain_text("No application is in this state now.")
    opened(page, "/?state=drained")
    client.patch("/services/app2/servers/s0", json={"state": "drain"}).raise_for_status()
    expect(page.locator("#way-app2 summary")).to_be_visible(timeout=SECONDS)
    expect(page.locator("details[id^=way-]")).to_have_count(1)


def test_on_a_phone_the_way_is_told_in_lists(page: Page, client: httpx.Client) -> None:
    expose(client, "shop", "http://10.0.0.1:80")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    expect(page.locator(".drawn")).to_be_hidden()
    expect(page.locator(".told").get_by_role("link", name="s0")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator(".drawn")).to_be_visible()
    expect(page.locator(".told")).to_be_hidden()


# Changes to confirm


def test_a_change_to_confirm_comes_to_every_page_counts_down_and_goes_when_it_is_kept(
    page: Page, client: httpx.Client
) -> None:
    opened(page, "/routers/new")
    page.locator("[name=name]").fill("mine")
    answer = client.put("/domains/a.test", json={}, params={"confirmWithin": "2h"}).raise_for_status()
    left = page.locator("#pending .left")
    expect(left).to_have_text(re.compile(r"^1:59:\d\d$"), timeout=SECONDS)
    assert page.locator("[name=name]").input_value() == "mine"
    screenshots(page, "pending")
    check_width(page)
    check_accessible(page)
    client.post(f"/revisions/{answer.headers['Config-Revision']}/confirm").raise_for_status()
    expect(page.locator("#pending")).to_be_hidden(timeout=SECONDS)
    assert page.locator("[name=name]").input_value() == "mine"
