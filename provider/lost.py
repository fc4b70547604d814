"""Who would have taken a request that nobody takes now: a router that was removed, disabled or changed not long ago."""

from collections.abc import Iterator

from provider.database.sessions import Session
from provider.errors import Invalid
from provider.listening import Listening
from provider.messages import Message
from provider.models import Change, LostOutput
from provider.nouns import Router
from provider.ranking import Route
from provider.routes import read_routes
from provider.rules import Request
from provider.snapshots import last_revision
from provider.store import object_changes
from provider.store import revisions as stored


def find(session: Session, request: Request, entry_point: str, listening: Listening) -> LostOutput | None:
    """Find the last router that would have taken a request. It is looked for a little way back only.

    `listening` tells where routers listen now: what the TLS of domains was is not asked.
    """
    for number, change in object_changes.last_lost_routers(session, last_revision(session)[0]):
        was, takes = (_takes(side, request, entry_point, listening) for side in (change.before, change.after))
        if was and not takes:
            author = stored.get(session, number).author
            why = _why(change, number, author)
            return LostOutput(router=change.name, revision=number, author=author, why=why)
    return None


def _takes(item: object, request: Request, entry_point: str, listening: Listening) -> bool:
    return any(
        route.takes and route.hears(request, entry_point) and route.rule.matches(request)
        for route in _routes(item, listening)
    )


def _routes(item: object, listening: Listening) -> Iterator[Route]:
    """Give what Traefik had of a router; nothing of one that this version does not take."""
    if item is not None:
        try:
            yield from read_routes(Router.read(item), listening)
        except Invalid:
            return


def _why(change: Change, number: int, author: str) -> Message:
    told = {"router": change.name, "number": number, "author": author}
    if change.after is None:
        return Message("router {router} took it, and was removed in revision {number} by {author}", **told)
    if not change.after["enabled"]:
        return Message("router {router} took it, and was disabled in revision {number} by {author}", **told)
    return Message("router {router} took it, and was changed in revision {number} by {author}", **told)
