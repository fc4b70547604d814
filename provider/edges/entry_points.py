"""Where the entry points of the edges can be asked from here.

Traefik's API gives the address on which an entry point listens, as it stands in the static configuration:
`:8080`, `127.0.0.1:8080`, `[::]:443/tcp`. Without a host it listens on all, and so where its API is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from provider.edges.registry import Edges
from provider.edges.states import EdgeState
from provider.values import DEFAULT_EDGE

_ADDRESS: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]*\]|[0-9A-Za-z._-]*):(?P<port>[0-9]{1,5})(/tcp)?")
_EVERYWHERE: Final = frozenset({"", "0.0.0.0", "[::]"})  # to tell them, not to listen there

_OWN: Final = "traefik"
"""The entry point of Traefik's own API and dashboard."""


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """An entry point of an edge: its address there, and its URL from here, or None where that cannot be known."""

    edge: str
    state: EdgeState
    name: str
    address: str
    url: str | None


class EntryPoints:
    """The entry points of all edges. `urls` are those that the settings give, by the entry points' names."""

    def __init__(self, edges: Edges, urls: Mapping[str, str]) -> None:
        self._edges = edges
        self._urls = urls

    def __iter__(self) -> Iterator[EntryPoint]:
        """Go through them by the edges' names. What the settings give counts more than what an API tells.

        In the event loop's thread.
        """
        default = self._edges.find(DEFAULT_EDGE)
        state = EdgeState.NEVER_SEEN if default is None else default.verdict.state
        for name, url in self._urls.items():
            yield EntryPoint(DEFAULT_EDGE, state, name, urlsplit(url).netloc, url)
        for edge in self._edges:
            told = edge.observation.entry_points if edge.observation is not None else {}
            for name, address in told.items():
                if edge.api_url is not None and name != _OWN and name not in self._urls:
                    yield EntryPoint(edge.name, edge.verdict.state, name, address, find_url(edge.api_url, address))


def find_url(api_url: str, address: str) -> str | None:
    """Return where an entry point can be asked, `http://127.0.0.1:8080`, by where the edge's API is and its address.

    None where that cannot be known: the address is none, or one of another machine's own loopback.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return None
    api_host = urlsplit(api_url).hostname or ""
    api_host = f"[{api_host}]" if ":" in api_host else api_host
    host = found["host"].lower()
    if host in _EVERYWHERE:
        host = api_host
    elif _is_loopback(host) and not _is_loopback(api_host):
        return None
    return f"http://{host}:{found['port']}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
