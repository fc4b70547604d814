"""The command line, in this process, in one of its own or on a terminal, and what answers in place of the service."""

import os
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests import forking
from tests.forking import Forked

PROGRAM = Path(sys.executable).with_name("wayshub-provider")
DEADLINE_SECONDS = 60


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    status: int
    out: str
    err: str

    def check(self) -> "Result":
        assert (self.status, self.err) == (0, ""), self
        return self

    def error(self, status: int = 1) -> str:
        """The one line of an expected error, without the program's name."""
        assert (self.status, self.out) == (status, ""), self
        assert self.err.startswith("wayshub-provider: ")
        assert self.err.count("\n") == 1
        assert self.err.endswith("\n")
        return self.err.removeprefix("wayshub-provider: ").strip()

    def usage_error(self) -> str:
        """What was wrong with the command itself: typer's words, and exit status 2."""
        assert (self.status, self.out) == (2, ""), self
        assert self.err.startswith("Usage: wayshub-provider ")
        return self.err.partition("Error: ")[2].strip()


Run = Callable[..., Result]


def run_process(*arguments: str | bytes, **options: Any) -> Result:
    """Run the installed command as a process of its own."""
    return run_program([PROGRAM], *arguments, **options)


def run_forked(*arguments: str | bytes, **options: Any) -> Result:
    """Run a command as a process of its own that need not read its modules: what `run_process` does, and sooner."""
    return run_program(_client(), *arguments, **options)


def run_program(program: Sequence[str | Path], *arguments: str | bytes, **options: Any) -> Result:
    """Run any program, with the options of `subprocess.run`."""
    done = subprocess.run(
        [*program, *arguments],
        check=False,
        **{"capture_output": True, "timeout": DEADLINE_SECONDS, "text": True, **options},
    )
    return Result(done.returncode, done.stdout, done.stderr)


def forking_program(folder: Path) -> Path:
    """Make a program that does what the installed command does, and sooner; return its folder, for the PATH."""
    program = folder / PROGRAM.name
    program.write_text(f'#!/bin/sh\nexec {shlex.join(_client())} "$@"\n')
    program.chmod(0o700)
    return folder


def _client() -> list[str]:
    return [sys.executable, "-I", "-S", forking.__file__, forking.find_server()]


def variables(**changes: str) -> dict[str, str]:
    """The environment with the tests' token, and without other settings of ours, but these."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PROVIDER_") or name == "PROVIDER_TOKEN"
    } | changes


class Terminal:
    """A process whose standard streams are a terminal."""

    def __init__(self, *arguments: str, url: str) -> None:
        self._main, other = os.openpty()
        environment = variables(PROVIDER_URL=url, TERM="xterm", COLUMNS="60")
        self.process = Forked(arguments, env=environment, cwd=Path.cwd(), stdin=other, stdout=other, stderr=other)
        os.close(other)
        self.seen = ""

    def read_until(self, text: str) -> None:
        while text not in self.seen:
            self.seen += os.read(self._main, 65536).decode()

    def read_all(self) -> str:
        with suppress(OSError):  # how Linux tells that a terminal has no other end any more
            while True:
                self.seen += os.read(self._main, 65536).decode()
        return self.seen

    def type(self, text: str) -> None:
        os.write(self._main, text.encode())

    def wait(self) -> int:
        return self.process.wait(timeout=DEADLINE_SECONDS)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._main)


@contextmanager
def terminal(*arguments: str, url: str) -> Iterator[Terminal]:
    made = Terminal(*arguments, url=url)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def silence() -> Iterator[str]:
    """Give the URL of a server that takes connections, and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


@dataclass
class Stranger:
    """An HTTP server that gives one answer to everything, and keeps the requests' headers."""

    url: str
    seen: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def answering(status: int, kind: str, body: str | bytes = "", packed: str | None = None) -> Iterator[Stranger]:
    """Run a server that answers everything with this status, content type and body, which it calls packed so."""
    content = body if isinstance(body, bytes) else body.encode()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            stranger.seen.append(dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if packed is not None:
                self.send_header("Content-Encoding", packed)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(ConnectionError):  # who has had enough of it goes away
                self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815  # the names that http.server calls

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stranger = Stranger(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stranger
    finally:
        server.shutdown()
        server.server_close()
