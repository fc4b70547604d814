"""What a client decides about its connection has bounds: how long a head is, how long it takes, what waits unread."""

import asyncio
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress

import pytest
from uvicorn.server import ServerState

from provider.api.browsers import Hosts
from provider.connections import BODY_SECONDS, HEAD_SECONDS, LINGER_SECONDS, UNREAD_SECONDS, BoundedProtocol
from provider.errors import Forbidden
from provider.guests import MOST_OF_A_STRANGER
from provider.logs import Sparing
from tests.running import DEADLINE_SECONDS, TOKEN, Service, fetch, wait_until

KIBIBYTE = 1024
BEGINNING = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
REQUEST = BEGINNING + b"\r\n"
POST = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
AUTHORIZATION = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

Connect = Callable[[], socket.socket]


@pytest.fixture
def connect(service: Service) -> Iterator[Connect]:
    with ExitStack() as stack:

        def connected() -> socket.socket:
            port = int(service.url.rpartition(":")[2])
            connection = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS)
            return stack.enter_context(closing(connection))

        yield connected


def read_all(connection: socket.socket) -> bytes:
    """Read until the other side ends it."""
    received = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            received += piece
    return received


def read_until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def protocol_of(service: Service, connection: socket.socket) -> BoundedProtocol:
    """Return the server's side of a connection."""
    own = connection.getsockname()

    def find() -> list[BoundedProtocol]:
        held: ServerState = service.server.server_state
        return [each for each in list(held.connections) if isinstance(each, BoundedProtocol) and each.client == own]

    return wait_until(find, "the server has taken the connection")[0]


def look_after(protocol: BoundedProtocol, seconds: float) -> None:
    """Let the server look after a connection as it will in so many seconds."""
    done = asyncio.run_coroutine_threadsafe(_look_after(protocol, seconds), protocol.loop)
    done.result(DEADLINE_SECONDS)


async def _look_after(protocol: BoundedProtocol, seconds: float) -> None:
    protocol.look_after(protocol.loop.time() + seconds)


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(65536) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    finally:
        connection.settimeout(DEADLINE_SECONDS)


ENDLESS = {
    "one field": (BEGINNING + b"X-A: ", b"a" * 4096, 431),
    "one name": (BEGINNING, b"a" * 4096, 431),
    "many fields": (BEGINNING, b"a: b\r\n" * 512, 431),
    "empty fields": (BEGINNING, b"a:\r\n" * 512, 431),
    "a path": (b"GET /", b"a" * 4096, 414),
    "a query": (b"GET /login?next=", b"a%20" * 1024, 414),
    "a method": (b"G", b"E" * 4096, 400),
    "trailers": (CHUNKED + b"0\r\n", b"a: b\r\n" * 512, 431),
    "one trailer": (CHUNKED + b"0\r\nX-A: ", b"a" * 4096, 431),
    "an extension of a chunk": (CHUNKED + b"1;", b"a" * 4096, 431),
    "lines before the request": (b"\r\n", b"\r\n" * 2048, 431),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_never_ends_is_refused(service: Service, connect: Connect, kind: str) -> None:
    beginning, piece, status = ENDLESS[kind]
    connection = connect()
    connection.sendall(beginning)
    with suppress(ConnectionError):
        for _ in range(128):
            connection.sendall(piece)
    answer = read_all(connection)
    # What stands behind a body may come when the request is answered already.
    assert answer.startswith(b"HTTP/1.1 %d " % status) or (beginning.startswith(CHUNKED) and answer)
    assert fetch(f"{service.url}/healthz").status_code == 200


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (b"X-A: " + b"a" * 60 * KIBIBYTE + b"\r\n", 200),
        (b"X-A: " + b"a" * 66 * KIBIBYTE + b"\r\n", 431),
        (b"a: b\r\n" * 99, 200),
        (b"a: b\r\n" * 100, 431),
        (b"Cookie: " + b"a=b; " * 12 * KIBIBYTE + b"\r\n", 200),
        (b"Cookie: " + b"a=b; " * 14 * KIBIBYTE + b"\r\n", 431),
    ],
)
def test_a_head_has_at_most_64_kib_and_100_fields(connect: Connect, fields: bytes, status: int) -> None:
    connection = connect()
    connection.sendall(BEGINNING + fields + b"\r\n")
    assert connection.recv(12) == b"HTTP/1.1 %d" % status


@pytest.mark.parametrize("method", ["FOO", "get", "GETX", "BREW-coffee", "ANNOUNCE", "X"])
def test_a_method_that_nobody_knows_is_told_by_its_name(connect: Connect, method: str) -> None:
    connection = connect()
    connection.sendall(method.encode() + BEGINNING.removeprefix(b"GET") + b"\r\n")
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 501 Not Implemented\r\n")
    found = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert found["detail"] == f"wayshub-provider does not know the method '{method}'"
    assert found["title"] == "The method is unknown"


