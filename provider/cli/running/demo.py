"""The demo of `up`: an application that is exposed like any other, with small sample servers behind it."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Final

from provider.cli.client import Client, path
from provider.cli.paths import shown
from provider.cli.running.ports import Port
from provider.cli.running.processes import Process, ending
from provider.errors import NotFound, SettingsError

DOMAIN: Final = "wayshub.localhost"
SERVICE: Final = "wayshub"
WEIGHTS: Final = {"a": 3, "b": 2, "c": 1}
PORTS: Final = range(9101, 9200)
"""Where sample servers may listen: the first ones, unless those are taken."""

_HOST: Final = "127.0.0.1"
_HEALTH_CHECK: Final = {"path": "/health", "interval": "2s", "timeout": "2s"}
"""Short, so that who ends a sample server soon sees the others take over."""


def is_empty(client: Client) -> bool:
    return not any(next(client.items(path(noun), limit=1), None) for noun in ("domains", "services", "routers"))


def expose(client: Client, ports: Mapping[str, int]) -> None:
    """Expose the sample servers that listen on these ports, as everybody exposes an application."""
    servers = [{"name": name, "url": _url(port), "weight": WEIGHTS[name]} for name, port in ports.items()]
    wanted = {"domain": DOMAIN, "name": SERVICE, "servers": servers, "healthCheck": _HEALTH_CHECK}
    # Over HTTP too: nobody's browser trusts the local authority from the start, and a redirect would lead to a warning.
    client.post(path("domains"), {"name": DOMAIN, "tls": {"from": "acme"}, "redirectToHttps": False})
    client.post(path("expose"), wanted)


def is_secure(client: Client) -> bool:
    """Tell whether the demo is wanted over HTTPS: an earlier one may have been exposed without."""
    try:
        return client.get(path("domains", DOMAIN)).item["tls"] is not None
    except NotFound:
        return False


def is_seen(client: Client) -> bool:
    """Tell whether the edge was seen to show a good certificate for it."""
    shown = client.get(path("domains", DOMAIN)).item.get("certificates") or ()
    return any(each["state"] == "good" for each in shown)


def find_servers(client: Client) -> dict[str, int]:
    """Return the names and ports of the sample servers that an earlier demo has exposed; none if there was none.

    A server that somebody else put in the place of one of them is not a sample server: it has another port.
    """
    try:
        router = client.get(path("routers", SERVICE)).item
    except NotFound:
        return {}
    if DOMAIN not in router["domains"] or router["service"] != SERVICE:
        return {}
    samples = {_url(port): port for port in PORTS}
    listed = client.items(path("services", SERVICE, "servers"))
    return {
        server["name"]: samples[server["url"]]
        for server in listed
        if server["name"] in WEIGHTS and server["url"] in samples
    }


def move(client: Client, before: Mapping[str, int], now: Mapping[str, int]) -> None:
    """Say on which ports the sample servers listen now, where another program had taken the one from before."""
    for name, port in now.items():
        if port != before[name]:
            client.patch(path("services", SERVICE, "servers", name), {"url": _url(port)})


def _url(port: int) -> str:
    return f"http://{_HOST}:{port}"


class SampleServers:
    """The sample servers: each a process of its own, which is not started again when somebody ends it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._processes: list[Process] = []
        self._watching: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def start(self, wished: Mapping[str, int]) -> dict[str, int]:
        """Start one for each name, on the port that is wished or, where that is taken, on another.

        Returns the ports on which they listen. Raises `SettingsError` where none is free.
        """
        spare = (number for number in PORTS if number not in wished.values())
        listening = {}
        for name, number in wished.items():
            with _reserve(number, spare) as port:
                await self._start(name, port)
                listening[name] = port.number
        return listening

    async def stop(self, seconds: float) -> None:
        """Ask them to stop, and end them after so many seconds if they have not."""
        self._stopping = True
        await asyncio.gather(*(process.stop(seconds) for process in self._processes))
        await asyncio.gather(*self._watching)

    def kill(self) -> None:
        self._stopping = True
        for process in self._processes:
            process.kill()

    async def _start(self, name: str, port: Port) -> None:
        # It is given the socket, which listens already: the port cannot be lost, and no connection is refused.
        descriptor = port.sockets[0].fileno()
        command = [sys.executable, "-m", "provider.sample", name, "--port", str(port.number)]
        process = await Process.start([*command, "--socket", str(descriptor)], pass_fds=[descriptor])
        self._processes.append(process)
        watching = asyncio.create_task(self._watch(name, port.number, process))
        self._watching.add(watching)

    async def _watch(self, name: str, number: int, process: Process) -> None:
        async for line in process.lines():
            self._say(f"Sample server {name}: {line}")
        status = await process.wait()
        if not self._stopping:
            again = f"{shown(Path(sys.executable))} -m provider.sample {name} --port {number}"
            self._say(f"Sample server {name} {ending(status)}. To start it again: {again}")


def _reserve(wished: int, spare: Iterator[int]) -> Port:
    for number in chain([wished], spare):
        with suppress(SettingsError):
            return Port(_HOST, number, "")
    raise SettingsError(f"no port is free for a sample server, from {PORTS[0]} to {PORTS[-1]}")
