"""`/api/v1/audit`: who did what."""

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from provider import moments
from provider.api import documentation
from provider.api.bodies import StrictRoute
from provider.api.pages import Page, PageParameters
from provider.api.streams import stream
from provider.cursors import write_cursor
from provider.database.sessions import Session
from provider.dependencies import RevisionsDependency, TurnsDependency
from provider.models import AuditOutcome, AuditOutput
from provider.models.types import TimeInput
from provider.revisions import Revisions
from provider.security import needs
from provider.store import audit
from provider.store.records import as_json

router = APIRouter(
    prefix="/audit", tags=["audit"], route_class=StrictRoute, dependencies=[Depends(needs.ADMINISTRATION)]
)

_LARGEST = 2**63 - 1

AuditWord = Annotated[str | None, Query(max_length=63)]


async def read_filter(
    page: PageParameters,
    actor: Annotated[AuditWord, Query(description="Only what this account, token or user did.")] = None,
    action: Annotated[AuditWord, Query(description="Only this kind of action, such as `state.change`.")] = None,
    outcome: Annotated[AuditOutcome | None, Query(description="Only accepted or only refused actions.")] = None,
    revision: Annotated[int | None, Query(ge=1, le=_LARGEST, description="Only what created this revision.")] = None,
    since: Annotated[TimeInput | None, Query(description="Only entries from this time on, with a time zone.")] = None,
    until: Annotated[TimeInput | None, Query(description="Only entries before this time, with a time zone.")] = None,
) -> audit.Filter:
    """Read which entries are asked for."""
    return audit.Filter(actor, action, outcome, revision, page.q, _written(since), _written(until))


@router.get("", response_model=Page[AuditOutput], responses=documentation.LIST, summary="List the audit")
async def list_audit(
    revisions: RevisionsDependency,
    turns: TurnsDependency,
    page: PageParameters,
    wanted: Annotated[audit.Filter, Depends(read_filter)],
) -> Response:
    """Return audit entries, newest first. `q` searches the descriptions and messages."""
    before = page.after_number()
    last = await asyncio.to_thread(_find_last, revisions)
    return stream(await turns.read(_write, wanted, page.limit, before, last), {})


def _find_last(revisions: Revisions) -> int:
    with revisions.reading() as session:
        return audit.find_last(session)


def _write(session: Session, wanted: audit.Filter, limit: int, before: int | None, _last: int) -> bytes:
    """Write a page, with what each revision changed, which may be everything. `_last` tells it from a later one."""
    found = audit.page(session, wanted, limit=limit + 1, before=before)
    shown = found[:limit]
    following = write_cursor(str(shown[-1].id)) if len(found) > limit else None
    return msgspec.json.encode({"items": [as_json(entry) for entry in shown], "next": following})


def _written(date: datetime | None) -> str | None:
    return None if date is None else moments.kept(date)
