"""The routers of the desired state, ready to be asked which of them takes a request."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain

from provider import configuration, decoding, garbage, nearby, survey, traffic
from provider.adoption import Around
from provider.conflicts import Concern, Finding, concern_of, find, find_about, find_hidden
from provider.differences import Difference
from provider.errors import Unavailable
from provider.explanations import Route, Routes
from provider.foreigners import find_named
from provider.inventory import OfParts
from provider.listeners import find_vain
from provider.listening import Listening, changed_domains
from provider.messages import Message
from provider.models import Change, Conflict
from provider.nouns import Domain, Named, Router, Service
from provider.nouns.certificate import Certificate
from provider.parts import Part
from provider.revisions import Revisions
from provider.routes import of_part, read_routes
from provider.snapshots import Snapshot
from provider.store import rollouts, routers
from provider.surroundings import KnownEdges, find_secured
from provider.unheeded import find_unheeded
from provider.validity import find_hiding


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a snapshot: the routers, and what each was made from."""

    snapshot: Snapshot
    served: Mapping[str, Part]
    off: Mapping[str, Part]
    routes: Routes
    pools: Mapping[str, Part]
    sticky: Mapping[str, str]
    """The names of the sticky cookies, by service."""

    adding: Mapping[str, str]
    """The entry points that make every router one with TLS, with the options."""

    @property
    def listening(self) -> Listening:
        """What tells where routers listen on the edges."""
        return replace(self.snapshot.listening, adding=self.adding)


