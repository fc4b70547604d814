"""The watch over pages, and what looks at them: each notices what it is there for."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.browsing import Watch, check_width, find_violations
from tests.running import Service, wait_until

BAD = {
    "setTimeout(() => { throw new Error('thrown') })": "thrown",
    "console.error('logged')": "logged",
    "console.warn('warned')": "warned",
    "document.body.setAttribute('style', 'color: red')": "Content Security Policy",
    "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))": "Content Security Policy",
    "new Image().src = 'http://other.localhost/a.png'": "other.localhost",
    "void fetch('http://127.0.0.1:1/a').catch(() => {})": "127.0.0.1:1",
    "void new Image().setAttribute('src', '/static/nothing.png')": "404",
    "setTimeout(() => alert('alerted'))": "alerted",
}


@pytest.fixture
def watched(chromium: Browser, service: Service) -> Iterator[tuple[Page, Watch]]:
    context = chromium.new_context(base_url=service.url)
    watch = Watch(context, service.url)
    page = context.new_page()
    page.goto("/")
    yield page, watch
    context.close()


@pytest.mark.parametrize("script", BAD)
def test_what_a_page_may_not_do_is_noticed(watched: tuple[Page, Watch], script: str) -> None:
    page, watch = watched
    assert watch.complaints == []
    page.evaluate(f"() => {{ {script} }}")

    def complained() -> bool:
        page.wait_for_load_state("networkidle")
        return bool(watch.complaints)

    wait_until(complained, "the watch notices")
    assert BAD[script] in " ".join(watch.complaints)


def test_what_keeps_people_out_is_found(watched: tuple[Page, Watch]) -> None:
    page, _watch = watched
    assert find_violations(page) == []
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert [found for found in find_violations(page) if found.startswith("button-name")]


def test_a_page_that_is_too_wide_is_found(watched: tuple[Page, Watch]) -> None:
    page, _watch = watched
    check_width(page)
    page.evaluate("document.querySelector('main').style.width = '4000px'")
    with pytest.raises(AssertionError, match="wide"):
        check_width(page)
