"""`/api/v1/revisions`: the changes of the desired state, one after the other."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from provider.api import documentation
from provider.api.bodies import StrictRoute
from provider.api.conditions import ReadConditions
from provider.api.pages import Page, PageParameters
from provider.api.writing import encoded
from provider.dependencies import RevisionsDependency
from provider.models import ChangeOutput, RevisionOutput, WholeRevisionOutput
from provider.security import needs
from provider.store import revisions as stored
from provider.store.records import as_json
from provider.tags import etag

router = APIRouter(
    prefix="/revisions", tags=["revisions"], route_class=StrictRoute, dependencies=[Depends(needs.STATE)]
)

NUMBER = Annotated[str, documentation.number("Number of the revision.", 1)]


@router.get("", summary="List revisions", responses=documentation.LIST)
def list_revisions(revisions: RevisionsDependency, page: PageParameters) -> Page[RevisionOutput]:
    """Return revisions, the newest first, without what each changed; `q` looks in the summary and the author."""
    with revisions.reading() as session:
        found = stored.page(session, limit=page.limit + 1, before=page.after_number(), q=page.q)
    return page.answer(found, lambda revision: str(revision.number))


@router.get("/{number}", response_model=WholeRevisionOutput, responses=documentation.READ, summary="Show a revision")
def show_revision(revisions: RevisionsDependency, conditions: ReadConditions, number: NUMBER) -> Response:
    """Return one revision, with what happened to each object."""
    with revisions.reading() as session:
        kept = stored.get(session, stored.read_number(number))
        shown = WholeRevisionOutput(
            number=kept.number,
            time=datetime.fromisoformat(kept.time),
            author=kept.author,
            summary=kept.summary,
            digest=kept.digest,
            changes=[ChangeOutput(**change) for change in kept.changes],
        )
    tag = etag("revision", as_json(shown))
    if conditions.not_modified(tag):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(encoded(shown), media_type="application/json", headers={"ETag": tag})
