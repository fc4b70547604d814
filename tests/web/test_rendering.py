"""Pages made of templates: the text of anybody stands in them as text, and nothing is left to be guessed."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from jinja2 import UndefinedError
from starlette.requests import Request

from provider.web import languages
from provider.web.rendering import FOLDER, STATIC, Templates, static
from tests.web.samples import PAGES

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "` ${alert(1)} {{ 7 * 7 }} {% raw %} %(name)s {name} %s",
    "</textarea></title><b>",
    "a\u202egnp.exe \U0001f6a2 \u0000\u2028",
    "--><!--",
    "&lt;b&gt; &amp; &",
]
VOID = {"meta", "link", "img", "input", "br", "hr", "wbr"}


class Outline(HTMLParser):
    """The elements of a page, with their attributes, and the text without them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute of {tag} is given twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """The elements with the names of their attributes, in order."""
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]


def ask(browser: httpx.Client, page: str, **parameters: Any) -> str:
    url = httpx.URL(f"/samples/{page}")
    answer = browser.get(url.copy_merge_params(parameters))
    assert answer.status_code in {200, 422}, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer.text


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("page", [page for page in PAGES if page != "login"])
def test_the_text_of_anybody_changes_no_element_of_a_page(browser: httpx.Client, page: str, text: str) -> None:
    plain = Outline(ask(browser, page, text="wayshub"))
    hostile = Outline(ask(browser, page, text=text))
    assert hostile.shape == plain.shape
    assert hostile.open == []
    shown = hostile.text + "".join(str(value) for _tag, attributes in hostile.elements for value in attributes.values())
    assert text.replace("\u0000", "\ufffd") in shown.replace("\u0000", "\ufffd")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "id"])
def test_a_page_has_no_inline_script_and_no_inline_style(browser: httpx.Client, page: str, language: str) -> None:
    outline = Outline(browser.get(f"/samples/{page}", headers={"Accept-Language": language}).text)
    for tag, attributes in outline.elements:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith(("on", "hx-on"))]
        assert tag != "script" or attributes["src"]
        for name in ("src", "href", "action"):
            assert (attributes.get(name) or "/").startswith(("/", "#"))


@pytest.mark.parametrize("page", PAGES)
def test_ids_stand_once_and_what_refers_to_them_finds_them(browser: httpx.Client, page: str) -> None:
    elements = Outline(ask(browser, page)).elements
    ids = [attributes["id"] for _tag, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _tag, attributes in elements:
        for name in ("for", "aria-describedby", "aria-labelledby", "popovertarget"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
        link = attributes.get("href") or ""
        assert not link.startswith("#") or link[1:] in ids


def test_a_password_is_never_sent_back(browser: httpx.Client) -> None:
    assert "a secret of mine" in ask(browser, "login/failed", text="a secret of mine")
    for page in ("login/failed", "password/failed"):
        passwords = [
            a for _t, a in Outline(ask(browser, page, text="a secret")).elements if a.get("type") == "password"
        ]
        assert passwords
        assert not [attributes for attributes in passwords if "value" in attributes]


def test_the_wrong_fields_say_so_and_what_was_typed_stays(browser: httpx.Client) -> None:
    page = ask(browser, "gallery?wrong=true", text="typed")
    fields = {a["name"]: a for _tag, a in Outline(page).elements if "name" in a and a.get("aria-invalid")}
    assert set(fields) == {"name", "servers/0/url", "strategy", "description", "enabled"}
    assert all(attributes["aria-invalid"] == "true" for attributes in fields.values())
    assert fields["servers/0/url"]["value"] == "typed"
    assert 'id="field-servers-0-url-wrong"' in page
    assert "This has to be one of a, b." in page
    assert page.count('<li><a href="#field-') == 5


def test_who_is_logged_in_can_log_out(browser: httpx.Client) -> None:
    page = ask(browser, "gallery", text="alvin")
    assert '<a href="/password" title="Set your password"><strong>alvin</strong> <span>operator</span></a>' in page
    assert '<form class="person" method="post" action="/logout">' in page
    assert "/logout" not in browser.get("/").text


def test_a_part_of_a_page_can_be_asked_for(browser: httpx.Client) -> None:
    part = browser.get("/samples/gallery", params={"text": "<b>"}, headers={"HX-Request": "true"}).text
    assert part.strip().startswith('<div class="scroll"')
    assert part.strip().endswith("</div>")
    assert "&lt;b&gt;" in part


def test_a_notice_is_told_once(browser: httpx.Client) -> None:
    text = "Server \u201ca\u201d is drained; <b> \U0001f6a2"
    answer = browser.post("/samples/notice", params={"text": text, "tone": "warning"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert 'class="notice' not in browser.get("/samples/gallery", headers={"HX-Request": "true"}).text
    page = browser.get("/").text
    assert '<div class="notice warning">' in page
    assert "Server \u201ca\u201d is drained; &lt;b&gt; \U0001f6a2" in page
    assert '<div class="notice' not in browser.get("/").text


def test_the_navigation_says_where_one_is(browser: httpx.Client) -> None:
    assert '<a href="/" aria-current="page">Overview' in browser.get("/").text
    assert "aria-current" not in Outline(ask(browser, "login")).text


def test_a_page_that_would_update_itself_says_so_where_it_cannot(browser: httpx.Client) -> None:
    for path, is_live in (("/", True), ("/edges", True), ("/trace", False)):
        assert ("<noscript>" in browser.get(path).text) is is_live, path


@pytest.mark.parametrize("language", ["en", "id"])
def test_everything_in_the_navigation_begins_with_a_capital(browser: httpx.Client, language: str) -> None:
    page = browser.get("/", headers={"Accept-Language": language}).text
    labels = re.findall(r"<li><a [^>]*>(.*?)[<\n]", page)
    assert len(labels) > 20
    assert [label for label in labels if not label[:1].isupper()] == []


def test_a_static_file_has_another_path_when_it_changes(browser: httpx.Client) -> None:
    page = browser.get("/").text
    for name in ("console.css", "console.js", "pico/pico.min.css", "htmx/htmx.min.js", "icon.svg"):
        assert static(name) in page
        assert browser.get(static(name)).content == (STATIC / name).read_bytes()


def test_a_template_that_is_given_too_little_fails() -> None:
    templates = Templates(languages.load())
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "state": {}}
    with pytest.raises(UndefinedError):
        templates.render(Request(scope), "confirm.html", {})


@pytest.mark.parametrize("template", [path.relative_to(FOLDER) for path in FOLDER.rglob("*.html")], ids=str)
def test_no_template_switches_escaping_off(template: str) -> None:
    source = (FOLDER / template).read_text()
    assert not re.search(r"\|\s*safe\b|autoescape|Markup|\bstyle=|\son\w+=", source)
