"""Attacks that need no credentials: heads, connections, pipelines."""

import contextlib
import socket
import time

from tests.benchmarks.target import Target, attack, send_for, status_of

MEGABYTE = 1024 * 1024


def _endless(target: Target, beginning: bytes, piece: bytes, seconds: float) -> str:
    with target.connect() as connection:
        connection.sendall(beginning)
        sent, answer = send_for(connection, piece, seconds)
    return f"{sent / MEGABYTE:.1f} MB taken, {status_of(answer)}"


@attack("endless head: one header")
def send_endless_header(target: Target, seconds: float) -> str:
    return _endless(target, b"GET /login HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"a" * 16384, seconds)


@attack("endless head: the path")
def send_endless_path(target: Target, seconds: float) -> str:
    return _endless(target, b"GET /", b"a" * 16384, seconds)


@attack("endless head: small headers")
def send_endless_headers(target: Target, seconds: float) -> str:
    return _endless(target, b"GET /login HTTP/1.1\r\nHost: localhost\r\n", b"a: b\r\n" * 2000, seconds)


@attack("endless trailers behind a body")
def send_endless_trailers(target: Target, seconds: float) -> str:
    beginning = b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    return _endless(target, beginning, b"a: b\r\n" * 2000, seconds)


def _answer(target: Target, request: bytes) -> str:
    with target.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(request)
        return status_of(connection.recv(65536))
    return "closed without an answer"


@attack("400 hosts of 1 MB")
def send_long_hosts(target: Target, seconds: float) -> str:
    deadline, count, last = time.monotonic() + seconds * 4, 0, ""
    while count < 400 and time.monotonic() < deadline:
        host = b"%d" % count + b"a" * MEGABYTE
        last = _answer(target, b"GET /login HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        count += 1
    return f"{count} sent, {last}"


@attack("cookies of 5 MB")
def send_long_cookies(target: Target, seconds: float) -> str:
    deadline, count, last = time.monotonic() + seconds, 0, ""
    cookie = b"a=b; " * MEGABYTE
    while time.monotonic() < deadline:
        head = b"GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: "
        last = _answer(target, head + cookie + b"\r\n\r\n")
        count += 1
    return f"{count} sent, {last}"


@attack("pipelined GETs that are never read")
def pipeline(target: Target, seconds: float) -> str:
    request = b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with target.connect() as connection:
        sent, _answer = send_for(connection, request * 200, seconds, reads=False)
    return f"{sent // len(request)} taken"


@attack("pipelined GETs of ten connections that are never read")
def pipeline_ten(target: Target, seconds: float) -> str:
    request = b"GET /static/console.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connections = [target.connect() for _ in range(10)]
    sent = 0
    for connection in connections:
        sent += send_for(connection, request * 200, seconds / 10, reads=False)[0]
        connection.close()
    return f"{sent // len(request)} taken"


def _hold(target: Target, beginning: bytes, seconds: float, count: int = 3000) -> str:
    """Open many connections that say no more than the beginning, and tell how many are still open in the end."""
    connections: list[socket.socket] = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            connection = target.connect()
            connections.append(connection)
            connection.sendall(beginning)
    time.sleep(max(seconds, 45))
    kept = 0
    for connection in connections:
        connection.setblocking(False)
        try:
            kept += connection.recv(65536) != b""
        except BlockingIOError:
            kept += 1
        except OSError:
            pass
        connection.close()
    return f"{kept} of {len(connections)} open after {max(seconds, 45):.0f} s"


@attack("3000 connections that send nothing")
def hold_silent(target: Target, seconds: float) -> str:
    return _hold(target, b"", seconds)


@attack("3000 connections with half a head")
def hold_half_a_head(target: Target, seconds: float) -> str:
    return _hold(target, b"GET /login HTTP/1.1\r\nHost: localhost\r\nX-A: ", seconds)


@attack("3000 connections with half a body")
def hold_half_a_body(target: Target, seconds: float) -> str:
    return _hold(target, b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nname=", seconds)


@attack("requests that are refused, as fast as they go")
def fill_the_log(target: Target, seconds: float) -> str:
    deadline, count = time.monotonic() + seconds, 0
    requests = [
        b"GET /nowhere HTTP/1.1\r\nHost: elsewhere\r\n\r\n",
        b"GET /api/v1/domains HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GARBAGE\r\n\r\n",
    ]
    while time.monotonic() < deadline:
        for request in requests:
            with target.connect() as connection, contextlib.suppress(OSError):
                connection.sendall(request)
                connection.recv(65536)
            count += 1
    return f"{count} requests"
