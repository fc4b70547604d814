"""A server in front of pebble, for what that lacks or never does, such as renewal information (RFC 9773)."""

import json
import ssl
import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import httpx

from tests.e2e.pebble import Pebble

Window = tuple[datetime, datetime]
Answer = tuple[int, Mapping[str, str], bytes]
Asking = Callable[[], Answer]

_KEPT = ("content-type", "link", "location", "replay-nonce", "retry-after")
_PROBLEM = "urn:ietf:params:acme:error:"


def later() -> Window:
    """A window that is far away."""
    begin = datetime.now(UTC) + timedelta(days=1)
    return begin, begin + timedelta(days=1)


def is_to_be_repeated(content: bytes) -> bool:
    """Tell whether the CA refused a request only for its nonce, as pebble does now and then: it is sent again."""
    return b":badNonce" in content


def problem(status: int, kind: str, detail: str, **headers: str) -> Answer:
    """What a CA answers that refuses something."""
    content = json.dumps({"type": _PROBLEM + kind, "detail": detail, "status": status}).encode()
    return status, {"Content-Type": "application/problem+json", **headers}, content


def passed_on(_path: str, _said: Any, ask: Asking) -> Answer:
    """What the CA itself answers."""
    return ask()


@dataclass
class Front:
    """Its directory has `renewalInfo`, where each certificate is answered by its serial number.

    All else is asked of the CA by `answer`, which is given the path, what was said and how to ask.
    """

    directory: str
    window: Callable[[int], Window] = field(default=lambda _serial: later())
    asked: list[int] = field(default_factory=list)
    replaced: list[int | None] = field(default_factory=list)
    """The serial number of what each order replaces."""

    answer: Callable[[str, Any, Asking], Answer] = passed_on


def _number(identifier: str | None) -> int | None:
    if identifier is None:
        return None
    serial = identifier.partition(".")[2]
    return int.from_bytes(urlsafe_b64decode(serial + "=" * (-len(serial) % 4)))


def _said(content: bytes) -> Any:
    """What was signed: the body of a request to a CA is a JWS."""
    payload = json.loads(content)["payload"] if content else ""
    return json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) if payload else None


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(b"")

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, content: bytes) -> None:
        server = cast("_Server", self.server)
        if self.path.startswith("/renewal-info/"):
            status, headers, found = server.advise(self.path.rpartition("/")[2])
        else:
            status, headers, found = server.front.answer(self.path, _said(content), lambda: server.ask(self, content))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(found)

    def log_message(self, *_arguments: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def __init__(self, ca: Pebble) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ca = ca
        self.trusting = ssl.create_default_context(cafile=ca.ca_file)
        speaking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        speaking.load_cert_chain(ca.folder / "own.pem", ca.folder / "own.key")
        self.socket = speaking.wrap_socket(self.socket, server_side=True)
        self.url = f"https://localhost:{self.server_port}"
        self.front = Front(f"{self.url}/dir")

    def ask(self, asked: _Handler, content: bytes) -> Answer:
        """Ask the CA the same, which makes its URLs of the host that it is asked by: they lead here."""
        headers = {name: asked.headers[name] for name in ("Host", "Content-Type") if asked.headers[name]}
        url = f"https://localhost:{self.ca.port}{asked.path}"
        options: dict[str, Any] = {"verify": self.trusting, "timeout": 60, "trust_env": False}
        answer = httpx.request(asked.command, url, content=content, headers=headers, **options)
        found = answer.content
        if asked.path == "/order-plz" and not is_to_be_repeated(answer.content):
            self.front.replaced.append(_number(_said(content).get("replaces")))
        if asked.path == "/dir":
            found = json.dumps(answer.json() | {"renewalInfo": f"{self.url}/renewal-info"}).encode()
        return answer.status_code, {name: answer.headers[name] for name in _KEPT if name in answer.headers}, found

    def advise(self, identifier: str) -> Answer:
        number = _number(identifier)
        assert number is not None
        self.front.asked.append(number)
        begin, end = self.front.window(number)
        window = {"start": begin.isoformat(), "end": end.isoformat()}
        return 200, {"Content-Type": "application/json"}, json.dumps({"suggestedWindow": window}).encode()


@contextmanager
def front(ca: Pebble) -> Iterator[Front]:
    """Serve in place of a CA."""
    server = _Server(ca)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.front
    finally:
        server.shutdown()
        server.server_close()
