"""The routers of the desired state, ready to be asked which of them takes a request."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from provider import configuration, rules
from provider.configuration import Part, RouterPart
from provider.conflicts import Concern, Finding, concern_of, find_about
from provider.errors import Unavailable
from provider.explanations import Route, Routes
from provider.models import Change, RouterInput
from provider.revisions import Revisions, Snapshot
from provider.store import routers


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a snapshot: the routers, and what each was made from."""

    snapshot: Snapshot
    served: Mapping[str, Part]
    off: Mapping[str, RouterPart]
    routes: Routes


class Routing:
    """Gives the routers of the newest revision. After a change only those are read that it changed; any thread asks."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions
        self._lock = threading.Lock()
        self._known: _Known | None = None

    def routes(self) -> Routes:
        """Return all routers, those that are disabled too. Raises `Unavailable`."""
        snapshot = self._revisions.current
        if snapshot is None:
            raise Unavailable(self._revisions.problem)
        with self._lock:
            if self._known is None or self._known.snapshot is not snapshot:
                self._known = self._read(snapshot, self._known)
            return self._known.routes

    def after(self, changes: Iterable[Change]) -> Routes:
        """Return all routers as they are after changes, whether those are kept yet or only tried."""
        changed: dict[str, Route | None] = {}
        for change in changes:
            if change.kind == "router":
                router = None if change.after is None else RouterInput.model_validate(change.after)
                part = None if router is None else configuration.describe_router(router, router.ascii_domains)
                enabled = router is not None and router.enabled
                changed[change.name] = None if part is None else _find_route(change.name, part, enabled=enabled)
        return self.routes().replaced(changed) if changed else self.routes()

    def warnings(self, changes: Sequence[Change]) -> list[Finding]:
        """Find the conflicts that changes are in, or make."""
        concern = concern_of(changes)
        return find_about(self.after(changes), concern) if concern.objects else []

    def about(self, kind: str, name: str) -> list[Finding]:
        """Find the conflicts that one object is in. A domain's name is its A-label."""
        domains = [name] if kind == "domain" else []
        return find_about(self.routes(), Concern({(kind, name)}, domains, [name] if kind == "service" else []))

    def _read(self, snapshot: Snapshot, known: _Known | None) -> _Known:
        served = snapshot.parts.routers.parts
        with self._revisions.reading() as session:
            disabled = [router for router in routers.disabled(session) if router.name not in served]
        off = {router.name: configuration.describe_router(router, router.ascii_domains) for router in disabled}
        if known is None:
            made = (route for route in (*map(_find_served, served.items()), *map(_find_off, off.items())) if route)
            return _Known(snapshot, served, off, Routes(made))
        changed: dict[str, Route | None] = dict.fromkeys(
            name for name in (*known.served, *known.off) if name not in served and name not in off
        )
        changed |= {
            name: _find_served((name, part)) for name, part in served.items() if known.served.get(name) is not part
        }
        changed |= {name: _find_off((name, part)) for name, part in off.items() if known.off.get(name) != part}
        return _Known(snapshot, served, off, known.routes.replaced(changed))


def _find_served(member: tuple[str, Part]) -> Route | None:
    name, part = member
    return _find_route(name, configuration.read_router(name, part), enabled=True)


def _find_off(member: tuple[str, RouterPart]) -> Route | None:
    return _find_route(*member, enabled=False)


def _find_route(name: str, part: RouterPart, *, enabled: bool) -> Route | None:
    """Return a router as Traefik has it, or None for one with a rule that it would not take: somebody else wrote it."""
    try:
        rule = rules.read(part.rule)
    except rules.BadRule:
        return None
    return Route(name, rule, part.priority or rule.priority, part.service, tuple(part.entry_points), enabled)
