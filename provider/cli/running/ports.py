"""Ports: reserved before anything is started, so that one that is taken is told while nothing has happened yet."""

import errno
import random
import socket
from collections.abc import Sequence
from typing import Final, Self

from provider.errors import SettingsError

_ANY: Final = range(10_000, 32_000)
"""Below those that systems give to connections and to who asks for any: between the moment when a port is released
and the one when Traefik listens there, nobody else is given it."""
_TRIES: Final = 100


class Port:
    """A reserved port of an address of this machine: nobody else can listen there until it is released.

    `option` is what chooses another one. Port 0 stands for any that is free. Whoever connects meanwhile
    waits for what will be served from `sockets`.
    """

    def __init__(self, host: str, number: int, option: str) -> None:
        self.sockets: list[socket.socket] = []
        self.number = number
        try:
            addresses = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            hosts = [(family, str(address[0])) for family, *_names, address in dict.fromkeys(addresses)]
            self.sockets = _bound(hosts, number) if number else _bound_to_any(hosts)
            self.number = self.sockets[0].getsockname()[1]
        except (OSError, UnicodeError) as error:
            self.release()
            raise SettingsError(_told(error, host, self.number, option)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()

    def release(self) -> None:
        """Let others listen there."""
        for reserved in self.sockets:
            reserved.close()
        self.sockets = []


def _bound_to_any(hosts: Sequence[tuple[int, str]]) -> list[socket.socket]:
    for number in random.sample(_ANY, _TRIES):
        try:
            return _bound(hosts, number)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    return _bound(hosts, 0)


def _bound(hosts: Sequence[tuple[int, str]], number: int) -> list[socket.socket]:
    """Bind one number on all addresses, or none."""
    made: list[socket.socket] = []
    try:
        for family, host in hosts:
            made.append(_listening(family, host, number))
            number = made[0].getsockname()[1]
    except OSError:
        for one in made:
            one.close()
        raise
    return made


def _listening(family: int, host: str, number: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Without it a port stays taken for a minute after the connections of the last run.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, number))
        made.listen()  # two sockets may be bound to one port, as long as nobody listens
    except OSError:
        made.close()
        raise
    return made


def _told(error: OSError | UnicodeError, host: str, number: int, option: str) -> str:
    if isinstance(error, socket.gaierror | UnicodeError) or error.errno == errno.EADDRNOTAVAIL:
        which = "--host" if option == "--port" else "--edge-host"
        return f"this machine does not have the address {host}: choose another with {which}"
    if error.errno == errno.EADDRINUSE:
        return f"port {number} of {host} is taken: stop what listens there, or choose another port with {option}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"port {number} of {host} may not be used by this user: choose one above 1023 with {option}"
    return f"port {number} of {host} cannot be used ({error.strerror}): choose another with {option}"
