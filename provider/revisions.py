"""Revisions: one change is one transaction is one revision; and the snapshot that is served.

Everything that changes the desired state, from any door, goes through `Revisions.change`. It writes,
renders what changed, verifies it, notes the revision, commits, and only then puts the new snapshot where
the polls read it. What an edge is given was therefore always committed, and what was acknowledged is
always what an edge will be given.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Generic, TypeVar

from provider import configuration, garbage, meanwhile, rendering
from provider.addresses import ANYWHERE, Places
from provider.attempts import Prepared
from provider.brake import Removal
from provider.configuration import Document
from provider.database.database import Database, Overtaken
from provider.database.sessions import Session
from provider.differences import Difference, compare
from provider.effects import Stored, net
from provider.errors import ProviderError, Unavailable
from provider.findings import Finding
from provider.lineage import Ancestor, Lineage, record
from provider.listening import DEFAULT_POINTS, DefaultEntryPoints
from provider.meanwhile import Combined, NotSettledError
from provider.messages import Message
from provider.models import NO_CONFIRMING, Actor, Change, Confirming
from provider.nouns import Named, called
from provider.parts import Parts
from provider.snapshots import Snapshot, last_revision, read_verified
from provider.store import confirmations, outside
from provider.store import revisions as stored_revisions
from provider.store.revisions import LONG, Retention, prune
from provider.summaries import Summarise, join, summarise

T = TypeVar("T")

logger = logging.getLogger(__name__)

_MOST_WARNED = 20
_LONGEST_LOGGED = 500
"""The most characters of a summary in a log line."""
_TRIES = 10
"""How often a trial begins anew because others committed something else to the same objects."""
_PATIENCE_SECONDS = 5.0
"""How long a change waits for those before it. While the database is locked from outside, each takes seconds."""


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
    confirm_before: datetime | None = None
    """When it is rolled back unless somebody confirms it."""
    is_as_planned: bool = True
    """Whether it does what was told of it before, in spite of what others changed meanwhile."""


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
    stored: Stored
    removal: Removal


class Revisions:
    """The current snapshot, and the only way to the next. All methods may be called from any thread."""

    def __init__(
        self,
        database: Database,
        assemble: Callable[[Parts], Document] = configuration.assemble,
        server_places: Places = ANYWHERE,
        retention: Retention = LONG,
        points: DefaultEntryPoints = DEFAULT_POINTS,
    ) -> None:
        self._database = database
        self._points = points
        self._server_places = server_places
        self._retention = retention
        self._assemble = assemble
        self._lock = threading.Lock()
        self._listeners: list[Callable[[Snapshot], None]] = []
        self._observers: list[Callable[[Timings], None]] = []
        self._confirmers: list[Callable[[], None]] = []
        self._current: Snapshot | None = None
        self._lineage = Lineage(assemble, points, is_shared=database.is_shared)
        self._problem: str = Message("the state has not been read yet")

    @property
    def current(self) -> Snapshot | None:
        """The snapshot that is served, or None while there is none that was verified."""
        return self._current

    @property
    def assemble(self) -> Callable[[Parts], Document]:
        """How a document is put together from parts."""
        return self._assemble

    @property
    def points(self) -> DefaultEntryPoints:
        """The entry points of routers that name none."""
        return self._points

    @property
    def server_places(self) -> Places:
        """Where servers may be."""
        return self._server_places

    @property
    def problem(self) -> str:
        """Why there is no snapshot, for a person."""
        return self._problem

    def find_trouble(self) -> str | None:
        """Say why no change can be kept now, for a person, as far as it is known."""
        return self._lineage.lost or self._database.find_trouble()

    def find_worry(self) -> str | None:
        """Say why changes would be refused after a restart, for a person."""
        return self._database.find_worry()

    def find_seconds_ahead(self) -> float:
        """Return by how many seconds at least this machine's clock is ahead of the database's; behind it: below 0."""
        return self._database.find_seconds_ahead()

    def probe(self) -> None:
        """Find out whether a change could be kept now, and read the state anew once that is so after it was not."""
        if self._database.probe():
            if self._database.is_frozen:
                self.load()
            elif self._database.is_shared:
                self.adopt()

    def heard(self, tables: frozenset[str] | None) -> None:
        """Hear that others have committed something to these tables; None for any."""
        if tables is None or stored_revisions.TABLE in tables:
            self.adopt()

    def adopt(self) -> None:
        """Serve what others have committed since the newest that is known, if anything."""
        if self._current is None:
            return
        try:
            with self._alone():
                known = self._check_loaded()
                with self._database.reading() as session:
                    found = self._lineage.catch_up(session, known, keeps=False)
                self._publish(found)
        except ProviderError as error:
            logger.debug("changes made by others cannot be read now: %s", error.detail)

    def subscribe(self, listener: Callable[[Snapshot], None]) -> None:
        """Call `listener` with each new snapshot, in the thread that made it."""
        self._listeners.append(listener)

    def observe(self, observer: Callable[[Timings], None]) -> None:
        """Call `observer` with how long each change took that made a revision, in the thread that made it."""
        self._observers.append(observer)

    def follow(self, confirmer: Callable[[], None]) -> None:
        """Call `confirmer` after each change that has to be confirmed, or takes back one that had to be."""
        self._confirmers.append(confirmer)

    def load(self) -> bool:
        """Read the stored state, verify it and serve it. Returns whether it could; `problem` says why not."""
        try:
            with self._alone(), garbage.at_rest():
                self._database.open()
                snapshot, elsewhere = self._read()
                garbage.settle()
                _warn(elsewhere)
                self._publish(snapshot)
        except ProviderError as error:
            # No connection stays, nor its write-ahead log: whoever puts another file in its place is not in its way.
            self._database.close()
            self._problem = error.detail
            return False
        return True

    def _read(self) -> tuple[Snapshot, Mapping[Named, str]]:
        """Read the stored state, and adopt it: others can write meanwhile, as a large one takes seconds.

        Only where it gives no document of a revision, that is noted. Where nothing can be written it is served as is.
        """
        with self._database.reading() as session:
            found, elsewhere = read_verified(session, self._points), self._find_outside(session)
            newest = last_revision(session)
        if newest[1] not in {None, found.document.digest}:
            with suppress(Unavailable), self._database.writing() as session:
                found = self._lineage.adopt(session)
                newest = last_revision(session)
        self._lineage.begin(newest)
        return found, elsewhere

    def _find_outside(self, session: Session) -> Mapping[Named, str]:
        session.places = self._server_places
        return outside.find_outside(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for reading. Raises `Unavailable`."""
        self._check_loaded()
        with self._database.reading() as session:
            session.places = self._server_places
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
        confirming: Confirming = NO_CONFIRMING,
    ) -> Outcome[T]:
        """Apply a change in one transaction, and serve what it gives. With `compares`, tell what it does.

        `confirmed` is the number with which somebody confirmed a change that takes much away (see `brake`), and
        `message` what they say about it. `says` tells in words what was done. `confirming` says whether it is rolled
        back unless somebody confirms it.

        Whatever `apply` raises undoes it all. A change that changes nothing makes no revision. Raises
        `Unavailable` if it cannot be kept now, `Unverified` if Traefik would not take the result, and `Brake` for
        what has to be confirmed and was not.
        """
        self._check_loaded()
        with self._alone():
            known = self._check_loaded()
            with self._database.writing() as session:
                applied = self._apply(session, known, apply, is_admin=actor.is_admin)
                changes, snapshot = applied.changes, applied.snapshot
                applied.removal.check(confirmed)
                words = says(changes) if changes else ()
                before = None
                if changes:
                    record(session, snapshot, actor, words, changes, message)
                    before = confirmations.begin(session, snapshot.revision, confirming, actor)
                    prune(session, snapshot.revision, self._retention, datetime.now(UTC))
                difference = _compare(applied) if compares else None
                stored = perf_counter()
            committed = perf_counter()
            if changes:
                snapshot = replace(snapshot, author=actor.name)
                self._published(snapshot, actor, words, Timings(applied.render_seconds, committed - stored))
            else:
                self._publish(snapshot)
        if changes:
            self._confirm(confirming)
        told = Outcome(applied.result, snapshot.revision, snapshot.document.digest, difference, changes)
        return replace(told, confirm_before=before)

    def keep(
        self,
        prepared: Prepared,
        *,
        actor: Actor,
        confirmed: int | None = None,
        message: str = "",
        says: Summarise = summarise,
        confirming: Confirming = NO_CONFIRMING,
        is_exact: bool = True,
        also: Callable[[Session, int], None] = lambda _session, _number: None,
    ) -> Outcome[None] | None:
        """Keep what was put ready apart, and serve what it gives; None where the state is another one by now.

        Unless it `is_exact`, it is kept too if what others changed meanwhile has nothing to do with it, or it is known
        without planning it anew what becomes of that (see `meanwhile`). The database is locked only while rows are
        copied. `also` writes what goes with it, and is given the number of the revision. Raises what `change` does.
        """
        known, summary = self._check_loaded(), prepared.summary
        is_planned = known.revision == summary.revision
        if is_planned:
            summary.removal.check(confirmed)
            if summary.is_empty:
                return Outcome(None, known.revision, known.document.digest)
        elif is_exact:
            return None
        started = perf_counter()
        planned = meanwhile.alone(prepared)
        snapshot = self._followed(known, planned, actor) if is_planned else None
        ready = perf_counter()
        with self._alone(), suppress(NotSettledError):
            with self._database.writing(prepared.path) as session:
                before = self._lineage.catch_up(session, self._check_loaded(), keeps=False)
                others = _find_others(session, prepared, before, is_exact=is_exact)
                kept = meanwhile.together(session, planned, before.listening, others, says) if others else planned
                kept.removal.check(confirmed)
                if kept.is_empty:
                    return Outcome(None, before.revision, before.document.digest)
                if snapshot is None or before is not known:
                    snapshot = self._followed(before, kept, actor)
                record(session, snapshot, actor, kept.words, (), message)
                kept.write(session, snapshot.revision)
                deadline = confirmations.begin(session, snapshot.revision, confirming, actor)
                also(session, snapshot.revision)
                prune(session, snapshot.revision, self._retention, datetime.now(UTC))
                stored = perf_counter()
            self._published(snapshot, actor, kept.words, Timings(ready - started, perf_counter() - stored))
            self._confirm(confirming)
            told = Outcome(None, snapshot.revision, snapshot.document.digest, confirm_before=deadline)
            return replace(told, is_as_planned=kept is planned)
        return None

    def _followed(self, before: Snapshot, kept: Combined, actor: Actor) -> Snapshot:
        """Return the snapshot that what was prepared leads to from the one on which it is kept."""
        with garbage.at_rest():
            parts = rendering.placed(before.parts, kept.rendered, self._points)
        number, document = before.revision + 1, self._assemble(parts)
        return Snapshot(number, document, parts, kept.listening or before.listening, actor.name, kept.parts)

    def _confirm(self, confirming: Confirming) -> None:
        if confirming != NO_CONFIRMING:
            for confirmer in self._confirmers:
                confirmer()

    def _published(self, snapshot: Snapshot, actor: Actor, words: Sequence[str], timings: Timings) -> None:
        """Serve what was committed, and tell of it."""
        self._lineage.extend(snapshot)
        self._publish(snapshot)
        _log(snapshot, actor, join(words))
        for observer in self._observers:
            observer(timings)

    def try_change(self, apply: Callable[[Session], T], *, actor: Actor | None = None) -> Outcome[T]:
        """Do what `change` does, in the same way and with the same checks, tell what it does, and keep nothing.

        It is done on a copy of the state, and keeps nobody from writing. What would have to be confirmed is not
        refused, but told in the difference: nothing is taken away.
        """
        is_admin = actor is not None and actor.is_admin
        for _ in range(_TRIES):
            with suppress(Overtaken):
                return self._try(apply, is_admin=is_admin)
        raise Unavailable(Message("the database is busy with other changes: try again"))

    def _try(self, apply: Callable[[Session], T], *, is_admin: bool) -> Outcome[T]:
        newest, known = self._lineage.newest, self._check_loaded()  # before what is stored is read: neither is newer
        with self._database.trying() as session:
            applied = self._apply(session, known, apply, since=newest, is_admin=is_admin)
            before = applied.before
            difference = _compare(applied)
            return Outcome(applied.result, before.revision, before.document.digest, difference, applied.changes)

    def _apply(
        self,
        session: Session,
        known: Snapshot,
        apply: Callable[[Session], T],
        *,
        is_admin: bool,
        since: Ancestor | None = None,
    ) -> "_Applied[T]":
        before = self._lineage.catch_up(session, known, keeps=since is None, since=since)
        session.places, session.is_admin = self._server_places, is_admin
        result = apply(session)
        changes = net(session.changes)
        stored = Stored(session, changes)
        started = perf_counter()
        snapshot = self._lineage.follow(stored, before, changes)
        rendered = perf_counter()
        return _Applied(result, changes, before, snapshot, rendered - started, stored, stored.removal())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            raise Unavailable(Message("the database is busy with other changes: try again"))
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


