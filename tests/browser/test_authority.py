"""HTTPS from the local authority, in a browser that was told to trust it, and in one that was not."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Error

from tests.browser.browsing import ARGUMENTS, find_chromium
from tests.e2e.acting import Running, Servers, acting, pool
from tests.programs import required
from tests.running import free_port, wait_until

NAME = "wayshub.localhost"


@pytest.fixture
def secure_port() -> int:
    return free_port()


@pytest.fixture
def edge(migrated: Path, tmp_path: Path, secure_port: int) -> Iterator[Running]:
    """An edge that shows a certificate of the local authority, with a server behind it."""

    def adapt(static: dict[str, Any]) -> None:
        static["entryPoints"]["websecure"]["address"] = f"127.0.0.1:{secure_port}"

    with acting(tmp_path, migrated, adapt=adapt, local_authority=tmp_path / "authority") as made, Servers() as servers:
        (server,) = servers.http("hello")
        made.client.post(
            "/apply",
            json={
                "domains": {NAME: {"tls": {"from": "acme"}}},
                "services": {"app": pool(server)},
                "routers": {"app": {"domains": [NAME], "service": "app"}},
            },
        ).raise_for_status()
        wait_until(
            lambda: [
                each
                for each in made.client.get(f"/domains/{NAME}").json().get("certificates", ())
                if each["state"] == "good"
            ],
            "the edge shows its certificate",
        )
        yield made


@contextmanager
def browser_at(launching: BrowserType, home: Path) -> Iterator[Browser]:
    """Run a browser of somebody whose home is a folder: there is what they trust."""
    browser = launching.launch(
        executable_path=find_chromium(), args=ARGUMENTS, env={**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": ""}
    )
    try:
        yield browser
    finally:
        browser.close()


def trust(certificate: Path, home: Path) -> None:
    """Do what `wayshub-provider ca` says for Chrome on Linux."""
    program = required(shutil.which("certutil"), "libnss3-tools")
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    where = f"sql:{database}"
    subprocess.run([program, "-d", where, "-N", "--empty-password"], check=True)
    subprocess.run([program, "-d", where, "-A", "-t", "C,,", "-n", "wayshub", "-i", certificate], check=True)


@pytest.mark.usefixtures("edge")
def test_who_trusts_the_authority_sees_a_secure_page_and_who_does_not_a_warning(
    chromium: Browser, secure_port: int, tmp_path: Path
) -> None:
    url = f"https://{NAME}:{secure_port}/"
    stranger = chromium.new_context()
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        stranger.new_page().goto(url)
    stranger.close()

    home = tmp_path / "home"
    trust(tmp_path / "authority" / "ca.pem", home)
    with browser_at(chromium.browser_type, home) as browser:
        page = browser.new_page()
        session = page.context.new_cdp_session(page)
        states: list[str] = []
        session.on("Network.responseReceived", lambda told: states.append(told["response"]["securityState"]))
        session.send("Network.enable")
        answer = page.goto(url)
        assert answer is not None
        assert answer.text() == "hello"
        details = answer.security_details()
        assert details is not None
        assert str(details.get("issuer", "")).startswith("Local CA")
        assert page.evaluate("window.isSecureContext")
        page.goto(url)
        assert states
        assert set(states) == {"secure"}
