"""A real Chromium: how to find it, how to watch what its pages do, how to look at them."""

import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, Response

from tests.running import SOAK

ARGUMENTS: Final = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first is the same engine without the windows around it, and takes a third of the processor's time."""

WIDTHS: Final = {390: 844, 1280: 800}
"""Widths at which pages are looked at, each with its height: a phone, and a screen on a desk."""

Theme = Literal["light", "dark"]
THEMES: Final[Sequence[Theme]] = ("light", "dark")

_AXE: Final = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
_FIND: Final = "axe.run({resultTypes: ['violations']}).then((found) => found.violations)"
_SHOTS: Final = os.environ.get("SCREENSHOTS")


def find_chromium() -> str | None:
    """Find Chromium: `CHROMIUM` in the environment, or one of its names on the PATH."""
    given = os.environ.get("CHROMIUM")
    return given or next((found for name in NAMES if (found := shutil.which(name))), None)


class Watch:
    """What the pages of a browser do that none of ours may do."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.complaints: list[str] = []
        self._origin = urlsplit(url)[:2]
        self._refused: set[str] = set()
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(f"error in a script: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("dialog", self._dialog)

    def _dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if request.url.startswith("data:"):
            return
        if urlsplit(request.url)[:2] != self._origin:
            self.complaints.append(f"a request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type in {"document", "xhr", "fetch", "eventsource"}:
            self._refused.add(response.url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not self._is_told(message):
            self.complaints.append(f"{message.type} on the console: {message.text}")

    def _is_told(self, message: ConsoleMessage) -> bool:
        """Tell whether it is about an answer that is an error, of which the page itself tells."""
        if message.text.startswith("Failed to load resource"):  # Chromium's words
            return message.location["url"] in self._refused
        if message.text.startswith("Response Status Error Code"):  # htmx's
            return any(f" from {urlsplit(url).path}" in message.text for url in self._refused)
        return False


def appearances(page: Page) -> Iterator[str]:
    """Let a page look light and dark, on a phone and on a desk, and give the name of each (`dark-390`)."""
    for theme, width in product(THEMES, WIDTHS):
        _appear(page, theme, width)
        yield f"{theme}-{width}"


def _appear(page: Page, theme: Theme, width: int) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})


def screenshot(page: Page, name: str) -> None:
    """Save how a page looks, as a whole, in the folder that `SCREENSHOTS` in the environment names, if it does."""
    if _SHOTS:
        folder = Path(_SHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)


def screenshots(page: Page, name: str) -> None:
    """Save how a page looks in each appearance."""
    for appearance in appearances(page) if _SHOTS else ():
        screenshot(page, f"{name}-{appearance}")


def find_violations(page: Page) -> list[str]:
    """Return what axe-core finds on a page as it looks now, one text for each element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    found: list[dict[str, Any]] = page.evaluate(_FIND)
    return [
        f"{violation['id']}: {violation['help']}\n  {node['html'][:300]}\n  {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]


def check_accessible(page: Page) -> None:
    """Fail if axe-core finds anything on a page, light or dark, on a phone or on a desk.

    In each run of the tests in one of these appearances, which is another one on other pages; in the soak in all four.
    """
    if SOAK:
        wrong = [f"{appearance}: {found}" for appearance in appearances(page) for found in find_violations(page)]
    else:
        look = zlib.crc32(f"{urlsplit(page.url).path} {page.locator('html').get_attribute('lang')}".encode())
        theme, width = list(product(THEMES, WIDTHS))[look % 4]
        _appear(page, theme, width)
        wrong = [f"{theme}-{width}: {found}" for found in find_violations(page)]
    assert not wrong, "\n".join(wrong)


def check_width(page: Page) -> None:
    """Fail if a page has to be scrolled sideways, on a phone or on a desk."""
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        found: int = page.evaluate("document.documentElement.scrollWidth")
        assert found <= width, f"{page.url} is {found} wide where there is room for {width}"


_CUT: Final = """() => {
    const found = [];
    const edge = (element, right) => {
        for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
            if (getComputedStyle(box).overflowX === "visible") continue;
            right = Math.min(right, box.getBoundingClientRect().right);
        }
        return right;
    };
    for (const element of document.querySelectorAll("main :is(button, a[role=button], input, select, textarea)")) {
        const { width, right } = element.getBoundingClientRect();
        if (width > 2 && right > edge(element, innerWidth) + 1) found.push(`cut: ${element.outerHTML.slice(0, 200)}`);
    }
    for (const heading of document.querySelectorAll("thead th")) {
        if (heading.getBoundingClientRect().width < 8) continue;
        const range = document.createRange();
        const walker = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT);
        for (let text = walker.nextNode(); text; text = walker.nextNode()) {
            for (const word of text.data.matchAll(/[^ \\n-]+/g)) {
                range.setStart(text, word.index);
                range.setEnd(text, word.index + word[0].length);
                const lines = new Set([...range.getClientRects()].map((line) => line.top));
                if (lines.size > 1) found.push(`broken: ${word[0]}`);
            }
        }
    }
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    for (const field of document.querySelectorAll("main input[placeholder]")) {
        if (!field.checkVisibility()) continue;
        const style = getComputedStyle(field);
        canvas.font = style.font;
        const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        if (canvas.measureText(field.placeholder).width > room) found.push(`no room for: ${field.placeholder}`);
    }
    for (const form of document.querySelectorAll("form.search")) {
        const [field, button] = ["input", "button"].map((part) => form.querySelector(part).getBoundingClientRect());
        if (button.top > field.bottom) found.push("the search is in two lines");
    }
    return found;
}"""


def check_uncut(page: Page) -> None:
    """Fail if a control is cut off, a word of a table's heading broken, or a search in two lines, at any width."""
    for width in (1280, 1024, 820, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(_CUT) == [], f"{page.url} at {width}"
