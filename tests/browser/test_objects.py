"""The pages of domains, routers, services and servers in a real browser."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from provider.nouns import NOUNS
from tests.browser.browsing import THEMES, check_accessible, check_uncut, check_width, screenshots
from tests.browser.conftest import OpenPage
from tests.running import AUTHORIZED, Service, cases, empty, http_client

LONG = "a" + "-name-that-is-as-long-as-it-may-be" * 2
LONG = LONG[:62] + "z"
EDITS = [
    "/domains/alvin.xyz/edit",
    "/routers/wayshub/edit",
    "/services/wayshub/edit",
    "/services/wayshub/servers/a/edit",
]
PATHS = [
    *("/domains", "/domains?q=nowhere", "/domains/new", "/domains/alvin.xyz", "/domains/alvin.xyz/remove"),
    *("/routers", "/routers/new", "/routers/wayshub"),
    *("/services", "/services/new", "/services/wayshub", "/services/none"),
    *("/services/wayshub/servers/new", "/services/wayshub/servers/a"),
    *EDITS,
]
FORMS = [
    f"/{noun.plural}/new{kind}"
    for noun in NOUNS.values()
    if not noun.within and noun.kind != "middleware"
    for kind in ("", *(f"?kind={key}" for key in noun.alternatives()))
]
"""The forms of all nouns, and of their kinds."""

SERVICE = "/services/wayshub"
CONTRAST = """(names) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const box = document.createElement("p");
    document.body.append(box);
    const [a, b] = names.map((name) => {
        box.style.color = `var(${name})`;
        canvas.fillStyle = getComputedStyle(box).color;
        canvas.fillRect(0, 0, 1, 1);
        const linear = (part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => linear(part / 255));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    });
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
"""The contrast of two of the style sheets' colours, as WCAG counts it."""


@pytest.fixture(scope="module")
def client(samples: Service) -> Iterator[httpx.Client]:
    """A client of REST, for what somebody else does."""
    with http_client(f"{samples.url}/api/v1") as made:
        yield made


@pytest.fixture(autouse=True)
def filled(samples: Service, client: httpx.Client) -> None:
    """A service with something of each kind, and with names as long as they may be."""
    empty(samples)
    long_host = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    for name in ("alvin.xyz", "www.alvin.xyz", "*.alvin.xyz", long_host):
        client.post("/domains", json={"name": name, "description": "words " * 40}).raise_for_status()
    check = {"healthCheck": {"path": "/" + "x" * 200}, "sticky": {"cookie": {"name": "c" * 64}}}
    for name, options in {"wayshub": check, "none": {}, LONG: {}}.items():
        client.post("/services", json={"name": name, **options}).raise_for_status()
    for name, weight, state in (("a", 3, "ready"), ("b", 1, "ready"), ("c", 5, "drain"), (LONG, 1, "maint")):
        url = f"http://{long_host}:65535" if name == LONG else f"http://{name}.test:3000"
        body = {"url": url, "weight": weight, "state": state}
        client.put(f"{SERVICE}/servers/{name}", json=body).raise_for_status()
    for name, domains in {"wayshub": ["alvin.xyz"], LONG: [long_host, "*.alvin.xyz"]}.items():
        router = {"name": name, "domains": domains, "pathPrefix": "/" + "p" * 200, "service": "wayshub"}
        client.post("/routers", json=router).raise_for_status()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page(extra_http_headers=AUTHORIZED)


