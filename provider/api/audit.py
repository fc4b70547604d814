"""`/api/v1/audit`: who did what."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Response

from provider import moments
from provider.api import documentation
from provider.api.pages import PageParameters
from provider.api.routers import router_for
from provider.dependencies import RevisionsDependency
from provider.models import AuditOutcome, AuditOutput
from provider.models.types import TimeInput
from provider.security import needs
from provider.store import audit

router = router_for("audit", "/audit", needs=needs.ADMINISTRATION)

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
    return audit.Filter(actor, action, outcome, revision, page.q, _written(since), _written(until))


@router.get("", response_model=list[AuditOutput], responses=documentation.LIST, summary="List the audit")
def list_audit(
    revisions: RevisionsDependency, page: PageParameters, wanted: Annotated[audit.Filter, Depends(read_filter)]
) -> Response:
    """Return audit entries, newest first. `q` searches the descriptions and messages."""
    with revisions.reading() as session:
        found = audit.page(session, wanted, limit=page.limit + 1, before=page.after_number())
    return page.answer([audit.shown(entry) for entry in found], lambda entry: str(entry.id))


def _written(date: datetime | None) -> str | None:
    return None if date is None else moments.kept(date)
