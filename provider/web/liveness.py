"""Since when an application is live: whether every edge runs it as it is wanted now.

An edge that runs an older document runs the application as it is wanted all the same, if nothing of the
application was changed since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provider.database.sessions import Session
from provider.edges.standings import Standing
from provider.nouns import Router
from provider.store import object_changes
from provider.web.scenes import EdgeSight, Sight


class Phase(StrEnum):
    """How far an application is on its way to the edges."""

    LIVE = "live"
    UNDERWAY = "underway"
    DISABLED = "disabled"
    REFUSED = "refused"
    """An edge has disabled its router, does not get it as it is, or serves it only in part."""
    NOWHERE = "nowhere"
    """No edge polls."""


@dataclass(frozen=True, slots=True)
class Liveness:
    """How far an application is. `missing` are the edges that it waits for, `silent` those that it does not.

    `troubles` say what is amiss with its router on edges, the gravest first.
    """

    phase: Phase
    since: datetime | None = None
    is_exact: bool = True
    """Whether it was not live before `since`; else nobody knows, who was not there yet."""
    missing: Sequence[EdgeSight] = ()
    silent: Sequence[EdgeSight] = ()
    troubles: Sequence[Standing] = ()


def find_last_change(session: Session, router: Router, sight: Sight) -> int | None:
    """Find the last revision that changed an application, as far as it matters for the edges that are waited for.

    What changes a domain changes nothing that an edge gets. Revisions that every edge runs, and has run for as long
    as is known, do not matter.
    """
    awaited = [edge for edge in sight.edges if edge.awaited]
    if not awaited or sight.revision is None:
        return None
    oldest = min(min(edge.runs or 0, edge.history[0].revision if edge.history else 0) for edge in awaited)
    return object_changes.find_last_change(session, router, oldest)


def judge(router: Router, sight: Sight, last_change: int | None) -> Liveness:
    """Say how far an application is. `last_change` is the last revision that changed it, where it is known."""
    awaited = [edge for edge in sight.edges if edge.awaited]
    silent = [edge for edge in sight.edges if not edge.awaited]
    if not router.enabled:
        return Liveness(Phase.DISABLED, silent=silent)
    if not awaited:
        return Liveness(Phase.NOWHERE, silent=silent)
    if troubles := sight.troubles(router.name):
        return Liveness(Phase.REFUSED, silent=silent, troubles=troubles)
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
