"""Every page in a real browser: for everybody who reads it, on whatever."""

import pytest
from playwright.sync_api import Page

from tests.browser.browsing import check_accessible, check_width, screenshots
from tests.browser.conftest import OpenPage
from tests.web.samples import PAGES

FAILURES = ["in-use", "changed", "unavailable", "fault"]
PATHS = ["/", "/nothing", *(f"/samples/{page}" for page in PAGES), *(f"/samples/failure/{kind}" for kind in FAILURES)]
LANGUAGES = ["en", "id"]
LONG = "a-name-without-any-place-to-break-it-" * 8

every_page = pytest.mark.parametrize("path", PATHS)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@every_page
@every_language
def test_no_page_keeps_anybody_out(open_page: OpenPage, path: str, language: str) -> None:
    page = open_page(locale=language)
    page.goto(path)
    assert page.locator("html").get_attribute("lang") == language
    check_accessible(page)
    name = path.strip("/").replace("/", "-").replace("?", "-") or "home"
    screenshots(page, f"{name}-{language}")


@every_page
@every_language
@pytest.mark.parametrize("with_scripts", [True, False])
def test_no_page_is_scrolled_sideways(open_page: OpenPage, path: str, language: str, *, with_scripts: bool) -> None:
    page = open_page(locale=language, java_script_enabled=with_scripts)
    page.goto(path)
    check_width(page)


@pytest.mark.parametrize("path", [f"/samples/{page}" for page in PAGES if page != "login"])
def test_no_text_however_long_breaks_a_page(page: Page, path: str) -> None:
    page.goto(path + ("&" if "?" in path else "?") + f"text={LONG}")
    check_width(page)


@every_page
def test_a_page_has_one_heading_of_the_first_rank_and_one_main_part(page: Page, path: str) -> None:
    page.goto(path)
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.title().endswith(" · wayshub-provider")
