"""The pages of edges, revisions, accounts, tokens and the audit in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsing import check_accessible, check_width, screenshots
from tests.browser.conftest import OpenPage
from tests.people import add_account, add_token, begin_session
from tests.running import Service, cases, fetch, http_client

NAME = "keeper"
LONG = "a" + "-name-that-is-as-long-as-it-may-be" * 2
LONG = LONG[:62] + "z"
PATHS = [
    *("/edges", "/edges?q=nowhere", "/edges/recorded", f"/edges/{LONG}", "/connect", "/connect?edge=-", "/check"),
    *("/revisions", "/revisions?q=nothing-like-this", "/revisions/{revision}"),
    *("/revisions/{revision}?compare={older}", "/revisions/{older}", "/revisions/{older}/rollback"),
    *("/revisions/{older}/rollback?kind=service&name=recorded", "/revisions/{last}/rollback"),
    *("/accounts", "/accounts/new", f"/accounts/{NAME}", f"/accounts/{LONG}", f"/accounts/{LONG}/remove"),
    *("/tokens", "/tokens/new?scope=edge:paris", "/tokens/{token}/revoke"),
    *("/audit", "/audit?since=never", "/audit?q=nothing-like-this"),
]

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def filled(samples: Service) -> dict[str, str]:
    """A service with some of each, and with names as long as they may be. Gives what stands in paths."""
    for name in (NAME, LONG):
        add_account(samples.database, name)
        fetch(f"{samples.url}/traefik/configuration", params={"edge": "recorded" if name == NAME else name})
    token = add_token(samples, "write", *(f"register:{LONG[:-2]}{index:02}" for index in range(20)), name=LONG)
    server = {"url": "http://" + ".".join(["h" * 63] * 3) + ":65535"}
    with http_client(f"{samples.url}/api/v1") as client:
        client.put("/services/recorded", json={"healthCheck": {"path": "/" + "p" * 200}}).raise_for_status()
        path = f"/services/recorded/servers/{LONG}"
        numbers = [
            client.put(path, json=server | changed, headers={"Config-Message": message}).headers["Config-Revision"]
            for changed, message in (({}, ""), ({"weight": 9}, "w" * 500), ({"weight": 7}, "a larger disk went in"))
        ]
        client.put("/services/recorded/servers/b", json={"url": "http://10.0.0.2"}).raise_for_status()
    older, change, last = numbers
    return {"revision": change, "older": older, "last": last, "token": token.split("_")[1]}


@pytest.fixture
def open_as_keeper(open_page: OpenPage, samples: Service, filled: dict[str, str]) -> Open:
    """Open pages in which somebody is logged in who may do all."""
    assert filled

    def open_one(**options: object) -> Page:
        page = open_page(**options)
        cookie = {"name": "provider_session", "value": begin_session(samples.database, NAME), "url": samples.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]  # it has what a cookie needs
        return page

    return open_one


@pytest.fixture
def page(open_as_keeper: Open) -> Page:
    return open_as_keeper()


@pytest.mark.parametrize("path", PATHS)
def test_no_page_keeps_anybody_out(page: Page, filled: dict[str, str], path: str) -> None:
    page.goto(path.format_map(filled))
    page.evaluate("document.querySelectorAll('details').forEach((each, index) => { each.open = index < 5; })")
    assert page.locator("h1").count() == 1
    check_accessible(page)
    screenshots(page, f"{path.strip('/').replace('/', '-').replace('?', '-')[:60]}-en")


@pytest.mark.parametrize("with_scripts", [True, False])
@pytest.mark.parametrize("language", ["en", "id"])
def test_no_page_is_scrolled_sideways(
    open_as_keeper: Open, filled: dict[str, str], language: str, *, with_scripts: bool
) -> None:
    page = open_as_keeper(locale=language, java_script_enabled=with_scripts)
    for path in PATHS[:: cases(3, 1)]:
        page.goto(path.format_map(filled))
        assert page.locator("html").get_attribute("lang") == language
        check_width(page)


@pytest.mark.parametrize("language", ["en", "id"])
def test_what_takes_much_away_is_asked_for_by_its_number(open_as_keeper: Open, samples: Service, language: str) -> None:
    page = open_as_keeper(locale=language)
    with http_client(f"{samples.url}/api/v1") as client:
        older = client.put("/services/braked", json={}).raise_for_status().headers["Config-Revision"]
        client.put(f"/services/braked/servers/{LONG}", json={"url": "http://10.0.0.1"}).raise_for_status()
        client.put("/routers/braked", json={"pathPrefix": "/braked", "service": "braked"}).raise_for_status()
        page.goto(f"/services/braked/servers/{LONG}/edit")
        page.locator("[name=state]").select_option("drain")
        page.locator("[name=weight]").fill("77")
        page.locator("form.sheet .actions button[type=submit]").click()
        page.locator("[name=confirm]").fill("2")
        page.locator("main form button[type=submit]").click()
        expect(page.locator("#field-confirm-wrong")).to_be_visible()
        check_accessible(page)
        check_width(page)
        screenshots(page, f"brake-{language}")
        page.locator("[name=confirm]").fill("1")
        page.locator("main form button[type=submit]").click()
        expect(page).to_have_url(f"{samples.url}/services/braked/servers/{LONG}")
        kept = client.get(f"/services/braked/servers/{LONG}").json()
        assert (kept["state"], kept["weight"]) == ("drain", 77)
        for name in ("one", "two", "three"):
            client.put(f"/routers/braked-{name}", json={"pathPrefix": f"/{name}", "service": "braked"})
        page.goto(f"/revisions/{older}/rollback")
        check_accessible(page)
        check_width(page)
        screenshots(page, f"rollback-braked-{language}")
        client.delete("/services/braked", params={"cascade": True, "confirm": 4}).raise_for_status()


def test_a_token_is_copied_and_a_reload_shows_it_no_more(open_as_keeper: Open) -> None:
    page = open_as_keeper(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/tokens/new?scope=edge:copied")
    page.get_by_role("button", name="Create the token").click()
    token = page.get_by_label("Token", exact=True).input_value()
    assert token.startswith("wsp_")
    check_accessible(page)
    check_width(page)
    screenshots(page, "token-made-en")
    page.get_by_role("button", name="Copy").first.click()
    expect(page.locator(".told", has_text="Copied").first).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    page.reload()
    assert page.url.endswith("/tokens")
    assert token not in page.content()
    page.go_back()
    assert token not in page.content()


def test_the_static_configuration_is_copied_whole(open_as_keeper: Open) -> None:
    page = open_as_keeper(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/connect?edge=copied")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator(".told", has_text="Copied").first).to_be_visible()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("providers:\n")
    assert copied.endswith("Authorization: Bearer TOKEN\n")


def test_an_account_is_made_and_its_link_is_shown_once(page: Page) -> None:
    page.goto("/accounts/new")
    page.get_by_label("Name", exact=True).fill("linked")
    page.get_by_label("operator").check()
    page.get_by_role("button", name="Create the account").click()
    link = page.get_by_label("One-time link").input_value()
    assert "/password?link=" in link
    check_accessible(page)
    check_width(page)
    screenshots(page, "link-made-en")
    page.reload()
    assert page.url.endswith("/accounts/linked")
    assert link not in page.content()


@pytest.mark.parametrize("with_scripts", [True, False])
def test_what_is_wrong_with_a_form_keeps_nobody_out(open_as_keeper: Open, with_scripts: bool) -> None:
    page = open_as_keeper(java_script_enabled=with_scripts)
    page.goto("/tokens/new")
    page.get_by_label("Name", exact=True).first.fill("Not a name")
    page.get_by_label("only what is listed below").check()
    page.locator("[name=expires][value=date]").check()
    page.get_by_role("button", name="Create the token").click()
    expect(page.get_by_role("alert")).to_contain_text("Fix 3 things")
    check_width(page)
    if with_scripts:
        check_accessible(page)
    page.get_by_role("link", name="Last day").click()
    expect(page.locator("[name=date]")).to_be_focused()


def test_an_edge_changes_on_its_page_when_it_changes_in_the_world(page: Page, samples: Service) -> None:
    page.goto("/edges")
    expect(page.locator("html")).to_have_attribute("data-connection", "on")
    fetch(f"{samples.url}/traefik/configuration", params={"edge": "arriving"}).raise_for_status()
    expect(page.get_by_role("link", name="arriving")).to_be_visible()
