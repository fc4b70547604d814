"""The history of single objects: which revisions changed one, also where it is there no more."""

from sqlmodel import Session, col, func, select

from provider.models import RevisionChange, RouterInput

_AFTER_SLASH = "0"
"""The character after the slash: what begins with `SERVICE/` sorts before `SERVICE0`."""


def find_last_change(session: Session, router: RouterInput, after: int) -> int | None:
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
