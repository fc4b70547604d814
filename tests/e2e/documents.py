"""A Traefik that is given routers of a test's own, many at a time, and tells which of them takes a request.

Each router's name is told by a middleware that redirects to it, so that no server is needed behind them.
"""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from tests.e2e.edge import place
from tests.running import NamedServer, Traefik, compact, running_servers, wait_until


@dataclass(frozen=True)
class Route:
    """A router of a test: its rule, its priority if it is set, and where it listens."""

    rule: str
    priority: int | None = None
    entry_points: Sequence[str] = ("web",)


@dataclass(frozen=True)
class Sent:
    """A request as it goes over the wire; nothing of it is cleaned or checked on the way."""

    host: str | None
    target: str = "/"
    method: str = "GET"
    headers: Sequence[tuple[str, str]] = ()
    client: str = "127.0.0.1"

    def wire(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        if self.host is not None:
            lines.append(f"Host: {self.host}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


class _Documents(NamedServer):
    content = "{}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a Traefik that is killed does not wait for its poll."""

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        return 200, self.content


class Routing:
    """What a Traefik does with routers."""

    def __init__(self, documents: _Documents, traefik: Traefik) -> None:
        self._documents = documents
        self._traefik = traefik
        self._loaded = 0

    def load(self, routes: Mapping[str, Route]) -> dict[str, dict[str, Any]]:
        """Run these routers and no others. Returns them as Traefik's API shows them, by name."""
        self._loaded += 1
        digest = f"document-{self._loaded}"
        return self.run(compact(_document(routes, digest)), digest).objects("routers")

    def run(self, content: str, digest: str) -> Traefik:
        """Give the Traefik a document with this digest, and return it when it runs that."""
        self._documents.content = content
        self._traefik.wait_for_digest(digest)
        return self._traefik

    def refuses(self, content: str, digest: str) -> bool:
        """Give the Traefik a document with this digest, and tell whether it does not run that."""
        before = self._documents.count
        self._documents.content = content
        # What it was given with the first poll it has made up its mind about when it polls for the third time.
        wait_until(lambda: self._documents.count > before + 2, "Traefik has polled again")
        return self._traefik.digest() != digest

    def taken_by(self, sent: Sent, entry_point: str = "web") -> str | None:
        """Send a request. Returns the router that took it, "400" where Traefik refused it, or None."""
        url = self._traefik.web if entry_point == "web" else self._traefik.other
        host, _colon, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=60, source_address=(sent.client, 0)) as connection:
            connection.sendall(sent.wire())
            head = _head(connection)
        line, *lines = head.split("\r\n")
        status = line.split(" ")[1]
        if status in {"302", "307"}:
            (location,) = (line for line in lines if line.lower().startswith("location:"))
            return location.rpartition("/")[2]
        if status == "404":
            return None
        assert status == "400", (sent, head)
        return status


@contextmanager
def routing(
    folder: Path,
    more: Mapping[str, Any] | None = None,
    points: Mapping[str, Any] | None = None,
    program: Path | None = None,
) -> Iterator[Routing]:
    """Run a Traefik that has no routers yet; its static configuration has `more` besides, and further entry points.

    `program` is another one than that of the tests.
    """
    with running_servers(_Documents("documents")) as (documents,), place(folder, documents.url) as made:
        # Held polls are not needed here, and back-off after a document that was not there would take long.
        documents.content = compact(_document({}, "document-0"))
        made.static |= more or {}
        made.static["entryPoints"] |= points or {}
        made.program = program
        yield Routing(documents, made.start())


def _head(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        assert more, received
        received += more
    return received.partition(b"\r\n\r\n")[0].decode("latin-1")


def _document(routes: Mapping[str, Route], digest: str) -> dict[str, Any]:
    beacon = {"headers": {"customResponseHeaders": {"X-Config-Digest": digest}}}
    middlewares: dict[str, Any] = {"provider.beacon": beacon}
    routers: dict[str, Any] = {}
    for name, route in routes.items():
        middlewares[f"to-{name}"] = {"redirectRegex": {"regex": "(?s)^.*$", "replacement": f"/{name}"}}
        routers[name] = {
            "rule": route.rule,
            "entryPoints": list(route.entry_points),
            "service": "nobody",
            "middlewares": [f"to-{name}"],
        } | ({} if route.priority is None else {"priority": route.priority})
    nobody = {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:9"}]}}
    document: dict[str, Any] = {"middlewares": middlewares, "services": {"nobody": nobody}}
    return {"http": document | ({"routers": routers} if routers else {})}
