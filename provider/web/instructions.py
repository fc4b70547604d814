"""How to try an application: the address for a browser, the command for a terminal, the line for `/etc/hosts`. Pure."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from provider import rules
from provider.hosts import to_ascii
from provider.listening import Listening
from provider.nouns import Router
from provider.rules import hosts

_LOCAL: Final = "127.0.0.1"
_USUAL: Final = "8080"
_OWN: Final = ".localhost"
"""Names that lead to one's own machine without being told so anywhere."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """How to ask for an application.

    `url` is None where the entry point's port is not known; `command` asks by the edge's address then, which
    `is_guessed`. `hosts_line` is None for a name that needs none.
    """

    url: str | None
    command: str
    hosts_line: str | None
    is_guessed: bool


def find_trial(
    router: Router, listening: Listening, entry_points: Mapping[str, str], api_urls: Sequence[str]
) -> Instructions | None:
    """Return how to try a router, or None where nobody can tell what it matches.

    `entry_points` are their addresses by name; `api_urls` those of the edges' APIs, which tell where the edges are.
    """
    if router.rule is not None:
        return None
    host = _example_host(to_ascii(router.domains[0])) if router.domains else None
    path = router.path_prefix or "/"
    places = ((name, _port(entry_points.get(name, ""))) for name in listening.entry_points(router))
    entry_point, port = next(((name, found) for name, found in places if found), ("", None))
    is_secure = listening.is_secure(router) or port == "443" or "secure" in entry_point
    scheme, usual = ("https", "443") if is_secure else ("http", "80")
    edge = _edge_host(api_urls)
    address = f"{edge or _LOCAL}:{port or _USUAL}"
    at = address if port != usual else (edge or _LOCAL)
    if is_secure and host is not None:  # the edge chooses its certificate, and its options, by the name in the URL
        own = f"{host}:{port or usual}"
        to = [f"{own}:{edge or _LOCAL}", f"{scheme}://{host if (port or usual) == usual else own}{path}"]
        command = shlex.join(["curl", "--insecure", "--resolve", *to])
    else:
        header = [] if host is None else ["-H", f"Host: {host}"]
        command = shlex.join(["curl", *header, f"{scheme}://{at}{path}"])
    url = None
    if port is not None:
        url = f"{scheme}://{host or edge or _LOCAL}{'' if port == usual else f':{port}'}{path}"
    is_own = host is None or host.endswith(_OWN) or host == "localhost"
    return Instructions(url, command, None if is_own else f"{edge or _LOCAL} {host}", is_guessed=port is None)


def example_url(router: Router, listening: Listening) -> str | None:
    """Return a URL that a router matches, to be traced; for one with a rule of its own, one of a host that it names."""
    found = sorted(hosts.keys(rules.read(router.rule).condition) or ()) if router.rule else router.ascii_domains
    if not found:
        return None
    is_secure = listening.is_secure(router) or "secure" in listening.entry_points(router)[0]
    scheme = "https" if is_secure else "http"
    return f"{scheme}://{_example_host(found[0])}{router.path_prefix or '/'}"


def _example_host(host: str) -> str:
    return "www" + host.removeprefix("*") if host.startswith("*.") else host


def _port(address: str) -> str | None:
    """Return the port of an entry point's address, such as `:8080`, `127.0.0.1:8080` or `:8080/tcp`."""
    port = address.partition("/")[0].rpartition(":")[2]
    return port if port.isascii() and port.isdigit() else None


def _edge_host(api_urls: Sequence[str]) -> str | None:
    """Return the address of the first edge that has one, as it stands in a URL."""
    for url in api_urls:
        host = urlsplit(url).hostname or ""
        if host == "localhost":
            return _LOCAL
        try:
            address = ip_address(host)
        except ValueError:
            continue
        return f"[{address}]" if address.version == 6 else str(address)
    return None
