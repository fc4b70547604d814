"""Learn and Trace in a real browser: livelier with scripts, whole without them, for everybody who reads them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from provider.web.learn import CHAPTERS
from tests.browser.browsing import check_accessible, check_width, screenshots
from tests.browser.conftest import OpenPage
from tests.running import AUTHORIZED, Service, empty, http_client

PATHS = [
    *("/learn", "/learn/glossary", *(chapter.path for chapter in CHAPTERS)),
    *("/learn/load-balancing?step=30", "/learn/load-balancing?weight0=x"),
    "/learn/when-a-server-dies?step=9&state0=down&state1=drain",
    *("/trace", "/trace?url=nothing.xyz", "/trace?url=ftp://x&headers=x"),
]


@pytest.fixture
def exposed(samples: Service) -> Iterator[None]:
    """With an application of three servers, and a router more."""
    servers = [
        {"name": "a", "url": "http://10.0.0.11:3000", "weight": 3},
        {"name": "b", "url": "http://10.0.0.12:3000", "weight": 2},
        {"name": "with-a-long-name-that-has-no-room-anywhere-at-all-or-does-it", "url": "http://10.0.0.13:3000"},
    ]
    with http_client(f"{samples.url}/api/v1") as client:
        client.post("/expose", json={"domain": "belajar.xyz", "servers": servers}).raise_for_status()
        router = {"name": "api", "domains": ["belajar.xyz"], "pathPrefix": "/api", "service": "belajar"}
        client.post("/routers", json=router).raise_for_status()
    yield
    empty(samples)


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page(extra_http_headers=AUTHORIZED)


def check(page: Page, path: str, name: str) -> None:
    page.goto(path)
    check_accessible(page)
    check_width(page)
    screenshots(page, f"{path.strip('/').replace('/', '-').replace('?', '-')}-{name}")


@pytest.mark.parametrize("path", PATHS)
def test_with_an_invented_example_nobody_is_kept_out(page: Page, path: str) -> None:
    check(page, path, "invented")


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize("path", PATHS)
def test_with_ones_own_servers_nobody_is_kept_out(open_page: OpenPage, path: str) -> None:
    check(open_page(locale="id", extra_http_headers=AUTHORIZED), path, "own")


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize("language", ["en", "id"])
def test_a_traced_request_is_not_scrolled_sideways(open_page: OpenPage, language: str) -> None:
    page = open_page(locale=language, extra_http_headers=AUTHORIZED)
    page.goto("/trace?url=belajar.xyz/api")  # its drawing is that of the overview, and tested there
    check_width(page)
    screenshots(page, f"trace-found-{language}")


def test_a_step_changes_the_page_without_loading_it_anew(page: Page) -> None:
    page.goto("/learn/load-balancing")
    page.evaluate("window.stays = true")
    for number in range(1, 5):
        expect(page.locator("p.following")).to_contain_text(f"Request {number} will go to")
        page.get_by_role("button", name="Next request").click()
    expect(page.locator(".answers li")).to_have_text(["a", "a", "b", "a"])
    assert page.evaluate("document.activeElement.id") == "practice-next"
    page.get_by_role("button", name="From the beginning").click()
    expect(page.locator(".answers li")).to_have_count(0)
    assert page.evaluate("window.stays")


def test_another_weight_is_seen_at_once(page: Page) -> None:
    page.goto("/learn/load-balancing?step=4")
    page.get_by_label("Weight of b").fill("3")
    page.get_by_label("Weight of b").press("Tab")
    expect(page.locator("td[data-label=Share]")).to_have_text(["50%", "50%"])
    expect(page.locator("p.following")).to_contain_text("You changed something")


def test_another_state_is_seen_at_once(page: Page) -> None:
    page.goto("/learn/when-a-server-dies")
    page.get_by_label("What happens to a").select_option("drain")
    expect(page.locator("td[data-label=Share]")).to_have_text(["0%", "100%"])


def test_round_robin_is_stepped_through_without_scripts(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False, extra_http_headers=AUTHORIZED)
    page.goto("/learn/load-balancing")
    for _ in range(4):
        page.get_by_role("button", name="Next request").click()
    assert page.locator(".answers li").all_inner_texts() == ["a", "a", "b", "a"]
    page.get_by_label("Weight of b").fill("3")
    page.get_by_role("button", name="Next request").click()
    assert page.locator("td[data-label=Share]").all_inner_texts() == ["50%", "50%"]


def test_a_question_opens_by_the_keyboard(page: Page) -> None:
    page.goto("/learn/web-server")
    page.locator("main summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It sends a request: a method such as GET")).to_be_visible()


def test_of_two_drawings_one_is_shown(page: Page) -> None:
    page.goto("/learn/web-server")
    for width, shown in ((390, "tall"), (1280, "wide")):
        page.set_viewport_size({"width": width, "height": 800})
        visible = page.locator("svg.lesson:visible")
        expect(visible).to_have_count(1)
        assert shown in str(visible.get_attribute("class"))


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_request_is_traced(open_page: OpenPage, *, with_scripts: bool) -> None:
    page = open_page(java_script_enabled=with_scripts, extra_http_headers=AUTHORIZED)
    page.goto("/trace")
    page.get_by_label("Address", exact=True).fill("belajar.xyz/api")
    page.get_by_role("button", name="Trace", exact=True).click()
    assert page.locator("#found").inner_text().strip() == "The router api takes it"
