"""What is attacked, and the list of attacks."""

import contextlib
import select
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """A service that runs: where, its process, a token that may do all, and the folder with its database."""

    url: str
    host: str
    port: int
    pid: int
    token: str
    folder: Path

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=5)

    def head(self, path: str = "/login", **headers: str) -> bytes:
        """Return a request without a body, with the token."""
        given = {"Host": f"{self.host}:{self.port}", "Authorization": f"Bearer {self.token}", **headers}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
        return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


Run = Callable[[Target, float], str]
"""Attacks for so many seconds, or until it is stopped, and says in a few words what came of it."""


@dataclass(frozen=True)
class Attack:
    """An attack, and what the service has when it begins."""

    name: str
    run: Run
    routers: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


ATTACKS: list[Attack] = []


def attack(name: str, *, routers: int = 0, **environment: str) -> Callable[[Run], Run]:
    """Add a function to the attacks: on a service with so many routers, and with these variables."""

    def add(run: Run) -> Run:
        ATTACKS.append(Attack(name, run, routers, environment))
        return run

    return add


def send_for(connection: socket.socket, piece: bytes, seconds: float, *, reads: bool = True) -> tuple[int, bytes]:
    """Send a piece over and over until the time is up or the other side ends it.

    Returns how many bytes went out, and what was answered.
    """
    deadline, sent, answer = time.monotonic() + seconds, 0, b""
    connection.setblocking(False)
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < deadline:
            readable, writable, _ = select.select([connection] if reads else [], [connection], [], 0.2)
            if writable:
                with contextlib.suppress(BlockingIOError):
                    sent += connection.send(piece)
            if readable:
                received = connection.recv(65536)
                answer += received
                if not received:
                    break
    return sent, answer


def status_of(answer: bytes) -> str:
    """Return the status of an answer, or that there was none."""
    return answer[9:12].decode("latin-1") or "closed without an answer"
