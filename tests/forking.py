"""Commands as processes of their own, without the second that each takes to read its modules.

A server has read them, and forks for each command. Its clients hand over standard streams, arguments, environment,
folder and umask: `Forked` is one, and this file as a program another, which ends as the command does.
"""

import atexit
import contextlib
import io
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

_LENGTH = struct.Struct("!I")
_PID = struct.Struct("!I")
_STATUS = struct.Struct("!i")
_START_SECONDS = 60.0


def serve(path: str) -> None:
    """Run commands for clients, until killed."""
    import provider.cli.program  # noqa: PLC0415, F401  # read once, for all commands
    from provider.app import create_app  # noqa: PLC0415
    from provider.settings import Settings  # noqa: PLC0415

    create_app(Settings(database_url="sqlite:////nowhere/provider.db"))  # its routes are made once, too

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _address = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            attend(connection)
        connection.close()


def attend(connection: socket.socket) -> None:
    """Run one command, in a child, and tell its client how it ended. A client that is gone takes it along."""
    head, streams, _flags, _address = socket.recv_fds(connection, _LENGTH.size, 3)
    content = connection.recv(_LENGTH.unpack(head)[0], socket.MSG_WAITALL)
    command = os.fork()
    if command == 0:
        connection.close()
        run(json.loads(content), streams)
    connection.sendall(_PID.pack(command))
    for stream in (*streams, 0, 1, 2):
        os.close(stream)
    ended = os.pidfd_open(command)
    ready, _writable, _wrong = select.select([connection.fileno(), ended], [], [])
    if ended not in ready:
        os.kill(command, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    if ended in ready:
        connection.sendall(_STATUS.pack(status))
    os._exit(0)


def run(asked: dict[str, Any], streams: list[int]) -> None:
    """Be the command."""
    from provider.cli import main  # noqa: PLC0415

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = _open(0, "r"), _open(1, "w"), _open(2, "w")
    os.chdir(asked["folder"])
    os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["wayshub-provider", *asked["arguments"]]
    status = 1
    try:
        main()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        if error := sys.exception():  # tell it as an interpreter does at its end
            sys.excepthook(type(error), error, error.__traceback__)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _open(stream: int, mode: str) -> io.TextIOWrapper:
    """Open a standard stream anew: the one of the server has a place in another file."""
    errors = "backslashreplace" if stream == 2 else "strict"
    opened = open(stream, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
    assert isinstance(opened, io.TextIOWrapper)
    return opened


class Forked:
    """A command that runs, with what `subprocess.Popen` has for it.

    `stdin`, `stdout` and `stderr` are descriptors, by default of nothing and those of this process. It ends with this
    process.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        umask: int = 0o022,
        stdin: int | None = None,
        stdout: int = 1,
        stderr: int = 2,
    ) -> None:
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(find_server())
        asked = {"arguments": [*arguments], "environment": dict(env), "folder": str(cwd), "umask": umask}
        with Path(os.devnull).open("rb") as nothing:
            self.pid = _start(self._connection, asked, [nothing.fileno() if stdin is None else stdin, stdout, stderr])

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended. Raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            ready, _writable, _wrong = select.select([self._connection], [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired("a forked command", timeout or 0)
            self.returncode = _read_status(self._connection)
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended, and that is not told yet
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _start(connection: socket.socket, asked: dict[str, Any], streams: Sequence[int]) -> int:
    content = json.dumps(asked).encode()
    socket.send_fds(connection, [_LENGTH.pack(len(content))], streams)
    connection.sendall(content)
    pid: int = _PID.unpack(connection.recv(_PID.size, socket.MSG_WAITALL))[0]
    return pid


def _read_status(connection: socket.socket) -> int:
    status: int = _STATUS.unpack(connection.recv(_STATUS.size, socket.MSG_WAITALL))[0]
    return status


@cache
def find_server() -> str:
    """Start what forks for commands, until this process ends; return its socket."""
    folder = tempfile.TemporaryDirectory(prefix="forking")
    path = Path(folder.name) / "socket"
    started = f"from tests.forking import serve; serve({str(path)!r})"
    without_settings = {name: value for name, value in os.environ.items() if not name.startswith("PROVIDER_")}
    server = subprocess.Popen([sys.executable, "-c", started], cwd=Path(__file__).parent.parent, env=without_settings)
    atexit.register(folder.cleanup)
    atexit.register(server.kill)
    deadline = time.monotonic() + _START_SECONDS
    while not path.exists():
        assert server.poll() is None, "the server that forks for commands has ended"
        assert time.monotonic() < deadline, "the server that forks for commands is not there"
        select.select([], [], [], 0.02)
    return str(path)


def ask(path: str, arguments: list[str]) -> None:
    """Have a command run, and end as it does."""
    umask = os.umask(0)
    os.umask(umask)
    asked = {"arguments": arguments, "environment": dict(os.environ), "folder": str(Path.cwd()), "umask": umask}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        _start(connection, asked, [0, 1, 2])
        status = _read_status(connection)
    if status < 0:
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    ask(sys.argv[1], sys.argv[2:])
