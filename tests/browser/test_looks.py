"""How pages look that have much to show: what a measure can hold of what an eye finds."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import OpenPage
from tests.running import Service, empty, http_client

LONG_HOST = "perpustakaan.fakultas-teknik.universitas.example"
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=800)

BESIDE_LABELS = """() => [...document.querySelectorAll(".stack td[data-label]")].flatMap((cell) => {
    const style = getComputedStyle(cell);
    const begin = cell.getBoundingClientRect().left + parseFloat(style.paddingLeft) - 1;
    const range = document.createRange();
    range.selectNodeContents(cell);
    return [...range.getClientRects()].some((line) => line.width > 0 && line.left < begin) ? [cell.innerText] : [];
})"""
"""The cells of a phone's table in which a line of the value begins under the label, and not beside it."""

BROKEN = """() => [...document.querySelectorAll("td.words")].flatMap((cell) => {
    const words = cell.innerText.split(/[\\s,]+/).filter((word) => word);
    const text = cell.firstChild;
    return words.filter((word) => {
        const range = document.createRange();
        const at = text.data.indexOf(word);
        range.setStart(text, at);
        range.setEnd(text, at + word.length);
        return new Set([...range.getClientRects()].map((line) => line.top)).size > 1;
    });
})"""
"""The words that are broken into lines where they should stand whole."""


LONE = """() => [...document.querySelectorAll("td .lock")].flatMap((lock) => {
    const range = document.createRange();
    range.selectNodeContents(lock.closest("td"));
    range.setStartAfter(lock);
    const line = [...range.getClientRects()].find((each) => each.width > 0);
    return line && line.top < lock.getBoundingClientRect().bottom ? [] : [lock.closest("td").innerText];
})"""
"""The rules that begin in another line than the lock before them."""

LINES = """(cell) => {
    const text = document.createRange();
    text.selectNodeContents(cell);
    return text.getClientRects().length;
}"""
"""In how many lines the text of a cell stands."""


@pytest.fixture(autouse=True, scope="module")
def filled(samples: Service) -> Iterator[httpx.Client]:
    """A service with some of what has to be wrapped."""
    empty(samples)
    with http_client(f"{samples.url}/api/v1") as client:
        described = {"name": "alvin.xyz", "description": "what it is for, in more words than a line has " * 3}
        client.post("/domains", json={**described, "tls": {"from": "stored"}}).raise_for_status()
        client.post("/domains", json={"name": LONG_HOST, "tls": {"from": "stored"}}).raise_for_status()
        client.put("/services/wayshub", json={}).raise_for_status()
        client.put("/services/perpustakaan", json={}).raise_for_status()
        client.put("/services/wayshub/servers/a", json={"url": "http://10.0.0.1:3000"}).raise_for_status()
        client.put("/middlewares/compress", json={"compress": {}}).raise_for_status()
        for name, prefix in (("wayshub", None), ("docs", "/a/path/that/is/rather/long/for/a/telephone")):
            router = {"domains": ["alvin.xyz"], "pathPrefix": prefix, "service": "wayshub"}
            client.put(f"/routers/{name}", json=router).raise_for_status()
        router = {"domains": [LONG_HOST], "service": "perpustakaan"}
        client.put("/routers/perpustakaan", json=router).raise_for_status()
        yield client
    empty(samples)


def test_the_whole_navigation_is_seen_at_once_on_a_desk(page: Page) -> None:
    page.set_viewport_size(DESK)
    page.goto("/domains")
    room, needed = page.evaluate("(({ clientHeight, scrollHeight }) => [clientHeight, scrollHeight])(menu)")
    assert needed <= room
    assert page.locator("#menu a").last.evaluate("(link) => link.getBoundingClientRect().bottom") < DESK["height"]
    assert page.evaluate("document.documentElement.scrollHeight") <= DESK["height"]


@pytest.mark.parametrize("language", ["en", "id"])
def test_on_a_phone_values_stand_beside_their_labels(open_page: OpenPage, language: str) -> None:
    page = open_page(locale=language, viewport=PHONE)
    for path in ("/domains", "/routers", "/domains/alvin.xyz", "/services/wayshub", "/services"):
        page.goto(path)
        assert page.evaluate(BESIDE_LABELS) == [], path


@pytest.mark.parametrize("width", [1280, 820])
def test_the_names_of_entry_points_are_not_broken(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/routers")
    assert page.locator("td.words").count() == 3
    assert page.evaluate(BROKEN) == []


@pytest.mark.parametrize("width", [1280, 1024, 820, 390])
def test_a_lock_stands_in_the_line_of_its_rule(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/routers", "/services/wayshub", "/domains/alvin.xyz"):
        page.goto(path)
        assert page.locator("td .lock").count(), path
        assert page.evaluate(LONE) == [], path


@pytest.mark.parametrize("width", [1280, 1024, 820])
def test_short_names_stand_whole_and_nothing_is_cut_for_them(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/routers")
    names = page.locator(".whole > a", has_text="perpustakaan")
    assert [names.nth(each).evaluate(LINES) for each in range(names.count())] == [1, 1]
    room, needed = page.locator(".scroll").first.evaluate(
        "({ clientWidth, scrollWidth }) => [clientWidth, scrollWidth]"
    )
    assert needed <= room


@pytest.mark.parametrize("width", [1024, 820])
def test_rules_have_room_and_short_words_stand_whole_beside_them(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/routers")
    assert page.locator("td.long").first.evaluate("(cell) => cell.clientWidth") >= 11 * 16
    page.goto("/middlewares")
    page.locator("td.numeric").first.evaluate("(cell) => { cell.textContent = 'immeasurable'; }")
    assert page.locator("td.numeric").first.evaluate(LINES) == 1


def test_on_a_phone_long_words_are_broken_where_they_would_be_cut(open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE)
    page.goto("/revisions")
    page.locator(".whole-words td").first.evaluate("(cell) => { cell.textContent = 'x'.repeat(200); }")
    room, needed = page.locator(".scroll").first.evaluate(
        "({ clientWidth, scrollWidth }) => [clientWidth, scrollWidth]"
    )
    assert needed <= room


def test_fields_in_one_line_keep_their_distance_from_what_follows(page: Page) -> None:
    page.goto("/routers/new")
    page.locator("details.rare").evaluate_all("(all) => all.forEach((each) => { each.open = true; })")
    bottom = page.locator(".fields:has(+ .group)").first.evaluate("(one) => one.getBoundingClientRect().bottom")
    top = page.locator(".fields + .group").first.evaluate("(one) => one.getBoundingClientRect().top")
    assert top - bottom >= 16


@pytest.mark.parametrize("path", ["/connect", "/services/wayshub"])
def test_a_button_beside_a_field_stands_on_its_line(page: Page, path: str) -> None:
    page.set_viewport_size(DESK)
    page.goto(path)
    form = page.locator("form.inline, #weights")
    ends = "(one) => one.getBoundingClientRect().bottom"
    field = form.locator("input:not([type=hidden])").last.evaluate(ends)
    assert abs(field - form.locator("button:visible").first.evaluate(ends)) < 3
