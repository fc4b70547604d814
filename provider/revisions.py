"""Revisions: one change is one transaction is one revision; and the snapshot that is served.

Everything that changes the desired state, from any door, goes through `Revisions.change`. It writes,
renders what changed, verifies it, notes the revision, commits, and only then puts the new snapshot where
the polls read it. What an edge is given was therefore always committed, and what was acknowledged is
always what an edge will be given.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from time import perf_counter
from typing import Any, Generic, TypeVar

from sqlmodel import Session, col, select

from provider import brake, configuration
from provider.addresses import ANYWHERE, Places
from provider.brake import Removal
from provider.configuration import Document, Part, Parts, Section
from provider.conflicts import Finding
from provider.database.sessions import Database
from provider.differences import Difference, Touched, compare, touched_services
from provider.errors import ProviderError, Unavailable
from provider.messages import Message, freeze
from provider.models import Actor, Change, Revision, RouterInput, ServerInput, ServiceInput
from provider.store import audit, counts, declarations, records, routers, servers, services
from provider.store import revisions as stored_revisions
from provider.store.revisions import LONG, Retention, prune
from provider.summaries import Summarise, join, summarise
from provider.values import ServerState

T = TypeVar("T")

logger = logging.getLogger(__name__)

_MANY = 100
"""From more changes than these on, all objects are read at once rather than each that is needed."""
_MOST_WARNED = 20
_START = Actor("start")
"""Who adopts a stored state that gives another document than it did."""
_LONGEST_LOGGED = 500
"""The most characters of a summary in a log line."""
_PATIENCE_SECONDS = 5.0
"""How long a change waits for those before it. While the database is locked from outside, each takes seconds."""


@dataclass(frozen=True, slots=True)
class Served:
    """What Traefik gets of a revision. Never changed, so that any thread may hold it."""

    revision: int
    document: Document


@dataclass(frozen=True, slots=True)
class Snapshot(Served):
    """A committed and verified state: what Traefik gets, and what the next state is made from."""

    parts: Parts
    author: str = field(default="", compare=False)
    changed: frozenset[tuple[str, str]] = field(default=frozenset(), compare=False)
    """The parts that its revision gave another form, by kind and name."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a change gave back, and the revision at which the state is now, with its document's digest.

    `difference` is what it does, where that was asked for, and `changes` the same object by object.
    `warnings` are the conflicts that they are in, where somebody looked for them.
    """

    result: T
    revision: int
    digest: str
    difference: Difference | None = None
    changes: Sequence[Change] = ()
    warnings: Sequence[Finding] | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """How long a change took: to render what it gives, and to commit it."""

    render_seconds: float
    commit_seconds: float


@dataclass(frozen=True, slots=True)
class _Applied(Generic[T]):
    """What a change came to in its transaction, before it is kept."""

    result: T
    changes: list[Change]
    before: Snapshot
    snapshot: Snapshot
    render_seconds: float
    stored: "_Stored"
    removal: Removal


class Revisions:
    """The current snapshot, and the only way to the next. All methods may be called from any thread."""

    def __init__(
        self,
        database: Database,
        assemble: Callable[[Parts], Document] = configuration.assemble,
        server_places: Places = ANYWHERE,
        retention: Retention = LONG,
    ) -> None:
        self._database = database
        self._server_places = server_places
        self._retention = retention
        self._assemble = assemble
        self._lock = threading.Lock()
        self._listeners: list[Callable[[Snapshot], None]] = []
        self._observers: list[Callable[[Timings], None]] = []
        self._current: Snapshot | None = None
        self._problem: str = Message("the service has not read its state yet")

    @property
    def current(self) -> Snapshot | None:
        """The snapshot that is served, or None while there is none that was verified."""
        return self._current

    @property
    def assemble(self) -> Callable[[Parts], Document]:
        """How a document is put together from parts."""
        return self._assemble

    @property
    def problem(self) -> str:
        """Why there is no snapshot, for a person."""
        return self._problem

    def find_trouble(self) -> str | None:
        """Say why no change can be kept now, for a person, as far as it is known."""
        return self._database.find_trouble()

    def find_worry(self) -> str | None:
        """Say why changes would be refused after a restart, for a person."""
        return self._database.find_worry()

    def probe(self) -> None:
        """Find out whether a change could be kept now, and read the state anew once that is so after it was not."""
        if self._database.probe() and self._database.is_frozen:
            self.load()

    def subscribe(self, listener: Callable[[Snapshot], None]) -> None:
        """Call `listener` with each new snapshot, in the thread that made it."""
        self._listeners.append(listener)

    def observe(self, observer: Callable[[Timings], None]) -> None:
        """Call `observer` with how long each change took that made a revision, in the thread that made it."""
        self._observers.append(observer)

    def load(self) -> bool:
        """Read the stored state, verify it and serve it. Returns whether it could; `problem` says why not."""
        try:
            with self._alone():
                self._database.open()
                snapshot, outside = self._read()
                _warn(outside)
                self._publish(snapshot)
        except ProviderError as error:
            # No connection stays, nor its write-ahead log: whoever puts another file in its place is not in its way.
            self._database.close()
            self._problem = error.detail
            return False
        return True

    def _read(self) -> tuple[Snapshot, Mapping[str, str]]:
        """Read the stored state, and adopt it. Where nothing can be written it is served as it is."""
        try:
            with self._database.writing() as session:
                return self._adopt(session), self._find_outside(session)
        except Unavailable:
            with self._database.reading() as session:
                parts, document = read_verified(session)
                return Snapshot(last_revision(session)[0], document, parts), self._find_outside(session)

    def _find_outside(self, session: Session) -> Mapping[str, str]:
        servers.keep_to(session, self._server_places)
        return servers.find_outside(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for reading. Raises `Unavailable`."""
        self._check_loaded()
        with self._database.reading() as session:
            servers.keep_to(session, self._server_places)
            yield session

    def change(
        self,
        apply: Callable[[Session], T],
        *,
        actor: Actor,
        compares: bool = False,
        confirmed: int | None = None,
        message: str = "",
        says: Summarise = summarise,
    ) -> Outcome[T]:
        """Apply a change in one transaction, and serve what it gives. With `compares`, tell what it does.

        `confirmed` is the number with which somebody confirmed a change that takes much away (see `brake`), and
        `message` what they say about it. `says` tells in words what was done.

        Whatever `apply` raises undoes it all. A change that changes nothing makes no revision. Raises
        `Unavailable` if it cannot be kept now, `Unverified` if Traefik would not take the result, and `Brake` for
        what has to be confirmed and was not.
        """
        self._check_loaded()
        with self._alone():
            known = self._check_loaded()
            with self._database.writing() as session:
                applied = self._apply(session, known, apply)
                changes, snapshot = applied.changes, applied.snapshot
                applied.removal.check(confirmed)
                words = says(changes) if changes else ()
                if changes:
                    _store_revision(session, snapshot, actor, words, changes, message)
                    prune(session, self._retention, datetime.now(UTC))
                difference = _compare(applied) if compares else None
                stored = perf_counter()
            committed = perf_counter()
            if changes:
                snapshot = replace(snapshot, author=actor.name, changed=frozenset(map(part_of, changes)))
            self._publish(snapshot)
            if changes:
                _log(snapshot, actor, join(words))
                for observer in self._observers:
                    observer(Timings(applied.render_seconds, committed - stored))
            return Outcome(applied.result, snapshot.revision, snapshot.document.digest, difference, changes)

    def try_change(self, apply: Callable[[Session], T]) -> Outcome[T]:
        """Do what `change` does, in the same way and with the same checks, tell what it does, and keep nothing.

        It is done on a copy of the state, and keeps nobody from writing. What would have to be confirmed is not
        refused, but told in the difference: nothing is taken away.
        """
        self._check_loaded()
        with self._trying() as (session, known):
            applied = self._apply(session, known, apply, keeps=False)
            before = applied.before
            difference = _compare(applied)
            return Outcome(applied.result, before.revision, before.document.digest, difference, applied.changes)

    @contextmanager
    def _trying(self) -> Iterator[tuple[Session, Snapshot]]:
        """Give a session on a copy of what is stored, and the snapshot that is known of that, or of what came before.

        Where somebody committed at this moment, it waits until they have published what that gives, and begins again.
        """
        for is_last in (False, True):
            with self._database.trying() as session:
                known = self._check_loaded()
                if is_last or last_revision(session)[0] == known.revision:
                    yield session, known
                    return
            with self._alone():
                pass

    def _apply(
        self, session: Session, known: Snapshot, apply: Callable[[Session], T], *, keeps: bool = True
    ) -> "_Applied[T]":
        before = self._catch_up(session, known, keeps=keeps)
        servers.keep_to(session, self._server_places)
        result = apply(session)
        changes = net(records.changes(session))
        stored = _Stored(session, changes)
        started = perf_counter()
        snapshot = self._next(stored, before, changes)
        rendered = perf_counter()
        return _Applied(result, changes, before, snapshot, rendered - started, stored, stored.removal(session))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            raise Unavailable(Message("other changes have been waiting for the database for too long: try again"))
        try:
            yield
        finally:
            self._lock.release()

    def changed_between(self, first: int, last: int) -> list[Change]:
        """Return what the revisions after `first` until `last` came to. Raises `Unavailable`."""
        with self.reading() as session:
            return net(stored_revisions.changes_between(session, first, last))

    def _check_loaded(self) -> Snapshot:
        if self._current is None:
            raise Unavailable(self._problem)
        return self._current

    def _publish(self, snapshot: Snapshot) -> None:
        if snapshot is not self._current:
            self._current = snapshot
            for listener in self._listeners:
                listener(snapshot)

    def _catch_up(self, session: Session, known: Snapshot, *, keeps: bool) -> Snapshot:
        """Return the snapshot of what is stored: the one that is known, unless somebody else wrote."""
        number, _digest = last_revision(session)
        if number == known.revision:
            return known
        if number < known.revision:
            raise Unavailable(
                Message(
                    "the database is at revision {number}, but {revision} was acknowledged: it was put back "
                    "while the service ran, so start the service again if that is meant",
                    number=number,
                    revision=known.revision,
                )
            )
        return self._adopt(session, keeps=keeps)

    def _adopt(self, session: Session, *, keeps: bool = True) -> Snapshot:
        """Return the stored state as a snapshot, verified as a whole. With `keeps`, note if it is no revision's."""
        parts, document = read_verified(session)
        number, digest = last_revision(session)
        if digest not in {None, document.digest}:
            # Another version renders differently, or somebody wrote past this service: both are changes.
            logger.warning("the stored state gives another document than revision %d did", number)
            following = Snapshot(number + 1, document, parts)
            if keeps:
                _store_revision(session, following, _START, [Message("the stored state gives another document")], [])
            return following
        return Snapshot(number, document, parts)

    def _next(self, stored: "_Stored", snapshot: Snapshot, changes: list[Change]) -> Snapshot:
        """Return the snapshot that follows from changes: the same one, if there are none."""
        if not changes:
            return snapshot
        parts = snapshot.parts.replaced(*_changed_parts(stored, changes))
        return Snapshot(snapshot.revision + 1, self._assemble(parts), parts)


