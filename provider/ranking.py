"""Routers in the order in which Traefik asks them, found by the hosts that they are for. Pure.

Traefik (3.7.15) asks the routers of an entry point in the order of their priorities, the highest first, and
the first that matches takes the request. A request over TLS is only for routers with TLS, and one without for those
without, whatever the entry point (measured). Among equal priorities the order is that of one of Go's maps, and
so another one at each reload: which of them takes the request is chance.
"""

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from provider.rules import Request, Rule, hosts


@dataclass(frozen=True, slots=True)
class Route:
    """A router as Traefik has it; `priority` is the rank, the one that is set or that of its rule.

    `part` tells those apart that Traefik has of one router, such as for exact domains and for wildcards. `is_plain`:
    its rank was made from its domains and path prefix, and neither set nor that of a rule. One that `redirects` leads
    visitors to the secure entry point.
    """

    name: str
    rule: Rule
    priority: int
    service: str
    entry_points: Sequence[str] = ("web",)
    enabled: bool = True
    part: str = ""
    is_plain: bool = False
    tls_options: str | None = None
    """The TLS options that it names or that hold for it else; None where it takes requests without TLS."""
    redirects: bool = False
    beside: str = ""
    """The router of another provider that takes its requests; `priority` is the rank of that, then."""
    to: str = ""
    """Where an entry point itself redirects, by an edge's static configuration: this is no router of ours, then."""

    @property
    def is_secure(self) -> bool:
        """Whether it takes requests over TLS alone; else it takes those without TLS alone."""
        return self.tls_options is not None

    def hears(self, request: Request, entry_point: str) -> bool:
        """Tell whether requests that come in like one, at an entry point, reach it at all."""
        return entry_point in self.entry_points and self.is_secure == request.secure

    def shared_places(self, other: "Route") -> list[str]:
        """Return the entry points on which the same requests reach both, in order."""
        if self.is_secure != other.is_secure:
            return []
        return sorted(set(self.entry_points) & set(other.entry_points))

    def is_within(self, other: "Route") -> bool:
        """Tell whether all requests that reach it reach another too."""
        return self.is_secure == other.is_secure and set(self.entry_points) <= set(other.entry_points)

    @property
    def takes(self) -> bool:
        """Whether it takes requests, and no other for it."""
        return self.enabled and not self.beside and not self.to

    @property
    def taker(self) -> str:
        """The name of the router that takes the requests."""
        return self.beside or self.name

    @property
    def key(self) -> tuple[str, str]:
        """What no other route has."""
        return self.name, self.part


class Routes:
    """Routers, found by the hosts that they are for. Never changed: `replaced` makes others, which share what stays."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_name: dict[str, tuple[Route, ...]] = {}
        # Each list is in order of rank.
        self._by_host: dict[str, list[Route]] = {}
        self._elsewhere: list[Route] = []
        for route in sorted(routes, key=rank):
            self._by_name[route.name] = (*self._by_name.get(route.name, ()), route)
            for place in self._places(route):
                place.append(route)

    def replaced(self, changed: Mapping[str, Sequence[Route]]) -> "Routes":
        """Return the routers with the routes of these set, or taken out where there are none."""
        made = Routes(())
        made._by_name = dict(self._by_name)
        made._by_host = dict(self._by_host)
        made._elsewhere = list(self._elsewhere)
        for name, routes in changed.items():
            made._remove(name)
            made._add(name, routes)
        return made

    def _remove(self, name: str) -> None:
        for before in self._by_name.pop(name, ()):
            keys = hosts.keys(before.rule.condition)
            if keys is None:
                self._elsewhere = [other for other in self._elsewhere if other.name != name]
            for key in keys or ():
                self._by_host[key] = [other for other in self._by_host[key] if other.name != name]

    def _add(self, name: str, routes: Sequence[Route]) -> None:
        if routes:
            self._by_name[name] = tuple(sorted(routes, key=rank))
        for route in routes:
            for key in hosts.keys(route.rule.condition) or ():
                self._by_host[key] = list(self._by_host.get(key, ()))
            for place in self._places(route):
                insort(place, route, key=rank)

    def _places(self, route: Route) -> list[list[Route]]:
        """Return the lists in which a router has to be."""
        keys = hosts.keys(route.rule.condition)
        return [self._elsewhere] if keys is None else [self._by_host.setdefault(key, []) for key in keys]

    def of_router(self, name: str) -> Sequence[Route]:
        """Return the routes of a router, the highest rank first: none if it is not there."""
        return self._by_name.get(name, ())

    def __iter__(self) -> Iterator[Route]:
        """Give all routes, the highest rank first, and by name among equals."""
        return iter(sorted(chain.from_iterable(self._by_name.values()), key=rank))

    @property
    def unsorted(self) -> Iterator[Route]:
        """All routes, in no order."""
        return chain.from_iterable(self._by_name.values())

    def of_host(self, host: str) -> list[Route]:
        """Return the routes that are for a host and for no other than are told by the rule."""
        exact, wildcard = map(self.of_key, hosts.asked_keys(host))
        if not exact or not wildcard:
            return list(exact or wildcard)
        return list({route.key: route for route in [*exact, *wildcard]}.values())

    def of_key(self, key: str) -> Sequence[Route]:
        """Return the routes that stand under a key of `hosts`, the highest rank first."""
        return self._by_host.get(key, ())

    @property
    def of_any_host(self) -> Sequence[Route]:
        """The routes whose rule does not tell the hosts."""
        return self._elsewhere

    def able(self, request: Request, entry_point: str = "web", own: Sequence[Route] = ()) -> list[Route]:
        """Return the routers that match a request and listen there, the one that takes it first.

        `own` are those that an edge has by its static configuration.
        """
        return find_able(self.matching(request, own), request, entry_point)

    def matching(self, request: Request, own: Sequence[Route] = ()) -> list[Route]:
        """Return all that match a request, wherever they listen, the highest rank first."""
        near = self.of_host(request.host)
        return sorted((route for route in [*near, *self._elsewhere, *own] if route.rule.matches(request)), key=rank)


def find_able(matching: Iterable[Route], request: Request, entry_point: str) -> list[Route]:
    """Return the routers that take a request which comes in there, of those that match it."""
    return once(route for route in matching if route.enabled and route.hears(request, entry_point))


def once(routes: Iterable[Route]) -> list[Route]:
    """Return the first route of each router."""
    found: dict[str, Route] = {}
    for route in routes:
        found.setdefault(route.name, route)
    return list(found.values())


def rank(route: Route) -> tuple[int, str, str]:
    """Order routes as Traefik asks them: the highest rank first, and by name among equals."""
    return -route.priority, route.name, route.part
