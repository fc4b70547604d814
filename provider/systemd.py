"""What systemd is told by a service that it runs (`Type=notify`): sd_notify(3), as far as it is needed here."""

import os
import socket
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"


def more_time(seconds: float) -> str:
    """Say that starting or stopping may take so many seconds more, whatever the unit's time limit is."""
    return f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}"


def notify(state: str) -> None:
    """Tell whoever started this process how it is, if they want to know. Says nothing where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # the abstract name space of Linux
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as telling:
        try:
            telling.sendto(state.encode(), address)
        except OSError:  # whoever waited has gone: no reason to stop serving
            return
