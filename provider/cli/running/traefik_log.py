"""What Traefik's log tells a person."""

import re
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

_LINES_KEPT: Final = 40
_LINES_TOLD: Final = 5
_QUIET_SECONDS: Final = 60.0
_TIMED: Final = re.compile(r"\S+ (?:ERR|WRN|FTL) (.*)")
_GRAVE: Final = re.compile(r'\S+ (?:ERR|FTL) |\{"level":"(?:error|fatal)"|panic: |fatal error: |.* cannot be run: ')
_HEALTH: Final = re.compile(r"\S+ WRN Health check failed\b.* serviceName=(\S+?)(?:@\w+)? targetURL=(\S+)")
_RETRY: Final = re.compile(r" in [0-9.]+\S*")


class Log:
    """What one run of Traefik printed last, and which of it a person should see."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._told: dict[str, float] = {}

    def read(self, line: str) -> Iterator[str]:
        """Take a line, and give what to tell about it: what is grave, and a server that is found down.

        Traefik repeats what is wrong with each try: the same thing is told once a minute.
        """
        self._lines.append(line)
        message = _find_message(line)
        if message is not None:
            now = time.monotonic()
            self._told = {told: when for told, when in self._told.items() if now - when < _QUIET_SECONDS}
            if self._told.setdefault(_RETRY.sub("", message), now) == now:
                yield message

    def find_reason(self) -> str | None:
        """Return the last grave line, or None."""
        return next((_without_time(line) for line in reversed(self._lines) if _GRAVE.match(line)), None)

    def last_lines(self) -> list[str]:
        return [line for line in self._lines if line.strip()][-_LINES_TOLD:]


def _find_message(line: str) -> str | None:
    """Return what a line of Traefik's log means to a person, or None if it is not worth telling."""
    if down := _HEALTH.match(line):
        return f"The server {down[2]} of the service {down[1]} fails its health check: it gets no requests."
    return f"Traefik: {_without_time(line)}" if _GRAVE.match(line) else None


def _without_time(line: str) -> str:
    timed = _TIMED.match(line)
    return timed[1] if timed else line