def net(changes: Iterable[Change]) -> list[Change]:
    """Return what changes came to, one an object: what was made and removed again is not among them."""
    merged: dict[tuple[str, str], Change] = {}
    for change in changes:
        first = merged.get((change.kind, change.name), change)
        merged[change.kind, change.name] = Change(change.kind, change.name, first.before, change.after)
    return [change for change in merged.values() if change.before != change.after]


def read_parts(session: Session) -> Parts:
    """Render the whole stored state."""
    pools = dict(servers.by_service(session))
    listed = routers.page(session, limit=None)
    router_parts = {router.name: part for router in listed if (part := _router_part(router)) is not None}
    service_parts = {
        service.name: configuration.service_part(service, pools.get(service.name, ()))
        for service in services.page(session, limit=None)
    }
    return Parts(Section(router_parts), Section(service_parts))


def read_verified(session: Session) -> tuple[Parts, Document]:
    """Render the whole stored state, and verify it as a whole. Raises `Unavailable` or `Unverified`."""
    try:
        parts = read_parts(session)
    except (ValueError, LookupError, TypeError) as error:
        raise Unavailable(
            Message("the database has a row that this service did not write: {error}", error=str(error))
        ) from error
    document = configuration.assemble(parts)
    configuration.verify(document.content)
    return parts, document


