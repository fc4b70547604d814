"""Ways between two programs that a test has in its hands: each connection is passed on to another one."""

import itertools
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress


class Forwarder(ABC):
    """Passes on what comes in at a listening socket, in both directions, for as long as it flows."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._flows = threading.Event()
        self._flows.set()
        threading.Thread(target=self._accept, daemon=True).start()

    @abstractmethod
    def connect(self) -> socket.socket | None:
        """Connect to where a connection is passed on to; None if nobody is there."""

    def cut(self) -> None:
        """Let nothing through any more, as where packets are lost."""
        self._flows.clear()

    def mend(self) -> None:
        """Let all through again, also what was sent meanwhile."""
        self._flows.set()

    def close(self) -> None:
        """Take no more connections."""
        self._flows.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client:
            server = self.connect()
            if server is None:
                return
            with server:
                back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
                back.start()
                self._pump(client, server)
                back.join()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(65_536):
                self._flows.wait()
                target.sendall(content)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Balancer(Forwarder):
    """Forwards each connection to the next port that takes it, as a balancer in front of services does."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = itertools.cycle(ports)
        self._count = len(ports)
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        super().__init__(listener)

    def connect(self) -> socket.socket | None:
        for _ in range(self._count):
            try:
                server = socket.create_connection(("127.0.0.1", next(self._ports)), timeout=5)
            except OSError:
                continue
            server.settimeout(None)
            return server
        return None
