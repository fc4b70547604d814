"""Sticky cookies that two services share on one host: each throws out the sessions of the other. Pure.

A browser sends a cookie to every path of a host. Traefik (3.7) takes a sticky cookie whose value is no server
of the service for none, and sets its own: the other service then finds that one, and does the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Final

from provider.ranking import Route, Routes
from provider.rules import hosts
from provider.rules.effort import Effort

_COMPARED: Final = 20_000
"""How many pairs of routers are compared at most."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Two services, by name, that keep sessions in one cookie on one host; `host` is None for all hosts."""

    services: tuple[str, str]
    cookie: str
    host: str | None


def find(routes: Routes, cookies: Mapping[str, str], effort: Effort) -> Iterator[Shared]:
    """Find such services, until the effort is spent. `cookies` are the names of the sticky cookies, by service."""
    named: dict[str, dict[str, list[Route]]] = {}
    for service, cookie in sorted(cookies.items()):
        named.setdefault(cookie, {})[service] = []
    named = {cookie: services for cookie, services in named.items() if len(services) > 1}
    if not named:
        return
    for route in routes:
        if route.enabled and route.service in cookies and cookies[route.service] in named:
            named[cookies[route.service]][route.service].append(route)
    for cookie, services in sorted(named.items()):
        asked = {service: _keys(led) for service, led in services.items() if led}
        for one, other in islice(combinations(asked, 2), _COMPARED):
            if effort.is_spent:
                return
            effort.spend(1 + len(asked[one] or ()) + len(asked[other] or ()))
            shared, host = _meet(asked[one], asked[other])
            if shared:
                yield Shared((one, other), cookie, host)


def _meet(mine: frozenset[str] | None, theirs: frozenset[str] | None) -> tuple[bool, str | None]:
    """Tell whether a browser may ask for one host of both, None being all hosts, and for which."""
    if mine is None or theirs is None:
        return True, next(iter(sorted(mine or theirs or ())), None)
    for key in sorted(mine):
        for asked in hosts.asked_keys(key) if not key.startswith("*") else (key,):
            if asked in theirs:
                return True, key
    covered = sorted(key for key in theirs if not key.startswith("*") and hosts.asked_keys(key)[1] in mine)
    return bool(covered), covered[0] if covered else None


def _keys(routes: Sequence[Route]) -> frozenset[str] | None:
    """Return the keys of all hosts of routes, or None where one of them is for any host."""
    found = [hosts.keys(route.rule.condition) for route in routes]
    known = [keys for keys in found if keys is not None]
    return frozenset().union(*known) if len(known) == len(found) else None
