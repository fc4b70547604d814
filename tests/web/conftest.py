"""Fixtures: a client that behaves as a browser does."""

from collections.abc import Iterator

import httpx
import pytest

from tests.running import Service, http_client


@pytest.fixture
def browser(samples: Service) -> Iterator[httpx.Client]:
    """A client that keeps cookies, and wishes pages."""
    with http_client(samples.url, headers={"Accept": "text/html"}) as made:
        yield made
