"""A small Docker: the few calls of its API that Traefik's Docker provider makes, answered for containers of a test."""

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any, Final

_CALL: Final = re.compile(r"(?:/v[0-9.]+)?/(_ping|version|events|containers/json|containers/([^/]+)/json)(?:\?.*)?")
_VERSION: Final = {"Version": "27.0.0", "ApiVersion": "1.46", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"}


class Docker(ThreadingHTTPServer):
    """Answers for containers as `docker inspect` prints them; `replace` lets other ones run."""

    daemon_threads = True

    def __init__(self, containers: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.containers = containers
        self.events: Queue[bytes | None] = Queue()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.server_address[1]}"

    def replace(self, containers: Sequence[Mapping[str, Any]]) -> None:
        """Stop the containers and start others."""
        self.containers = containers
        event = {"Type": "container", "Action": "start", "Actor": {"ID": containers[0]["Id"]}}
        self.events.put(json.dumps(event).encode() + b"\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Docker

    def do_HEAD(self) -> None:
        self._answer("OK")

    def do_GET(self) -> None:
        call = _CALL.fullmatch(self.path)
        if call is None:
            self._answer({"message": "page not found"}, 404)
        elif call[1] == "_ping":
            self._answer("OK")
        elif call[1] == "version":
            self._answer(_VERSION)
        elif call[1] == "events":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while (event := self.server.events.get()) is not None:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                self.wfile.flush()
        elif call[1] == "containers/json":
            self._answer([{"Id": each["Id"], "Names": [each["Name"]]} for each in self.server.containers])
        else:
            self._answer(next(each for each in self.server.containers if each["Id"] == call[2]))

    def _answer(self, body: Any, status: int = 200) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Api-Version", _VERSION["ApiVersion"])
        self.send_header("Content-Type", "text/plain" if isinstance(body, str) else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Say nothing."""


@contextmanager
def docker(containers: Sequence[Mapping[str, Any]]) -> Iterator[Docker]:
    """Run a Docker that has these containers."""
    server = Docker(containers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.events.put(None)
        server.shutdown()
        server.server_close()
        thread.join()


def inspected(
    name: str,
    labels: Mapping[str, str],
    address: str,
    *,
    ports: Sequence[int] = (),
    networks: Sequence[str] = ("shop_default",),
    mode: str = "shop_default",
    status: str = "running",
    project: str = "shop",
) -> dict[str, Any]:
    """Return a container that Compose started, as `docker inspect` prints it."""
    own = {"com.docker.compose.project": project, "com.docker.compose.service": name}
    return {
        "Id": f"{name}-id",
        "Name": f"/{project}-{name}-1",
        "State": {"Status": status, "Running": status == "running"},
        "Config": {"Labels": {**labels, **own}},
        "HostConfig": {"NetworkMode": mode},
        "NetworkSettings": {
            "Ports": {f"{port}/tcp": None for port in ports},
            "Networks": {each: {"IPAddress": address, "NetworkID": each} for each in networks},
        },
    }
