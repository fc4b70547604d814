"""The history of single objects: which revisions changed one, also where it is there no more."""

from collections.abc import Iterator
from typing import Any

from sqlmodel import col, func, select

from provider.database.sessions import Session
from provider.models import Change, NounKind, Revision, RevisionChange
from provider.nouns import Router, Server, owners, within
from provider.values import ServerState

_READ_AT_ONCE = 100
_MOST_REVISIONS = 500
_MOST_ROUTERS = 300
_AFTER_SLASH = "0"
"""The character after the slash: what begins with `SERVICE/` sorts before `SERVICE0`."""


def find_last_change(session: Session, router: Router, after: int) -> int | None:
    """Find the last revision after a number that changed a router, its service, or a server of that."""
    kind, name = col(RevisionChange.kind), col(RevisionChange.name)
    service = router.service
    places = [
        (kind == "router", name == router.name),
        (kind == "service", name == service),
        (kind == "server", name > f"{service}/", name < f"{service}{_AFTER_SLASH}"),
    ]
    newest = select(func.coalesce(func.max(RevisionChange.revision), 0)).where(col(RevisionChange.revision) > after)
    return max(session.exec(newest.where(*place)).one() for place in places) or None


def changes_since(session: Session, kind: NounKind, name: str, number: int = 0) -> Iterator[tuple[int, Change]]:
    """Give what happened to an object after a revision, the newest first, with the numbers of the revisions."""
    wanted = col(RevisionChange.kind) == kind, col(RevisionChange.name) == name, col(RevisionChange.revision) > number
    query = select(RevisionChange).where(*wanted).order_by(col(RevisionChange.revision).desc())
    with session.exec(query.execution_options(yield_per=_READ_AT_ONCE)) as rows:
        for row in rows:
            yield row.revision, _change(row)


def servers_since(session: Session, time: str) -> dict[tuple[str, str], str]:
    """Return when servers last came into their pools, or came back, since a time: by service and URL."""
    newest = select(Revision.number, Revision.time).order_by(col(Revision.number).desc()).limit(_MOST_REVISIONS)
    times = {number: made for number, made in session.exec(newest) if made >= time}
    query = select(RevisionChange).where(
        col(RevisionChange.revision) >= min(times, default=0), col(RevisionChange.kind) == Server.kind
    )
    found: dict[tuple[str, str], str] = {}
    for row in session.exec(query.order_by(col(RevisionChange.revision))) if times else ():
        if _url(row.after) is not None and _url(row.after) != _url(row.before) and row.revision in times:
            found[Server.split(row.name)[0], _url(row.after) or ""] = times[row.revision]
    return found


def _url(side: dict[str, Any] | None) -> str | None:
    """Return the URL of a server that takes requests; None of any other."""
    return side["url"] if side is not None and side.get("state", ServerState.READY) == ServerState.READY else None


def names_since(session: Session, number: int) -> set[tuple[str, str]]:
    """Return what was changed after a revision, also by what belongs to it, by kind and name."""
    query = select(RevisionChange.kind, RevisionChange.name).where(col(RevisionChange.revision) > number)
    changed = set(session.exec(query))
    return {list(owners(kind, name))[-1] for kind, name in changed}


def find_removal(session: Session, kind: NounKind, name: str) -> tuple[int, Change] | None:
    """Find the revision that removed an object, with the change, if that is the last thing that happened to it."""
    last = next(changes_since(session, kind, name), None)
    return last if last is not None and last[1].after is None else None


def find_removed_within(session: Session, kind: NounKind, name: str, number: int) -> list[Change]:
    """Find the objects that belonged to one, of those that a revision removed."""
    query = select(RevisionChange).where(
        col(RevisionChange.revision) == number,
        col(RevisionChange.kind).in_([noun.kind for noun in within(kind)]),
        col(RevisionChange.name) > f"{name}/",
        col(RevisionChange.name) < f"{name}{_AFTER_SLASH}",
    )
    return [_change(row) for row in session.exec(query) if row.after is None]


def last_lost_routers(session: Session, last: int) -> Iterator[tuple[int, Change]]:
    """Give how routers were lost (removed, disabled, made to match something else) until a revision, the newest first.

    Only so far back, and so many, as takes no time.
    """
    query = select(RevisionChange).where(
        col(RevisionChange.revision) > last - _MOST_REVISIONS,
        col(RevisionChange.kind) == "router",
        col(RevisionChange.before).is_not(None),
    )
    query = query.order_by(col(RevisionChange.revision).desc(), col(RevisionChange.position)).limit(_MOST_ROUTERS)
    with session.exec(query.execution_options(yield_per=_READ_AT_ONCE)) as rows:
        for row in rows:
            yield row.revision, _change(row)


def _change(row: RevisionChange) -> Change:
    kind: NounKind = row.kind
    return Change(kind, row.name, row.before, row.after)
