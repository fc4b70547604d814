"""Certificates that this service orders from a real CA for three real Traefiks, once for all of them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e import pebble
from tests.e2e.acting import Recorder, Servers
from tests.e2e.edge import Place, place
from tests.e2e.handshakes import names_of, shown
from tests.e2e.pebble import Pebble
from tests.running import Service, free_port, http_client, running_service

ACME = {"from": "acme"}
ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


@dataclass
class Edges:
    """Three Traefiks on addresses of their own, and the service that they poll."""

    service: Service
    client: httpx.Client
    places: list[Place]
    ca: Pebble
    secure_port: int
    server: Recorder

    def choose(self, **more: Any) -> httpx.Response:
        wanted = {"directory": self.ca.directory, "termsAccepted": True, **more}
        return self.client.put("/acme", json=wanted)

    def expose(self, domain: str, seconds: int = 60, **more: Any) -> httpx.Response:
        exposed = {"domain": domain, "servers": [{"url": self.server.url}], "tls": ACME, **more}
        return self.client.post("/expose", json=exposed, headers={"Prefer": f"wait={seconds}"})

    def shown(self, domain: str) -> list[int]:
        """The serial numbers of the certificates that the edges show."""
        return [shown(domain, self.secure_port, address).serial_number for address in ADDRESSES]


@contextmanager
def edges(folder: Path, migrated: Path, ca: Pebble, **settings: Any) -> Iterator[Edges]:
    port, secure_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        places = [
            stack.enter_context(place(folder / f"edge{number}", url, f"edge=e{number}&wait=5"))
            for number in range(len(ADDRESSES))
        ]
        apis = ",".join(f"e{number}={each.api}" for number, each in enumerate(places))
        service = stack.enter_context(
            running_service(
                folder,
                migrated,
                port=port,
                traefik_api=apis,
                coalesce_ms=20,
                secure_port=secure_port,
                **{"edge_url": url, **ca.settings, **settings},
            )
        )
        for each, address in zip(places, ADDRESSES, strict=True):
            each.static["entryPoints"]["web"]["address"] = f"{address}:{ca.http_port}"
            each.static["entryPoints"]["websecure"]["address"] = f"{address}:{secure_port}"
            each.static["providers"]["providersThrottleDuration"] = "10ms"
            each.start()
        servers = stack.enter_context(Servers())
        client = stack.enter_context(http_client(f"{service.url}/api/v1"))
        yield Edges(service, client, places, ca, secure_port, *servers.http("app"))


@pytest.fixture
def ca(tmp_path: Path) -> Iterator[Pebble]:
    with pebble.running(tmp_path / "ca") as made:
        yield made


@pytest.fixture
def three(migrated: Path, tmp_path: Path, ca: Pebble) -> Iterator[Edges]:
    with edges(tmp_path, migrated, ca) as made:
        yield made


def test_one_order_gives_all_edges_the_same_certificate(three: Edges, ca: Pebble) -> None:
    three.choose(contact="admin@alvin.test").raise_for_status()
    ca.points("alvin.test", *ADDRESSES)
    made = three.expose("alvin.test")
    assert (made.status_code, made.headers.get("preference-applied")) == (201, "wait"), made.text
    assert len(set(three.shown("alvin.test"))) == 1
    assert names_of(shown("alvin.test", three.secure_port)) == ["alvin.test"]
    assert (ca.orders(), len(ca.issued())) == (1, 1)
    for address in ADDRESSES:
        url = f"http://{address}:{ca.http_port}/x"
        moved = httpx.get(url, headers={"Host": "alvin.test"})
        assert (moved.status_code, moved.headers["location"]) == (301, f"https://alvin.test:{three.secure_port}/x")
