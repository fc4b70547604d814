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
    *("/trace", "/trace?url=belajar.xyz/api", "/trace?url=nothing.xyz", "/trace?url=ftp://x&headers=x"),
]
LANGUAGES = ["en", "id"]


@pytest.fixture(params=["nothing", "something"])
def exposed(request: pytest.FixtureRequest, samples: Service) -> Iterator[None]:
    """With nothing exposed, and with an application of three servers."""
    if request.param == "something":
        _expose(samples)
    yield
    empty(samples)


def _expose(samples: Service) -> None:
    servers = [
        {"name": "a", "url": "http://10.0.0.11:3000", "weight": 3},
        {"name": "b", "url": "http://10.0.0.12:3000", "weight": 2},
        {"name": "with-a-long-name-that-has-no-room-anywhere-at-all-or-does-it", "url": "http://10.0.0.13:3000"},
    ]
    with http_client(f"{samples.url}/api/v1") as client:
        client.post("/expose", json={"domain": "belajar.xyz", "servers": servers}).raise_for_status()
        router = {"name": "api", "domains": ["belajar.xyz"], "pathPrefix": "/api", "service": "belajar"}
        client.post("/routers", json=router).raise_for_status()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page(extra_http_headers=AUTHORIZED)


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_kept_out_and_nothing_is_scrolled_sideways(open_page: OpenPage, path: str, language: str) -> None:
    page = open_page(locale=language, extra_http_headers=AUTHORIZED)
    page.goto(path)
    check_accessible(page)
    check_width(page)
    screenshots(page, f"{path.strip('/').replace('/', '-').replace('?', '-')}-{language}")


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
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It sends a request: a method such as GET")).to_be_visible()


def test_of_two_drawings_one_is_shown(page: Page) -> None:
    page.goto("/learn/web-server")
    for width, shown in ((390, "tall"), (1280, "wide")):
        page.set_viewport_size({"width": width, "height": 800})
        visible = page.locator("svg.lesson:visible")
        expect(visible).to_have_count(1)
        assert shown in str(visible.get_attribute("class"))


@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_request_is_traced(open_page: OpenPage, samples: Service, *, with_scripts: bool) -> None:
    _expose(samples)
    page = open_page(java_script_enabled=with_scripts, extra_http_headers=AUTHORIZED)
    page.goto("/trace")
    page.get_by_label("Address", exact=True).fill("belajar.xyz/api")
    page.get_by_role("button", name="Trace", exact=True).click()
    assert page.get_by_role("heading", level=2).first.inner_text() == "The router api takes it"
    empty(samples)
