"""Many edges at once, in a process of their own: each polls on a connection of its own, as Traefik does.

`python -m tests.e2e.pollers HOST PORT COUNT FIRST` prints `held` when all of their second polls have been sent, and
when all of these were answered a line of JSON: the times of the answers by the system's monotonic clock.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from urllib.parse import urlsplit

from tests.running import AUTHORIZED, ROOT

_NEW_AT_ONCE = 100
"""Of those that nobody has recognised yet, a service keeps no more than some hundred from one address."""


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200"), head
    length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
    return await reader.readexactly(length)


async def _edge(host: str, port: int, number: int, turn: asyncio.Semaphore, ready: asyncio.Semaphore) -> float:
    head = f"GET /traefik/configuration?edge=e-{number}&wait=60 HTTP/1.1\r\nHost: {host}\r\n"
    request = f"{head}Authorization: {AUTHORIZED['Authorization']}\r\n\r\n".encode()
    async with turn:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(request)
        given = await _answer(reader)
    writer.write(request)
    await writer.drain()
    ready.release()
    while await _answer(reader) == given:  # the time was up
        writer.write(request)
    answered = time.monotonic()
    writer.close()
    return answered


async def _run(host: str, port: int, count: int, first: int) -> list[float]:
    turn, ready = asyncio.Semaphore(_NEW_AT_ONCE), asyncio.Semaphore(0)
    async with asyncio.timeout(200), asyncio.TaskGroup() as tasks:
        edges = [tasks.create_task(_edge(host, port, number, turn, ready)) for number in range(first, first + count)]
        for _ in edges:
            await ready.acquire()
        sys.stdout.write("held\n")
        sys.stdout.flush()
    return sorted(edge.result() for edge in edges)


@contextmanager
def polling(url: str, count: int, first: int = 0) -> Iterator[IO[str]]:
    """Run so many edges that poll a service, until they are held. Gives what they print then.

    `first` is the number in the name of the first.
    """
    parts = urlsplit(url)
    command = [sys.executable, "-m", "tests.e2e.pollers", parts.hostname or "", str(parts.port), str(count), str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process.stdout
        finally:
            process.kill()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_run(sys.argv[1], *map(int, sys.argv[2:])))))
