"""Sessions by TLS and behind a proxy: the cookie that only this host sets, and the address that is believed."""

import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from provider import tls
from provider.errors import SettingsError
from tests.cli.running import run_forked, variables
from tests.people import add_account, log_in, nobody, session_cookie, session_name
from tests.running import AUTHORIZED, Service, free_port, http_client, running_service, wait_until


@dataclass(frozen=True)
class Certified:
    """A service by TLS, and what trusts its certificate."""

    service: Service
    url: str
    trust: ssl.SSLContext

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.url, verify=self.trust, timeout=60) as client:
            yield client


@pytest.fixture(scope="module")
def certified(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certified]:
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for pem in issued.cert_chain_pems:
        pem.write_to_path(certificate, append=True)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    port = free_port()
    with running_service(folder, migrated, port=port, tls_certificate=certificate, tls_key=key) as made:
        add_account(made.database, "desk")
        yield Certified(made, f"https://localhost:{port}", trust)


def test_by_tls_the_cookie_is_this_hosts_alone(certified: Certified) -> None:
    with certified.browser() as client:
        name, value, attributes = session_cookie(log_in(client, "desk"))
        secure = f"__Host-{session_name(certified.url)}"
        assert name == secure
        assert attributes == {"httponly": "True", "path": "/", "samesite": "lax", "secure": "True"}
        assert client.get("/api/v1/audit").status_code == 200
        for other in ({secure: "x"}, {}):
            with certified.browser() as attacker:
                attacker.cookies.update(other | {"provider_session": value, session_name(certified.url): value})
                assert attacker.get("/api/v1/audit").status_code == 401, "set by whoever answers without TLS"
        ended = client.post("/logout").headers.get_list("set-cookie")
        assert any(header.startswith(f'{secure}="";') and "Secure" in header for header in ended)
        assert client.get("/api/v1/audit").status_code == 401


def test_by_tls_other_cookies_are_secure_too(certified: Certified) -> None:
    with certified.browser() as client:
        for name, value in (("language", "id"), ("theme", "dark")):
            header = client.post(f"/preferences/{name}", data={name: value}).headers["set-cookie"]
            assert "Secure" in header
            assert "HttpOnly" in header


def test_tokens_and_polls_work_by_tls(certified: Certified) -> None:
    with certified.browser() as client:
        for path in ("/api/v1/domains", "/traefik/configuration", "/metrics"):
            assert client.get(path, headers=AUTHORIZED).status_code == 200
            assert client.get(path).status_code == 401


def issue(folder: Path, authority: trustme.CA, **options: Any) -> None:
    """Put a certificate and its key into files, each in one step, as those do who renew them."""
    issued = authority.issue_cert("localhost", "127.0.0.1", **options)
    chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    for name, content in (("key.pem", issued.private_key_pem.bytes()), ("cert.pem", chain)):
        (folder / "new").write_bytes(content)
        (folder / "new").replace(folder / name)


def served_certificate(port: int, trust: ssl.SSLContext) -> bytes:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        trust.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


