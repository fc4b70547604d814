"""A service that has a state of a test's own, a Traefik with more entry points that runs it, and servers behind it."""

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import httpx

from tests.e2e.edge import Place, place, wait_for_state
from tests.running import Service, Traefik, fetch, free_port, http_client, running_service, wait_until

Declared = dict[str, Any]
Test = TypeVar("Test", bound=Callable[..., Any])

ACTED: Final[dict[str, list[str]]] = {}
"""The tests in which each of Traefik's fields acts, by its path."""

_SEVERAL: Final = re.compile(r"(.*?)\{([^{}]*)\}(.*)")


def acts(*paths: str) -> Callable[[Test], Test]:
    """Mark a test in which fields act on real requests, by their paths; `{a,b}` stands for several."""

    def mark(test: Test) -> Test:
        for path in paths:
            for each in _spread(path):
                ACTED.setdefault(each, []).append(test.__name__)
        return test

    return mark


def _spread(path: str) -> Iterator[str]:
    found = _SEVERAL.fullmatch(path)
    if found is None:
        yield path
        return
    before, several, after = found.groups()
    for each in several.split(","):
        yield from _spread(f"{before}{each}{after}")


@dataclass(frozen=True)
class Asked:
    """A request as a server got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Recorder(ThreadingHTTPServer):
    """A server that keeps what it was asked, and answers with its name; with TLS, where it has a context for that.

    `statuses` are those of some paths: a redirect leads to `/elsewhere`.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, name: str, context: ssl.SSLContext | None = None, **statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name = name
        self.scheme = "http"
        self.statuses = {f"/{path}": status for path, status in statuses.items()}
        self.asked: list[Asked] = []
        self.go = threading.Event()
        """Until when an answer to `/halved` stops in its middle, and one to `…/slow` does not begin."""

        self.contents: dict[str, bytes] = {}
        self.headers: dict[str, dict[str, str]] = {}
        """What is answered for some paths in place of the name, and headers besides."""
        if context is not None:
            self.scheme = "https"
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that break: some tests let them."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Recorder)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = b"".join(self._chunks()) or self.rfile.read(int(headers.get("content-length", "0")))
        server.asked.append(Asked(self.command, self.path, headers, body))
        if self.path.endswith("/slow"):
            server.go.wait(60)
        status = server.statuses.get(self.path, 200)
        content = b"" if status == 204 else server.contents.get(self.path, server.name.encode())
        self.send_response(status)
        for name, value in server.headers.get(self.path, {"Location": "/elsewhere"} if status == 302 else {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.path == "/halved":
            self.wfile.write(content[:1])
            self.wfile.flush()
            server.go.wait(60)
            content = content[1:]
        self.wfile.write(content)

    def _chunks(self) -> Iterator[bytes]:
        """Give the parts of a body of which nobody knows the length."""
        size = 1 if self.headers.get("Transfer-Encoding") == "chunked" else 0
        while size:
            size = int(self.rfile.readline(), 16)
            yield self.rfile.read(size)
            self.rfile.readline()

    def do_POST(self) -> None:
        self.do_GET()

    def do_OPTIONS(self) -> None:
        self.do_GET()

    def log_message(self, *_arguments: Any) -> None:
        pass


class Speaker:
    """A server of TCP: it says its name, then repeats what it is sent. `begun` are the first lines that it was sent.

    With `is_proxied` it reads a line before it says anything: that of the PROXY protocol.
    """

    def __init__(
        self, name: str, context: ssl.SSLContext | None = None, *, is_proxied: bool = False, port: int = 0
    ) -> None:
        self.name = name
        self.begun: list[bytes] = []
        self._context = context
        self._is_proxied = is_proxied
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            if self._is_proxied:
                self.begun.append(_line(plain))
            spoken = plain if self._context is None else self._context.wrap_socket(plain, server_side=True)
            with spoken:
                spoken.sendall(f"{self.name}\n".encode())
                while received := spoken.recv(4096):
                    spoken.sendall(received)
        except OSError:
            plain.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed before
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()


class Packets:
    """A server of UDP: it answers each packet with its name and the packet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        self._socket.settimeout(0.1)
        while not self._over.is_set():
            try:
                packet, sender = self._socket.recvfrom(4096)
                self._socket.sendto(f"{self.name}:".encode() + packet, sender)
            except TimeoutError:
                continue
        self._socket.close()

    def close(self) -> None:
        self._over.set()


def _line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (more := connection.recv(1)):
        line += more
    return line


@dataclass
class Running:
    """A Traefik that runs a service's state. `points` are the ports of its further entry points, by name."""

    service: Service
    client: httpx.Client
    traefik: Traefik
    place: Place
    points: Mapping[str, int] = field(default_factory=dict)

    def apply(self, declared: Declared, state: str = "live") -> None:
        """Let the service have this and nothing else, and wait until Traefik runs it."""
        answer = self.client.post("/apply", json=declared, params={"prune": True})
        if answer.status_code == 409:
            confirmed = {"prune": True, "confirm": answer.json()["confirm"]}
            answer = self.client.post("/apply", json=declared, params=confirmed)
        assert answer.is_success, answer.text
        self.traefik.wait_for(self.service)
        wait_for_state(self.service.url, state)

    def get(self, name: str, path: str = "/", client: str = "127.0.0.1", **options: Any) -> httpx.Response:
        """Ask the router of a name, `NAME.test`."""
        transport = httpx.HTTPTransport(local_address=client)
        with httpx.Client(transport=transport, trust_env=False, timeout=60) as asking:
            method, headers = options.pop("method", "GET"), {"Host": f"{name}.test", **options.pop("headers", {})}
            return asking.request(method, self.traefik.web + path, headers=headers, **options)

    def shown(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object as Traefik's API has it; `kind` is such as `tcp/services`."""
        found: dict[str, Any] = fetch(f"{self.traefik.api}/api/{kind}/{name}@http").raise_for_status().json()
        return found

    def statuses(self, name: str) -> dict[str, str]:
        """Return which servers of a service are up."""
        return dict(self.shown("http/services", name).get("serverStatus", {}))

    def wait_for_down(self, name: str) -> None:
        """Wait until a service has a server that is down."""
        wait_until(lambda: "DOWN" in self.statuses(name).values(), f"a server of {name} is down")


def routed(*names: str, **more: Any) -> Declared:
    """Declare a router `NAME.test` to each service of these names, on the plain entry point also with TLS."""
    usual = {"entryPoints": ["web"], **more}
    return {name: {"rule": f"Host(`{name}.test`)", "service": name, **usual} for name in names}


def pool(*servers: Recorder, **options: Any) -> Declared:
    """Declare a service of these servers."""
    return {"servers": {server.name: {"url": server.url} for server in servers}, **options}


@contextmanager
def acting(
    folder: Path,
    migrated: Path,
    points: Mapping[str, str] | None = None,
    adapt: Callable[[dict[str, Any]], None] = lambda _static: None,
    **settings: Any,
) -> Iterator[Running]:
    """Run a Traefik and a service; `points` are further entry points with their protocols."""
    port = free_port()
    ports = {name: free_port() for name in points or {}}
    with (
        place(folder / "edge", f"http://127.0.0.1:{port}", "edge=default&wait=2") as made,
        running_service(folder, migrated, port=port, traefik_api=made.api, coalesce_ms=20, **settings) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        for name, protocol in (points or {}).items():
            made.static["entryPoints"][name] = {"address": f"127.0.0.1:{ports[name]}/{protocol}"}
        made.static["providers"]["providersThrottleDuration"] = "10ms"
        adapt(made.static)
        yield Running(service, client, made.start(), made, ports)


class Servers:
    """Servers that are made by and by, and all stopped in the end."""

    def __init__(self) -> None:
        self._stops: list[Callable[[], object]] = []

    def http(self, *names: str, **options: Any) -> Sequence[Recorder]:
        made = [Recorder(name, **options) for name in names]
        for server in made:
            self._stops += [server.go.set, server.shutdown, server.server_close]
        return made

    def tcp(self, *names: str, **options: Any) -> Sequence[Speaker]:
        made = [Speaker(name, **options) for name in names]
        self._stops += [server.close for server in made]
        return made

    def udp(self, *names: str) -> Sequence[Packets]:
        made = [Packets(name) for name in names]
        self._stops += [server.close for server in made]
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for stop in self._stops:
            stop()
