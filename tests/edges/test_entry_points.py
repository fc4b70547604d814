"""Where an entry point can be asked from here."""

import pytest

from provider.edges.entry_points import find_url

LOCAL, REMOTE = "http://127.0.0.1:8081", "https://edge.example:8443/traefik"


@pytest.mark.parametrize(
    ("api_url", "address", "url"),
    [
        (LOCAL, ":8080", "http://127.0.0.1:8080"),
        (LOCAL, "127.0.0.1:8080", "http://127.0.0.1:8080"),
        (LOCAL, "0.0.0.0:80/tcp", "http://127.0.0.1:80"),
        (LOCAL, "localhost:80", "http://localhost:80"),
        (REMOTE, ":80", "http://edge.example:80"),
        (REMOTE, "[::]:80", "http://edge.example:80"),
        (REMOTE, "10.0.0.1:80", "http://10.0.0.1:80"),
        ("http://[::1]:8081", ":80", "http://[::1]:80"),
        (LOCAL, "[::1]:80", "http://[::1]:80"),
    ],
)
def test_an_entry_point_is_where_it_listens_or_where_the_api_is(api_url: str, address: str, url: str) -> None:
    assert find_url(api_url, address) == url


@pytest.mark.parametrize("address", ["127.0.0.1:80", "localhost:80", "[::1]:80"])
def test_another_machines_loopback_cannot_be_reached(address: str) -> None:
    assert find_url(REMOTE, address) is None


@pytest.mark.parametrize("address", ["", "80", ":http", ":80/udp", "a b:80"])
def test_what_is_no_address_leads_nowhere(address: str) -> None:
    assert find_url(LOCAL, address) is None
