"""What pebble lacks yet: when certificates are to be renewed (RFC 9773), from a server in front of its directory."""

import json
import ssl
import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.e2e.pebble import Pebble

Window = tuple[datetime, datetime]


def later() -> Window:
    """A window that is far away."""
    begin = datetime.now(UTC) + timedelta(days=1)
    return begin, begin + timedelta(days=1)


@dataclass
class RenewalInfo:
    """A directory with `renewalInfo`, and what is answered there: to each certificate, by its serial number."""

    directory: str
    window: Callable[[int], Window] = field(default=lambda _serial: later())
    asked: list[int] = field(default_factory=list)


@contextmanager
def renewal_info(ca: Pebble) -> Iterator[RenewalInfo]:
    """Serve the directory of a CA with `renewalInfo`. All else that it names is the CA's own."""
    made = RenewalInfo("")
    trusting = ssl.create_default_context(cafile=ca.ca_file)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = found() if self.path == "/dir" else advice(self.path.rpartition("/")[2])
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    def found() -> dict[str, Any]:
        own: dict[str, Any] = httpx.get(ca.directory, verify=trusting, timeout=30).raise_for_status().json()
        return own | {"renewalInfo": f"{made.directory.removesuffix('/dir')}/renewal-info"}

    def advice(identifier: str) -> dict[str, Any]:
        serial = identifier.partition(".")[2]
        number = int.from_bytes(urlsafe_b64decode(serial + "=" * (-len(serial) % 4)))
        made.asked.append(number)
        begin, end = made.window(number)
        return {"suggestedWindow": {"start": begin.isoformat(), "end": end.isoformat()}}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    speaking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    speaking.load_cert_chain(ca.folder / "own.pem", ca.folder / "own.key")
    server.socket = speaking.wrap_socket(server.socket, server_side=True)
    made.directory = f"https://localhost:{server.server_port}/dir"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
