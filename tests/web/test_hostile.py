"""Hostile texts in every field of the forms of domains, routers, services and servers: shown as text, and no more."""

import httpx
import pytest

from tests.web.filling import find_form
from tests.web.test_rendering import HOSTILE, Outline

FORMS = [
    *("/domains/new", "/domains/a.test/edit", "/routers/new", "/routers/r/edit", "/services/new", "/services/s/edit"),
    *("/services/s/servers/new", "/services/s/servers/a/edit", "/services/s"),
]
TEXTS = [*HOSTILE, "\u202ehtml", "\U0001f6a2" * 2500, "x" * 10_000]


@pytest.fixture(autouse=True)
def filled(client: httpx.Client) -> None:
    client.post("/domains", json={"name": "a.test"}).raise_for_status()
    client.post("/services", json={"name": "s"}).raise_for_status()
    client.put("/services/s/servers/a", json={"url": "http://a.test"}).raise_for_status()
    client.post("/routers", json={"name": "r", "domains": ["a.test"], "service": "s"}).raise_for_status()


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_no_text_in_any_field_makes_an_element_or_breaks_a_page(console: httpx.Client, text: str) -> None:
    for path in FORMS:
        form = find_form(console.get(path), path)
        ticked = {"healthCheck": "true", "sticky": "true"} if "strategy" in form.fields else {}
        for seen in (form.fields.get("etag"), text):
            hostile = {name: text for name in form.fields if name not in {"etag", "enabled", "passHostHeader"}}
            version = {} if seen is None else {"etag": seen}
            answer = console.post(path, data={**hostile, **ticked, **version, "seen": text})
            if answer.status_code == 303:
                assert path.startswith("/domains")  # a description may be any line of text
                for shown in ("/domains", "/domains/a.test", path):
                    check_harmless(console.get(shown))
            else:
                assert answer.status_code in {409, 412, 422}, (path, answer.text)
                check_harmless(answer)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_no_query_and_no_name_of_a_field_makes_an_element(console: httpx.Client, text: str) -> None:
    for path in ("/domains", "/routers", "/services", "/routers/new"):
        for query in ("q", "cursor", "domain", "service"):
            check_harmless(console.get(path, params={query: text}))
    for path in FORMS:
        check_harmless(console.post(path, data={text: text, f"take/{text}": "now", f"weights/{text}": "1"}))


def check_harmless(page: httpx.Response) -> None:
    assert page.status_code < 500
    outline = Outline(page.text)
    assert outline.open == []
    for tag, attributes in outline.elements:
        assert tag not in {"style", "img", "b"} or "/static/" in (attributes.get("src") or "")
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "autofocus"}]
        assert tag != "script" or (attributes["src"] or "").startswith("/static/")
        for name in ("href", "action", "formaction"):
            assert (attributes.get(name) or "/").startswith(("/", "#"))
