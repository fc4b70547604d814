"""Servers that are known by SPIFFE identities: Traefik takes its own from a Workload API, and checks theirs.

The Workload API is one of the test's own: gRPC over a socket, with the one call that Traefik makes.
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import serialization

from tests.certs import Issued, issue
from tests.e2e.acting import Recorder, Running, Servers, acting, acts, pool, routed

DOMAIN: Final = "spiffe://alvin.xyz"
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
ACK, END_HEADERS = 1, 4
GRPC: Final = b"\x88\x5f\x10application/grpc"
"""Status 200 and the media type, as HPACK writes them."""


def frame(kind: int, content: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return struct.pack(">I", len(content))[1:] + struct.pack(">BBI", kind, flags, stream) + content


def frames(connection: socket.socket) -> Iterator[tuple[int, int, int, bytes]]:
    """Give the frames of HTTP/2 that come: kind, flags, stream and content."""
    received = connection.makefile("rb")
    received.read(len(PREFACE))
    while len(head := received.read(9)) == 9:
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        yield kind, flags, stream, received.read(int.from_bytes(head[:3], "big"))


def message(number: int, content: bytes) -> bytes:
    """Write a field of Protocol Buffers: its number, its length and its content."""
    length, size = b"", len(content)
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def der(issued: Issued) -> bytes:
    return issued.certificate.public_bytes(serialization.Encoding.DER)


class WorkloadAPI:
    """Tells who Traefik is, and whom it may trust."""

    def __init__(self, path: Path, own: Issued, ca: Issued) -> None:
        pkcs8 = serialization.PrivateFormat.PKCS8
        key = own.private.private_bytes(serialization.Encoding.DER, pkcs8, serialization.NoEncryption())
        told = message(1, f"{DOMAIN}/traefik".encode()) + message(2, der(own)) + message(3, key) + message(4, der(ca))
        answer = message(1, told)
        self._answer = b"\x00" + struct.pack(">I", len(answer)) + answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(frame(SETTINGS))
            for kind, flags, stream, content in frames(connection):
                if kind == SETTINGS and not flags & ACK:
                    connection.sendall(frame(SETTINGS, flags=ACK))
                elif kind == PING and not flags & ACK:
                    connection.sendall(frame(PING, content, flags=ACK))
                elif kind == HEADERS:
                    connection.sendall(frame(HEADERS, GRPC, END_HEADERS, stream))
                    connection.sendall(frame(DATA, self._answer, stream=stream))

    def close(self) -> None:
        self._listener.close()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Recorder, Issued]]:
    """Give a server with an identity, and the CA of all."""
    folder, ca = tmp_path_factory.mktemp("served"), issue(DOMAIN, is_ca=True)
    own = issue(f"{DOMAIN}/app", by=ca)
    (folder / "own.pem").write_text(f"{own.key}\n{own.pem}\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    with Servers() as made:
        yield made.http("app", context=context)[0], ca


@pytest.fixture(scope="module")
def edge(
    servers: tuple[Recorder, Issued], migrated: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder, ca = tmp_path_factory.mktemp("spiffe"), servers[1]
    path = folder / "api.sock"
    api = WorkloadAPI(path, issue(f"{DOMAIN}/traefik", by=ca), ca)

    points = dict.fromkeys(("app", "other", "domain", "elsewhere"), "tcp")

    def adapt(static: dict[str, Any]) -> None:
        static["spiffe"] = {"workloadAPIAddr": f"unix://{path}"}

    with contextlib.closing(api), acting(folder, migrated, points, adapt) as made:
        yield made


def is_answered(port: int) -> bool:
    """Tell whether a request over an entry point of TCP is answered."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return connection.recv(100).startswith(b"HTTP/1.1 200")
    return False


@acts("http.serversTransports.*.spiffe.{ids,trustDomain}", "tcp.serversTransports.*.tls.spiffe.{ids,trustDomain}")
def test_a_server_with_another_identity_is_refused(edge: Running, servers: tuple[Recorder, Issued]) -> None:
    identities: dict[str, dict[str, Any]] = {
        "app": {"ids": [f"{DOMAIN}/other", f"{DOMAIN}/app"]},
        "other": {"ids": [f"{DOMAIN}/other"]},
        "domain": {"trustDomain": DOMAIN},
        "elsewhere": {"trustDomain": "spiffe://budi.xyz"},
    }
    address = [{"address": servers[0].url.removeprefix("https://"), "tls": True}]
    tcp = {name: {"loadBalancer": {"servers": address, "serversTransport": name}} for name in identities}
    services = {name: pool(servers[0], serversTransport=name) for name in identities}
    declared = {
        "serversTransports": {name: {"spiffe": each} for name, each in identities.items()},
        "tcpServersTransports": {name: {"tls": {"spiffe": each}} for name, each in identities.items()},
        "services": services,
        "tcpServices": tcp,
        "routers": routed(*services),
        "tcpRouters": {name: {"rule": "HostSNI(`*`)", "service": name, "entryPoints": [name]} for name in tcp},
    }
    edge.apply(declared)
    found = {name: edge.get(name).status_code for name in identities}
    assert found == {"app": 200, "other": 500, "domain": 200, "elsewhere": 500}
    assert {name for name in identities if is_answered(edge.points[name])} == {"app", "domain"}