class Routing:
    """Gives the routers of the newest revision. After a change only those are read that it changed; any thread asks."""

    def __init__(
        self, revisions: Revisions, edges: Callable[[], KnownEdges], unissued: Callable[[str], str | None]
    ) -> None:
        """Take what tells of the edges, and what says what is wrong with the certificate of a domain, an A-label."""
        self._revisions = revisions
        self._unissued = unissued
        self._edges = edges
        self._lock = threading.Lock()
        self._known: _Known | None = None

    @property
    def edges(self) -> KnownEdges:
        """What is known of the edges that is not of our doing."""
        return self._edges()

    def find_unissued(self, domain: str) -> str | None:
        """Say why this service has no certificate for a domain, an A-label, if it has to get one and has none."""
        found = list(self._find_unissued(self._newest().snapshot.listening, [domain]))
        return self._unissued(domain) if found else None

    def around(self) -> Around:
        """Return what is known around routers that are adopted. Raises `Unavailable`."""
        known = self._newest()
        return Around(self._edges(), known.snapshot.parts, known.routes)

    def routes(self) -> Routes:
        """Return all routers, those that are disabled too. Raises `Unavailable`."""
        return self._newest().routes

    def _newest(self) -> _Known:
        snapshot = self._revisions.current
        if snapshot is None:
            raise Unavailable(self._revisions.problem)
        adding = find_secured(self._edges())
        with self._lock:
            if self._known is not None and self._known.adding != adding:
                self._known = None
            if self._known is None or self._known.snapshot is not snapshot:
                is_first = self._known is None
                with garbage.at_rest():
                    self._known = self._read(snapshot, self._known, adding)
                if is_first:
                    garbage.settle()
            return self._known

    def after(self, changes: Collection[Change]) -> Routes:
        """Return all routers as they are after changes, whether those are kept yet or only tried."""
        changed: dict[str, Sequence[Route]] = {}
        listening = self._newest().listening.after(changes)
        for moved in self._of_domains(changes):
            changed[moved.name] = read_routes(moved, listening)
        for change in changes:
            if change.kind == "router":
                router = None if change.after is None else Router.read(change.after)
                changed[change.name] = [] if router is None else read_routes(router, listening)
        return self.routes().replaced(changed) if changed else self.routes()

    def _of_domains(self, changes: Iterable[Change]) -> list[Router]:
        """Return the routers that listen elsewhere because of changes of their domains."""
        if not (domains := changed_domains(changes)):
            return []
        with self._revisions.reading() as session:
            return [router for domain in domains for router in routers.of_domain(session, domain)]

    def with_moves(self, difference: Difference | None) -> Difference | None:
        """Return what a change does, kept yet or only tried, with how it moves requests between routers told too."""
        changed = [change for change in (difference.changes if difference else ()) if change.kind == "router"]
        if difference is None or not changed:
            return difference
        listening = self._newest().listening.after(difference.changes)
        told = traffic.tell(*nearby.around(self.routes(), changed, listening), [change.name for change in changed])
        return replace(difference, words=[*difference.words, *told])

    def conflicts(self, domains: Collection[str], services: Collection[str]) -> list[Finding]:
        """Find all conflicts. `domains` are A-labels and wildcards, `services` names."""
        known = self._newest()
        vain = find_vain(known.routes, self._edges(), known.snapshot.listening.points.secure)
        held, now = OfParts(known.snapshot.parts), datetime.now(UTC)
        others = [*survey.look(held, known.routes, self._edges(), now), *survey.find_doubted(held)]
        unissued = [*self._find_unissued(known.snapshot.listening), *self._find_hiding(held, known.snapshot.listening)]
        return [*vain, *unissued, *others, *find(known.routes, domains, self._lone(known, services), known.sticky)]

    def warnings(self, changes: Sequence[Change]) -> list[Finding]:
        """Find the conflicts that changes are in, or make, and where the edges have no entry point for them."""
        concern = concern_of(changes)
        about = {(change.kind, change.name) for change in changes}
        if not concern.objects and survey.KINDS.isdisjoint(kind for kind, _name in about):
            snapshot = self._revisions.current
            return [] if snapshot is None else [*find_unheeded(OfParts(snapshot.parts, changes), about)]
        known = self._newest()
        concern = replace(concern, services=self._lone(known, concern.services))
        sticky = dict(known.sticky)
        for change in changes:
            if change.kind == "service":
                sticky.pop(change.name, None)
                after = None if change.after is None else Service.loaded(change.after)
                if after is not None and (cookie := after.sticky_cookie) is not None:
                    sticky[change.name] = cookie
        routes = self.after(changes)
        changed = {change.name for change in changes if change.kind == "router" and change.after is not None}
        moved = {router.name for router in self._of_domains(changes)} & {route.name for route in routes.unsorted}
        about |= {(Router.kind, name) for name in moved}
        held, now = OfParts(known.snapshot.parts, changes), datetime.now(UTC)
        others = [*survey.look(held, routes, self._edges(), now, about), *find_named(held, changes, moved)]
        listening, domains = known.snapshot.listening.after(changes), set(changed_domains(changes))
        near = about | {(Domain.kind, name) for name in domains}
        unissued = [*self._find_unissued(listening, domains), *self._find_hiding(held, listening, near)]
        return [*self._find_vain(routes, changed | moved), *unissued, *others, *find_about(routes, concern, sticky)]

    def about(self, kind: str, name: str) -> list[Finding]:
        """Find the conflicts that one object is in. A domain's name is its A-label."""
        domains = [name] if kind == "domain" else []
        known = self._newest()
        concern = Concern({(kind, name)}, domains, self._lone(known, [name] if kind == "service" else []))
        vain = self._find_vain(known.routes, [name] if kind == "router" else [])
        held, about = OfParts(known.snapshot.parts), {(kind, name)}
        looked = survey.look(held, known.routes, self._edges(), datetime.now(UTC), about)
        others = [*looked, *survey.find_doubted(held, about), *self._find_unissued(known.snapshot.listening, domains)]
        others += self._find_hiding(held, known.snapshot.listening, about)
        return [*vain, *others, *find_about(known.routes, concern, known.sticky)]

    def services(self) -> dict[str, str | None]:
        """Return the service that each router leads to which the edges get, by the routers' names."""
        return {name: part.needed("service") for name, part in self._newest().served.items()}

    def find_hidden(self, names: Iterable[str], refused: Collection[str] = ()) -> dict[str, str]:
        """Find which of these routers never take a request, each with the router that takes all of them.

        `refused` are routers that no edge serves.
        """
        return find_hidden(self._newest().routes, names, refused)

    def _find_unissued(self, listening: Listening, names: Collection[str] | None = None) -> Iterator[Finding]:
        """Find the domains, of all or of some, that lack the certificate which this service has to get them."""
        for name in listening.certified():
            why = self._unissued(name) if names is None or name in names else None
            if why is not None:
                detail = Message("domain {name}: {why}", name=listening.secured[name].name, why=why)
                yield Finding(Conflict.MISSING_CERTIFICATE, ((Domain.kind, name),), detail)

    def _find_hiding(
        self, held: OfParts, listening: Listening, about: Collection[Named] | None = None
    ) -> Iterator[Finding]:
        """Find the stored certificates that edges show in place of those that this service has got."""
        kinds = {Domain.kind, Certificate.kind} if about is None else {kind for kind, _name in about}
        if kinds.isdisjoint({Domain.kind, Certificate.kind}):
            return
        of_all = about is None or Certificate.kind in kinds
        names = (name for name in listening.certified() if of_all or (Domain.kind, name) in (about or ()))
        for each in find_hiding(held, {name: listening.secured[name].name for name in names}, about):
            if self._unissued(each.objects[0][1]) is None:
                yield each

    def _find_vain(self, routes: Routes, names: Iterable[str]) -> Iterator[Finding]:
        """Find which of these routers listen in vain on an edge."""
        named = chain.from_iterable(map(routes.of_router, sorted(names)))
        return find_vain(named, self._edges(), self._newest().snapshot.listening.points.secure)

    def _lone(self, known: _Known, services: Collection[str]) -> Collection[str]:
        """Return services without those that need no router: middlewares, services or rollouts lead there."""
        if not services:
            return services
        with self._revisions.reading() as session:
            moving = frozenset(rollouts.list_targets(session))
        sections = [known.snapshot.parts.section(kind) for kind in ("middleware", "service")]
        used = [moving, *(section.needs.get("service", frozenset()) for section in sections)]
        return [name for name in services if not any(name in names for names in used)]

    def _read(self, snapshot: Snapshot, known: _Known | None, adding: Mapping[str, str]) -> _Known:
        served = snapshot.parts.routers.parts
        with self._revisions.reading() as session:
            disabled = [router for router in routers.disabled(session) if router.name not in served]
        off = {router.name: configuration.whole_router_part(router, snapshot.listening) for router in disabled}
        pools = snapshot.parts.services.parts
        sticky = _sticky(pools, known)
        if known is None:
            made = (route for name, part in served.items() for route in of_part(name, part, adding))
            made_off = (route for name, part in off.items() for route in of_part(name, part, adding, enabled=False))
            return _Known(snapshot, served, off, Routes(chain(made, made_off)), pools, sticky, adding)
        changed: dict[str, Sequence[Route]] = dict.fromkeys(
            (name for name in (*known.served, *known.off) if name not in served and name not in off), ()
        )
        for name, part in served.items():
            if known.served.get(name) is not part:
                changed[name] = of_part(name, part, adding)
        for name, part in off.items():
            if known.off.get(name) != part:
                changed[name] = of_part(name, part, adding, enabled=False)
        return _Known(snapshot, served, off, known.routes.replaced(changed), pools, sticky, adding)


def _sticky(pools: Mapping[str, Part], known: _Known | None) -> Mapping[str, str]:
    """Return the names of the sticky cookies by service, those that stay from what was known."""
    if known is not None and known.pools is pools:
        return known.sticky
    found = {}
    for name, part in pools.items():
        if known is not None and known.pools.get(name) is part:
            cookie = known.sticky.get(name)
        else:
            cookie = decoding.find_cookie(part)
        if cookie is not None:
            found[name] = cookie
    return found
