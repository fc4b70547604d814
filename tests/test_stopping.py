"""Stopping while requests are half sent: whoever sent them is told, and the log has no traceback."""

import signal
import socket
from contextlib import ExitStack
from pathlib import Path

from tests.cli.running import variables
from tests.forking import Forked
from tests.running import AUTHORIZED, answers, free_port, wait_until

PATHS = ["/api/v1/domains", "/api/v1/apply", "/api/v1/expose", "/login"]
HEAD = (
    "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nContent-Type: {kind}\r\n"
    "Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
)


def half_sent(port: int, path: str) -> socket.socket:
    """Send half a body, to a service that has asked for it."""
    kind = "application/x-www-form-urlencoded" if path == "/login" else "application/json"
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(HEAD.format(path=path, token=AUTHORIZED["Authorization"], kind=kind).encode())
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    connection.sendall(b'{"name":' + b" " * 492)
    return connection


def test_half_sent_bodies_are_answered_at_a_stop_and_leave_no_traceback(migrated: Path, tmp_path: Path) -> None:
    (tmp_path / "provider.db").write_bytes(migrated.read_bytes())
    port, database = free_port(), f"sqlite:///{tmp_path / 'provider.db'}"
    environment = variables(PROVIDER_DATABASE_URL=database, PROVIDER_PORT=str(port))
    with (tmp_path / "log").open("wb") as log, ExitStack() as stack:
        process = Forked(["serve"], env=environment, cwd=tmp_path, stdout=log.fileno(), stderr=log.fileno())
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "the service is ready")
            connections = [stack.enter_context(half_sent(port, path)) for path in PATHS * 2]
            process.send_signal(signal.SIGTERM)
            for connection in connections:
                assert connection.recv(100).startswith(b"HTTP/1.1 503 ")
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(timeout=60)
    assert status in {0, -signal.SIGTERM}
    written = (tmp_path / "log").read_text()
    assert "Traceback" not in written
    assert "Exception in ASGI" not in written
