"""Fixtures: clients that behave as browsers do, in some of which somebody is logged in."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from provider.models import Role
from tests.running import Service, http_client, running_service
from tests.web.visiting import PEOPLE, add_people, visit


@pytest.fixture
def browser(samples: Service) -> Iterator[httpx.Client]:
    """A client that keeps cookies, and wishes pages."""
    with http_client(samples.url, headers={"Accept": "text/html"}) as made:
        yield made


@pytest.fixture
def console(service: Service) -> Iterator[httpx.Client]:
    """A client of the console of the shared service, which is empty at the beginning. It may do all."""
    with http_client(service.url, headers={"Accept": "text/html"}) as made:
        yield made


@pytest.fixture(scope="session")
def peopled(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with an account of each role."""
    with running_service(tmp_path_factory.mktemp("peopled"), migrated) as service:
        add_people(service)
        yield service


@pytest.fixture
def admin(peopled: Service) -> Iterator[httpx.Client]:
    """A browser in which an admin is logged in."""
    with visit(peopled, PEOPLE[Role.ADMIN]) as made:
        yield made


@pytest.fixture
def operator(peopled: Service) -> Iterator[httpx.Client]:
    """A browser in which an operator is logged in."""
    with visit(peopled, PEOPLE[Role.OPERATOR]) as made:
        yield made


@pytest.fixture
def viewer(peopled: Service) -> Iterator[httpx.Client]:
    """A browser in which a viewer is logged in."""
    with visit(peopled, PEOPLE[Role.VIEWER]) as made:
        yield made
