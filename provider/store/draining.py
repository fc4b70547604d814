"""Servers that somebody drains: until when they keep their visitors, where nobody says so."""

from collections.abc import Collection
from datetime import datetime, timedelta

from provider import durations, moments
from provider.database.sessions import Session
from provider.errors import FieldError, Invalid, pointer
from provider.messages import Message
from provider.nouns import Noun, Server, Service
from provider.nouns.server import DRAIN_UNTIL
from provider.store import nouns
from provider.values import LONGEST_DRAIN_SECONDS, ServerState


def settled(
    session: Session, before: Noun | None, item: Noun, owner: str | None, given: Collection[str], now: datetime
) -> Noun:
    """Return an object as it is to be kept, of which these fields were given.

    A server that is drained now, and of a service that says for how long, keeps its visitors so long; one that was
    drained before keeps them as long as it did. Raises `Invalid` for a time that is too far away, and where no cookie
    keeps anybody, and `NotFound` where there is no such service.
    """
    if not isinstance(item, Server) or item.state is not ServerState.DRAIN:
        return item
    if DRAIN_UNTIL not in given and isinstance(before, Server) and before.state is ServerState.DRAIN:
        return item.copy(drain_until=before.drain_until)
    service = nouns.get(session, Service, owner or "")
    if DRAIN_UNTIL in given:
        _check(item, service, now)
        return item
    seconds = durations.find_seconds(service.drain_for or "") if service.keeps_sessions else None
    return item if seconds is None else item.copy(drain_until=moments.written(now + timedelta(seconds=seconds)))


def _check(server: Server, service: Service, now: datetime) -> None:
    until = server.drain_until
    if until is not None and not service.keeps_sessions:
        detail = Message(
            "service {service} has no sticky sessions: a drained server keeps no visitors", service=service.name
        )
        if service.sticky is not None:
            detail = Message("the strategy hrw sets no cookie: a drained server cannot keep its visitors")
        raise Invalid([FieldError(pointer(DRAIN_UNTIL), "drainUntil.sessions", detail)])
    if until is not None and moments.read(until) > now + timedelta(seconds=LONGEST_DRAIN_SECONDS):
        detail = Message("{time} is out of range: a drained server keeps its visitors for 168h at most", time=until)
        raise Invalid([FieldError(pointer(DRAIN_UNTIL), "time.range", detail)])
