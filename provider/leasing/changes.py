"""What follows from silence, as changes of the desired state: many servers in one revision, each as it is by then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from provider import brake
from provider.database.sessions import Session
from provider.leases import LeasedName
from provider.messages import Message, template
from provider.models import Actor
from provider.nouns import Server
from provider.revisions import Revisions
from provider.snapshots import last_revision
from provider.store import leases, nouns, writes
from provider.values import ServerState

LEASE: Final = Actor("lease")
"""Who drains and removes servers that are silent."""

_DRAINED: Final = (
    template("Drained server {name} of {service}: no heartbeat for {silence}"),
    template("Drained {count} servers that stopped sending heartbeats"),
)
_GONE: Final = (
    template("Removed server {name} of {service}: no heartbeat for {silence}"),
    template("Removed {count} servers that stopped sending heartbeats"),
)
_BACK: Final = (
    template("Activated server {name} of {service}: it sends heartbeats again"),
    template("Activated {count} servers that send heartbeats again"),
)


@dataclass(frozen=True, slots=True)
class Due:
    """What is due at one moment: servers to drain, to remove, and to let back in.

    `silences` are for how long each was silent, in words; `heard` is when each was heard of last, as it is kept.
    """

    drained: Sequence[LeasedName] = ()
    gone: Sequence[LeasedName] = ()
    back: Sequence[LeasedName] = ()
    silences: Mapping[LeasedName, str] = field(default_factory=dict)
    heard: Mapping[LeasedName, str | None] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.drained or self.gone or self.back)


def write(revisions: Revisions, due: Due, actor: Actor = LEASE, why: str = "") -> None:
    """Do what is due, in one revision. What somebody has changed meanwhile stays as it is by now.

    Raises what `Revisions.change` does. What would be asked of a person is not asked here: who decides that a silent
    server is drained has looked at who would be left.
    """
    revisions.change(
        lambda session: _apply(session, due),
        actor=actor,
        message=why,
        confirmed=brake.ANY,
        says=lambda _changes: _say(due),
    )


def _apply(session: Session, due: Due) -> None:
    drained = [key for key in due.drained if _switch(session, key, ServerState.READY, ServerState.DRAIN)]
    lapsed = leases.list_all(session)
    back = [key for key in due.back if _is_lapsed(lapsed, key)]
    for key in back:
        _switch(session, key, ServerState.DRAIN, ServerState.READY)
    gone = [key for key in due.gone if (server := lapsed.get(key)) is not None and server.state is ServerState.DRAIN]
    for service, name in gone:
        writes.remove(session, Server, name, service)
    leases.forget_lapsed(session, [*back, *gone])
    leases.note_lapsed(session, {key: due.heard.get(key) for key in drained}, last_revision(session)[0] + 1)


def _is_lapsed(found: Mapping[LeasedName, leases.LeasedServer], key: LeasedName) -> bool:
    return key in found and found[key].lapsed is not None


def _switch(session: Session, key: LeasedName, before: ServerState, after: ServerState) -> bool:
    """Give a server with a lease another state, if it is in the one that is expected."""
    service, name = key
    server = nouns.find(session, Server, name, service)
    if server is None or server.ttl is None or server.state is not before:
        return False
    writes.replace(session, server, server.copy(state=after), service)
    return True


def _say(due: Due) -> Sequence[str]:
    told = [(due.drained, *_DRAINED), (due.gone, *_GONE), (due.back, *_BACK)]
    return [words for keys, one, many in told for words in _say_of(keys, one, many, due.silences)]


def _say_of(keys: Sequence[LeasedName], one: str, many: str, silences: Mapping[LeasedName, str]) -> Sequence[str]:
    if len(keys) > 1:
        return [Message(many, count=len(keys))]
    return [Message(one, name=key[1], service=key[0], silence=silences.get(key, "")) for key in keys]
