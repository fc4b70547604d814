"""A load of requests on kept-alive connections, light enough that the server is what is measured."""

import selectors
import socket
import time
from urllib.parse import urlsplit

from tests.running import AUTHORIZED


def requests_per_second(url: str, seconds: float, connections: int = 8) -> float:
    """Ask for a URL over and over on several connections. Every answer has to be 200 and of one length."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    # Whoever is asked gets the token, whether they look at it or not: all read the same bytes.
    head = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: {AUTHORIZED['Authorization']}\r\n\r\n"
    request = head.encode()
    length = _length_of_answer(parts.hostname or "", parts.port or 80, request)
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        connection = socket.create_connection((parts.hostname or "", parts.port or 80))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        selector.register(connection, selectors.EVENT_READ, [0])
    buffer = bytearray(4 * 1024 * 1024)
    count, start = 0, time.perf_counter()
    while (now := time.perf_counter()) - start < seconds:
        for key, _events in selector.select(timeout=1):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            received = sock.recv_into(buffer)
            assert received, "the server closed the connection"
            key.data[0] += received
            if key.data[0] == length:
                key.data[0] = 0
                count += 1
                sock.sendall(request)
    for key in list(selector.get_map().values()):
        assert isinstance(key.fileobj, socket.socket)
        key.fileobj.close()
    return count / (now - start)


def _length_of_answer(host: str, port: int, request: bytes) -> int:
    with socket.create_connection((host, port)) as connection:
        connection.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head = received.partition(b"\r\n\r\n")[0]
        assert head.startswith(b"HTTP/1.1 200"), head
        lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        return len(head) + 4 + int(lengths[0])
