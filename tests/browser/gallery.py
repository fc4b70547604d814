"""Pictures of the console for the README: `make screenshots` takes them anew, of a demo that really runs."""

import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.browser.browsing import ARGUMENTS, find_chromium
from tests.people import PASSWORD, add_account
from tests.running import (
    ROOT,
    free_port,
    http_client,
    migrated_copy,
    named_servers,
    running_service,
    running_traefik,
    wait_until,
)

FOLDER: Final = ROOT / "docs"

PICTURES: Final = {
    "overview": ("/", "light"),
    "expose": ("/expose", "light"),
    "service": ("/services/wayshub", "dark"),
    "trace": ("/trace?url=http://alvin.xyz/api/videos", "light"),
    "learn": ("/learn/load-balancing?step=4", "light"),
}
"""What to take: the name of each picture, its page, and the theme."""

_SIZE: Final = ViewportSize(width=1180, height=760)
_HEALTHY: Final = {"path": "/", "interval": "1s", "timeout": "1s"}


def main() -> None:
    """Run a service, a Traefik and some servers, expose them, and take the pictures."""
    found = find_chromium()
    if found is None:
        raise SystemExit("no Chromium is installed: on Debian, apt-get install chromium-headless-shell")
    folder, api_port = Path(tempfile.mkdtemp()), free_port()
    with (
        running_service(folder, migrated_copy(folder), traefik_api=f"http://127.0.0.1:{api_port}") as service,
        running_traefik(folder, service.url, api_port=api_port) as traefik,
        named_servers("a", "b", "c", "api") as (a, b, c, api),
        http_client(f"{service.url}/api/v1") as client,
        sync_playwright() as playwright,
    ):
        servers = [{"name": one.name, "url": one.url, "weight": w} for one, w in ((a, 3), (b, 2), (c, 1))]
        body = {"domain": "alvin.xyz", "name": "wayshub", "servers": servers, "healthCheck": _HEALTHY}
        client.post("/expose", json=body).raise_for_status()
        more = {"domain": "alvin.xyz", "name": "videos", "pathPrefix": "/api", "healthCheck": _HEALTHY}
        client.post("/expose", json=more | {"servers": [{"name": "api", "url": api.url}]}).raise_for_status()
        client.patch("/services/wayshub/servers/c", json={"state": "drain"}).raise_for_status()
        add_account(service.database, "desk")
        traefik.wait_for(service)
        listed = "/services/wayshub/servers/a"
        wait_until(lambda: client.get(listed).json()["health"]["state"] == "up", "the servers are seen to be up")
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        page = browser.new_page(base_url=service.url, locale="en-GB", viewport=_SIZE, reduced_motion="reduce")
        _log_in(page)
        for name, (path, theme) in PICTURES.items():
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.goto(path)
            if name == "expose":
                _type(page)
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


def _log_in(page: Page) -> None:
    page.goto("/login")
    page.locator("[name=name]").fill("desk")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form[action='/login'] button").click()
    page.wait_for_url("**/")


def _type(page: Page) -> None:
    """Fill the form, and wait for what it shows while one types."""
    page.locator("[name=domain]").fill("belajar.xyz")
    page.locator("[name='servers/0/url']").fill("http://10.0.0.11:3000")
    page.locator("[name='servers/0/weight']").fill("3")
    page.locator("button[name=do][value=add]").click()
    page.locator("[name='servers/1/url']").fill("http://10.0.0.12:3000")
    page.get_by_text("75%").first.wait_for()


if __name__ == "__main__":
    main()