def _find_others(session: Session, prepared: Prepared, before: Snapshot, *, is_exact: bool) -> Sequence[Change]:
    """Return what others changed that bears on what was prepared. Raises `NotSettledError` if it has to be exact."""
    newest, planned = last_revision(session), (prepared.summary.revision, prepared.summary.digest)
    if before.revision != newest[0] or (is_exact and newest != planned):
        raise NotSettledError
    return () if newest == planned else meanwhile.find(session, prepared, newest[0])


def _compare(applied: _Applied[Any]) -> Difference:
    """Tell what a change does, from its transaction."""
    touched = applied.stored.touched()
    found = compare(applied.changes, touched, applied.before.parts, applied.snapshot.parts)
    handled = applied.stored.handled(applied.before.listening, applied.snapshot.listening)
    return replace(found, words=[*found.words, *handled], removal=applied.removal)


def _warn(found: Mapping[Named, str]) -> None:
    """Say what could not be added now, as it leads elsewhere. It is served: a start breaks no edge."""
    for (kind, name), trouble in list(found.items())[:_MOST_WARNED]:
        logger.warning("%s %s is served anyway: %s", called(kind), name, trouble)
    if len(found) > _MOST_WARNED:
        logger.warning("so are %d more", len(found) - _MOST_WARNED)


def _log(snapshot: Snapshot, actor: Actor, summary: str) -> None:
    shown = summary if len(summary) <= _LONGEST_LOGGED else summary[:_LONGEST_LOGGED] + "…"
    facts = {"revision": snapshot.revision, "author": actor.name, "summary": shown, "digest": snapshot.document.digest}
    logger.info("revision %d by %s: %s", snapshot.revision, actor.name, shown, extra=facts)
