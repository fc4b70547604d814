"""The routers of the desired state, ready to be asked which of them takes a request."""

import threading
from collections.abc import Iterator
from functools import lru_cache

from provider import configuration, rules
from provider.configuration import Part, RouterPart
from provider.errors import Unavailable
from provider.explanations import Route, Routes
from provider.revisions import Revisions, Snapshot
from provider.store import routers

_READ = 20_000
"""How many routers are kept as they were read, so that a change costs what it changed."""


class Routing:
    """Gives the routers of the newest revision. They are read once a revision; any thread may ask."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions
        self._lock = threading.Lock()
        self._known: tuple[Snapshot, Routes] | None = None

    def routes(self) -> Routes:
        """Return all routers, those that are disabled too. Raises `Unavailable`."""
        snapshot = self._revisions.current
        if snapshot is None:
            raise Unavailable(self._revisions.problem)
        with self._lock:
            if self._known is None or self._known[0] is not snapshot:
                self._known = snapshot, Routes(self._read(snapshot))
            return self._known[1]

    def _read(self, snapshot: Snapshot) -> Iterator[Route]:
        served = snapshot.parts.routers.parts
        for name, part in served.items():
            if route := _find_served(name, part):
                yield route
        with self._revisions.reading() as session:
            off = routers.disabled(session)
        for router in off:
            described = configuration.describe_router(router, router.ascii_domains)
            if router.name not in served and (route := _find_route(router.name, described, enabled=False)):
                yield route


@lru_cache(maxsize=_READ)
def _find_served(name: str, part: Part) -> Route | None:
    return _find_route(name, configuration.read_router(name, part), enabled=True)


def _find_route(name: str, part: RouterPart, *, enabled: bool) -> Route | None:
    """Return a router as Traefik has it, or None for one with a rule that it would not take: somebody else wrote it."""
    try:
        rule = rules.read(part.rule)
    except rules.BadRule:
        return None
    return Route(name, rule, part.priority or rule.priority, part.service, tuple(part.entry_points), enabled)