class _Stored:
    """What is stored after some changes: each object is looked up, or if they are many all are read at once."""

    def __init__(self, session: Session, changes: Sequence[Change]) -> None:
        self._session = session
        self._changes = changes
        self._all = declarations.read(session) if len(changes) > _MANY else None

    @cached_property
    def _leading(self) -> dict[str, list[RouterInput]]:
        leading: dict[str, list[RouterInput]] = {}
        for router in self._all.routers.values() if self._all else ():
            leading.setdefault(router.service, []).append(router)
        return leading

    def router(self, name: str) -> RouterInput | None:
        """Find a router."""
        return self._all.routers.get(name) if self._all else routers.find(self._session, name)

    def service(self, name: str) -> ServiceInput | None:
        """Find a service."""
        return self._all.services.get(name) if self._all else services.find(self._session, name)

    def pool(self, service: str) -> Sequence[ServerInput]:
        """Return the servers of a service that may be gone."""
        if self._all:
            return list(self._all.servers.get(service, {}).values())
        return servers.of_services(self._session, [service]).get(service, [])

    def leading(self, service: str) -> Sequence[RouterInput]:
        """Return the routers that lead to a service."""
        return self._leading.get(service, []) if self._all else routers.of_service(self._session, service)

    def touched(self) -> dict[str, Touched]:
        """Return the services that the changes touch, with their servers and what leads to them, before or after."""
        found = {name: Touched(self.pool(name), list(self.leading(name))) for name in touched_services(self._changes)}
        for change in self._changes:
            if change.kind == "router" and change.before is not None:
                service = change.before["service"]
                if service in found and (change.after is None or change.after["service"] != service):
                    former = [*found[service].routers, RouterInput.model_validate(change.before)]
                    found[service] = Touched(found[service].servers, former)
        return found

    def removal(self, session: Session) -> Removal:
        """Tell what the changes take away."""
        lost = brake.lost_by(self._changes)
        if lost == brake.Counts():
            return Removal()
        counted = counts.count(session)
        after = brake.Counts(
            counted["router", "enabled"], counted["server", ServerState.READY], counted["domain", counts.PRESENT]
        )
        return brake.judge(lost, after, brake.gained_by(self._changes), list(self._emptied()))

    def _emptied(self) -> Iterator[str]:
        """Find the services that have traffic, before and after, and lose their last ready server."""
        for name in brake.services_losing(self._changes):
            if self.service(name) is not None and not any(_is_ready(server) for server in self.pool(name)):
                after = [router for router in self.leading(name) if router.enabled]
                if after and brake.had_traffic(name, [router.name for router in after], self._changes):
                    yield name


