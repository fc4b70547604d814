"""Fixtures: a real Chromium, and pages in it that are watched."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.browsing import ARGUMENTS, Watch, find_chromium
from tests.programs import required
from tests.running import AUTHORIZED, DEADLINE_SECONDS, Service

OpenPage = Callable[..., Page]

expect.set_options(timeout=DEADLINE_SECONDS * 1000)  # five seconds are too few for a machine that is at much else


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A Chromium without a screen.

    It ends with the last test of this package, since Playwright keeps an event loop going in this thread.
    """
    found = required(find_chromium(), "chromium-headless-shell, or set CHROMIUM to a Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, samples: Service) -> Iterator[OpenPage]:
    """Open pages, each in a context of its own with the options of Playwright, such as `locale`.

    A test fails if one of them logs an error, breaks the policy, or asks another host for anything.
    """
    with ExitStack() as stack:
        watches: list[Watch] = []

        def open_one(**options: Any) -> Page:
            context = chromium.new_context(
                base_url=samples.url,
                **{"locale": "en-GB", "reduced_motion": "reduce", "extra_http_headers": AUTHORIZED, **options},
            )
            stack.callback(context.close)
            watches.append(Watch(context, samples.url))
            return context.new_page()

        yield open_one
        assert [complaint for watch in watches for complaint in watch.complaints] == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page in a fresh context, in English."""
    return open_page()
