"""`/api/v1/revisions`: the changes of the desired state, one after the other."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from fastapi import Query, Response
from pydantic import AfterValidator, Field

from provider import configuration, rendering, transitions, verification
from provider.api import documentation
from provider.api.answers import answer
from provider.api.outcomes import shown
from provider.api.pages import PageParameters
from provider.api.preconditions import Conditions, ReadConditions, WriteConditions
from provider.api.prefer import REVISION_HEADER
from provider.api.routers import router_for
from provider.api.streams import Stream
from provider.api.writing import WriteDependency, check_whole
from provider.database.sessions import Session
from provider.dependencies import (
    ActorDependency,
    ConfirmationsDependency,
    RevisionsDependency,
    RoutingDependency,
    TurnsDependency,
)
from provider.errors import NotFound
from provider.listening import DefaultEntryPoints
from provider.messages import Message
from provider.models import AppliedOutput, ComparisonOutput, RevisionOutput, WholeRevisionOutput
from provider.nouns import NOUNS
from provider.plans import Transition
from provider.revisions import Revisions
from provider.security import needs
from provider.store import history, undos
from provider.store import revisions as stored
from provider.surroundings import Apart, apart
from provider.tags import etag
from provider.undoing import ALL, chooser
from provider.values import FILLED_PATTERN, PLAIN, TEXT_SCHEMA, Refusal, check_text

router = router_for("revisions", "/revisions", needs=needs.STATE)

_LARGEST: Final = 2**63 - 1


def _check_kind(text: str) -> str:
    if text not in NOUNS:
        *others, last = (f"'{kind}'" for kind in NOUNS)
        raise Refusal("value.choice", Message("this has to be {expected}", expected=f"{', '.join(others)} or {last}"))
    return text


ObjectName = Annotated[str, Field(max_length=400, json_schema_extra=dict(TEXT_SCHEMA)), AfterValidator(check_text)]

NUMBER = Annotated[str, documentation.number("Number of the revision.", 1)]
COMPARE = Annotated[
    int | None, Query(ge=1, le=_LARGEST, description="Number of the revision to compare with. Default: the one before.")
]
OBJECT = Annotated[
    Annotated[
        str,
        Field(max_length=400, json_schema_extra={"pattern": history.OBJECT_PATTERN + FILLED_PATTERN.removeprefix("^")}),
        AfterValidator(check_text),
    ]
    | None,
    Query(alias="object", description="Only revisions that changed this object: KIND/NAME, or server/SERVICE/SERVER."),
]
PENDING = Annotated[
    bool | None,
    Query(description="Only revisions that are rolled back unless somebody confirms them; `false`: all others."),
]
KIND = Annotated[
    Annotated[str, Field(json_schema_extra={"enum": list(NOUNS)}), AfterValidator(_check_kind)] | None,
    Query(description="Kind of the only object to restore."),
]
NAME = Annotated[
    ObjectName | None,
    Query(
        description="Name of the only object to restore: SERVICE/SERVER for a server, as typed or as an A-label "
        "for a domain."
    ),
]


def check_place(text: str) -> str:
    """Check what is chosen for: `true`, or the pointer of something that clashes."""
    if text != ALL and not text.startswith("/"):
        raise Refusal("undo.place", Message("this has to be true, or a pointer such as /router/NAME/priority"))
    return check_text(text)


PointerText = Annotated[
    str,
    Field(
        max_length=600,
        json_schema_extra={"pattern": f"^({ALL}|/[^{PLAIN}]*)$", "examples": ["true", "/router/wayshub/priority"]},
    ),
    AfterValidator(check_place),
]
FORCE = Annotated[
    list[PointerText],
    Query(
        max_length=200, description="Restore the old value of this field: its pointer from the 409, or `true` for all."
    ),
]
KEEP = Annotated[
    list[PointerText],
    Query(
        max_length=200, description="Keep the current value of this field: its pointer from the 409, or `true` for all."
    ),
]
CASCADE = Annotated[bool, Query(description="Also remove what uses the removed objects.")]


@router.get("", response_model=list[RevisionOutput], summary="List revisions", responses=documentation.LIST)
def list_revisions(
    revisions: RevisionsDependency, page: PageParameters, wanted: OBJECT = None, pending: PENDING = None
) -> Response:
    """Return revisions, newest first, without their changes. `q` searches the summary, the message and the author.

    With `object`, you get the history of one object, even of a removed one; with `pending=true` what is rolled back
    unless somebody confirms it.
    """
    named = history.read_object_name(wanted)
    with revisions.reading() as session:
        found = stored.page(
            session, limit=page.limit + 1, before=page.after_number(), q=page.q, named=named, pending=pending
        )
    return page.answer(found, lambda revision: str(revision.number))


@router.get("/{number}", response_model=WholeRevisionOutput, responses=documentation.READ, summary="Show a revision")
async def show_revision(
    revisions: RevisionsDependency, turns: TurnsDependency, conditions: ReadConditions, number: NUMBER
) -> Response:
    """Return a revision, with what happened to each object."""
    kept = await asyncio.to_thread(_find_shown, revisions, number)
    tag = etag("revision", kept.json())
    if conditions.not_modified(tag):
        return Response(status_code=304, headers={"ETag": tag})
    return Stream(await turns.read(_write_revision, kept.number, kept.digest, kept.time.isoformat()), {"ETag": tag})


def _find_shown(revisions: Revisions, number: str) -> RevisionOutput:
    with revisions.reading() as session:
        return stored.shown(session, stored.get(session, stored.read_number(number)))


def _write_revision(session: Session, number: int, _digest: str, _time: str) -> bytes:
    """Write a revision with what it changed, which may be everything."""
    revision = stored.get(session, number)
    changes = [change.masked() for change in stored.changes_of(session, number)]
    more = {"reload": stored.is_reload(session, revision), "changes": changes}
    return msgspec.json.encode(stored.shown(session, revision).json() | more)


@router.get(
    "/{number}/configuration",
    response_model=dict[str, Any],
    responses=documentation.DOCUMENT,
    summary="Show the document of a revision",
)
async def show_document(
    revisions: RevisionsDependency, turns: TurnsDependency, conditions: ReadConditions, number: NUMBER
) -> Response:
    """Return the document of a revision as it was served, with secrets masked.

    404 if this version of the service renders a different document from the same state.
    """
    wanted, digest, time = await asyncio.to_thread(_find, revisions, number)
    tag = etag("document", {"digest": digest})
    if conditions.not_modified(tag):
        return Response(status_code=304, headers={"ETag": tag})
    return Stream(await turns.read(_write_document, wanted, digest, revisions.points, time), {"ETag": tag})


@router.get(
    "/{number}/difference",
    response_model=ComparisonOutput,
    responses=documentation.COMPARE,
    summary="Compare two revisions",
)
async def show_difference(
    revisions: RevisionsDependency,
    routing: RoutingDependency,
    turns: TurnsDependency,
    conditions: ReadConditions,
    number: NUMBER,
    compare: COMPARE = None,
) -> Response:
    """Return what differs from the revision before, or from any other: in words, by object, and in the document."""
    wanted, _digest, time = await asyncio.to_thread(_find, revisions, number)
    other = wanted - 1 if compare is None else (await asyncio.to_thread(_find, revisions, str(compare)))[0]
    edges = apart(routing.edges)
    tag = etag("difference", {"before": other, "after": wanted, "time": time, "edges": edges})
    if conditions.not_modified(tag):
        return Response(status_code=304, headers={"ETag": tag})
    return Stream(await turns.read(_write_difference, wanted, compare, revisions.points, edges, time), {"ETag": tag})


def _find(revisions: Revisions, number: str) -> tuple[int, str, str]:
    """Return the number, the digest and the time of a revision. Raises `NotFound`."""
    with revisions.reading() as session:
        kept = stored.get(session, stored.read_number(number))
        return kept.number, kept.digest, kept.time


def _write_document(session: Session, number: int, digest: str, points: DefaultEntryPoints, _time: str) -> bytes:
    """Write the document that a revision gave. Raises `NotFound`."""
    document = configuration.assemble(rendering.whole(history.state_at(session, number), points))
    if document.digest != digest:
        detail = Message(
            "this version of wayshub-provider renders a different document for revision {number}", number=number
        )
        raise NotFound(detail)
    return verification.hide(document.content)


def _write_difference(
    session: Session, number: int, compare: int | None, points: DefaultEntryPoints, edges: Apart, _time: str
) -> bytes:
    """Write what leads to a revision, from the one before or from another. `_time` tells it from one of that number."""
    if compare is None:
        other = number - 1
        before, after = history.states_around(session, number)
    else:
        other = compare
        before, after = history.state_at(session, compare), history.state_at(session, number)
    found = transitions.difference(before, after, points, edges)
    content = {"before": other, "after": number, "difference": shown(found)}
    return msgspec.json.encode(content)


@router.post(
    "/{number}/rollback",
    response_model=AppliedOutput,
    responses=documentation.ROLL_BACK,
    summary="Roll back to a revision",
)
async def roll_back(
    write: WriteDependency,
    turns: TurnsDependency,
    conditions: WriteConditions,
    number: NUMBER,
    kind: KIND = None,
    name: NAME = None,
) -> Response:
    """Restore the whole state of a revision, or with `kind` and `name` a single object, as a new revision.

    Anything added since is removed; a service comes back, or goes, with its servers. The same checks apply as for
    any change.
    """
    named = history.read_named(kind, name)
    bring = partial(_bring, partial(history.plan_back, named=named), number)
    return await write.answer(turns, bring, conditions, history.telling_back(number, named), is_long=turns.is_long(0))


def _bring(
    plan: Callable[[Session, int], Transition], number: str, session: Session, conditions: Conditions
) -> Transition:
    wanted = stored.read_number(number)
    check_whole(session, conditions)
    return plan(session, wanted)


@router.post(
    "/{number}/undo",
    response_model=AppliedOutput,
    responses=documentation.ROLL_BACK,
    summary="Undo a revision",
)
async def undo(
    write: WriteDependency,
    turns: TurnsDependency,
    conditions: WriteConditions,
    number: NUMBER,
    kind: KIND = None,
    name: NAME = None,
    force: FORCE = [],  # noqa: B006  # FastAPI's default, which nobody changes
    keep: KEEP = [],  # noqa: B006
    cascade: CASCADE = False,
) -> Response:
    """Revert what a revision did, or with `kind` and `name` what it did to one object, as a new revision.

    Later changes stay. If a field was changed again since, you get 409 with the type `clash`, which names the field
    and who changed it. Repeat the request with its pointer in `force` to restore the old value, or in `keep` to keep
    the current one. What the revision removed comes back, and what it created is removed. The same checks apply as
    for any change.
    """
    named = history.read_named(kind, name)
    plan = partial(undos.plan, choose=chooser(force, keep), named=named, cascade=cascade)
    bring = partial(_bring, plan, number)
    return await write.answer(turns, bring, conditions, undos.telling_undone(number, named), is_long=turns.is_long(0))


@router.post(
    "/{number}/confirm",
    response_model=RevisionOutput,
    responses=documentation.CONFIRM,
    summary="Confirm a revision",
)
def confirm(
    revisions: RevisionsDependency, confirmations: ConfirmationsDependency, actor: ActorDependency, number: NUMBER
) -> Response:
    """Keep a revision that was made with `confirmWithin`: it will not be rolled back.

    Safe to repeat. 409 with the type `not-pending` if the revision was already undone, or does not
    have to be confirmed. To undo it before its time is up, use `undo`.
    """
    with revisions.reading():  # without a database nothing is known of any revision
        wanted = stored.read_number(number)
    confirmations.confirm(wanted, actor)
    current = revisions.current
    headers = {REVISION_HEADER: str(wanted if current is None else current.revision)}
    return answer(_find_shown(revisions, number), headers)