@pytest.mark.parametrize("method", ["PROPFIND", "TRACE", "DELETE"])
def test_a_method_that_an_address_does_not_have_is_refused_with_those_that_it_has(
    connect: Connect, method: str
) -> None:
    connection = connect()
    connection.sendall(method.encode() + BEGINNING.removeprefix(b"GET") + AUTHORIZATION + b"Connection: close\r\n\r\n")
    answer = read_all(connection).lower()
    assert answer.startswith(b"http/1.1 405 ")
    assert b"\r\nallow: get, head, options\r\n" in answer


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01 /healthz HTTP/1.1\r\n\r\n", b"hello\r\n\r\n", b"G@T / HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_http_is_told_so(connect: Connect, sent: bytes) -> None:
    connection = connect()
    connection.sendall(sent)
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"this is not an HTTP request" in answer


def test_a_refusal_is_a_problem(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"GARBAGE\r\n\r\n")
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/problem+json" in answer
    assert b'"type":"urn:wayshub-provider:bad-request"' in answer


@pytest.mark.parametrize(
    "coding", ["gzip, chunked", "gzip\r\nTransfer-Encoding: chunked", "identity,chunked", "x, Chunked"]
)
def test_a_body_in_a_coding_that_nobody_undoes_is_refused(connect: Connect, coding: str) -> None:
    connection = connect()
    connection.sendall(CHUNKED.replace(b" chunked", b" " + coding.encode()) + b"0\r\n\r\n")
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 501 ")
    assert b"Transfer-Encoding" in answer


FRAMINGS = {
    "a length and chunks": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "no chunks in the end": b"Transfer-Encoding: chunked, gzip\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "a list of lengths": b"Content-Length: 5, 5\r\n",
    "a length with a sign": b"Content-Length: +5\r\n",
    "a folded line": b"X-A: b\r\n c\r\nContent-Length: 0\r\n",
    "space before the colon": b"Content-Length : 5\r\n",
    "another host": b"Host: elsewhere\r\nContent-Length: 0\r\n",
    "the same host": b"Host: localhost\r\nContent-Length: 0\r\n",
}


@pytest.mark.parametrize("kind", FRAMINGS)
def test_a_head_that_can_be_read_in_two_ways_is_refused(connect: Connect, kind: str) -> None:
    connection = connect()
    connection.sendall(POST + FRAMINGS[kind] + b"\r\n")
    assert connection.recv(12) == b"HTTP/1.1 400"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.0\r\n\r\n", 200),
        (b"GET http://localhost/login HTTP/1.1\r\nHost: elsewhere\r\n\r\n", 200),
        (b"GET http://elsewhere/login HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
    ],
)
def test_the_host_is_said_once_and_counts_where_the_target_names_it(
    connect: Connect, request_: bytes, status: int
) -> None:
    connection = connect()
    connection.sendall(request_)
    assert connection.recv(12) == b"HTTP/1.1 %d" % status


def test_fields_behind_a_body_change_nothing(connect: Connect) -> None:
    connection = connect()
    connection.sendall(CHUNKED.replace(b"/login", b"/api/v1/domains") + b"0\r\n" + AUTHORIZATION + b"\r\n")
    assert connection.recv(12) == b"HTTP/1.1 401"


def test_a_name_that_is_longer_than_names_are_is_not_remembered() -> None:
    hosts = Hosts(["localhost"])
    for index in range(400):
        with pytest.raises(Forbidden) as refused:
            hosts.check({"headers": [(b"host", b"%d." % index + b"a" * KIBIBYTE)]})
        assert len(str(refused.value.detail)) < KIBIBYTE
    assert not hosts._known


def test_requests_that_are_sent_at_once_are_answered_one_after_the_other(connect: Connect) -> None:
    connection = connect()
    connection.sendall(REQUEST * 299 + BEGINNING + b"Connection: close\r\n\r\n")
    assert read_all(connection).count(b"HTTP/1.1 200 ") == 300


def test_who_sends_requests_and_reads_no_answer_is_not_read_either(service: Service, connect: Connect) -> None:
    request = b"GET /static/console.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connection = connect()
    protocol = protocol_of(service, connection)
    connection.settimeout(0.5)
    sent = 0
    while not (protocol.flow.is_held and protocol.flow.write_paused):
        with suppress(TimeoutError):
            sent += connection.send(request * 100)
        assert sent < 64 * KIBIBYTE * KIBIBYTE, "the rest waits at the client"
    assert len(protocol.pipeline) <= 4096 // len(request) + 1
    assert len(protocol._unparsed) <= 256 * KIBIBYTE
    look_after(protocol, 1)
    look_after(protocol, UNREAD_SECONDS + 2)
    connection.settimeout(DEADLINE_SECONDS)
    read_all(connection)


