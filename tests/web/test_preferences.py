"""How a person wants the console: the language and the theme."""

import httpx
import pytest

from tests.api.checks import problem

INDONESIAN = {"Accept-Language": "id-ID,id;q=0.9"}
PROGRAM = {"Accept": "application/json"}


def test_the_console_speaks_the_language_that_the_browser_wishes(browser: httpx.Client) -> None:
    page = browser.get("/", headers=INDONESIAN).raise_for_status()
    assert '<html lang="id">' in page.text
    assert "Ringkasan" in page.text
    page = browser.get("/").raise_for_status()
    assert '<html lang="en">' in page.text
    assert "Overview" in page.text


def test_a_language_that_was_chosen_is_remembered(browser: httpx.Client) -> None:
    answer = browser.post("/preferences/language", data={"language": "id", "next": "/docs?x=1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/docs?x=1")
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Max-Age" in cookie
    assert "Secure" not in cookie
    assert "Ringkasan" in browser.get("/", headers={"Accept-Language": "en"}).text
    browser.post("/preferences/language", data={"language": "en"})
    assert "Overview" in browser.get("/", headers=INDONESIAN).text


def test_a_theme_that_was_chosen_is_remembered(browser: httpx.Client) -> None:
    assert "data-theme=" not in browser.get("/").text
    for theme in ("dark", "light"):
        assert browser.post("/preferences/theme", data={"theme": theme, "next": "/"}).status_code == 303
        page = browser.get("/").text
        assert f'data-theme="{theme}"' in page
        assert f'value="{theme}" aria-pressed="true"' in page
    browser.post("/preferences/theme", data={"theme": "auto"})
    assert "data-theme=" not in browser.get("/").text


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example/", "/\\evil.example", "evil"])
@pytest.mark.parametrize("name", ["language", "theme"])
def test_a_switch_leads_to_no_other_site(browser: httpx.Client, name: str, path: str) -> None:
    value = {"language": "id", "theme": "dark"}[name]
    answer = browser.post(f"/preferences/{name}", data={name: value, "next": path})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    ("name", "value"), [("language", "xx"), ("language", "ID"), ("theme", "blue"), ("theme", "\x00")]
)
def test_what_cannot_be_chosen_is_refused(browser: httpx.Client, name: str, value: str) -> None:
    answer = browser.post(f"/preferences/{name}", data={name: value}, headers=PROGRAM)
    problem(answer, "invalid", (f"/{name}", "value.choice"))
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", ["language", "theme"])
def test_a_choice_is_required(browser: httpx.Client, name: str) -> None:
    answer = browser.post(f"/preferences/{name}", data={}, headers=PROGRAM)
    problem(answer, "invalid", (f"/{name}", "field.required"))


@pytest.mark.parametrize("value", ["xx", "<script>", '"><b>', "%00", "x" * 3000])
def test_a_cookie_that_nobody_set_here_changes_nothing(browser: httpx.Client, value: str) -> None:
    page = browser.get("/", headers={"Cookie": f"language={value}; theme={value}; notice={value}"})
    assert page.status_code == 200
    assert '<html lang="en">' in page.text
    assert value not in page.text


def test_the_switches_lead_back_to_the_page_that_they_are_on(browser: httpx.Client) -> None:
    page = browser.get("/", params={"q": '"><script>alert(1)</script>'})
    assert '<input type="hidden" name="next" value="/?q=' in page.text
    assert "<script>alert" not in page.text
