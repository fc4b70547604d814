"""`/api/v1/audit`: who did what."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from provider.api import documentation
from provider.api.bodies import StrictRoute
from provider.api.pages import Page, PageParameters
from provider.dependencies import RevisionsDependency
from provider.models import AuditOutcome, AuditOutput
from provider.security import needs
from provider.store import audit
from provider.values import Time

router = APIRouter(
    prefix="/audit", tags=["audit"], route_class=StrictRoute, dependencies=[Depends(needs.ADMINISTRATION)]
)

_LARGEST = 2**63 - 1

Word = Annotated[str | None, Query(max_length=63)]


async def read_filter(
    page: PageParameters,
    actor: Annotated[Word, Query(description="Only what this account, token or user did.")] = None,
    action: Annotated[Word, Query(description="Only this kind of thing, such as `state.change`.")] = None,
    outcome: Annotated[AuditOutcome | None, Query(description="Only what was accepted, or what was refused.")] = None,
    revision: Annotated[int | None, Query(ge=1, le=_LARGEST, description="Only what made this revision.")] = None,
    since: Annotated[Time | None, Query(description="Only from this time on, with a time zone.")] = None,
    until: Annotated[Time | None, Query(description="Only before this time, with a time zone.")] = None,
) -> audit.Filter:
    """Read which entries are asked for."""
    return audit.Filter(actor, action, outcome, revision, page.q, _written(since), _written(until))


@router.get("", summary="List what was done and refused", responses=documentation.LIST)
def list_audit(
    revisions: RevisionsDependency, page: PageParameters, wanted: Annotated[audit.Filter, Depends(read_filter)]
) -> Page[AuditOutput]:
    """Return entries, the newest first; `q` looks in the words."""
    with revisions.reading() as session:
        found = audit.page(session, wanted, limit=page.limit + 1, before=page.after_number())
    return page.answer(found, lambda entry: str(entry.id))


def _written(date: datetime | None) -> str | None:
    return None if date is None else date.astimezone(UTC).isoformat(timespec="milliseconds")
