"""Since when an application is live: whether every edge runs it as it is wanted now.

An edge that runs an older document runs the application as it is wanted all the same, if nothing of the
application was changed since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlmodel import Session, col, select

from provider.models import Revision, RouterInput
from provider.web.scenes import EdgeSight, Sight

_MOST_REVISIONS: Final = 200
"""How far is looked back for the last change of an application."""


class Phase(StrEnum):
    """How far an application is on its way to the edges."""

    LIVE = "live"
    UNDERWAY = "underway"
    DISABLED = "disabled"
    REFUSED = "refused"
    """An edge has it, and disabled its router."""
    NOWHERE = "nowhere"
    """No edge polls."""


@dataclass(frozen=True, slots=True)
class Liveness:
    """How far an application is. `missing` are the edges that it waits for, `silent` those that it does not."""

    phase: Phase
    since: datetime | None = None
    is_exact: bool = True
    """Whether it was not live before `since`; else nobody knows, who was not there yet."""
    missing: Sequence[EdgeSight] = ()
    silent: Sequence[EdgeSight] = ()


def find_last_change(session: Session, router: RouterInput, newer_than: int) -> int | None:
    """Find the last revision after another that changed an application, or None if there is none.

    Where it is further back than is looked, it is none later than what is returned.
    What changes a domain changes nothing that an edge gets.
    """
    newest = (
        select(Revision.number, Revision.changes)
        .where(col(Revision.number) > newer_than)
        .order_by(col(Revision.number).desc())
    )
    seen = list(session.exec(newest.limit(_MOST_REVISIONS)))
    for number, changes in seen:
        if any(_touches(change["kind"], change["name"], router) for change in changes):
            return number
    return seen[-1][0] if len(seen) == _MOST_REVISIONS else None


def _touches(kind: str, name: str, router: RouterInput) -> bool:
    if kind == "router":
        return name == router.name
    return kind in {"service", "server"} and name.partition("/")[0] == router.service


def oldest_known(sight: Sight) -> int:
    """Return the oldest revision that any edge that is waited for is known to run or to have run."""
    numbers = [edge.runs or 0 for edge in sight.edges if edge.awaited]
    numbers += [run.revision for edge in sight.edges if edge.awaited for run in edge.history[:1]]
    return min(numbers, default=0)


def judge(router: RouterInput, sight: Sight, last_change: int | None) -> Liveness:
    """Say how far an application is. `last_change` is the last revision that changed it, where it is known."""
    awaited = [edge for edge in sight.edges if edge.awaited]
    silent = [edge for edge in sight.edges if not edge.awaited]
    if not router.enabled:
        return Liveness(Phase.DISABLED, silent=silent)
    if not awaited:
        return Liveness(Phase.NOWHERE, silent=silent)
    refusing = [edge for edge in awaited if router.name in edge.disabled]
    if refusing:
        return Liveness(Phase.REFUSED, missing=refusing, silent=silent)
    least = last_change or 0
    missing = [edge for edge in awaited if not edge.history or edge.runs is None or edge.runs < least]
    if missing:
        return Liveness(Phase.UNDERWAY, missing=missing, silent=silent)
    begun = [_begin(edge, least) for edge in awaited]
    latest = max(begun)
    return Liveness(Phase.LIVE, latest[0], latest[1], silent=silent)


def _begin(edge: EdgeSight, least: int) -> tuple[datetime, bool]:
    """Return when an edge began to run a revision or a later one, and whether it was seen to begin."""
    for index, run in enumerate(edge.history):
        if run.revision >= least:
            return run.since, index > 0
    return edge.history[-1].since, True  # a later revision of the same document
