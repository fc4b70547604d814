"""Snapshots: a committed and verified state, as Traefik gets it and as the next state is made from it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlmodel import col, select

from provider import configuration, rendering, verification
from provider.configuration import Document
from provider.database.sessions import Session
from provider.errors import Unavailable
from provider.listening import DefaultEntryPoints, Listening
from provider.messages import Message
from provider.models import Revision
from provider.parts import Parts
from provider.pools import KeptOut
from provider.store import declarations

_NEWEST: Final = select(Revision.number, Revision.digest).order_by(col(Revision.number).desc()).limit(1)


class ReloadCause(StrEnum):
    """Why edges get another document than before."""

    CHANGE = "change"
    CERTIFICATE = "certificate"
    DRAIN = "drain"
    SLOW_START = "slow_start"
    SERVER_DOWN = "server_down"
    SERVER_BACK = "server_back"
    QUARANTINE = "quarantine"
    START = "start"
    ROLLOUT = "rollout"


@dataclass(frozen=True, slots=True)
class Served:
    """What Traefik gets of a revision. Never changed, so that any thread may hold it."""

    revision: int
    document: Document
    edition: int = field(default=0, compare=False, kw_only=True)
    """Which of this process it is among those of one revision: what is laid over a revision may change."""

    cause: ReloadCause = field(default=ReloadCause.CHANGE, compare=False, kw_only=True)
    """Why it is served after the one before it."""

    kept_out: KeptOut = field(default_factory=dict, compare=False, kw_only=True)
    """The servers that are left out of the document for the edge that gets it, as they do not answer there."""

    full: Document | None = field(default=None, compare=False, kw_only=True)
    """Where servers are left out, the document without that."""

    @property
    def whole(self) -> Document:
        """The document with all servers that are desired: what it has in common for all edges."""
        return self.document if self.full is None else self.full

    @property
    def order(self) -> tuple[int, int]:
        """What is greater, the newer it is."""
        return self.revision, self.edition


@dataclass(frozen=True, slots=True)
class Snapshot(Served):
    """A committed and verified state: what Traefik gets, and what the next state is made from."""

    parts: Parts
    listening: Listening = field(default_factory=Listening, compare=False)
    """What tells where its routers listen."""

    author: str = field(default="", compare=False)
    changed: frozenset[tuple[str, str]] = field(default=frozenset(), compare=False)
    """The parts that its revision gave another form, by kind and name."""


def find_cause(before: Served | None, given: Served) -> ReloadCause | None:
    """Find why an edge that was given one document before gets another; None if it is the same one."""
    if before is None:
        return ReloadCause.START
    if before.document.digest == given.document.digest:
        return None
    if before.revision != given.revision:
        return ReloadCause.CHANGE
    if before.whole.digest == given.whole.digest:
        is_down = any(urls - before.kept_out.get(service, frozenset()) for service, urls in given.kept_out.items())
        return ReloadCause.SERVER_DOWN if is_down else ReloadCause.SERVER_BACK
    return given.cause if before.edition != given.edition else ReloadCause.QUARANTINE


def read_verified(session: Session, points: DefaultEntryPoints) -> Snapshot:
    """Render the whole stored state of the last revision, and verify it. Raises `Unavailable` or `Unverified`."""
    try:
        state = declarations.read(session)
        parts = rendering.whole(state, points)
    except (ValueError, LookupError, TypeError) as error:
        raise Unavailable(
            Message("the database has a row that wayshub-provider did not write: {error}", error=str(error))
        ) from error
    document = configuration.assemble(parts)
    verification.verify(document.content)
    return Snapshot(last_revision(session)[0], document, parts, state.listening(points))


def last_revision(session: Session) -> tuple[int, str | None]:
    """Return the number of the last revision and the digest of its document, or 0 and None before the first."""
    found = session.connection().execute(_NEWEST).first()
    return (0, None) if found is None else (found.number, found.digest)
