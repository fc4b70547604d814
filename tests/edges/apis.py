"""Servers that stand where a Traefik's API should be: some like it, some like nothing on earth."""

import contextlib
import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

Answer = Callable[[socket.socket, str], None]
"""Answers one request on a connection, given its path."""

LIKE_TRAEFIK: Mapping[str, object] = {
    "/api/version": {"Version": "3.7.15", "Codename": "langres", "startDate": "2026-01-01T12:00:00Z"},
    "/api/http/middlewares/provider.beacon@http": {
        "headers": {"customResponseHeaders": {"X-Config-Digest": "f8d11bf8ddb1"}},
        "status": "enabled",
        "name": "provider.beacon@http",
    },
    "/api/http/routers": [],
    "/api/http/services": [],
}


def send(connection: socket.socket, body: bytes, status: str = "200 OK", *headers: str) -> None:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode() + body)


def like_traefik(answers: Mapping[str, object] = LIKE_TRAEFIK) -> Answer:
    """Answer as Traefik does, with this for each path, and with 404 for all others."""

    def answer(connection: socket.socket, path: str) -> None:
        plain = path.partition("?")[0]
        if plain in answers:
            send(connection, json.dumps(answers[plain]).encode())
        else:
            send(connection, b"404 page not found\n", "404 Not Found")

    return answer


def always(body: bytes, status: str = "200 OK", *headers: str) -> Answer:
    return lambda connection, _path: send(connection, body, status, *headers)


def silent(connection: socket.socket, _path: str) -> None:
    """Never answer, until the other side has had enough."""
    with contextlib.suppress(OSError):
        connection.recv(1)


def endless(connection: socket.socket, _path: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"[" + b" " * 65535 + b"\r\n"
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(chunk)


def dripping(connection: socket.socket, _path: str) -> None:
    """Send a byte now and then, so that no single wait is long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    pause = threading.Event()
    with contextlib.suppress(OSError):
        while not pause.wait(0.1):
            connection.sendall(b" ")


def hanging_up(connection: socket.socket, _path: str) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def not_in_http(connection: socket.socket, _path: str) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")
    connection.shutdown(socket.SHUT_RDWR)


NONSENSE: Mapping[str, Answer] = {
    "html": always(b"<html><body>It works!</body></html>", "200 OK", "Content-Type: text/html"),
    "nothing-there": always(b"404 page not found\n", "404 Not Found"),
    "elsewhere": always(b"", "302 Found", "Location: http://127.0.0.1:1/"),
    "to-itself": always(b"", "302 Found", "Location: /api/version"),
    "locked": always(b"", "401 Unauthorized"),
    "broken": always(b"oops", "500 Internal Server Error"),
    "empty": always(b""),
    "no-content": always(b"", "204 No Content"),
    "null": always(b"null"),
    "number": always(b"17"),
    "wrong-types": always(b'{"Version":7,"startDate":null,"headers":[],"name":{}}'),
    "odd-start": like_traefik({**LIKE_TRAEFIK, "/api/version": {"Version": "3.7.15", "startDate": "yesterday"}}),
    "other-json": always(b'{"status":"ok"}'),
    "no-utf-8": always(b'{"Version":"\xff\xfe","startDate":"\xff"}'),
    "deep": always(b"[" * 1_000_000),
    "huge": always(b"[" + b" " * (40 * 1024 * 1024) + b"]"),
    "bomb": always(gzip.compress(b" " * (200 * 1024 * 1024)), "200 OK", "Content-Encoding: gzip"),
    "lying": always(b"{}", "200 OK", "Content-Encoding: gzip"),
    "no-http": not_in_http,
    "hanging-up": hanging_up,
    "silent": silent,
    "endless": endless,
    "dripping": dripping,
}


@contextmanager
def api(answer: Answer) -> Iterator[str]:
    """Run a server that answers so, and give its URL. It ends with all of its connections."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: set[socket.socket] = set()

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as lines:
            while first := lines.readline():
                while lines.readline().strip():
                    pass
                answer(connection, first.split()[1].decode())

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = listener.accept()
                connections.add(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
