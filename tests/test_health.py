"""What health checks of containers run, and what systemd is told."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from provider import systemd
from tests.running import Service, free_port, running_service, service_process


def check(*arguments: str, **variables: str) -> tuple[int, str]:
    """Run a health check. Returns its exit status, and what it says on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "provider.health", *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr


def test_a_health_check_tells_by_its_exit_status_whether_the_service_works(service: Service) -> None:
    port = service.url.rpartition(":")[2]
    assert check(PROVIDER_PORT=port, PROVIDER_HOST="0.0.0.0") == (0, "")
    assert check("--ready", PROVIDER_PORT=port, PROVIDER_URL="http://elsewhere.test") == (0, "")
    nowhere = str(free_port())
    status, told = check(PROVIDER_PORT=nowhere)
    assert (status, told.startswith(f"the service at http://127.0.0.1:{nowhere} does not answer: ")) == (1, True)


def test_a_service_without_a_document_works_and_is_not_ready(tmp_path: Path) -> None:
    with running_service(tmp_path, None) as made:
        port = made.url.rpartition(":")[2]
        assert check(PROVIDER_PORT=port) == (0, "")
        status, told = check("--ready", PROVIDER_PORT=port)
    assert (status, f"the service at {made.url} answers 503: " in told) == (1, True)


def test_a_health_check_asks_over_tls_whoever_the_certificate_is_for(migrated: Path, tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("provider.example")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    port, certificate, key = free_port(), tmp_path / "cert.pem", tmp_path / "key.pem"
    with running_service(tmp_path, migrated, port=port, tls_certificate=certificate, tls_key=key):
        assert check(PROVIDER_PORT=str(port), PROVIDER_TLS_CERTIFICATE=str(certificate)) == (0, "")


@pytest.mark.parametrize("address", ["{folder}/notify", "@{folder}/notify"])
def test_systemd_is_told_when_the_service_is_ready_and_when_it_stops(
    migrated: Path, tmp_path: Path, address: str
) -> None:
    shutil.copy(migrated, tmp_path / "provider.db")
    named = address.format(folder=tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.settimeout(60)
        listening.bind(f"\0{named[1:]}" if named.startswith("@") else named)
        with service_process(tmp_path, NOTIFY_SOCKET=named):
            assert listening.recv(100) == b"READY=1"
        assert listening.recv(100) == b"STOPPING=1"


def test_nobody_is_told_where_nobody_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for address in ("", "nonsense", str(tmp_path / "missing"), "@" + "x" * 200):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        systemd.notify(systemd.READY)
