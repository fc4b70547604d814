"""Two thousand polls that are held, and two hundred who listen: how soon a write is acknowledged, and who hears."""

import json
import selectors
import socket
import threading
import time
from statistics import median

from tests.benchmarks.attacks_large import ask
from tests.benchmarks.target import Target, attack
from tests.benchmarks.watch import percentile

_POLLS = 2_000
_LISTENERS = 200
_CHANGES = 15
_AT_ONCE = 100
_SETTLE_SECONDS = 60.0
_QUIET_SECONDS = 1.0


class Crowd:
    """Many connections that wait, read by one thread: each takes what comes, and a poll asks again."""

    def __init__(self, target: Target, polls: int, listeners: int) -> None:
        self._target = target
        self._selector = selectors.DefaultSelector()
        self._stop = threading.Event()
        self.answers = 0
        self.heard: list[set[int]] = [set() for _ in range(listeners)]
        self._poll = target.head("/traefik/configuration?edge=crowd&wait=60")
        pause = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        for number in range(polls):
            self._join(self._poll, None)
            while number - self.answers > _AT_ONCE:  # who is not recognised yet may be one of some hundreds
                pause.wait(0.01)
        for number in range(listeners):
            self._join(target.head("/api/v1/events"), number)

    def _join(self, head: bytes, listener: int | None) -> None:
        connection = self._target.connect()
        connection.sendall(head)
        connection.setblocking(False)
        self._selector.register(connection, selectors.EVENT_READ, [listener, b""])

    def _run(self) -> None:
        while not self._stop.is_set():
            for key, _events in self._selector.select(0.1):
                self._take(key.fileobj, key.data)

    def _take(self, connection: object, state: list[object]) -> None:
        assert isinstance(connection, socket.socket)
        received = connection.recv(1024 * 1024)
        if not received:
            self._selector.unregister(connection)
            return
        listener, before = state
        assert isinstance(before, bytes)
        kept = before + received
        if isinstance(listener, int):
            *lines, kept = kept.split(b"\n")
            for line in lines:
                if line.startswith(b'data: {"number":'):
                    self.heard[listener].add(json.loads(line.removeprefix(b"data: "))["number"])
        elif (found := _whole(kept)) is not None:
            kept = kept[found:]
            self.answers += 1
            connection.sendall(self._poll)
        state[1] = kept

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()


def _whole(received: bytes) -> int | None:
    """Return where an answer ends, if all of it is there."""
    head, separator, _body = received.partition(b"\r\n\r\n")
    if not separator:
        return None
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    ends = len(head) + 4 + length
    return ends if len(received) >= ends else None


@attack("2,000 held polls and 200 listeners, 15 changes", routers=100)
def write_before_many(target: Target, _seconds: float) -> str:
    """Change something again and again while many wait for it."""
    crowd, pause = Crowd(target, _POLLS, _LISTENERS), threading.Event()
    deadline = time.monotonic() + _SETTLE_SECONDS
    while crowd.answers < _POLLS and time.monotonic() < deadline:
        pause.wait(0.1)
    waited, last = [], 0
    for number in range(_CHANGES):
        pause.wait(_QUIET_SECONDS)
        start = time.perf_counter()
        path = "/api/v1/services/app-00001/servers/a"
        response = ask(target, "PATCH", path, json.dumps({"weight": 10 + number}).encode())
        waited.append(time.perf_counter() - start)
        assert response.status == 200, response.status
        last = int(response.headers["Config-Revision"])
    made, ended = set(range(last - _CHANGES + 1, last + 1)), time.monotonic()
    while time.monotonic() < ended + _SETTLE_SECONDS and not all(made <= heard for heard in crowd.heard):
        pause.wait(0.1)
    whole, late = sum(made <= heard for heard in crowd.heard), time.monotonic() - ended
    crowd.close()
    return (
        f"acknowledged after {median(waited) * 1000:.0f} ms (p50), {percentile(waited, 99) * 1000:.0f} ms (most); "
        f"{crowd.answers} polls answered; {whole} of {_LISTENERS} listeners saw each of {_CHANGES} changes "
        f"{late:.1f} s after the last"
    )
