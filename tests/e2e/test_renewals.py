"""Certificates that are renewed when their CA says so, and clocks that are wrong meanwhile."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from acme.client import ClientNetwork, ClientV2
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from tests.e2e import pebble
from tests.e2e.clocks import Clock
from tests.e2e.edge import Place, place
from tests.e2e.front import Answer, Asking, front, later, problem
from tests.e2e.handshakes import names_of, shown
from tests.e2e.pebble import Pebble
from tests.running import fetch, free_port, fresh_service_process, http_client, wait_until

ACME = {"from": "acme"}
YEAR = timedelta(days=365)


@dataclass
class Ordering:
    """A Traefik, and a service in a process of its own that is started and ended in a test."""

    folder: Path
    ca: Pebble
    place: Place
    port: int
    variables: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def serving(self, **variables: str) -> Iterator[httpx.Client]:
        """Run the service; gives a client of its API."""
        url = f"http://127.0.0.1:{self.port}/api/v1"
        with fresh_service_process(self.folder, **self.variables, **variables), http_client(url) as client:
            yield client

    def is_shown(self, name: str) -> bool:
        """Whether the Traefik shows a certificate for a name."""
        return names_of(shown(name, self.ca.https_port)) == [name]

    def serial(self) -> int:
        """The serial number of the one that the Traefik shows."""
        return shown("alvin.test", self.ca.https_port).serial_number


@contextmanager
def ordering(folder: Path, migrated: Path, ca: Pebble) -> Iterator[Ordering]:
    shutil.copy(migrated, folder / "provider.db")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {f"PROVIDER_{name.upper()}": str(value) for name, value in ca.settings.items()}
    variables |= {"PROVIDER_PORT": str(port), "PROVIDER_EDGE_URL": url}
    with place(folder / "edge", url, "edge=default&wait=5") as edge:
        edge.static["entryPoints"]["web"]["address"] = f"127.0.0.1:{ca.http_port}"
        edge.static["entryPoints"]["websecure"]["address"] = f"127.0.0.1:{ca.https_port}"
        edge.start()
        made = Ordering(folder, ca, edge, port, variables | {"PROVIDER_TRAEFIK_API": f"default={edge.api}"})
        yield made


def put(client: httpx.Client, clock: Clock, ahead: timedelta) -> None:
    """Set the clock of a service, and wait until it goes by it."""
    clock.put(ahead)

    def is_put() -> bool:
        """Whether what was just done is dated so."""
        client.put("/domains/clock.test", json={"description": f"looked at {datetime.now(UTC)}"}).raise_for_status()
        made = client.get("/revisions", params={"limit": 1}).raise_for_status().json()["items"][0]
        return abs(datetime.fromisoformat(made["time"]) - datetime.now(UTC) - ahead) < timedelta(minutes=5)

    wait_until(is_put, "the service goes by its clock")


def choose(client: httpx.Client, directory: str) -> None:
    client.put("/acme", json={"directory": directory, "termsAccepted": True}).raise_for_status()


def serve(client: httpx.Client, name: str = "alvin.test") -> None:
    """Let a domain have a certificate, and a router to show it."""
    client.put("/services/app", json={}).raise_for_status()
    client.put(f"/domains/{name}", json={"tls": ACME}).raise_for_status()
    router = {"domains": [name], "service": "app"}
    client.put(f"/routers/{name.partition('.')[0]}", json=router).raise_for_status()


def issuance(client: httpx.Client, name: str = "alvin.test") -> Mapping[str, str]:
    found: Mapping[str, str] = client.get(f"/domains/{name}").raise_for_status().json()["issuance"]
    return found


def revoke(ca: Pebble, url: str) -> None:
    """Revoke the certificate in the document of a service, with its key."""
    (pair,) = fetch(f"{url}/traefik/configuration").json()["tls"]["certificates"]
    key = JWKEC(key=serialization.load_pem_private_key(pair["keyFile"].encode(), None))
    network = ClientNetwork(key, alg=ES256)
    network.verify_ssl = str(ca.ca_file)  # type: ignore[assignment]  # requests takes a path, too
    client = ClientV2(ClientV2.get_directory(ca.directory, network), network)
    client.revoke(x509.load_pem_x509_certificate(pair["certFile"].encode()), 0)


def refuse_replacements(_path: str, said: Any, ask: Asking) -> Answer:
    if isinstance(said, dict) and "replaces" in said:
        return problem(409, "alreadyReplaced", "the certificate has a replacement order")
    return ask()


def test_a_certificate_is_renewed_when_its_ca_says_so_and_at_once_if_it_was_revoked(
    migrated: Path, tmp_path: Path
) -> None:
    with (
        pebble.running(tmp_path / "ca", life_seconds=180) as ca,
        front(ca) as info,
        ordering(tmp_path, migrated, ca) as made,
    ):
        begin = datetime.now(UTC)
        info.window = lambda _serial: (begin + timedelta(seconds=20), begin + timedelta(seconds=21))
        with made.serving() as client:
            choose(client, info.directory)
            serve(client)
            wait_until(lambda: made.is_shown("alvin.test"), "there is a certificate")
            first = made.serial()
            wait_until(lambda: first in info.asked, "the CA was asked when to renew it")
            info.window = lambda serial: later() if serial != first else (begin, begin)
            wait_until(lambda: made.serial() != first, "it is renewed long before two thirds of its life")
            assert begin + timedelta(seconds=15) < datetime.now(UTC) < begin + timedelta(seconds=100)
            second = made.serial()
            wait_until(lambda: second in info.asked, "the CA was asked when to renew the next one")
            assert len(ca.issued()) == 2
            assert info.replaced == [None, first]  # what replaces another counts for no limit of the CA
            revoke(ca, f"http://127.0.0.1:{made.port}")
        assert made.serial() == second
        past = datetime.now(UTC) - timedelta(days=1)
        info.window = lambda serial: (past, past) if serial == second else later()
        info.answer = refuse_replacements
        with made.serving() as client:  # else it asks again in some hours, as the CA wants
            wait_until(lambda: made.serial() != second, "it is renewed at once")
            wait_until(lambda: issuance(client)["state"] == "held", "all is well")
            assert len(ca.issued()) == 3
            assert info.replaced[2:] == [None]  # it was ordered without, as the CA would not have it otherwise


@pytest.mark.parametrize("years", [1, -1])
def test_while_the_clock_is_wrong_nothing_is_ordered_and_what_there_is_stays(
    migrated: Path, tmp_path: Path, years: int
) -> None:
    clock = Clock(tmp_path)
    with (
        pebble.running(tmp_path / "ca", life_seconds=90 * 86_400, own_days=(-800, 800)) as ca,
        ordering(tmp_path, migrated, ca) as made,
        made.serving(**clock.variables) as client,
    ):
        choose(client, ca.directory)
        serve(client)
        wait_until(lambda: made.is_shown("alvin.test"), "there is a certificate")
        before = made.serial()
        put(client, clock, years * YEAR)
        serve(client, "more.test")
        wait_until(lambda: issuance(client, "more.test")["state"] == "waiting", "it was tried to order another one")
        told = "365 days ahead of" if years > 0 else "365 days behind"
        assert told in issuance(client, "more.test")["why"]
        client.patch("/domains/alvin.test", json={"description": "look again"}).raise_for_status()
        if years > 0:
            wait_until(lambda: issuance(client)["state"] == "waiting", "it was tried to renew it, too")
            assert told in issuance(client)["why"]
        assert (made.serial(), ca.orders()) == (before, 1)
        put(client, clock, timedelta(0))
        for name in ("alvin.test", "more.test"):
            client.patch(f"/domains/{name}", json={"description": "the clock is right"}).raise_for_status()
        wait_until(lambda: made.is_shown("more.test"), "what was wanted meanwhile is there")
        assert (made.serial(), ca.orders(), len(ca.issued())) == (before, 2, 2)
        assert issuance(client)["state"] == "held"


def test_a_ca_whose_own_certificate_is_out_of_date_by_a_wrong_clock_is_not_called_away_alone(
    migrated: Path, tmp_path: Path
) -> None:
    clock = Clock(tmp_path)
    with (
        pebble.running(tmp_path / "ca") as ca,
        ordering(tmp_path, migrated, ca) as made,
        made.serving(**clock.variables) as client,
    ):
        put(client, clock, YEAR)
        choose(client, ca.directory)
        serve(client)
        wait_until(lambda: issuance(client)["state"] == "waiting", "it was tried to order one")
        why = issuance(client)["why"]
        assert "certificate has expired" in why
        assert f"the clock here says {datetime.now(UTC).year + 1}-" in why
        put(client, clock, timedelta(0))
        client.post("/domains/alvin.test/retry").raise_for_status()
        wait_until(lambda: made.is_shown("alvin.test"), "there is a certificate")
        assert ca.orders() == 1
