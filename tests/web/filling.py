"""Forms as a browser without JavaScript sends them: what stands in them, with what a person changes."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

from tests.running import Service, fetch


@dataclass
class PageForm:
    """A form of a page: where it is sent, and what would be sent as it is."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    """The buttons that send it: the name and value that each adds, and what it is called."""


class _Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self._open: PageForm | None = None
        self._by_id: dict[str, PageForm] = {}
        self._area: str | None = None
        self._select: str | None = None
        self._button: tuple[PageForm, str, str] | None = None
        self._waiting: list[tuple[str, str, str]] = []
        self._text = ""
        self.feed(page)
        self.close()
        for form_id, name, value in self._waiting:
            self._by_id[form_id].fields[name] = value

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self._open = PageForm(given["action"])
            self.forms.append(self._open)
            self._by_id[given.get("id", "")] = self._open
        elif tag == "input" and "name" in given:
            self._input(given)
        elif tag == "textarea":
            self._area, self._text = given["name"], ""
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select is not None and "selected" in given:
            self._put({}, self._select, given["value"])
        elif tag == "button" and self._open is not None:
            self._button, self._text = (self._open, given.get("name", ""), given.get("value", "")), ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea" and self._area is not None:
            self._put({}, self._area, self._text.removeprefix("\n"))
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "button" and self._button is not None:
            form, name, value = self._button
            form.buttons.append((name, value, self._text.strip()))
            self._button = None

    def handle_data(self, data: str) -> None:
        self._text += data

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind not in {"checkbox", "radio"} or "checked" in given:
            is_box = given.get("type") in {"checkbox", "radio"}
            self._put(given, given["name"], given.get("value", "on" if is_box else ""))

    def _put(self, given: dict[str, str], name: str, value: str) -> None:
        if "form" in given:
            self._waiting.append((given["form"], name, value))
        elif self._open is not None:
            self._open.fields[name] = value


class _Words(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found = ""
        self.feed(page)
        self.close()

    def handle_data(self, data: str) -> None:
        self.found += f" {data}"


def forms(page: httpx.Response) -> list[PageForm]:
    """Return the forms of a page that change something."""
    return _Forms(page.text).forms


def find_form(page: httpx.Response, action: str) -> PageForm:
    """Return the form of a page that is sent to a path, the first one."""
    return next(form for form in forms(page) if form.action == action)


def send(
    client: httpx.Client,
    page: httpx.Response,
    action: str,
    changed: dict[str, str | None] | None = None,
    button: str = "",
) -> httpx.Response:
    """Send a form of a page, with some fields changed, or left out (None), by the button that is called so."""
    form = find_form(page, action)
    pressed = {name: value for name, value, text in form.buttons if name and text == button}
    assert pressed or not button, form.buttons
    sent = {**form.fields, **(changed or {}), **pressed}
    return client.post(action, data={name: value for name, value in sent.items() if value is not None})


def words(page: httpx.Response) -> str:
    """Return the text of a page, without its elements, with one space between words."""
    return " ".join(_Words(page.text).found.split())


def revision(service: Service) -> int:
    """Return the number of the revision that a service serves."""
    number: int = fetch(f"{service.url}/readyz").raise_for_status().json()["revision"]
    return number