@pytest.mark.parametrize(
    ("sent", "seconds", "answer"),
    [
        (b"", HEAD_SECONDS, b""),
        (b"\r\n", HEAD_SECONDS, b""),
        (b"GET /healthz HTTP/1.1\r\nHost: loc", HEAD_SECONDS, b"HTTP/1.1 408 "),
        (POST + b"Content-Length: 100\r\n\r\nname=", BODY_SECONDS, b"HTTP/1.1 408 "),
        (CHUNKED + b"5\r\nname=\r\n", BODY_SECONDS, b"HTTP/1.1 408 "),
    ],
)
def test_who_stops_in_the_middle_of_a_request_is_let_go(
    service: Service, connect: Connect, sent: bytes, seconds: float, answer: bytes
) -> None:
    connection = connect()
    connection.sendall(sent)
    protocol = protocol_of(service, connection)
    if answer:
        wait_until(lambda: protocol._has_begun, "the server has read what there is")
    look_after(protocol, seconds - 5)
    assert is_open(connection)
    look_after(protocol, seconds + 1)
    assert read_all(connection).startswith(answer)


def test_a_body_that_goes_on_has_its_time(service: Service, connect: Connect) -> None:
    connection = connect()
    connection.sendall(POST + b"Content-Length: 100000\r\n\r\n" + b"a" * 50_000)
    protocol = protocol_of(service, connection)
    wait_until(lambda: protocol._body_bytes == 50_000, "the server has read the half of it")
    look_after(protocol, BODY_SECONDS + 90)
    connection.sendall(b"a" * 50_000)
    assert connection.recv(9) == b"HTTP/1.1 "


def test_a_body_in_very_many_pieces_lets_others_have_their_turns(service: Service, connect: Connect) -> None:
    connection = connect()
    connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    protocol = protocol_of(service, connection)
    wait_until(lambda: protocol._body_bytes == 1, "the server has read its beginning")

    async def receive() -> int:
        protocol.data_received(b"1\r\na\r\n" * 40_000)
        return protocol._body_bytes

    taken = asyncio.run_coroutine_threadsafe(receive(), protocol.loop).result(DEADLINE_SECONDS)
    assert taken < 2_000
    wait_until(lambda: protocol._body_bytes == 40_001, "all of it is read")
    connection.sendall(b"0\r\n\r\n")
    assert connection.recv(9) == b"HTTP/1.1 "


def test_a_body_that_nobody_wants_is_not_waited_for(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"PUT /api/v1/domains/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
    start = time.monotonic()
    assert read_all(connection).startswith(b"HTTP/1.1 401 ")
    assert time.monotonic() - start >= LINGER_SECONDS / 2, "what is sent meanwhile is taken, so that the answer is read"


def test_a_poll_that_is_held_is_let_be(service: Service, connect: Connect) -> None:
    connection = connect()
    poll = BEGINNING.replace(b"/healthz", b"/traefik/configuration?edge=default&wait=50") + AUTHORIZATION + b"\r\n"
    connection.sendall(poll)
    read_until(connection, b'"http"')
    protocol = protocol_of(service, connection)
    connection.sendall(poll + b"\r\n")
    wait_until(lambda: protocol._is_answering, "the poll is held")
    for seconds in (HEAD_SECONDS + 1, BODY_SECONDS + 1, UNREAD_SECONDS + 1):
        look_after(protocol, seconds)
    assert is_open(connection)


def test_a_stranger_cannot_keep_others_out_with_connections(service: Service, connect: Connect) -> None:
    recognised = connect()
    recognised.sendall(BEGINNING.replace(b"/healthz", b"/api/v1/domains") + AUTHORIZATION + b"\r\n")
    read_until(recognised, b'"items"')
    strangers = [connect() for _ in range(MOST_OF_A_STRANGER + 1)]
    assert read_all(strangers[0]) == b""
    assert fetch(f"{service.url}/healthz").status_code == 200
    assert is_open(strangers[-1])
    assert is_open(recognised)


def test_many_lines_of_a_kind_are_one_a_second_with_their_number(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def flood() -> None:
        lines = Sparing(logging.getLogger("provider.flood"))
        for index in range(1000):
            lines.log(logging.INFO, "a", "requests were refused", "refused %d", index)
        lines.log(logging.INFO, "b", "others were refused", "refused another")
        await asyncio.to_thread(wait_until, lambda: "more" in caplog.text, "it is told how many there were")

    asyncio.run(flood())
    assert [record.getMessage() for record in caplog.records if record.name == "provider.flood"] == [
        *(f"refused {index}" for index in range(10)),
        "refused another",
        "990 more requests were refused",
    ]


@pytest.mark.parametrize("request_", [b"GARBAGE\r\n\r\n", BEGINNING.replace(b"localhost", b"elsewhere") + b"\r\n"])
def test_refused_requests_cannot_fill_the_log(
    connect: Connect, caplog: pytest.LogCaptureFixture, request_: bytes
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(100):
        connection = connect()
        connection.sendall(request_)
        connection.recv(4096)
    written = [record for record in caplog.records if record.name.startswith("provider.")]
    assert 1 <= len(written) < 50