def test_a_certificate_that_was_renewed_is_served_and_its_end_is_told(migrated: Path, tmp_path: Path) -> None:
    authority, port, trust = trustme.CA(), free_port(), ssl.create_default_context()
    authority.configure_trust(trust)
    soon = datetime.now(UTC) + timedelta(days=3)
    issue(tmp_path, authority, not_after=soon, not_before=soon - timedelta(days=90))
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    with (
        running_service(tmp_path, migrated, port=port, tls_certificate=certificate, tls_key=key),
        httpx.Client(base_url=f"https://localhost:{port}", verify=trust, timeout=60, headers=AUTHORIZED) as client,
    ):

        def left_days() -> float:
            found = re.search(
                r"^provider_tls_certificate_left_seconds (\S+)$", client.get("/metrics").text, re.MULTILINE
            )
            assert found is not None
            return float(found[1]) / 86400

        def warnings() -> list[str]:
            return [text for text in client.get("/readyz").json()["warnings"] if "certificate" in text]

        first = served_certificate(port, trust)
        assert 2.9 < left_days() <= 3
        (told,) = warnings()
        assert told.startswith(f"the TLS certificate expires at {soon:%Y-%m-%dT%H:%M}")
        issue(tmp_path, authority)
        wait_until(lambda: served_certificate(port, trust) != first, "the renewed one is served")
        wait_until(lambda: not warnings(), "there is nothing to warn of")
        assert left_days() > 14
        second = served_certificate(port, trust)
        for content in ("", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
            certificate.write_text(content)
            wait_until(lambda: any("this certificate cannot be read;" in text for text in warnings()), "it is told")
            assert served_certificate(port, trust) == second, "the previous one is used"
        certificate.unlink()
        wait_until(lambda: any("cert.pem: No such file or directory;" in text for text in warnings()), "it is told")
        os.mkfifo(certificate)
        wait_until(lambda: any("is not a file" in text for text in warnings()), "nobody waits for who writes to it")
        assert served_certificate(port, trust) == second
        certificate.unlink()
        key.unlink()
        issue(tmp_path, authority)
        wait_until(lambda: not warnings() and served_certificate(port, trust) != second, "the next one is served")


def test_a_key_of_another_certificate_is_told_in_our_own_words(tmp_path: Path) -> None:
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    issue(tmp_path, trustme.CA())
    kept = files[0].read_text()
    issue(tmp_path, trustme.CA())
    files[0].write_text(kept)
    with pytest.raises(
        SettingsError, match=r"cert\.pem cannot be used .* this key does not belong to the certificate$"
    ):
        tls.OwnCertificate(*files).load()


@pytest.mark.parametrize("lost", ["cert.pem", "key.pem"])
def test_tls_files_that_cannot_be_used_are_told_in_one_line(migrated: Path, tmp_path: Path, lost: str) -> None:
    issue(tmp_path, trustme.CA())
    (tmp_path / lost).write_text("nothing")
    (tmp_path / "provider.db").write_bytes(migrated.read_bytes())
    files = {"PROVIDER_TLS_CERTIFICATE": str(tmp_path / "cert.pem"), "PROVIDER_TLS_KEY": str(tmp_path / "key.pem")}
    database = f"sqlite:///{tmp_path / 'provider.db'}"
    environment = variables(PROVIDER_DATABASE_URL=database, PROVIDER_PORT=str(free_port()), **files)
    assert "cannot be used with the key" in run_forked("serve", env=environment).error()


def test_the_end_of_any_certificate_is_read() -> None:
    for year in (1951, 1999, 2026, 2049, 2050, 2149):
        end = datetime(year, 11, 28, 12, 30, 59, tzinfo=UTC)
        issued = trustme.CA().issue_cert("a.test", not_before=end - timedelta(days=1), not_after=end)
        der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
        assert tls._read_times(der) == (end - timedelta(days=1), end)


def test_nothing_is_answered_without_tls_where_there_is_tls(certified: Certified) -> None:
    with pytest.raises(httpx.TransportError), nobody(certified.service) as client:
        client.get("/healthz")


def forwarded(address: str, scheme: str = "https") -> dict[str, str]:
    return {"X-Forwarded-For": address, "X-Forwarded-Proto": scheme}


def last_entry(service: Service, **wanted: str) -> dict[str, Any]:
    with http_client(service.url) as client:
        found = client.get("/api/v1/audit", params={"limit": 1, **wanted}).raise_for_status().json()["items"]
    entry: dict[str, Any] = found[0]
    return entry


@pytest.fixture(scope="module")
def proxied(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service behind a proxy at 127.0.0.9, or in 10.20.0.0/16."""
    folder = tmp_path_factory.mktemp("proxied")
    with running_service(folder, migrated, trusted_proxies="127.0.0.9, 10.20.0.0/16") as made:
        add_account(made.database, "desk")
        yield made


@contextmanager
def client_at(service: Service, address: str, **headers: str) -> Iterator[httpx.Client]:
    with nobody(service, transport=httpx.HTTPTransport(local_address=address)) as client:
        client.headers.update(headers)
        yield client


def test_what_a_trusted_proxy_says_is_believed(proxied: Service) -> None:
    with client_at(proxied, "127.0.0.9", **forwarded("203.0.113.7")) as client:
        name, value, attributes = session_cookie(log_in(client, "desk"))
        assert (name, attributes["secure"]) == (f"__Host-{session_name(proxied.url)}", "True")
        entry = last_entry(proxied, action="account.login")
        assert (entry["actor"], entry["address"]) == ("desk", "203.0.113.7")
        answer = client.put("/api/v1/domains/a.test", json={}, headers={"Cookie": f"{name}={value}"})
        assert answer.status_code == 201
        assert last_entry(proxied, action="state.change")["address"] == "203.0.113.7"


def test_of_several_addresses_the_last_that_is_no_proxy_of_ours_counts(proxied: Service) -> None:
    with client_at(proxied, "127.0.0.9", **forwarded("1.1.1.1, 203.0.113.8, 10.20.0.3")) as client:
        assert log_in(client, "desk").status_code == 303
        assert last_entry(proxied, action="account.login")["address"] == "203.0.113.8", "1.1.1.1 was sent by the client"


def test_what_anybody_else_says_is_not_believed(proxied: Service) -> None:
    with client_at(proxied, "127.0.0.10", **forwarded("203.0.113.7")) as client:
        name, _value, attributes = session_cookie(log_in(client, "desk"))
        assert (name, "secure" in attributes) == (session_name(proxied.url), False)
        assert last_entry(proxied, action="account.login")["address"] == "127.0.0.10"


def test_without_a_trusted_proxy_nobody_is_believed(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service:
        add_account(service.database, "desk")
        with client_at(service, "127.0.0.1", **forwarded("203.0.113.7")) as client:
            assert session_cookie(log_in(client, "desk"))[0] == session_name(service.url)
        assert last_entry(service, action="account.login")["address"] == "127.0.0.1"


def test_who_guesses_behind_a_proxy_is_slowed_and_nobody_else_there(proxied: Service) -> None:
    with client_at(proxied, "127.0.0.9") as client:
        for number in range(6):
            client.headers.update(forwarded("198.51.100.66"))
            status = log_in(client, f"guess-{number}", "wrong").status_code
        assert status == 429
        client.headers.update(forwarded("203.0.113.9"))
        assert log_in(client, "desk").status_code == 303


@pytest.mark.parametrize(
    "value",
    ["", "unknown", "_hidden", "x" * 4000, "203.0.113.7:4711", "[2001:db8::1]:80", "2001:db8::1", ",", ", ,", "\xff"],
)
def test_whatever_a_proxy_passes_on_is_no_fault(proxied: Service, value: str) -> None:
    with client_at(proxied, "127.0.0.9") as client:
        told = (b"X-Forwarded-For", value.encode("latin-1"))
        for scheme in (b"https", b"http", b"wss", b"gopher", b""):
            headers = [told, (b"X-Forwarded-Proto", scheme)]
            assert client.get("/readyz", headers=headers).status_code == 200
            assert client.get("/api/v1/domains", headers=headers).status_code == 401
        answer = client.post("/login", data={"name": "desk", "password": "wrong"}, headers=[told])
        assert answer.status_code in {401, 429}
    with http_client(proxied.url) as admin:
        assert admin.get("/api/v1/audit").status_code == 200
