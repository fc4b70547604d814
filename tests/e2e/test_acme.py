"""Certificates that this service orders from a real CA for three real Traefiks, once for all of them."""

import base64
import itertools
import logging
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import connect
from typing import Any

import dns.message
import dns.query
import httpx
import pytest

from tests.e2e import pebble
from tests.e2e.acting import Recorder, Servers
from tests.e2e.edge import Place, place
from tests.e2e.front import Answer, Asking, front, problem
from tests.e2e.handshakes import names_of, shown
from tests.e2e.knot import knot
from tests.e2e.pebble import Pebble
from tests.running import (
    TOKEN,
    NamedServer,
    Service,
    cases,
    fetch,
    free_port,
    http_client,
    running_servers,
    running_service,
    service_process,
    wait_until,
)

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

    def run(self, *command: str) -> str:
        """Run a command, and return what it prints."""
        variables = os.environ | {"PROVIDER_URL": self.service.url, "PROVIDER_TOKEN": TOKEN}
        program = [sys.executable, "-m", "provider", *command]
        done = subprocess.run(program, env=variables, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def choose(self, **more: Any) -> httpx.Response:
        wanted = {"directory": self.ca.directory, "termsAccepted": True, **more}
        return self.client.put("/acme", json=wanted)

    def expose(self, domain: str, seconds: int = 60, **more: Any) -> httpx.Response:
        exposed = {"domain": domain, "servers": [{"url": self.server.url}], "tls": ACME, **more}
        return self.client.post("/expose", json=exposed, headers={"Prefer": f"wait={seconds}"})

    def conflicts(self, domain: str) -> list[str]:
        """What is told of a domain."""
        found = self.client.get("/conflicts", params={"object": f"domain/{domain}"}).raise_for_status().json()
        return [each["detail"] for each in found["items"] if each["conflict"] == "missing-certificate"]

    def issuance(self, domain: str) -> dict[str, Any]:
        """How the service is getting on with the certificate of a domain."""
        found: dict[str, Any] = self.client.get(f"/domains/{domain}").raise_for_status().json()["issuance"]
        return found

    def shown(self, domain: str) -> list[int]:
        """The serial numbers of the certificates that the edges show."""
        return [shown(domain, self.secure_port, address).serial_number for address in ADDRESSES]


@contextmanager
def edges(
    folder: Path, migrated: Path, ca: Pebble, addresses: Sequence[str] = ADDRESSES, **settings: Any
) -> Iterator[Edges]:
    """Run a service, and a Traefik on each address."""
    port, secure_port = free_port(), ca.https_port
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        places = [
            stack.enter_context(place(folder / f"edge{number}", url, f"edge=e{number}&wait=5"))
            for number in range(len(addresses))
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
        for each, address in zip(places, addresses, strict=True):
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


def test_one_order_gives_all_edges_the_same_certificate(
    three: Edges, ca: Pebble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    three.run("acme", "choose", ca.directory, "--contact", "admin@alvin.test", "--accept-terms")
    ca.points("alvin.test", *ADDRESSES)
    told = three.run("expose", "alvin.test", three.server.url, "--https", "--wait", "60")
    assert "alvin.test" in told
    assert len(set(three.shown("alvin.test"))) == 1
    assert names_of(shown("alvin.test", three.secure_port)) == ["alvin.test"]
    assert (ca.orders(), len(ca.issued())) == (1, 1)
    for address in ADDRESSES:
        url = f"http://{address}:{ca.http_port}/x"
        moved = httpx.get(url, headers={"Host": "alvin.test"})
        assert (moved.status_code, moved.headers["location"]) == (301, f"https://alvin.test:{three.secure_port}/x")
    accepted = three.client.get("/acme").json()
    assert (accepted["acceptedBy"], accepted["terms"]) == ("tests", "data:text/plain,Do%20what%20thou%20wilt")
    for secret in secrets_of(three):
        assert secret not in everything(three) + caplog.text


def secrets_of(edges: Edges) -> list[str]:
    """Return a line of each private key that the document has."""
    document = fetch(edges.service.url + "/traefik/configuration").json()
    found = [each["keyFile"].splitlines()[1] for each in document["tls"]["certificates"]]
    assert found
    return found


def everything(edges: Edges) -> str:
    """Return all that is told and kept, but the document."""
    paths = [
        *("/api/v1/export?secrets=true", "/api/v1/revisions/1/configuration", "/api/v1/audit", "/api/v1/acme"),
        *("/api/v1/domains/alvin.test", "/api/v1/edges/e0", "/readyz", "/metrics", "/domains/alvin.test", "/edges/e0"),
    ]
    told = [fetch(edges.service.url + path).raise_for_status().text for path in paths]
    with closing(connect(edges.service.database)) as database:
        return "\n".join([*told, *database.iterdump()])


@pytest.fixture
def one(migrated: Path, tmp_path: Path, ca: Pebble) -> Iterator[Edges]:
    with edges(tmp_path, migrated, ca, ["127.0.0.1"]) as made:
        yield made


def test_a_name_that_leads_elsewhere_is_not_ordered_and_it_is_said_where_it_leads(one: Edges, ca: Pebble) -> None:
    one.choose().raise_for_status()
    ca.points("alvin.test", "127.0.0.9")
    made = one.expose("alvin.test")
    assert made.status_code == 202
    (pending,) = made.json()["pending"]
    told = f"alvin.test points to 127.0.0.9, where nothing answers on port {ca.http_port}: Connection refused"
    assert pending["detail"] == told
    assert one.conflicts("alvin.test") == [f"domain alvin.test: {told}"]
    assert "alvin.test points to 127.0.0.9" in " ".join(httpx.get(f"{one.service.url}/readyz").json()["warnings"])
    assert ca.orders() == 0
    # Once DNS is mended, nobody has to do anything.
    ca.points("alvin.test", "127.0.0.1")
    wait_until(lambda: names_of(shown("alvin.test", one.secure_port)) == ["alvin.test"], "the certificate is shown")
    assert (ca.orders(), one.conflicts("alvin.test")) == (1, [])


def test_somebody_who_mended_what_was_wrong_lets_it_be_tried_at_once(one: Edges, ca: Pebble) -> None:
    one.choose().raise_for_status()
    ca.points("alvin.test", "127.0.0.9")
    one.expose("alvin.test").raise_for_status()
    for _time in range(4):  # each time it waits for twice as long
        tried = one.client.post("/domains/alvin.test/retry", headers={"Prefer": "wait=30"})
        assert tried.status_code == 202, tried.text
    waiting = one.issuance("alvin.test")
    assert (waiting["state"], waiting["failures"]) == ("waiting", 5)
    assert "alvin.test points to 127.0.0.9" in waiting["why"]
    assert 60 < (datetime.fromisoformat(waiting["next"]) - datetime.now(UTC)).total_seconds() <= 80
    assert "5 failed, next attempt in" in one.run("domain", "show", "alvin.test")
    page = fetch(f"{one.service.url}/domains/alvin.test").text
    assert "Next attempt:" in page
    ca.points("alvin.test", "127.0.0.1")
    assert "revision 1" in one.run("domain", "retry", "alvin.test", "--wait", "60")
    assert names_of(shown("alvin.test", one.secure_port)) == ["alvin.test"]
    held = one.issuance("alvin.test")
    assert (held["state"], held["failures"], held["why"], ca.orders()) == ("held", 0, None, 1)
    refused = one.client.post("/domains/alvin.test/retry")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "acme.held")
    entry = one.client.get("/audit", params={"action": "domain.retry"}).json()["items"][0]
    assert entry["words"] == "certificate for alvin.test tried again at once"


def test_who_asks_for_more_orders_than_a_ca_allows_is_told_until_when(
    migrated: Path, tmp_path: Path, ca: Pebble
) -> None:
    with edges(tmp_path, migrated, ca, ["127.0.0.1"], acme_unchecked=True) as made:
        made.choose().raise_for_status()
        ca.points("alvin.test", "127.0.0.9")
        made.expose("alvin.test").raise_for_status()
        for _time in range(4):
            made.client.post("/domains/alvin.test/retry", headers={"Prefer": "wait=30"}).raise_for_status()
        assert ca.orders() == 5
        refused = made.client.post("/domains/alvin.test/retry")
        assert (refused.status_code, refused.json()["title"]) == (429, "Too many attempts")
        assert "5 orders for it failed within an hour" in refused.json()["detail"]
        assert 3_000 < int(refused.headers["retry-after"]) <= 3_600
        # Not even a change of the domain makes one more, and what is told of the next attempt is true.
        made.client.patch("/domains/alvin.test", json={"description": "once more"}).raise_for_status()
        wait_until(lambda: made.issuance("alvin.test")["failures"] == 6, "it was counted before the CA was asked")
        assert ca.orders() == 5
        left = datetime.fromisoformat(made.issuance("alvin.test")["next"]) - datetime.now(UTC)
        assert left.total_seconds() > 3_000


def test_an_answer_that_is_not_ours_is_told_apart(one: Edges, ca: Pebble) -> None:
    one.choose().raise_for_status()
    with running_servers(NamedServer("somebody else", "127.0.0.8", ca.http_port)):
        ca.points("alvin.test", "127.0.0.1", "127.0.0.8")
        made = one.expose("alvin.test")
    (pending,) = made.json()["pending"]
    assert pending["detail"] == "alvin.test points to 127.0.0.8, where no edge of yours answers"
    assert ca.orders() == 0


def test_while_the_ca_is_away_what_there_is_stays_and_it_is_said_why_there_is_no_more(one: Edges, ca: Pebble) -> None:
    one.choose().raise_for_status()
    one.expose("alvin.test").raise_for_status()
    before = shown("alvin.test", one.secure_port).serial_number
    ca.stop()
    made = one.expose("more.test")
    assert made.status_code == 202
    assert "the CA localhost cannot be reached: Connection refused" in made.json()["pending"][0]["detail"]
    assert shown("alvin.test", one.secure_port).serial_number == before


def test_a_ca_that_lost_its_accounts_is_given_another_one(one: Edges, ca: Pebble) -> None:
    one.choose().raise_for_status()
    one.expose("alvin.test").raise_for_status()
    ca.stop()
    ca.start()  # it knows nothing any more
    one.expose("more.test", seconds=0)
    wait_until(lambda: "more.test" in one.client.get("/conflicts").text, "it is told that the account is gone")
    one.client.patch("/domains/more.test", json={"description": "once more"}).raise_for_status()
    wait_until(lambda: names_of(shown("more.test", one.secure_port)) == ["more.test"], "the certificate is shown")


def test_a_ca_that_does_not_answer_for_a_moment_finds_what_it_looks_for(one: Edges, ca: Pebble) -> None:
    lost: set[str] = set()
    heard: list[threading.Timer] = []

    def forgetful(path: str, _said: Any, ask: Asking) -> Answer:
        """Lose the first answer about each order, and look for a file only when that has happened."""
        step = path.split("/")[1]
        if step not in {"my-order", "chalZ", "finalize-order"} or path in lost:
            return ask()
        lost.add(path)
        if step == "chalZ":
            heard.append(threading.Timer(1.0, ask))
            heard[0].start()
        else:
            ask()
        return problem(503, "serverInternal", "come again")

    with front(ca) as between:
        between.answer = forgetful
        one.choose(directory=between.directory).raise_for_status()
        made = one.expose("alvin.test")
        heard[0].join(timeout=60)
    assert (made.status_code, made.headers.get("preference-applied")) == (201, "wait"), made.text
    assert (len(lost), ca.orders(), len(ca.issued())) == (3, 1, 1)


def test_an_entry_point_that_redirects_to_https_is_no_hindrance(one: Edges, ca: Pebble) -> None:
    (edge,) = one.places
    edge.kill()
    to = {"entryPoint": {"to": f":{one.secure_port}", "scheme": "https"}}
    edge.static["entryPoints"]["web"]["http"] = {"redirections": to}
    edge.start()
    one.choose().raise_for_status()
    asked = httpx.get(f"http://127.0.0.1:{ca.http_port}/.well-known/acme-challenge/x", headers={"Host": "alvin.test"})
    assert asked.headers["location"].startswith(f"https://alvin.test:{one.secure_port}/.well-known/")
    found = one.expose("alvin.test")
    assert (found.status_code, found.headers.get("preference-applied")) == (201, "wait"), found.text
    assert names_of(shown("alvin.test", one.secure_port)) == ["alvin.test"]
    assert (ca.orders(), len(ca.issued())) == (1, 1)


def test_a_certificate_is_renewed_in_time_and_no_request_fails(migrated: Path, tmp_path: Path) -> None:
    with (
        pebble.running(tmp_path / "short", life_seconds=45) as ca,
        edges(tmp_path, migrated, ca, ["127.0.0.1"]) as one,
    ):
        one.choose().raise_for_status()
        one.expose("alvin.test").raise_for_status()
        before = shown("alvin.test", one.secure_port)
        with asking(one.secure_port) as asked:
            wait_until(lambda: shown("alvin.test", one.secure_port) != before, "another one is shown")
            at = datetime.now(UTC)
        life = before.not_valid_after_utc - before.not_valid_before_utc
        assert before.not_valid_before_utc + life * 0.6 < at < before.not_valid_after_utc
        assert asked.failed == []
        assert asked.count > 1_000  # those of half a minute, on a machine that is busy with other things
        assert len(ca.issued()) == 2
        assert [each["number"] for each in one.client.get("/revisions").json()["items"]] == [1]


def test_a_certificate_of_another_ca_is_replaced(one: Edges, ca: Pebble, tmp_path: Path) -> None:
    one.choose().raise_for_status()
    one.expose("alvin.test").raise_for_status()
    before = shown("alvin.test", one.secure_port)
    with pebble.running(tmp_path / "other", http_port=ca.http_port) as other:
        ca.ca_file.write_text(f"{ca.ca_file.read_text()}\n{other.ca_file.read_text()}")
        one.choose(directory=other.directory).raise_for_status()
        wait_until(lambda: shown("alvin.test", one.secure_port) != before, "another one is shown")
        assert len(other.issued()) == 1


_A_SECOND = 100
_ASKERS = 16


@dataclass
class Asked:
    """How many requests were answered, in how many seconds, and what was wrong with the others."""

    count: int = 0
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)


@contextmanager
def asking(port: int) -> Iterator[Asked]:
    """Ask for an application over HTTPS a hundred times a second, each time on a new connection.

    When each begins is fixed beforehand: none is left out where others take long.
    """
    asked, over, turns = Asked(), threading.Event(), itertools.count()
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    begun = time.monotonic()

    def ask() -> None:
        while not over.wait(max(begun + next(turns) / _A_SECOND - time.monotonic(), 0)):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
                    found = ask_once(trusting.wrap_socket(plain, server_hostname="alvin.test"))
                if not found.endswith(b"\r\n\r\napp"):
                    asked.failed.append(found.decode(errors="replace"))
            except OSError as error:
                asked.failed.append(repr(error))
            asked.count += 1

    askers = [threading.Thread(target=ask, daemon=True) for _ in range(_ASKERS)]
    for asker in askers:
        asker.start()
    try:
        yield asked
    finally:
        asked.seconds = time.monotonic() - begun
        over.set()
        for asker in askers:
            asker.join(timeout=60)


def ask_once(connection: ssl.SSLSocket) -> bytes:
    """Ask, and return all that is answered."""
    with connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: alvin.test\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_process_that_is_killed_at_any_moment_neither_loses_nor_doubles_an_order(
    migrated: Path, tmp_path: Path, ca: Pebble
) -> None:
    shutil.copy(migrated, tmp_path / "provider.db")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {f"PROVIDER_{name.upper()}": str(value) for name, value in ca.settings.items()}
    variables |= {"PROVIDER_PORT": str(port), "PROVIDER_EDGE_URL": url}
    dice = random.Random(os.environ.get("SEED", "16"))
    names = [f"name{number}.test" for number in range(cases(3, 20))]
    with place(tmp_path / "edge", url, "edge=default&wait=5") as edge:
        edge.static["entryPoints"]["web"]["address"] = f"127.0.0.1:{ca.http_port}"
        edge.start()
        for name in names:
            with service_process(tmp_path, **variables) as (process, _url), http_client(f"{url}/api/v1") as client:
                client.put("/acme", json={"directory": ca.directory, "termsAccepted": True}).raise_for_status()
                client.put(f"/domains/{name}", json={"tls": ACME}).raise_for_status()
                threading.Event().wait(dice.uniform(0.0, 2.5))
                process.kill()
                process.wait(timeout=60)
        with service_process(tmp_path, **variables):
            wait_until(lambda: certified(tmp_path / "provider.db") == names, "all have their certificates", 300)
    assert len(ca.issued()) == len(names)
    with closing(connect(tmp_path / "provider.db")) as database:
        left = "SELECT count(*) FROM acme_order WHERE ended IS NULL OR key IS NOT NULL"
        assert database.execute(left).fetchone() == (0,)


def certified(path: Path) -> list[str]:
    with closing(connect(path)) as database:
        found = database.execute("SELECT name FROM issuance WHERE chain IS NOT NULL ORDER BY length(name), name")
        return [name for (name,) in found]


def test_a_wildcard_is_ordered_by_records_that_a_hook_sets(migrated: Path, tmp_path: Path, ca: Pebble) -> None:
    with edges(tmp_path, migrated, ca, ["127.0.0.1"], acme_dns_hook=pebble.hook(ca)) as made:
        made.choose().raise_for_status()
        found = made.expose("*.alvin.test")
        assert (found.status_code, found.headers.get("preference-applied")) == (201, "wait"), found.text
        assert names_of(shown("www.alvin.test", made.secure_port)) == ["*.alvin.test"]
        made.choose(challenge="dns-01").raise_for_status()
        ca.points("more.test", "127.0.0.9")  # DNS is all that counts
        made.expose("more.test").raise_for_status()
        assert names_of(shown("more.test", made.secure_port)) == ["more.test"]
        assert (ca.orders(), len(ca.issued())) == (2, 2)


def test_a_wildcard_is_ordered_by_records_at_a_dns_provider(migrated: Path, tmp_path: Path) -> None:
    with (
        knot(tmp_path / "dns", {"alvin.test": ""}) as server,
        pebble.running(tmp_path / "ca", dns_server=f"{server.address}:53") as ca,
        edges(tmp_path, migrated, ca, ["127.0.0.1"]) as made,
    ):
        made.choose(dns={"provider": "ddns", "options": {"auth_token": server.token, "ddns_server": "127.0.0.1"}})
        (pending,) = made.expose("*.alvin.test").json()["pending"]
        assert pending["detail"].startswith("the DNS provider ddns: ")
        shown_again = made.choose(
            dns={"provider": "ddns", "options": {"auth_token": server.token, "ddns_server": server.address}}
        )
        assert server.token not in shown_again.text + pending["detail"]
        wait_until(lambda: names_of(shown("www.alvin.test", made.secure_port)) == ["*.alvin.test"], "it is shown")
        assert (ca.orders(), len(ca.issued())) == (1, 1)
        wait_until(lambda: not list_texts(server.address, "_acme-challenge.alvin.test"), "the record is taken away")


@pytest.mark.parametrize("names", [["alvin.test", "*.alvin.test"], ["*.alvin.test", "alvin.test"]])
def test_a_name_and_its_wildcard_take_turns_at_the_record_that_they_share(
    names: list[str], migrated: Path, tmp_path: Path, ca: Pebble
) -> None:
    told = tmp_path / "told"
    hook = pebble.hook(ca)
    hook.write_text(
        f"{hook.read_text()}"
        f'echo "$1 $3" >> {told}\n'
        f'[ "$1" != add ] || timeout 2 sh -c "until grep -q remove {told}; do sleep 0.1; done" || true\n'
    )
    with edges(tmp_path, migrated, ca, ["127.0.0.1"], acme_dns_hook=hook) as made:
        made.choose(challenge="dns-01").raise_for_status()
        for name in names:
            made.client.put(f"/domains/{name}", json={"tls": ACME}).raise_for_status()
        for name in names:
            wait_until(lambda name=name: made.issuance(name)["state"] == "held", f"{name} has its certificate")  # type: ignore[misc]
        assert (ca.orders(), len(ca.issued())) == (2, 2)
    first, first_again, second, second_again = (line.split() for line in told.read_text().splitlines())
    assert [first[0], first_again[0], second[0], second_again[0]] == ["add", "remove", "add", "remove"]
    assert (first[1], second[1]) == (first_again[1], second_again[1])


def list_texts(server: str, name: str) -> list[str]:
    answers = dns.query.udp(dns.message.make_query(name, "TXT"), server, timeout=10).answer
    return [str(record) for answer in answers for record in answer]


def test_a_hook_that_fails_is_quoted(migrated: Path, tmp_path: Path, ca: Pebble) -> None:
    hook = tmp_path / "hook"
    hook.write_text("#!/bin/sh\necho 'the zone is locked' >&2\nexit 3\n")
    hook.chmod(0o755)
    with edges(tmp_path, migrated, ca, ["127.0.0.1"], acme_dns_hook=hook) as made:
        made.choose().raise_for_status()
        (pending,) = made.expose("*.alvin.test").json()["pending"]
        assert pending["detail"] == f"the hook {hook} failed with status 3: the zone is locked"
        assert ca.issued() == []


def test_a_wildcard_without_anything_that_sets_records_is_not_ordered(one: Edges, ca: Pebble) -> None:
    one.choose().raise_for_status()
    (pending,) = one.expose("*.alvin.test").json()["pending"]
    assert "requires a TXT record of *.alvin.test in DNS, but nothing here is set up" in pending["detail"]
    assert ca.orders() == 0


def test_a_ca_that_wants_an_external_account_gets_its_credentials(migrated: Path, tmp_path: Path) -> None:
    key, other = (base64.urlsafe_b64encode(bytes(range(at, at + 64))).decode().rstrip("=") for at in (0, 64))
    with (
        pebble.running(tmp_path / "ca", bound={"kid-1": key, "kid-2": other}) as ca,
        edges(tmp_path, migrated, ca, ADDRESSES[:1]) as one,
    ):
        ca.points("alvin.test", ADDRESSES[0])
        one.choose().raise_for_status()
        assert one.expose("alvin.test", seconds=5).status_code == 202
        wait_until(lambda: any("external account" in told for told in one.conflicts("alvin.test")), "it is told")
        assert ca.orders() == 0
        chosen = one.choose(eab={"kid": "kid-1", "key": key}).raise_for_status()
        assert key not in chosen.text
        wait_until(lambda: len(ca.issued()) == 1, "there is a certificate")
        wait_until(lambda: names_of(shown("alvin.test", one.secure_port)) == ["alvin.test"], "the edge shows it")
        before = one.client.get("/acme").json()["account"]
        one.choose(eab={"kid": "kid-2", "key": other}).raise_for_status()
        ca.points("more.test", ADDRESSES[0])
        one.expose("more.test").raise_for_status()
        assert len(ca.issued()) == 2
        assert one.client.get("/acme").json()["account"] not in {None, before}
