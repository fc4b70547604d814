"""Somebody else: small reads and polls all the time, how long each waits, and how much memory the service holds."""

import http.client
import threading
import time
from collections.abc import Callable
from typing import Self

from tests.benchmarks.target import Target
from tests.benchmarks.test_footprint import resident_megabytes
from tests.running import AUTHORIZED

READ, POLL, HELD = "read", "poll", "held poll"

_READS = ("/readyz", "/api/v1/routers?limit=10", "/api/v1/edges")
_PAUSE_SECONDS = 0.05
_POLL_PAUSE_SECONDS = 0.2
"""A document of 30,000 routers has 15 MB: to take one more often would be the load that is measured."""
_HELD_SECONDS = 1
_TIMEOUT_SECONDS = 120


class Watch:
    """What somebody else meets: seconds until an answer begins, by the kind of request.

    A poll that was held is late by what passes after the time for which it asked to be held.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._stop = threading.Event()
        self.by_kind: dict[str, list[float]] = {READ: [], POLL: [], HELD: []}
        self.failed = 0
        self.megabytes = [resident_megabytes(target.pid)]
        runs: list[Callable[[], None]] = [self._read, self._poll, self._hold, self._weigh]
        self._threads = [threading.Thread(target=run, daemon=True) for run in runs]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def seconds(self) -> list[float]:
        """All that was waited."""
        return [each for listed in self.by_kind.values() for each in listed]

    def _read(self) -> None:
        while not self._stop.wait(_PAUSE_SECONDS):
            for path in _READS:
                self._ask(self._connect(), READ, path)

    def _poll(self) -> None:
        while not self._stop.wait(_POLL_PAUSE_SECONDS):
            self._ask(self._connect(), POLL, "/traefik/configuration?edge=watched")

    def _hold(self) -> None:
        path = f"/traefik/configuration?edge=held&wait={_HELD_SECONDS}"
        while not self._stop.is_set():
            connection = self._connect()
            self._ask(connection, None, path)  # the first of a connection is answered at once
            while not self._stop.is_set() and self._ask(connection, HELD, path):
                pass
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection, kind: str | None, path: str) -> bool:
        start = time.perf_counter()
        try:
            connection.request("GET", path, headers=AUTHORIZED)
            response = connection.getresponse()
            seconds = time.perf_counter() - start
            response.read()
        except (OSError, http.client.HTTPException):
            seconds, is_good = time.perf_counter() - start, False
        else:
            is_good = response.status == 200
        if kind == HELD:
            seconds = max(0.0, seconds - _HELD_SECONDS)
        if kind is not None:
            self.by_kind[kind].append(seconds)
        if kind in {READ, POLL}:
            connection.close()
        self.failed += not is_good
        return is_good

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._target.host, self._target.port, timeout=_TIMEOUT_SECONDS)

    def _weigh(self) -> None:
        while not self._stop.wait(_PAUSE_SECONDS):
            self.megabytes.append(resident_megabytes(self._target.pid))


def percentile(values: list[float], percent: int) -> float:
    """Return the value below which so many percent of the others are; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)] if ordered else 0.0
