"""The routers of the desired state, ready to be asked which of them takes a request."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain

from provider import configuration, decoding, garbage, nearby, survey, traffic
from provider.adoption import Around
from provider.collisions import find_hidden
from provider.conflicts import Concern, concern_of, find, find_about
from provider.differences import Difference
from provider.errors import Unavailable
from provider.findings import Finding
from provider.foreigners import find_named
from provider.inventory import OfParts
from provider.listeners import find_vain
from provider.listening import Listening, changed_domains
from provider.messages import Message
from provider.models import Change, Conflict
from provider.models.revision import of_noun
from provider.nouns import Domain, Named, Router, Service
from provider.nouns.certificate import Certificate
from provider.parts import Part
from provider.ranking import Route, Routes
from provider.revisions import Revisions
from provider.routes import of_part, read_routes
from provider.snapshots import Snapshot
from provider.store import rollouts, routers
from provider.surroundings import KnownEdges, apart
from provider.unheeded import find_unheeded
from provider.validity import find_hiding
from provider.views import EdgeView, add_to_words, together


@dataclass(frozen=True, slots=True)
class _KnownRouters:
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
        self._known: list[_KnownRouters] = []

    @property
    def edges(self) -> KnownEdges:
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

    def views(self) -> list[EdgeView]:
        """Return all routers as the edges have them, apart where these differ. Raises `Unavailable`."""
        edges = self._edges()
        return [
            EdgeView({name: edges[name] for name in names if name in edges}, known.adding, known.routes)
            for names, known in self._apart()
        ]

    def _newest(self) -> _KnownRouters:
        return self._apart()[0][1]

    def _apart(self) -> list[tuple[Sequence[str], _KnownRouters]]:
        """Return what was read of the newest snapshot, apart where the edges disagree about TLS."""
        snapshot = self._revisions.current
        if snapshot is None:
            raise Unavailable(self._revisions.problem)
        groups = [(names, dict(points)) for names, points in apart(self._edges())]
        with self._lock:
            if [each.adding for each in self._known] != [adding for _names, adding in groups]:
                self._known = []
            if not self._known or self._known[0].snapshot is not snapshot:
                is_first = not self._known
                before: Sequence[_KnownRouters | None] = self._known or [None] * len(groups)
                with garbage.at_rest():
                    self._known = [
                        self._read(snapshot, known, adding)
                        for known, (_names, adding) in zip(before, groups, strict=True)
                    ]
                if is_first:
                    garbage.settle()
            return [(names, known) for known, (names, _adding) in zip(self._known, groups, strict=True)]

    def _after(self, view: EdgeView, changes: Collection[Change]) -> Routes:
        """Return all routers as they are after changes, whether those are kept yet or only tried."""
        changed: dict[str, Sequence[Route]] = {}
        listening = replace(self._newest().snapshot.listening.after(changes), adding=view.adding)
        for moved in self._of_domains(changes):
            changed[moved.name] = read_routes(moved, listening)
        for change in of_noun(changes, Router):
            router = None if change.after is None else Router.read(change.after)
            changed[change.name] = [] if router is None else read_routes(router, listening)
        return view.routes.replaced(changed) if changed else view.routes

    def _of_domains(self, changes: Iterable[Change]) -> list[Router]:
        """Return the routers that listen elsewhere because of changes of their domains."""
        if not (domains := changed_domains(changes)):
            return []
        with self._revisions.reading() as session:
            return [router for domain in domains for router in routers.of_domain(session, domain)]

    def with_moves(self, difference: Difference | None) -> Difference | None:
        """Return what a change does, kept yet or only tried, with how it moves requests between routers told too."""
        changed = of_noun(difference.changes if difference else (), Router)
        if difference is None or not changed:
            return difference
        named, listening = [change.name for change in changed], self._newest().snapshot.listening

        def tell(view: EdgeView) -> Sequence[str]:
            where = replace(listening.after(difference.changes), adding=view.adding)
            return traffic.tell(*nearby.around(view.routes, changed, where), named)

        told = together(_sides(self.views()), tell, add_to_words)
        return replace(difference, words=[*difference.words, *told])

    def conflicts(self, domains: Collection[str], services: Collection[str]) -> list[Finding]:
        """Find all conflicts. `domains` are A-labels and wildcards, `services` names."""
        known, views = self._newest(), self.views()
        vain = self._find_vain(views)
        held, now, lone = OfParts(known.snapshot.parts), datetime.now(UTC), self._lone(known, services)
        unissued = [*self._find_unissued(known.snapshot.listening), *self._find_hiding(held, known.snapshot.listening)]

        def look(view: EdgeView) -> Iterator[Finding]:
            yield from survey.look(held, view.routes, self._edges(), now)
            yield from find(view.routes, domains, lone, known.sticky)

        return [*vain, *unissued, *survey.find_doubted(held), *together(_sides(views), look, Finding.on)]

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
        for change in of_noun(changes, Service):
            sticky.pop(change.name, None)
            after = None if change.after is None else Service.loaded(change.after)
            if after is not None and (cookie := after.sticky_cookie) is not None:
                sticky[change.name] = cookie
        views = [replace(view, routes=self._after(view, changes)) for view in self.views()]
        changed = {change.name for change in of_noun(changes, Router) if change.after is not None}
        there = {route.name for route in views[0].routes.unsorted}
        moved = {router.name for router in self._of_domains(changes)} & there
        about |= {(Router.kind, name) for name in moved}
        held, now = OfParts(known.snapshot.parts, changes), datetime.now(UTC)

        def look(view: EdgeView) -> Iterator[Finding]:
            yield from survey.look(held, view.routes, self._edges(), now, about)
            yield from find_about(view.routes, concern, sticky)

        others = [*find_named(held, changes, moved), *together(_sides(views), look, Finding.on)]
        listening, domains = known.snapshot.listening.after(changes), set(changed_domains(changes))
        near = about | {(Domain.kind, name) for name in domains}
        unissued = [*self._find_unissued(listening, domains), *self._find_hiding(held, listening, near)]
        return [*self._find_vain(views, changed | moved), *unissued, *others]

    def about(self, kind: str, name: str) -> list[Finding]:
        """Find the conflicts that one object is in. A domain's name is its A-label."""
        named = {kind: [name]}
        domains, services = named.get(Domain.kind, []), named.get(Service.kind, [])
        known = self._newest()
        concern = Concern({(kind, name)}, domains, self._lone(known, services))
        views = self.views()
        vain = self._find_vain(views, named.get(Router.kind, []))
        held, about, now = OfParts(known.snapshot.parts), {(kind, name)}, datetime.now(UTC)

        def look(view: EdgeView) -> Iterator[Finding]:
            yield from survey.look(held, view.routes, self._edges(), now, about)
            yield from find_about(view.routes, concern, known.sticky)

        others = [*survey.find_doubted(held, about), *self._find_unissued(known.snapshot.listening, domains)]
        others += self._find_hiding(held, known.snapshot.listening, about)
        return [*vain, *others, *together(_sides(views), look, Finding.on)]

    def services(self) -> dict[str, str | None]:
        """Return the service that each router leads to which the edges get, by the routers' names."""
        return {name: part.needed("service") for name, part in self._newest().served.items()}

    def find_hidden(self, names: Iterable[str], refused: Collection[str] = ()) -> dict[str, str]:
        """Find which of these routers never take a request, each with the router that takes all of them.

        `refused` are routers that no edge serves.
        """
        first, *others = (find_hidden(view.routes, names, refused) for view in self.views())
        return {name: by for name, by in first.items() if all(name in found for found in others)}

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

    def _find_vain(self, views: Iterable[EdgeView], names: Iterable[str] | None = None) -> Iterator[Finding]:
        """Find which routers, of all or of some, listen in vain on an edge."""
        secure, listed = self._newest().snapshot.listening.points.secure, None if names is None else sorted(names)
        for view in views:
            named = view.routes if listed is None else chain.from_iterable(map(view.routes.of_router, listed))
            yield from find_vain(named, view.edges, secure)

    def _lone(self, known: _KnownRouters, services: Collection[str]) -> Collection[str]:
        """Return services without those that need no router: middlewares, services or rollouts lead there."""
        if not services:
            return services
        with self._revisions.reading() as session:
            moving = frozenset(rollouts.list_targets(session))
        sections = [known.snapshot.parts.section(kind) for kind in ("middleware", "service")]
        used = [moving, *(section.needs.get("service", frozenset()) for section in sections)]
        return [name for name in services if not any(name in names for names in used)]

    def _read(self, snapshot: Snapshot, known: _KnownRouters | None, adding: Mapping[str, str]) -> _KnownRouters:
        served = snapshot.parts.routers.parts
        with self._revisions.reading() as session:
            disabled = [router for router in routers.disabled(session) if router.name not in served]
        off = {router.name: configuration.whole_router_part(router, snapshot.listening) for router in disabled}
        pools = snapshot.parts.services.parts
        sticky = _sticky(pools, known)
        if known is None:
            made = (route for name, part in served.items() for route in of_part(name, part, adding))
            made_off = (route for name, part in off.items() for route in of_part(name, part, adding, enabled=False))
            return _KnownRouters(snapshot, served, off, Routes(chain(made, made_off)), pools, sticky, adding)
        changed: dict[str, Sequence[Route]] = dict.fromkeys(
            (name for name in (*known.served, *known.off) if name not in served and name not in off), ()
        )
        for name, part in served.items():
            if known.served.get(name) is not part:
                changed[name] = of_part(name, part, adding)
        for name, part in off.items():
            if known.off.get(name) != part:
                changed[name] = of_part(name, part, adding, enabled=False)
        return _KnownRouters(snapshot, served, off, known.routes.replaced(changed), pools, sticky, adding)


def _sides(views: Iterable[EdgeView]) -> list[tuple[Iterable[str], EdgeView]]:
    return [(view.edges, view) for view in views]


def _sticky(pools: Mapping[str, Part], known: _KnownRouters | None) -> Mapping[str, str]:
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
