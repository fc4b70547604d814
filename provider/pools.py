"""Pools without the servers that are kept out, and what goes on checking these. Pure.

Traefik checks the health of the servers of services that a router uses, and of no others. So servers that are left
out of their pool are in a service of their own, `provider.watch.NAME`, with the same health check, and a router that no
request can match uses it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import msgspec

from provider import configuration, decoding, durations
from provider.configuration import WATCH
from provider.nouns import Named, Router, Server, Service
from provider.nouns.router import HIGHEST_PRIORITY
from provider.parts import Part, Parts, Section

KeptOut = Mapping[str, frozenset[str]]
"""The URLs of servers that are kept out of their pools, by service."""

NOBODY: Final[KeptOut] = {}

_RULE: Final = "Method(`GET`) && !Method(`GET`)"
"""What no request can match. Two comparisons of a word, and only for requests that nothing else takes."""

_PRIORITY: Final = -2 * HIGHEST_PRIORITY
"""Below all that users can set."""

_MOVED_START, _MOVED_END = "provider.rollout.", ".from"
"""Around a service's name: the name of its own pool while its traffic moves. Users' names have no dot."""

_CHECKED: Final = b'"healthCheck":{'
"""What stands in the content of a service that may be checked."""

_KNOWN: Final = 65_536


class Check(NamedTuple):
    """How many seconds lie between two checks of a server, and in how many it has to answer."""

    interval: float = 0.0
    timeout: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it takes until all servers were checked once."""
        return self.interval + self.timeout


NO_CHECK: Final = Check()


class _PoolHealthCheck(msgspec.Struct):
    interval: str = ""
    timeout: str = ""


class _PoolLoadBalancer(msgspec.Struct):
    health_check: _PoolHealthCheck | None = msgspec.field(name="healthCheck", default=None)


class _Checked(msgspec.Struct):
    load_balancer: _PoolLoadBalancer | None = msgspec.field(name="loadBalancer", default=None)


@dataclass(frozen=True, slots=True)
class CheckedPool:
    """The servers of a service that is checked, by their URLs, and how long it takes until all were checked once."""

    urls: frozenset[str]
    check_seconds: float


def moved_name(service: str) -> str:
    """Return the name under which edges have the own pool of a service while its traffic moves to another one."""
    return f"{_MOVED_START}{service}{_MOVED_END}"


def place(parts: Parts, service: str) -> Named:
    """Return where the pool of a service stands: under another name while its traffic moves."""
    moved = Service.kind, moved_name(service)
    return (Service.kind, service) if parts.find(moved) is None else moved


def service_of(name: str) -> str:
    """Return the service whose servers one has that Traefik tells of: another one if that has its pool meanwhile."""
    watched = name.removeprefix(f"{WATCH}.")
    is_moved = watched.startswith(_MOVED_START) and watched.endswith(_MOVED_END)
    return watched[len(_MOVED_START) : -len(_MOVED_END)] if is_moved else watched


def find(parts: Parts, service: str) -> CheckedPool | None:
    """Find the pool of a service; None without a health check."""
    part = parts.find(place(parts, service))
    return _read(part.content) if part is not None and check_seconds(part) else None


@lru_cache(maxsize=_KNOWN)
def _read(content: bytes) -> CheckedPool:
    _service, servers = decoding.read_pool(Part(content))
    return CheckedPool(frozenset(server.url for server in servers), _check(content).seconds)


def check_seconds(part: Part) -> float:
    """Return the seconds of an interval and a timeout of a service's health check, or 0 without one."""
    return _find_check(part).seconds


def _find_check(part: Part) -> Check:
    return _check(part.content) if _CHECKED in part.content else NO_CHECK


@lru_cache(maxsize=_KNOWN)
def _check(content: bytes) -> Check:
    ((_name, found),) = msgspec.json.decode(b"{%s}" % content, type=dict[str, _Checked]).items()
    check = None if found.load_balancer is None else found.load_balancer.health_check
    if check is None:
        return NO_CHECK
    return Check(*(durations.find_seconds(text) or 0.0 for text in (check.interval, check.timeout)))


_longest: Final[WeakKeyDictionary[Section, Check]] = WeakKeyDictionary()


def longest_check(services: Section, most: float) -> Check:
    """Return how long checks take at most of all services of which a check takes at most so many seconds."""
    found = _longest.get(services)
    if found is None:
        # Most services have none, and there may be thousands of them, of which each change looks at all.
        contents = [part.content for part in services.parts.values() if _CHECKED in part.content]
        checks = [each for each in map(_check, contents) if each.seconds <= most]
        interval = max((each.interval for each in checks), default=0.0)
        found = Check(interval, max((each.seconds for each in checks), default=0.0) - interval)
        _longest[services] = found
    return found


def without(parts: Parts, kept_out: KeptOut, entry_point: str) -> Parts:
    """Return the parts without servers that are kept out, and with what watches these.

    A pool that would have no server left stays as it is. The routers are on this `entry_point`.
    """
    changed: dict[Named, Part] = {}
    for name, urls in kept_out.items():
        key = place(parts, name)
        part = parts.find(key)
        if part is not None and check_seconds(part):
            changed.update(_split(name, key, part, urls, entry_point))
    return parts.replaced(changed) if changed else parts


def _split(name: str, key: Named, part: Part, urls: Collection[str], entry_point: str) -> dict[Named, Part]:
    """Return the form of a service's pool without some servers, and what watches these; nothing if none is left."""
    service, servers = decoding.read_pool(part)
    left = [server for server in servers if server.url not in urls]
    out = [server for server in servers if server.url in urls]
    if not left or not out:
        return {}
    own = f"{WATCH}.{name}"
    return {
        key: replace(part, content=configuration.pool_part(service, left).content),
        (Service.kind, own): _watching(own, service, out),
        (Router.kind, own): _router_part(own, entry_point),
    }


def _watching(name: str, service: Service, servers: Collection[Server]) -> Part:
    """Return a service that only has its servers checked: each once, as their own service does."""
    own = Service(name=name, health_check=service.health_check, servers_transport=service.servers_transport)
    each = {server.url: Server(name=server.url, url=server.url) for server in servers}
    return configuration.pool_part(own, each.values())


def _router_part(name: str, entry_point: str) -> Part:
    """Return the router that has the servers of the service of its name checked."""
    router = configuration.added_router(name, entry_point, _RULE, name, _PRIORITY, None)
    return Part(router, needs=((Service.kind, name),))
