"""Servers that `register` runs, each a process of its own, and what it says."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from tests.running import TOKEN, free_port, wait_until

PROGRAM = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = " ".join(sys.argv[1:3]).encode()
        self.send_response(int(sys.argv[3]) if len(sys.argv) > 3 else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass

ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
"""A server that answers with its port and its version, and dies at once when it is asked to stop."""

TREE = """
setsid sh -c 'trap "" TERM; while :; do sleep 1; done' "$@" &
sh -c '"$@"; exit $?' sh "$@"
"""
"""Starts a server as `npm run` does, through shells, and a process that leaves the group and wants to go on."""


def server(port: int, version: str) -> list[str]:
    """Return the command that runs a server."""
    return [sys.executable, "-c", PROGRAM, str(port), version]


def tree(port: int, version: str) -> list[str]:
    """Return a command that runs a server and more."""
    return ["sh", "-c", TREE, "sh", *server(port, version)]


class Registered:
    """A `register` that runs a server, by default one that answers with its port and version; None: none."""

    def __init__(
        self,
        service_url: str,
        port: int,
        version: str,
        *options: str,
        runs: Callable[[int, str], Sequence[str]] | None = server,
    ) -> None:
        command = [] if runs is None else ["--", *runs(port, version)]
        environment = os.environ | {"PROVIDER_URL": service_url, "PROVIDER_TOKEN": TOKEN}
        self.answer = f"{port} {version}"
        url = f"http://127.0.0.1:{port}"
        self.url, self.name = url, f"127-0-0-1-{port}"
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "provider", "register", url, "--service", "alvin", *options, *command],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                self.lines.append(line.rstrip())

    def wait_for(self, beginning: str) -> str:
        """Wait until it says something, and return what that was."""
        wait_until(lambda: self.find(beginning) or self.process.poll() is not None, f"it says {beginning}")
        said = self.find(beginning)
        assert said is not None, self.lines
        return said

    def find(self, beginning: str) -> str | None:
        return next((line for line in list(self.lines) if line.startswith(beginning)), None)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop, and return its exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(timeout=60)
        self._reading.join(timeout=60)
        return status


class Fleet:
    """Servers on ports of their own, of which each is replaced by a newer one."""

    def __init__(self, service_url: str, count: int, *options: str) -> None:
        self._service_url = service_url
        self._options = options
        self.ports = [free_port() for _ in range(count)]
        self.running: dict[int, Registered] = {}

    def start(self, port: int, version: str) -> None:
        self.running[port] = made = Registered(self._service_url, port, version, *self._options)
        made.wait_for("Registered ")

    def deploy(self, version: str, stop: Callable[[Registered], int] = Registered.stop) -> None:
        """Replace one server after the other."""
        for port in self.ports:
            if port in self.running:
                assert stop(self.running[port]) == 0, self.running[port].lines
            self.start(port, version)

    def kill(self) -> None:
        for made in self.running.values():
            made.process.kill()
            made.wait()


@contextmanager
def fleet(service_url: str, count: int, *options: str) -> Iterator[Fleet]:
    made = Fleet(service_url, count, *options)
    with ExitStack() as ending:
        ending.callback(made.kill)
        yield made
