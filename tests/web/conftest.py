"""Fixtures: a service with sample pages, and a client that behaves as a browser does."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import Service, http_client
from tests.web.samples import running_samples


@pytest.fixture(scope="session")
def samples(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that has the sample pages too."""
    with running_samples(tmp_path_factory.mktemp("samples"), migrated) as service:
        yield service


@pytest.fixture
def browser(samples: Service) -> Iterator[httpx.Client]:
    """A client that keeps cookies, and wishes pages."""
    with http_client(samples.url, headers={"Accept": "text/html"}) as made:
        yield made
