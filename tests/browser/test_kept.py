"""A session that ends while somebody types, in a real browser: with JavaScript and without."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.browsing import Watch, check_accessible, screenshot
from tests.people import PASSWORD, add_account, log_in, nobody
from tests.running import Service, http_client

NAME: Final = "keeper"
RULE: Final = "Host(`kept.test`) &&\nPathPrefix(`/ü`)"


@pytest.fixture(scope="module")
def account(shared_service: Service) -> str:
    add_account(shared_service.database, NAME)
    with nobody(shared_service) as client:
        assert log_in(client, NAME).status_code == 303  # and the hash is a good one from now on
    return NAME


@pytest.fixture(params=[True, False], ids=["script", "plain"])
def context(
    request: pytest.FixtureRequest, chromium: Browser, service: Service, account: str
) -> Iterator[BrowserContext]:
    made = chromium.new_context(base_url=service.url, locale="en-GB", java_script_enabled=request.param)
    watch = Watch(made, service.url)
    page = made.new_page()
    page.goto("/login")
    fill_login(page, account)
    yield made
    made.close()
    assert watch.complaints == []


def fill_login(page: Page, name: str = NAME) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_who_is_logged_out_while_typing_logs_in_and_sends_what_was_typed(
    context: BrowserContext, service: Service
) -> None:
    page = context.pages[0]
    page.goto("/domains")
    page.get_by_role("button", name="Add a domain").first.click()
    page.get_by_label("Domain").fill("kept.test")
    page.get_by_label("Description").fill("typed before the session ended")
    context.clear_cookies()
    page.get_by_role("button", name="Add the domain").click()
    expect(page.get_by_text("Your input is kept")).to_be_visible()
    screenshot(page, "kept-login")
    fill_login(page)
    expect(page.get_by_text("nothing was sent yet")).to_be_visible()
    assert page.url.startswith(f"{service.url}/domains/new?typed=")
    page.reload()
    expect(page.get_by_label("Domain")).to_have_value("kept.test")
    expect(page.get_by_label("Description")).to_have_value("typed before the session ended")
    with http_client(f"{service.url}/api/v1") as client:
        assert client.get("/domains/kept.test").status_code == 404
        page.get_by_role("button", name="Add the domain").click()
        expect(page.get_by_role("heading", name="kept.test")).to_be_visible()
        assert client.get("/domains/kept.test").json()["description"] == "typed before the session ended"


def test_an_application_with_several_servers_and_a_rule_of_lines_come_back(context: BrowserContext) -> None:
    page = context.pages[0]
    page.goto("/expose")
    page.get_by_label("Domain").fill("kept.test")
    page.get_by_label("URL").fill("http://a.test:1")
    page.get_by_role("button", name="Add a server").click()
    page.get_by_label("URL").nth(1).fill("http://b.test:2")
    context.clear_cookies()
    page.get_by_role("button", name="Expose", exact=True).last.click()
    fill_login(page)
    expect(page.get_by_label("URL").nth(0)).to_have_value("http://a.test:1")
    expect(page.get_by_label("URL").nth(1)).to_have_value("http://b.test:2")
    page.goto("/routers/new")
    page.get_by_label("Name", exact=True).fill("r")
    page.get_by_text("More options").first.click()
    page.get_by_role("textbox", name="Rule (optional)").fill(RULE)
    page.get_by_label("Service", exact=False).fill("s")
    context.clear_cookies()
    page.get_by_role("button", name="Add the router").click()
    fill_login(page)
    expect(page.get_by_role("textbox", name="Rule (optional)")).to_have_value(RULE)


@pytest.mark.parametrize("context", [True], indirect=True)
def test_what_a_page_asks_for_by_itself_tells_that_the_session_has_ended_and_leaves_the_form(
    context: BrowserContext, service: Service
) -> None:
    page = context.pages[0]
    page.goto("/expose")
    context.clear_cookies()
    page.get_by_label("Domain").press_sequentially("kept.test")
    notice = page.locator("#notices .notice")
    expect(notice).to_contain_text("Your session has ended. Your input stays here.")
    expect(page.get_by_label("Domain")).to_have_value("kept.test")
    check_accessible(page)
    with context.expect_page() as opened:
        notice.get_by_role("link", name="Log in").click()
    fill_login(opened.value)
    page.get_by_label("URL").fill("http://a.test:1")
    expect(page.locator("#preview")).to_contain_text("Host(`kept.test`)")  # and it goes on
    page.goto("/revisions")
    expect(page.locator("html[data-connection=on]")).to_be_attached()
    context.clear_cookies()
    with http_client(f"{service.url}/api/v1") as client:
        client.post("/domains", json={"name": "later.test"}).raise_for_status()
    expect(notice).to_contain_text("Your session has ended.")
