"""Pages as a person sees them who has no JavaScript: opened, read, and their forms sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

import httpx

from provider.models import Role
from tests.people import add_account, begin_session, nobody
from tests.running import Service

PEOPLE = {Role.ADMIN: "desk", Role.OPERATOR: "budi", Role.VIEWER: "sari"}
"""Who there is in a service with people: one of each role."""

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "` ${alert(1)} {{ 7 * 7 }} {% raw %} %(name)s {name} %s",
    "a\u202egnp.exe \U0001f6a2",
    "x" * 1000,
]
"""Texts that somebody else's page, or nobody's good will, would put into a field."""


def add_people(service: Service) -> None:
    """Make an account of each role."""
    for role, name in PEOPLE.items():
        add_account(service.database, name, role)


@contextmanager
def visit(service: Service, name: str, language: str = "en") -> Iterator[httpx.Client]:
    """Give a browser in which somebody is logged in."""
    with nobody(service, headers={"Accept": "text/html", "Accept-Language": language}) as client:
        client.cookies.set("provider_session", begin_session(service.database, name))
        yield client


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each element of a kind."""
        return [attributes for found, attributes in self.elements if found == tag]

    def paths(self, tag: str = "a") -> list[str]:
        """Where links or forms lead."""
        return [attributes.get("href", attributes.get("action", "")) for attributes in self.all(tag)]

    def value(self, name: str) -> str:
        """What stands in a field; of a choice, what is chosen."""
        fields = [each for tag, each in self.elements if tag == "input" and each.get("name") == name]
        if len(fields) > 1 or (fields and fields[0].get("type") == "radio"):
            fields = [each for each in fields if "checked" in each]
        return fields[0].get("value", "") if fields else ""

    def wrong(self, field: str) -> bool:
        """Whether something is said to be wrong with a field."""
        return any(attributes.get("id") == f"field-{field}-wrong" for _tag, attributes in self.elements)


def read(answer: httpx.Response, status: int = 200) -> Page:
    """Read a page, which never stays in a cache."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    return Page(answer.text)


def follow(client: httpx.Client, answer: httpx.Response, path: str) -> Page:
    """Open the page to which a form leads that was taken."""
    assert (answer.status_code, answer.headers.get("Location")) == (303, path), answer.text
    return read(client.get(path))
