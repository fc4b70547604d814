"""Lineage: how revisions follow one another, and whether what is stored follows from what was committed or read.

A database may be another one than it was: an older copy took its place, a standby that lacked revisions took over,
another version or somebody past this service wrote to it. What was acknowledged must never be gone unnoticed.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import itemgetter

from provider import moments, rendering
from provider.configuration import Document
from provider.database.sessions import Session
from provider.effects import Stored, net
from provider.errors import Unavailable
from provider.listening import DefaultEntryPoints
from provider.messages import Message, freeze
from provider.models import Actor, Change
from provider.parts import Parts
from provider.snapshots import Snapshot, last_revision, read_verified
from provider.store import audit, revisions
from provider.summaries import join

Ancestor = tuple[int, str | None]
"""The number of a revision, and the digest of its document as it is stored."""

logger = logging.getLogger(__name__)

_START = Actor("start")
"""Who adopts a stored state that gives another document than it did."""


class Lineage:
    """The newest revision that is known, and what follows from it. One thread at a time, but for what says otherwise.

    `assemble` and `points` make the documents; `is_shared` says whether other services write to the database, too.
    """

    def __init__(self, assemble: Callable[[Parts], Document], points: DefaultEntryPoints, *, is_shared: bool) -> None:
        self._assemble = assemble
        self._points = points
        self._is_shared = is_shared
        self._newest: Ancestor = (0, None)
        self._lost: str | None = None

    @property
    def newest(self) -> Ancestor:
        """The newest revision that was committed or read: it must never be gone. From any thread."""
        return self._newest

    @property
    def lost(self) -> str | None:
        """Why what is stored does not follow from the newest revision, for a person. From any thread."""
        return self._lost

    def begin(self, newest: Ancestor) -> None:
        """Go on from what is stored, whatever was known before."""
        self._newest, self._lost = newest, None

    def extend(self, snapshot: Snapshot) -> None:
        """Go on from what was committed."""
        self._newest = snapshot.revision, snapshot.document.digest

    def catch_up(self, session: Session, known: Snapshot, *, keeps: bool, since: Ancestor | None = None) -> Snapshot:
        """Return the snapshot of what is stored: the one that is known, unless somebody else wrote.

        From any thread with `since`, the newest that was known before: others may go on with it meanwhile. Raises
        `Unavailable` if what is stored does not follow from that.
        """
        number, digest = last_revision(session)
        self._check(session, number, digest, since or self._newest)
        if number == known.revision:
            return known
        changes = net(revisions.changes_between(session, known.revision, number))
        found = self.follow(Stored(session, changes), known, changes, number)
        is_same = found.document.digest == digest
        if since is None and (is_same or self._is_shared):
            self._newest = max(self._newest, (number, digest), key=itemgetter(0))
        if is_same:
            return replace(found, author=revisions.get(session, number).author)
        if self._is_shared:
            # Another version renders it otherwise, or has other settings. Each serves its own, and stores nothing of
            # it: the others would do so, too, without end.
            return read_verified(session, self._points)
        return self.adopt(session, keeps=keeps)

    def _check(self, session: Session, number: int, digest: str | None, since: Ancestor) -> None:
        known, known_digest = since
        kept = digest if number == known else revisions.find_digest(session, known)
        if number >= known and kept in {None, known_digest}:
            self._lost = None
            return
        told = self._tell_lost(number, known)
        if self._lost is None:
            logger.error("%s", told)
        self._lost = told
        raise Unavailable(told)

    def _tell_lost(self, number: int, known: int) -> Message:
        if self._is_shared:
            return Message(
                "the database is at revision {number} and lacks revision {revision}, which was saved: a standby that "
                "lacked it may have taken over; edges keep what they have; to continue from revision {number}, "
                "restart all services",
                number=number,
                revision=known,
            )
        return Message(
            "the database is at revision {number}, although {revision} was saved: an older copy "
            "replaced it while wayshub-provider was running; if you meant to do that, restart it",
            number=number,
            revision=known,
        )

    def adopt(self, session: Session, *, keeps: bool = True) -> Snapshot:
        """Return the stored state as a snapshot, verified as a whole. With `keeps`, note if it is no revision's."""
        found = read_verified(session, self._points)
        number, digest = last_revision(session)
        if digest in {None, found.document.digest}:
            return found
        # Another version renders differently, other entry points are set, or somebody wrote past this service: all
        # are changes.
        logger.warning("the stored state renders a different document than revision %d", number)
        following = replace(found, revision=number + 1)
        if keeps:
            record(session, following, _START, [Message("the stored state renders a different document")], [])
        return following

    def follow(self, stored: Stored, snapshot: Snapshot, changes: list[Change], number: int | None = None) -> Snapshot:
        """Return the snapshot that follows from changes; the same one if there are none, unless it has a number.

        From any thread.
        """
        if not changes:
            return snapshot if number is None else replace(snapshot, revision=number, changed=frozenset())
        listening, named = snapshot.listening.after(changes), rendering.parts_of(changes, stored)
        parts = rendering.placed(snapshot.parts, rendering.render(stored, named, listening), self._points)
        changed = frozenset([*named, *map(rendering.part_of, changes)])
        number = snapshot.revision + 1 if number is None else number
        return Snapshot(number, self._assemble(parts), parts, listening, changed=changed)


def record(
    session: Session,
    snapshot: Snapshot,
    actor: Actor,
    words: Sequence[str],
    changes: Sequence[Change],
    message: str = "",
) -> None:
    """Store a revision, with what was changed, and its entry in the audit."""
    summary = join(words)
    revision = {
        "number": snapshot.revision,
        "time": moments.kept(datetime.now(UTC)),
        "author": actor.name,
        "summary": summary,
        "words": [freeze(told) for told in words],
        "digest": snapshot.document.digest,
        "message": message,
    }
    revisions.add(session, revision)
    audit.add(session, actor, "state.change", summary, revision=snapshot.revision, message=message)
    revisions.add_changes(session, snapshot.revision, changes)
