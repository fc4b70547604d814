"""Fixtures: a service with accounts, and browsers that are logged in to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from provider.models import Role
from provider.security import passwords
from tests.people import QUICK, add_account, log_in, nobody
from tests.running import Service, running_service

Browser = Callable[..., httpx.Client]


@pytest.fixture(autouse=True)
def quick_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords in a moment, and not in a tenth of a second, but where a test is about how long that takes."""
    if request.module.__name__ != "tests.security.test_timing":
        monkeypatch.setattr(passwords, "_hasher", QUICK)


@pytest.fixture
def own(migrated: Path, tmp_path: Path) -> Iterator[Service]:
    """A service of one's own, with an admin, desk, an operator, budi, and a viewer, eko."""
    with running_service(tmp_path, migrated) as made:
        for name, role in (("desk", Role.ADMIN), ("budi", Role.OPERATOR), ("eko", Role.VIEWER)):
            add_account(made.database, name, role)
        yield made


@pytest.fixture
def browser(own: Service) -> Iterator[Browser]:
    """Open browsers: with nobody logged in, or with somebody; from an address of loopback."""
    with ExitStack() as stack:

        def open_browser(name: str | None = None, address: str = "127.0.0.1") -> httpx.Client:
            transport = httpx.HTTPTransport(local_address=address)
            client = stack.enter_context(nobody(own, transport=transport))
            if name is not None:
                assert log_in(client, name).status_code == 303
            return client

        yield open_browser
