"""Many open pages of one browser: one connection for all of them, so that none has to wait for one."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.browsing import ARGUMENTS, Watch, find_chromium
from tests.running import AUTHORIZED, Service, http_client, running_service, wait_until

SECONDS = 60_000
PAGES = 8
"""More than the connections that browsers allow to one host."""


@pytest.fixture
def context(chromium: Browser, service: Service) -> Iterator[BrowserContext]:
    made = chromium.new_context(base_url=service.url, locale="en-GB", extra_http_headers=AUTHORIZED)
    made.set_default_timeout(SECONDS)
    watch = Watch(made, service.url)
    yield made
    made.close()
    assert watch.complaints == []


OTHER = "console.test"


@pytest.fixture
def elsewhere(chromium: Browser, migrated: Path, tmp_path: Path) -> Iterator[tuple[BrowserContext, Service]]:
    """A browser that asks by plain HTTP for another name than localhost, as from another machine: it has no locks."""
    rules = f"--host-resolver-rules=MAP {OTHER} 127.0.0.1"
    other = chromium.browser_type.launch(executable_path=find_chromium(), args=[*ARGUMENTS, rules])
    with running_service(tmp_path, migrated, allowed_hosts=OTHER) as service:
        url = f"http://{OTHER}:{urlsplit(service.url).port}"
        made = other.new_context(base_url=url, locale="en-GB", extra_http_headers=AUTHORIZED)
        made.set_default_timeout(SECONDS)
        watch = Watch(made, url)
        yield made, service
        made.close()
    other.close()
    # Chromium says of each page there that it heeds one of our headers at trustworthy origins only.
    assert [told for told in watch.complaints if "Cross-Origin-Opener-Policy header has been ignored" not in told] == []


def opened(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/revisions")
    expect(page.locator("html[data-connection=on]")).to_be_attached(timeout=SECONDS)
    return page


def add(service: Service, name: str) -> None:
    with http_client(f"{service.url}/api/v1") as client:
        client.post("/domains", json={"name": name}).raise_for_status()


def listeners(service: Service) -> int:
    found: int = service.server._app.plane.events.listeners
    return found


def test_eight_pages_share_one_connection_and_all_show_what_changes(context: BrowserContext, service: Service) -> None:
    before = listeners(service)
    pages = [opened(context) for _number in range(PAGES)]
    wait_until(lambda: listeners(service) == before + 1, "one page listens for all")
    add(service, "shared.test")
    for page in pages:
        expect(page.get_by_text("shared.test").first).to_be_visible(timeout=SECONDS)
    pages.pop(0).close()  # the one that listened: another does from now on, and nobody misses anything
    add(service, "second.test")
    for page in pages:
        expect(page.get_by_text("second.test").first).to_be_visible(timeout=SECONDS)
    wait_until(lambda: listeners(service) == before + 1, "one page listens for all")
    pages[-1].goto("/revisions?page=1")  # a page has a connection to spare for what somebody does
    expect(pages[-1].locator("html[data-connection=on]")).to_be_attached(timeout=SECONDS)


def test_a_page_that_comes_late_is_told_what_it_missed(context: BrowserContext, service: Service) -> None:
    opened(context)
    late = context.new_page()
    late.goto("/revisions", wait_until="commit")
    add(service, "late.test")
    expect(late.get_by_text("late.test").first).to_be_visible(timeout=SECONDS)


def test_pages_by_plain_http_from_another_machine_share_one_connection_too(
    elsewhere: tuple[BrowserContext, Service],
) -> None:
    context, service = elsewhere
    pages = [opened(context) for _number in range(PAGES)]
    assert pages[0].evaluate("[isSecureContext, 'locks' in navigator]") == [False, False]
    wait_until(lambda: listeners(service) == 1, "one page listens for all")
    add(service, "shared.test")
    for page in pages:
        expect(page.get_by_text("shared.test").first).to_be_visible(timeout=SECONDS)
    pages.pop(0).close()  # the one that listened
    add(service, "second.test")
    for page in pages:
        expect(page.get_by_text("second.test").first).to_be_visible(timeout=SECONDS)
    pages[0].evaluate("localStorage.setItem('provider-live', 'somebody else')")  # and what breaks the lease is mended
    add(service, "third.test")
    for page in pages:
        expect(page.get_by_text("third.test").first).to_be_visible(timeout=SECONDS)
    wait_until(lambda: listeners(service) == 1, "one page listens for all")
