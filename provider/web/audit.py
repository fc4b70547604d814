"""The audit: who did what, when and from where, and what was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from provider import moments
from provider.cursors import read_number
from provider.dependencies import RevisionsDependency
from provider.errors import FieldError
from provider.messages import Message, recognise
from provider.models import AuditOutcome, AuditOutput
from provider.security import needs, words
from provider.store import audit
from provider.web import changes
from provider.web.changes import ObjectChange
from provider.web.forms import Form
from provider.web.lists import ListPart, PartDependency
from provider.web.rendering import render

router = APIRouter(prefix="/audit", include_in_schema=False, dependencies=[Depends(needs.ADMINISTRATION_PAGE)])


AuditQuery = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry in the list: what was done as messages, and what happened to the objects, unless they are many."""

    entry: AuditOutput
    words: Sequence[str]
    objects: Sequence[ObjectChange]


async def read_form(
    actor: AuditQuery = "",
    action: AuditQuery = "",
    outcome: AuditQuery = "",
    since: AuditQuery = "",
    until: AuditQuery = "",
) -> dict[str, str]:
    """Read what the list is filtered by, as it was typed."""
    typed = {"actor": actor, "action": action, "outcome": outcome, "since": since, "until": until}
    return {name: text.strip() for name, text in typed.items()}


@router.get("")
def list_audit(
    request: Request,
    revisions: RevisionsDependency,
    wanted: PartDependency,
    texts: Annotated[dict[str, str], Depends(read_form)],
) -> Response:
    """List what was done and refused, the newest first."""
    before = None if wanted.after is None else read_number(wanted.after)
    filters, errors = _read(texts, wanted.q)
    found: Sequence[audit.KeptEntry] = ()
    said: Mapping[int, Sequence[Any] | None] = {}
    if not errors:
        with revisions.reading() as session:
            found = audit.page(session, filters, limit=wanted.limit, before=before)
            said = audit.find_words(session, [entry.row.revision for entry in found if entry.row.revision is not None])
    rows = [_row(entry, said.get(entry.row.revision or 0)) for entry in found]
    part: ListPart[AuditRow] = wanted.part(rows, lambda row: str(row.entry.id))
    return render(
        request,
        "audit/list.html",
        status=422 if errors else 200,
        part=part,
        form=Form(texts, errors),
        actions=words.ACTIONS,
        is_filtered=any(texts.values()) or bool(wanted.q),
    )


def _row(entry: audit.KeptEntry, said: Sequence[Any] | None) -> AuditRow:
    is_revision = entry.row.revision is not None
    told = changes.summary(said, entry.row.words) if is_revision else [recognise(entry.row.words, words.ALL)]
    listed = entry.changes if entry.count == len(entry.changes) else ()
    return AuditRow(audit.shown(entry), told, [changes.shown(change) for change in listed])


def _read(texts: dict[str, str], q: str) -> tuple[audit.Filter, list[FieldError]]:
    """Return what to look for, and what is wrong with what was typed."""
    errors: list[FieldError] = []
    outcome = texts["outcome"]
    if outcome and outcome not in set(AuditOutcome):
        errors.append(FieldError("/outcome", "value.choice", Message("choose one of these"), "query"))
        outcome = ""
    filters = audit.Filter(
        actor=texts["actor"] or None,
        action=texts["action"] or None,
        outcome=AuditOutcome(outcome) if outcome else None,
        q=q or None,
        since=_read_time(texts, "since", errors),
        until=_read_time(texts, "until", errors),
    )
    return filters, errors


def _read_time(texts: dict[str, str], name: str, errors: list[FieldError]) -> str | None:
    """Return a time (UTC) as it is kept, if one was typed: what is wrong with it is added to the errors.

    The text becomes what a field for times shows.
    """
    text = texts[name]
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
        date = read if read.tzinfo else read.replace(tzinfo=UTC)
        utc = date.astimezone(UTC)
    except (ValueError, OverflowError):
        detail = Message("write a date, with or without a time, such as 2030-12-31 or 2030-12-31T18:00 (UTC)")
        errors.append(FieldError(f"/{name}", "date.format", detail, "query"))
        return None
    texts[name] = utc.replace(tzinfo=None).isoformat(timespec="seconds")
    return moments.kept(utc)