def _is_ready(server: ServerInput) -> bool:
    return server.state is ServerState.READY


def _compare(applied: _Applied[Any]) -> Difference:
    """Tell what a change does, from its transaction."""
    touched = applied.stored.touched()
    found = compare(applied.changes, touched, applied.before.parts, applied.snapshot.parts)
    return replace(found, removal=applied.removal)


def _changed_parts(stored: _Stored, changes: Sequence[Change]) -> tuple[dict[str, Part | None], dict[str, Part | None]]:
    changed_routers: dict[str, Part | None] = {}
    changed_services: dict[str, Part | None] = {}
    for change in changes:
        if change.kind == "router":
            router = stored.router(change.name)
            changed_routers[change.name] = None if router is None else _router_part(router)
        elif change.kind in {"service", "server"}:
            name = change.name.partition("/")[0]
            if name not in changed_services:
                service = stored.service(name)
                part = None if service is None else configuration.service_part(service, stored.pool(name))
                changed_services[name] = part
    return changed_routers, changed_services


def part_of(change: Change) -> tuple[str, str]:
    """Return the kind and the name of the part that a change concerns."""
    return ("router", change.name) if change.kind == "router" else ("service", change.name.partition("/")[0])


def _router_part(router: RouterInput) -> Part | None:
    return configuration.router_part(router, router.ascii_domains)


def last_revision(session: Session) -> tuple[int, str | None]:
    """Return the number of the last revision and the digest of its document, or 0 and None before the first."""
    newest = select(Revision.number, Revision.digest).order_by(col(Revision.number).desc()).limit(1)
    return session.exec(newest).first() or (0, None)


def _store_revision(
    session: Session,
    snapshot: Snapshot,
    actor: Actor,
    words: Sequence[str],
    changes: Sequence[Change],
    message: str = "",
) -> None:
    summary = join(words)
    session.add(
        Revision(
            number=snapshot.revision,
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            author=actor.name,
            summary=summary,
            words=[freeze(told) for told in words],
            digest=snapshot.document.digest,
            message=message,
        )
    )
    audit.add(session, actor, "state.change", summary, revision=snapshot.revision, message=message)
    session.flush()
    stored_revisions.add_changes(session, snapshot.revision, changes)


def _warn(outside: Mapping[str, str]) -> None:
    """Say which servers could not be added now. They are served: a start breaks no edge."""
    for name, trouble in list(outside.items())[:_MOST_WARNED]:
        logger.warning("server %s is served all the same: %s", name, trouble)
    if len(outside) > _MOST_WARNED:
        logger.warning("so are %d more servers", len(outside) - _MOST_WARNED)


def _log(snapshot: Snapshot, actor: Actor, summary: str) -> None:
    shown = summary if len(summary) <= _LONGEST_LOGGED else summary[:_LONGEST_LOGGED] + "…"
    facts = {"revision": snapshot.revision, "author": actor.name, "summary": shown, "digest": snapshot.document.digest}
    logger.info("revision %d by %s: %s", snapshot.revision, actor.name, shown, extra=facts)