def kept(client: httpx.Client, path: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(path).raise_for_status().json()
    return found


def weight(page: Page, name: str) -> Locator:
    return page.locator(f'input[name="weights/{name}"]')


def shares(page: Page) -> list[str]:
    return page.locator("table.servers output").all_inner_texts()


@pytest.mark.parametrize("path", PATHS)
def test_no_page_keeps_anybody_out(page: Page, path: str) -> None:
    page.goto(path)
    assert page.locator("h1").count() == 1
    check_accessible(page)
    screenshots(page, f"{path.strip('/').replace('/', '-').replace('?', '-')[:60]}-en")


@pytest.mark.parametrize("with_scripts", [True, False])
@pytest.mark.parametrize("language", ["en", "id"])
def test_no_page_is_scrolled_sideways(open_page: OpenPage, language: str, *, with_scripts: bool) -> None:
    page = open_page(locale=language, extra_http_headers=AUTHORIZED, java_script_enabled=with_scripts)
    for path in (
        *PATHS[:: cases(3, 1)],
        f"/routers/{LONG}",
        f"{SERVICE}/servers/{LONG}",
        f"{SERVICE}/servers/{LONG}/edit",
    ):
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == language
        check_width(page)


@pytest.mark.parametrize("language", ["en", "id"])
def test_nothing_that_one_uses_is_cut_off(open_page: OpenPage, language: str) -> None:
    page = open_page(locale=language, extra_http_headers=AUTHORIZED)
    for path in (*PATHS, *FORMS, "/", "/expose", "/learn/load-balancing", "/trace", "/edges", "/revisions", "/audit"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        check_uncut(page)


@pytest.mark.parametrize("path", EDITS)
def test_no_page_that_tells_of_somebody_elses_change_keeps_anybody_out(
    page: Page, client: httpx.Client, path: str
) -> None:
    page.goto(path)
    page.evaluate("document.querySelectorAll('details.rare').forEach((each) => { each.open = true; })")
    theirs = {"domains": {"description": "t"}, "routers": {"priority": 5}, "services": {"strategy": "p2c"}}
    change = {"weight": 9} if "servers" in path else theirs[path.split("/")[1]]
    client.patch(path.removesuffix("/edit"), json=change).raise_for_status()
    for name in ("description", "priority", "weight"):
        field = page.locator(f'[name="{name}"]')
        if field.count():
            field.fill("7")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else changed this")
    check_accessible(page)
    screenshots(page, f"late-{path.strip('/').replace('/', '-')}")


def test_the_shares_of_all_move_with_a_slider_and_are_saved_together(page: Page, client: httpx.Client) -> None:
    page.goto(SERVICE)
    assert shares(page) == ["75%", "0%", "25%", "0%"]
    expect(page.get_by_role("button", name="Show the shares")).to_be_hidden()
    page.get_by_role("slider", name="Weight of a", exact=True).fill("9")
    expect(weight(page, "a")).to_have_value("9")
    assert shares(page) == ["90%", "0%", "10%", "0%"]
    weight(page, "b").fill("1000")
    expect(page.get_by_role("slider", name="Weight of b", exact=True)).to_have_value("1000")
    assert shares(page) == ["0.9%", "0%", "99.1%", "0%"]
    page.get_by_role("button", name="Save the weights").click()
    expect(page.locator("#notices")).to_contain_text("The weights of wayshub were saved.")
    items = kept(client, f"{SERVICE}/servers")["items"]
    assert [item["weight"] for item in items] == [9, 1, 1000, 5]


def test_what_is_no_weight_moves_nothing(page: Page) -> None:
    page.goto(SERVICE)
    for text in ("", "0", "-3", "1.5", "1001"):
        weight(page, "a").fill(text)
        assert shares(page) == ["75%", "0%", "25%", "0%"]


def test_shares_are_written_as_the_language_does_and_as_the_server_does(open_page: OpenPage) -> None:
    with_script = open_page(locale="id", extra_http_headers=AUTHORIZED)
    without = open_page(locale="id", extra_http_headers=AUTHORIZED, java_script_enabled=False)
    for page, typed in ((with_script, "2"), (without, "2")):
        page.goto(SERVICE)
        weight(page, "a").fill(typed)
    without.get_by_role("button", name="Tampilkan porsi").click()
    assert shares(with_script) == shares(without) == ["66,7%", "0%", "33,3%", "0%"]
    assert without.get_by_role("slider").count() == 0
    assert weight(without, "a").input_value() == "2"
    for page in (with_script, without):
        weight(page, "b").fill("1000")
        weight(page, "a").fill("1")
    without.get_by_role("button", name="Tampilkan porsi").click()
    assert shares(with_script) == shares(without) == ["< 0,1%", "0%", "99,9%", "0%"]


def test_weights_that_are_not_saved_outlive_a_click_that_drains(page: Page, client: httpx.Client) -> None:
    page.goto(SERVICE)
    weight(page, "a").fill("8")
    page.get_by_role("button", name="Drain: b", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("Server b is drained")
    expect(weight(page, "a")).to_have_value("8")
    assert kept(client, f"{SERVICE}/servers/a")["weight"] == 3
    page.reload()
    expect(weight(page, "a")).to_have_value("3")


def test_rows_and_names_come_without_a_reload(page: Page, client: httpx.Client) -> None:
    page.goto("/routers/new")
    page.get_by_label("Name", exact=True).fill("new")
    page.get_by_label("Domain 1").fill("alvin.xyz")
    page.get_by_role("group", name="Domains").get_by_role("button", name="Add another row").click()
    expect(page.get_by_label("Domain 2")).to_be_focused()
    with page.expect_response(lambda answer: "/domains?q=www" in answer.url):
        page.keyboard.type("www")
    expect(page.locator("#known-domains option")).to_have_count(1)
    page.keyboard.type(".alvin.xyz")
    page.get_by_label("Service").fill("none")
    page.get_by_role("button", name="Add the router").click()
    expect(page.locator("h1")).to_have_text("new")
    assert kept(client, "/routers/new")["domains"] == ["alvin.xyz", "www.alvin.xyz"]


def test_a_label_more_comes_without_a_reload(page: Page, client: httpx.Client) -> None:
    page.goto("/domains/alvin.xyz/edit")
    page.get_by_text("More options").click()
    for number, (key, value) in enumerate({"team": "video", "stage": "test"}.items(), 1):
        if number > 1:
            page.get_by_role("button", name="Add another row").click()
            expect(page.get_by_label(f"Labels {number}: Key")).to_be_focused()
        page.get_by_label(f"Labels {number}: Key").fill(key)
        page.get_by_label(f"Labels {number}: Value").fill(value)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("was changed")
    assert kept(client, "/domains/alvin.xyz")["labels"] == {"team": "video", "stage": "test"}


def test_states_and_shares_follow_the_world_and_what_is_typed_stays(page: Page, client: httpx.Client) -> None:
    page.goto("/services/wayshub")
    expect(page.locator("html[data-connection=on]")).to_have_count(1)
    weight(page, "b").fill("7")
    client.patch(f"{SERVICE}/servers/a", json={"state": "drain"}).raise_for_status()
    expect(page.locator("#wanted-a")).to_contain_text("drain")
    expect(page.locator("#acts-a button[value=ready]")).to_be_visible()
    assert weight(page, "b").input_value() == "7"
    expect(page.locator("#share-a output")).to_have_text("0%")
    expect(page.locator("#share-b output")).to_have_text("100%")
    page.goto("/services/wayshub/servers/a")
    expect(page.locator("html[data-connection=on]")).to_have_count(1)
    client.patch(f"{SERVICE}/servers/a", json={"state": "ready"}).raise_for_status()
    expect(page.locator("#wanted-part")).to_contain_text("ready")
    expect(page.locator("#facts .share")).to_contain_text("75%")


def test_two_browsers_edit_one_server_and_the_second_loses_nothing(open_page: OpenPage, client: httpx.Client) -> None:
    path = f"{SERVICE}/servers/a"
    first, second = (open_page(extra_http_headers=AUTHORIZED) for _ in range(2))
    for page in (first, second):
        page.goto(f"{path}/edit")
    first.get_by_label("Weight").fill("5")
    first.get_by_role("button", name="Save").click()
    expect(first.locator("#notices")).to_contain_text("was changed")
    second.get_by_label("Weight").fill("7")
    second.get_by_label("URL", exact=True).fill("http://second.test")
    second.get_by_role("button", name="Save").click()
    row = second.get_by_role("row", name="Weight")
    expect(row).to_contain_text("5")
    expect(second.get_by_label("URL", exact=True)).to_have_value("http://second.test")
    assert kept(client, path)["weight"] == 5
    second.get_by_role("radio", name="5").check()
    second.get_by_role("button", name="Save").click()
    expect(second.locator("#notices")).to_contain_text("was changed")
    assert (kept(client, path)["weight"], kept(client, path)["url"]) == (5, "http://second.test")


def test_who_goes_on_typing_after_a_choice_means_their_own(page: Page, client: httpx.Client) -> None:
    path = f"{SERVICE}/servers/a"
    page.goto(f"{path}/edit")
    client.patch(path, json={"weight": 5}).raise_for_status()
    page.get_by_label("Weight").fill("7")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("radio", name="5").check()
    page.locator("#field-weight").fill("8")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("was changed")
    assert kept(client, path)["weight"] == 8


def test_what_a_switch_needs_is_shown_when_it_is_on(page: Page) -> None:
    page.goto("/services/new")
    expect(page.get_by_label("Interval", exact=True)).to_be_hidden()
    page.get_by_label("Check the servers' health").check()
    expect(page.get_by_label("Interval", exact=True)).to_be_visible()
    expect(page.get_by_label("Interval", exact=True)).to_have_value("5s")


def test_who_drains_with_the_keyboard_goes_on_from_there(page: Page, client: httpx.Client) -> None:
    page.goto(SERVICE)
    drain = page.get_by_role("button", name="Drain: b", exact=True)
    drain.focus()
    page.keyboard.press("Enter")
    back = page.get_by_role("button", name="Activate: b", exact=True)
    expect(back).to_be_focused()
    client.patch(f"{SERVICE}/servers/b", json={"state": "ready"}).raise_for_status()
    expect(drain).to_be_focused()
    page.get_by_role("button", name="Maintenance: b", exact=True).press("Enter")
    expect(page.get_by_role("button", name="Activate: b", exact=True)).to_be_focused()


def test_weights_that_are_not_saved_are_still_there_for_who_left_and_comes_back(page: Page) -> None:
    page.goto(SERVICE)
    hint = page.get_by_text("Not saved yet")
    expect(hint).to_be_hidden()
    weight(page, "a").fill("8")
    expect(hint).to_be_visible()
    page.get_by_role("link", name="Routers", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("Routers")
    page.get_by_role("link", name="wayshub", exact=True).last.click()
    expect(weight(page, "a")).to_have_value("8")
    expect(hint).to_be_visible()
    page.get_by_role("button", name="Save the weights").click()
    expect(page.locator("#notices")).to_contain_text("The weights of wayshub were saved.")
    expect(hint).to_be_hidden()


def test_the_track_of_a_slider_stands_out(page: Page) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.goto(SERVICE)
        assert page.evaluate(CONTRAST, ["--pico-range-border-color", "--surface"]) >= 3
