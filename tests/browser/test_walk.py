"""From logging in to logging out as a person does it, and the traffic through a real Traefik follows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browsing import Watch
from tests.e2e.traffic import spread
from tests.people import PASSWORD, add_account
from tests.running import (
    SOAK,
    NamedServer,
    Service,
    Traefik,
    free_port,
    named_servers,
    running_service,
    running_traefik,
)

HOST = "walk.test"

WALKS = [("en", True), ("id", False), *([("id", True), ("en", False)] if SOAK else [])]
"""By language, and with or without scripts."""


@dataclass
class World:
    """A service with an account, an edge that polls it, and two servers to expose."""

    service: Service
    traefik: Traefik
    servers: tuple[NamedServer, NamedServer]


@pytest.fixture(scope="module")
def world(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, api_port = tmp_path_factory.mktemp("walk"), free_port()
    api = f"http://127.0.0.1:{api_port}"
    with (
        running_service(folder, migrated, coalesce_ms=20, traefik_api=api) as service,
        running_traefik(folder, service.url, api_port=api_port) as traefik,
        named_servers("one", "two") as (one, two),
    ):
        add_account(service.database, "desk")
        yield World(service, traefik, (one, two))


def live(world: World) -> Traefik:
    world.traefik.wait_for(world.service)
    return world.traefik


def log_in(page: Page) -> None:
    page.goto("/expose")
    page.locator("[name=name]").fill("desk")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form[action='/login'] button").click()
    page.wait_for_url("**/expose")


def expose(page: Page, world: World) -> None:
    page.locator("[name=domain]").fill(HOST)
    first, second = (page.locator(f"[name='servers/{index}/url']") for index in (0, 1))
    first.fill(world.servers[0].url)
    page.locator("button[name=do][value=add]").click()
    second.fill(world.servers[1].url)
    expect(first).to_have_value(world.servers[0].url)
    expect(second).to_have_value(world.servers[1].url)
    page.locator("button[name=do][value=expose]:not(.unseen)").click()
    page.wait_for_url("**/applications/walk")


def change_weight(page: Page) -> None:
    page.goto("/services/walk")
    page.locator("input[type=number][name^='weights/']").first.fill("3")
    page.locator("button[form=weights]:not([name]), #weights button:not([name])").first.click()
    page.wait_for_load_state()


def set_state(page: Page, server: NamedServer, state: str) -> None:
    page.goto("/services/walk")
    row = page.locator("table.servers tbody tr", has_text=server.url)
    row.locator(f"button[name=state][value={state}]").click()
    page.wait_for_load_state()


def remove(page: Page, path: str) -> None:
    page.goto(f"{path}/remove")
    page.locator("main form button").first.click()
    page.wait_for_load_state()


@pytest.mark.parametrize(("language", "with_scripts"), WALKS)
def test_what_a_person_does_in_the_console_is_what_the_traffic_does(
    chromium: Browser, world: World, language: str, *, with_scripts: bool
) -> None:
    context = chromium.new_context(
        base_url=world.service.url, locale=language, java_script_enabled=with_scripts, reduced_motion="reduce"
    )
    watch = Watch(context, world.service.url)
    page = context.new_page()
    one, two = world.servers

    log_in(page)
    assert page.locator("html").get_attribute("lang") == language
    expose(page, world)
    assert spread(live(world), 10, HOST) == {"one": 5, "two": 5}

    change_weight(page)
    counted = spread(live(world), 12, HOST)
    assert sorted(counted.values()) == [3, 9]

    set_state(page, two, "drain")
    assert spread(live(world), 5, HOST) == {"one": 5}
    set_state(page, two, "ready")
    assert len(spread(live(world), 12, HOST)) == 2

    page.goto(f"/trace?url=http://{HOST}/")
    assert page.locator("main").get_by_text("walk", exact=True).count() > 0

    remove(page, f"/domains/{HOST}")
    remove(page, "/services/walk")
    assert live(world).get(HOST).status_code == 404

    page.locator("form[action='/logout'] button").click()
    page.wait_for_url("**/login")
    page.goto("/")
    page.wait_for_url("**/login?next=**")
    context.close()
    assert watch.complaints == []
    assert (one.count, two.count) > (0, 0)
