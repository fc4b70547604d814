"""Commands as processes of their own, without the second that each takes to read its modules.

A server has read them, and forks for each command. `run_process` starts this file as a small client of it: the
client hands over its standard streams, arguments, environment, folder and umask, and ends as the command does.
"""

import io
import json
import os
import select
import signal
import socket
import struct
import sys
import traceback
from pathlib import Path
from typing import Any

_LENGTH = struct.Struct("!I")
_STATUS = struct.Struct("!i")


def serve(path: str) -> None:
    """Run commands for clients, until killed."""
    import provider.app  # noqa: PLC0415  # read once, for all commands
    import provider.cli  # noqa: PLC0415, F401

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
    except BaseException:  # noqa: BLE001  # as an interpreter does at its end
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _open(stream: int, mode: str) -> io.TextIOWrapper:
    """Open a standard stream anew: the one of the server has a place in another file."""
    errors = "backslashreplace" if stream == 2 else "strict"
    opened = open(stream, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
    assert isinstance(opened, io.TextIOWrapper)
    return opened


def ask(path: str, arguments: list[str]) -> None:
    """Have a command run, and end as it does."""
    umask = os.umask(0)
    os.umask(umask)
    asked = {"arguments": arguments, "environment": dict(os.environ), "folder": str(Path.cwd()), "umask": umask}
    content = json.dumps(asked).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        socket.send_fds(connection, [_LENGTH.pack(len(content))], [0, 1, 2])
        connection.sendall(content)
        status = _STATUS.unpack(connection.recv(_STATUS.size, socket.MSG_WAITALL))[0]
    if status < 0:
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    ask(sys.argv[1], sys.argv[2:])
