"""What servers see of how Traefik connects to them, as their transport says."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.acting import Running, Servers, acting, acts, routed
from tests.e2e.test_service_options import certified
from tests.e2e.test_spiffe import ACK, PING, SETTINGS, frame, frames
from tests.running import wait_until


class Listener:
    """A server that keeps the protocol and the version of each handshake, and closes the connection.

    Without a context it keeps a plain connection open: after `answer`, which may be part of one.
    """

    def __init__(self, context: ssl.SSLContext | None = None, answer: bytes = b"") -> None:
        self.shaken: list[tuple[str | None, str | None]] = []
        self.clients: list[int] = []
        self._context = context
        self._answer = answer
        self._held: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, (_host, port) = self._socket.accept()
                self.clients.append(port)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._context is not None:
                with self._context.wrap_socket(connection, server_side=True) as spoken:
                    self.shaken.append((spoken.selected_alpn_protocol(), spoken.version()))
                return
            self._held.append(connection)
            while connection.recv(65_536):
                connection.sendall(self._answer)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for each in (self._socket, *self._held):
            each.close()


@pytest.fixture(scope="module")
def edge(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with acting(tmp_path_factory.mktemp("transports"), migrated, {"db": "tcp"}) as made:
        yield made


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as made:
        yield made


def listening(servers: Servers, *options: Any) -> Listener:
    made = Listener(*options)
    servers._stops.append(made.close)
    return made


def at(url: str, transport: str) -> dict[str, Any]:
    return {"servers": {"a": {"url": url}}, "serversTransport": transport}


@acts("http.serversTransports.*.{minVersion,maxVersion,disableHTTP2}")
def test_a_handshake_is_as_the_transport_says(edge: Running, servers: Servers) -> None:
    context, trust = certified("127.0.0.1")
    context.set_alpn_protocols(["h2", "http/1.1"])
    server = listening(servers, context)
    transports: dict[str, dict[str, Any]] = {
        "new": {},
        "old": {"maxVersion": "VersionTLS12"},
        "plain": {"disableHTTP2": True},
        "newest": {"minVersion": "VersionTLS13", "maxVersion": "VersionTLS13", "disableHTTP2": True},
    }
    services = {name: at(f"https://{server.address}", name) for name in transports}
    declared = {name: {"rootCAs": [trust], **more} for name, more in transports.items()}
    edge.apply({"serversTransports": declared, "services": services, "routers": routed(*services)})
    found = {}
    for name in services:
        before = len(server.shaken)
        edge.get(name)
        wait_until(lambda count=before: len(server.shaken) > count, "the server has shaken hands")  # type: ignore[misc]
        found[name] = server.shaken[-1]
    # Traefik 3.7.15 speaks HTTP/1.1 with a transport of its own that asks for nothing else.
    assert {name: version for name, (_protocol, version) in found.items()} == {
        "new": "TLSv1.3",
        "old": "TLSv1.2",
        "plain": "TLSv1.3",
        "newest": "TLSv1.3",
    }
    assert (found["new"][0], found["plain"][0] in {None, "http/1.1"}) == ("h2", True)


@acts("http.serversTransports.*.{maxIdleConnsPerHost,forwardingTimeouts.idleConnTimeout}")
def test_connections_are_kept_as_many_and_as_long_as_the_transport_says(edge: Running, servers: Servers) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    server = listening(servers, None, answer)
    transports: dict[str, dict[str, Any]] = {
        "kept": {},
        "closed": {"maxIdleConnsPerHost": -1},
        "short": {"forwardingTimeouts": {"idleConnTimeout": "1ms"}},
    }
    services = {name: at(f"http://{server.address}", name) for name in transports}
    edge.apply({"serversTransports": transports, "services": services, "routers": routed(*services)})
    counted = {}
    for name in ("kept", "closed"):
        before = len(server.clients)
        assert [edge.get(name).text for _ in range(4)] == ["ok"] * 4
        counted[name] = len(server.clients) - before
    assert counted == {"kept": 1, "closed": 4}
    before = len(server.clients)
    wait_until(
        lambda: edge.get("short").text == "ok" and len(server.clients) > before + 1, "a connection has been closed"
    )


@acts("http.serversTransports.*.forwardingTimeouts.{readTimeout,responseHeaderTimeout,dialTimeout}")
def test_nobody_is_waited_for_longer_than_the_transport_says(edge: Running, servers: Servers) -> None:
    halved = listening(servers, None, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
    silent = listening(servers, None, b"")
    full = socket.create_server(("127.0.0.1", 0), backlog=0)  # nobody accepts: further connections are not made
    waiting = [socket.socket() for _ in range(4)]
    for each in waiting:
        each.setblocking(False)
        each.connect_ex(full.getsockname())
    hasty = {
        "reading": {"readTimeout": "100ms"},
        "answering": {"responseHeaderTimeout": "100ms"},
        "connecting": {"dialTimeout": "100ms"},
    }
    services = {
        "reading": at(f"http://{halved.address}", "reading"),
        "answering": at(f"http://{silent.address}", "answering"),
        "connecting": at(f"http://127.0.0.1:{full.getsockname()[1]}", "connecting"),
    }
    transports = {name: {"forwardingTimeouts": timeouts} for name, timeouts in hasty.items()}
    edge.apply({"serversTransports": transports, "services": services, "routers": routed(*services)})
    try:
        assert edge.get("answering").status_code == 504
        assert edge.get("connecting").status_code in {502, 504}
        with pytest.raises(Exception, match=r"peer closed|incomplete|disconnected"):
            edge.get("reading")
    finally:
        for each in (*waiting, full):
            each.close()


@acts("tcp.services.*.loadBalancer.healthCheck.{send,interval}")
def test_a_tcp_server_is_sent_what_its_health_check_says(edge: Running, servers: Servers) -> None:
    server = listening(servers, None, b"pong")
    quick = {"interval": "100ms", "timeout": "50ms", "expect": "pong"}
    checks = {"asked": {**quick, "send": "ping"}, "unasked": quick}
    services = {
        name: {"loadBalancer": {"servers": [{"address": server.address}], "healthCheck": check}}
        for name, check in checks.items()
    }
    routers = {
        name: {"rule": f"HostSNI(`{name}.test`)", "service": name, "entryPoints": ["db"], "tls": {}} for name in checks
    }
    edge.apply({"tcpServices": services, "tcpRouters": routers})

    def status(name: str) -> set[str]:
        return set(edge.shown("tcp/services", name).get("serverStatus", {}).values())

    wait_until(lambda: status("unasked") == {"DOWN"}, "one that says nothing by itself is down")
    assert status("asked") == {"UP"}


class Pinged:
    """A server that speaks HTTP/2 by TLS, never answers a request, and answers pings or not. `pings` counts them."""

    def __init__(self, context: ssl.SSLContext, *, is_answering: bool) -> None:
        self.pings = 0
        self._context = context
        self._is_answering = is_answering
        context.set_alpn_protocols(["h2"])
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _address = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(plain, server_side=True) as connection:
            connection.sendall(frame(SETTINGS))
            for kind, flags, _stream, content in frames(connection):
                if kind == SETTINGS and not flags & ACK:
                    connection.sendall(frame(SETTINGS, flags=ACK))
                elif kind == PING and not flags & ACK:
                    self.pings += 1
                    if self._is_answering:
                        connection.sendall(frame(PING, content, flags=ACK))

    def close(self) -> None:
        self._socket.close()


@acts("http.serversTransports.*.forwardingTimeouts.{readIdleTimeout,pingTimeout}")
def test_a_server_that_says_nothing_is_pinged_and_given_up_if_it_does_not_answer(
    edge: Running, servers: Servers
) -> None:
    context, trust = certified("127.0.0.1")
    pinged = {name: Pinged(context, is_answering=name == "alive") for name in ("alive", "dead", "unasked")}
    servers._stops += [each.close for each in pinged.values()]
    pings = {"readIdleTimeout": "100ms", "pingTimeout": "100ms"}
    usual = {"rootCAs": [trust], "forwardingTimeouts": {"responseHeaderTimeout": "2s"}}
    asking = {"rootCAs": [trust], "forwardingTimeouts": {"responseHeaderTimeout": "2s", **pings}}
    transports = {"alive": asking, "dead": asking, "unasked": usual}
    services = {name: at(f"https://{each.address}", name) for name, each in pinged.items()}
    edge.apply({"serversTransports": transports, "services": services, "routers": routed(*services)})
    answers = {name: edge.get(name) for name in services}
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "alive": 504,
        "dead": 500,
        "unasked": 504,
    }
    # One ping goes with a request that is given up.
    assert pinged["alive"].pings > 3
    assert pinged["dead"].pings >= 1 >= pinged["unasked"].pings


@acts("http.serversTransports.*.forwardingTimeouts.writeTimeout")
def test_a_server_that_does_not_read_is_given_up(edge: Running, servers: Servers) -> None:
    deaf = socket.create_server(("127.0.0.1", 0))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    servers._stops.append(deaf.close)
    url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
    waits = {"hasty": {"writeTimeout": "200ms"}, "patient": {"writeTimeout": "2s"}}
    transports = {name: {"forwardingTimeouts": each} for name, each in waits.items()}
    services = {name: at(url, name) for name in waits}
    edge.apply({"serversTransports": transports, "services": services, "routers": routed(*services)})
    answers = {name: edge.get(name, method="POST", content=b"a" * 30_000_000) for name in waits}
    assert {answer.status_code for answer in answers.values()} <= {502, 504}
    assert answers["hasty"].elapsed.total_seconds() < 2 <= answers["patient"].elapsed.total_seconds()
