"""Routers that want different TLS options for one host. Pure.

Traefik (3.7.15, measured) then speaks TLS for that host by its default options, whatever the routers name: the options
hold before it is known which router takes a request. That is so for each entry point by itself, and also where one of
the routers wants the default ones.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain, combinations

from provider.findings import Finding
from provider.messages import Message
from provider.models import Conflict
from provider.nouns.tls import DEFAULT
from provider.ranking import Route, Routes
from provider.rules.implications import singles
from provider.rules.matchers import Host


def find_disagreeing(routes: Routes, names: Collection[str] | None = None) -> Iterator[Finding]:
    """Find such routers: all, or those that disagree with some."""
    about = None if names is None else {host for name in names for host in hosts_of(routes.of_router(name))}
    listed = routes if about is None else chain.from_iterable(map(routes.of_host, sorted(about)))
    told: set[frozenset[str]] = set()
    for (host, entry_point), by_options in sorted(_wanted(listed, about).items()):
        for one, other in combinations(sorted(by_options), 2):
            pair = frozenset({by_options[one], by_options[other]})
            if pair not in told and (names is None or not pair.isdisjoint(names)):
                told.add(pair)
                yield _disagreement(host, entry_point, (by_options[one], one), (by_options[other], other))


def _wanted(routes: Iterable[Route], about: Collection[str] | None) -> dict[tuple[str, str], dict[str, str]]:
    """Return which options are wanted for each host on each entry point, each with the first router that does."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for route in routes:
        for host in hosts_of([route]):
            if about is None or host in about:
                for entry_point in route.entry_points:
                    found.setdefault((host, entry_point), {}).setdefault(route.tls_options or DEFAULT, route.name)
    return found


def hosts_of(routes: Iterable[Route]) -> Iterator[str]:
    """Give the exact hosts for which routers say how Traefik speaks TLS."""
    for route in routes:
        if route.is_secure and route.enabled:
            for single in singles(route.rule.condition):
                if isinstance(single.matcher, Host) and not single.negated:
                    yield single.matcher.host.rstrip(".")


def _disagreement(host: str, entry_point: str, one: tuple[str, str], other: tuple[str, str]) -> Finding:
    detail = Message(
        "{one} and {other} want different TLS options for {host} on {where}, {first} and {second}: Traefik uses the "
        "default ones for both",
        one=one[0],
        other=other[0],
        host=host,
        where=entry_point,
        first=one[1],
        second=other[1],
    )
    return Finding(Conflict.TLS_OPTIONS, (("router", one[0]), ("router", other[0])), detail)
