"""`/api/v1/export` and `/api/v1/apply`: the whole desired state as one document."""

import asyncio
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from fastapi import Body, Query, Request, Response

from provider import declarations, summaries
from provider.api import documentation
from provider.api.answers import written
from provider.api.bodies import MOST_MEMBERS_OF_ALL, WholeRoute
from provider.api.pages import LabelText
from provider.api.preconditions import Conditions, ReadConditions, WriteConditions
from provider.api.prefer import REVISION_HEADER
from provider.api.routers import PREFIX, router_for
from provider.api.streams import Stream
from provider.api.strict_json import read_json
from provider.api.writing import WriteDependency, check_whole
from provider.database.sessions import Session
from provider.dependencies import PrincipalDependency, RevisionsDependency, TurnsDependency
from provider.models import AppliedOutput
from provider.plans import Prune, Transition
from provider.revisions import Revisions
from provider.security import exports, needs
from provider.snapshots import last_revision
from provider.store import declarations as stored
from provider.store import history
from provider.tags import whole_tag
from provider.values import read_label

router = router_for("state", needs=needs.STATE, route_class=WholeRoute)

APPLY: Final = f"{PREFIX}/apply"

SECRETS = Annotated[
    bool, Query(description="Include secrets. Admins only, and recorded in the audit. Passwords stay hashed.")
]

PRUNE = Annotated[bool, Query(description="Remove everything that is not in the file.")]
PRUNE_LABEL = Annotated[
    list[LabelText],
    Query(
        alias="pruneLabel",
        max_length=20,
        description="Remove what has this label, written KEY=VALUE, and is not in the file. Repeat it to require "
        "several.",
    ),
]


@router.get("/export", summary="Export the whole state", response_model=dict[str, Any], responses=documentation.EXPORT)
async def export(
    revisions: RevisionsDependency,
    turns: TurnsDependency,
    conditions: ReadConditions,
    principal: PrincipalDependency,
    secrets: SECRETS = False,
) -> Response:
    """Return all objects by name, without default values, and with secrets masked.

    The ETag is that of the whole state, for `If-Match` in `apply`.
    """
    if secrets:
        await asyncio.to_thread(exports.allow, revisions, principal)
    number, digest = await asyncio.to_thread(_find_last, revisions)
    tag = whole_tag(number, digest)
    headers = {"ETag": tag, REVISION_HEADER: str(number)}
    if conditions.not_modified(tag):
        return Response(status_code=304, headers=headers)
    return Stream(await turns.read(_write_state, number, digest, secrets), headers)


def _find_last(revisions: Revisions) -> tuple[int, str | None]:
    with revisions.reading() as session:
        return last_revision(session)


def _write_state(session: Session, number: int, digest: str | None, has_secrets: bool) -> bytes:
    """Export the whole state as it was at a revision, which may not be the last one any more."""
    is_last = last_revision(session) == (number, digest)
    state = stored.read(session) if is_last else history.state_at(session, number)
    return msgspec.json.encode(declarations.write(state, has_secrets=has_secrets))


@router.post(
    "/apply",
    summary="Apply a file",
    response_model=AppliedOutput,
    responses=documentation.APPLY,
    openapi_extra=documentation.body(declarations.NAME),
)
async def apply(
    request: Request,
    write: WriteDependency,
    turns: TurnsDependency,
    conditions: WriteConditions,
    body: Annotated[dict[str, Any], Body()],
    prune: PRUNE = False,
    prune_label: PRUNE_LABEL = [],  # noqa: B006  # FastAPI copies it
) -> Response:
    """Create and change objects as the file says: all, or nothing. Other objects stay, unless you pass `prune`."""
    labels = [read_label(text) for text in prune_label]
    pruned = Prune(labels) if prune or labels else None
    content: bytes | None = getattr(request.state, "content", None)
    bring = partial(_bring, content=body if content is None else content, prune=pruned)
    telling = summaries.Telling(summaries.applied)
    return await write.answer(turns, bring, conditions, telling, is_long=content is not None)


def _bring(
    session: Session, conditions: Conditions, content: dict[str, Any] | bytes, prune: Prune | None
) -> Transition:
    """Return what a file leads to, decoded or as it was sent."""
    document = read_json(content, MOST_MEMBERS_OF_ALL) if isinstance(content, bytes) else content
    wanted = declarations.read(document)
    check_whole(session, conditions)
    return stored.plan(session, wanted, prune)


@router.get(
    "/schema", summary="Get the JSON Schema of the file", response_model=dict[str, Any], responses=documentation.SCHEMA
)
async def schema() -> Response:
    """Return the JSON Schema of the file for `apply`, so that editors can complete and check it."""
    return written(declarations.schema())
