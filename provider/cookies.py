"""Sticky cookies that two services share on one host: each throws out the sessions of the other. Pure.

A browser sends a cookie to every path of a host. Traefik (3.7) takes a sticky cookie whose value is no server
of the service for none, and sets its own: the other service then finds that one, and does the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Final

from provider.explanations import Route, Routes
from provider.rules import hosts

_COMPARED: Final = 20_000
"""How many pairs of routers are compared at most."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Two services, by name, that keep sessions in one cookie on one host; `host` is None for all hosts."""

    services: tuple[str, str]
    cookie: str
    host: str | None


def find(routes: Routes, cookies: Mapping[str, str]) -> Iterator[Shared]:
    """Find such services. `cookies` are the names of the sticky cookies, by service."""
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
        for one, other in islice(combinations(services, 2), _COMPARED):
            shared, host = _meet(services[one], services[other])
            if shared:
                yield Shared((one, other), cookie, host)


def _meet(ones: Sequence[Route], others: Sequence[Route]) -> tuple[bool, str | None]:
    """Tell whether a browser may ask both for one host, and for which."""
    if not ones or not others:
        return False, None
    mine, theirs = _keys(ones), _keys(others)
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
