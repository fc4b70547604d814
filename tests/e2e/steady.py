"""Requests at a steady pace, whatever comes of them, and servers that cost little and can fail: both in one loop.

A server that answers with its name in some microseconds leaves the machine to Traefik and to the service.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

OK = 200
_REQUEST = b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n"
_LONGEST_SECONDS = 5.0


class Switched:
    """A server that is well, says that it is not, or cannot be reached."""

    def __init__(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self.name = name
        self.status = OK
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Transport] = set()
        self.port = 0
        self.listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def listen(self) -> None:
        """Be there, at the same place each time."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(60)

    def refuse(self) -> None:
        """Be gone: connections are refused."""
        asyncio.run_coroutine_threadsafe(self._refuse(), self._loop).result(60)

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(
            lambda: _Answering(self), "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            for listener in server.sockets:
                self._loop.remove_reader(listener.fileno())
            await asyncio.sleep(0)  # a server that is closed has no place for who was let in just before
            server.close()
        while self._open:
            for transport in list(self._open):
                transport.abort()
            await asyncio.sleep(0)

    def opened(self, transport: asyncio.Transport) -> None:
        self._open.add(transport)
        if self._server is None:  # it was on its way in when the server went
            transport.abort()

    def closed(self, transport: asyncio.Transport) -> None:
        self._open.discard(transport)


class _Answering(asyncio.Protocol):
    def __init__(self, server: Switched) -> None:
        self._server = server
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.opened(transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        assert self._transport is not None
        self._server.closed(self._transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._received += data
        while b"\r\n\r\n" in self._received:
            _head, _end, self._received = self._received.partition(b"\r\n\r\n")
            name = self._server.name.encode()
            self._transport.write(
                b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n%s" % (self._server.status, len(name), name)
            )


@dataclass
class Answers:
    """What requests through one edge came to: when each failed, and how many each server answered."""

    count: int = 0
    failed: list[float] = field(default_factory=list)
    by_server: dict[str, int] = field(default_factory=dict)

    def failed_since(self, begun: float) -> int:
        return sum(at >= begun for at in self.failed)


class Steady:
    """Requests through edges, so many a second through each, from now until it is closed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, urls: list[str], host: str, per_second: float) -> None:
        self._loop = loop
        self._host = host.encode()
        self._stopped = asyncio.Event()
        self.answers = [Answers() for _url in urls]
        connections = 8
        self._asking = [
            asyncio.run_coroutine_threadsafe(self._ask(url, answers, number, connections / per_second), loop)
            for url, answers in zip(urls, self.answers, strict=True)
            for number in range(connections)
        ]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        for asking in self._asking:
            asking.result(60)

    async def _ask(self, url: str, answers: Answers, number: int, pause: float) -> None:
        parts = urlsplit(url)
        following = self._loop.time() + number * pause / 8
        reader = writer = None
        while not self._stopped.is_set():
            await asyncio.sleep(max(following - self._loop.time(), 0))
            following = max(following + pause, self._loop.time() - 1)  # what cannot be kept up with is not made up for
            answers.count += 1
            try:
                async with asyncio.timeout(_LONGEST_SECONDS):
                    if reader is None or writer is None:
                        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
                    writer.write(_REQUEST % self._host)
                    status, text = await _read(reader)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                answers.failed.append(time.monotonic())
                await _closed(writer)
                reader = writer = None
                continue
            if status == OK:
                answers.by_server[text] = answers.by_server.get(text, 0) + 1
            else:
                answers.failed.append(time.monotonic())
        await _closed(writer)


async def _closed(writer: asyncio.StreamWriter | None) -> None:
    if writer is not None:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> tuple[int, str]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
    return int(head.split(b" ")[1]), (await reader.readexactly(length)).decode()


async def _ended() -> None:
    """Wait until nothing else is going on in this loop."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.1)  # what was aborted is closed by callbacks


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_ended(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=60)
        loop.close()
