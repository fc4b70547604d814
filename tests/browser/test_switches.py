"""The frame of every page: switches, menu, skip link, notices. With scripts, and without them."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browsing import WIDTHS
from tests.browser.conftest import OpenPage
from tests.running import Service

with_and_without_scripts = pytest.mark.parametrize("with_scripts", [True, False])


def background(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return colour


@with_and_without_scripts
def test_the_language_is_switched_and_remembered(open_page: OpenPage, *, with_scripts: bool) -> None:
    page = open_page(java_script_enabled=with_scripts)
    page.goto("/?q=a")
    page.get_by_role("button", name="Bahasa Indonesia").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ringkasan")
    expect(page.get_by_role("button", name="Bahasa Indonesia")).to_have_attribute("aria-pressed", "true")
    assert urlsplit(page.url)[2:4] == ("/", "q=a")
    page.goto("/samples/login")
    expect(page.get_by_label("Password")).to_be_visible()


@with_and_without_scripts
def test_the_theme_is_switched_and_remembered(open_page: OpenPage, *, with_scripts: bool) -> None:
    page = open_page(java_script_enabled=with_scripts, color_scheme="light")
    page.goto("/")
    light = background(page)
    with page.expect_response("**/preferences/theme"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    dark = background(page)
    assert dark != light
    page.goto("/nothing")
    assert background(page) == dark
    page.get_by_role("button", name="Auto").click()
    expect(page.get_by_role("button", name="Auto")).to_have_attribute("aria-pressed", "true")
    assert background(page) == light
    page.emulate_media(color_scheme="dark")
    assert background(page) == dark


def test_with_scripts_what_was_typed_stays_when_the_theme_changes(page: Page) -> None:
    page.goto("/samples/login")
    page.get_by_label("Name", exact=True).fill("alvin")
    with page.expect_response("**/preferences/theme"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_label("Name", exact=True)).to_have_value("alvin")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@with_and_without_scripts
def test_on_a_phone_the_menu_opens_and_closes(open_page: OpenPage, *, with_scripts: bool) -> None:
    page = open_page(java_script_enabled=with_scripts, viewport={"width": 390, "height": WIDTHS[390]})
    page.goto("/samples/gallery")
    link = page.get_by_role("link", name="Overview")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_the_keyboard_alone_leads_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_keyboard_goes_on_where_it_was_when_the_page_is_loaded_again(page: Page) -> None:
    page.goto("/events")
    page.get_by_role("link", name="Rollouts").press("Enter")
    page.wait_for_url("**/events?kind=rollout")
    expect(page.get_by_role("link", name="Rollouts")).to_be_focused()
    page.goto("/domains")
    page.get_by_role("button", name="Bahasa Indonesia").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Domain")
    expect(page.get_by_role("button", name="Bahasa Indonesia")).to_be_focused()


def test_what_is_wrong_leads_to_its_field(page: Page) -> None:
    page.goto("/samples/password/failed")
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.get_by_label("Current password")).to_be_focused()
    expect(page.get_by_label("Current password")).to_have_accessible_description("This has to be one of a, b.")


def test_a_part_that_cannot_be_had_is_told_on_the_page_that_asked(page: Page) -> None:
    page.goto("/samples/gallery")
    before = page.locator("main h1").text_content()
    page.evaluate("htmx.ajax('GET', '/samples/failure/in-use?text=<b>alvin', 'main')")
    expect(page.locator("#notices")).to_have_text("There is no service <b>alvin.")
    assert page.locator("main h1").text_content() == before


def test_a_service_that_does_not_answer_is_told(chromium: Browser, samples: Service) -> None:
    with chromium.new_context(base_url=samples.url) as context:  # not watched: htmx logs what happened
        page = context.new_page()
        page.goto("/samples/gallery")
        page.route("**/samples/login", lambda route: route.abort("connectionrefused"))
        page.evaluate("htmx.ajax('GET', '/samples/login', 'main').catch(() => {})")
        expect(page.locator("#notices")).to_contain_text("wayshub-provider does not answer.")
