"""What all writes share: whether they are kept or only tried, what of them is confirmed, and why they are done."""

import asyncio
import hashlib
import pickle
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Header, Query, Request, Response
from pydantic import AfterValidator, Field
from starlette.concurrency import run_in_threadpool

from provider import attempts, control_plane
from provider.apart.shelf import Shelf
from provider.apart.turns import OwnTurns
from provider.api import outcomes
from provider.api.preconditions import Conditions
from provider.api.streams import Stream
from provider.attempts import Circumstances, Prepared
from provider.database.sessions import Session
from provider.durations import DELAY
from provider.errors import FieldError, Invalid, Meanwhile, pointer
from provider.messages import Message
from provider.models import MESSAGE_LENGTH, Actor, Confirming, read_within
from provider.plans import Transition
from provider.revisions import Outcome, Revisions
from provider.routing import Routing
from provider.snapshots import last_revision
from provider.store import declarations, history
from provider.summaries import USUAL, Summarise, Telling
from provider.tags import whole_tag
from provider.values import TEXT_SCHEMA, Refusal, check_text

CONFIRM_WITHIN: Final = "confirmWithin"
"""The parameter with the time in which a change has to be confirmed."""

MESSAGE_HEADER: Final = "Config-Message"

_TRIES: Final = 2
"""How often something long is computed apart, while others change the state each time."""

_MOST_TOLD: Final = 50

T = TypeVar("T")

PlanOnCondition = Callable[[Session, Conditions], Transition]
"""Finds what is to be done on a state that meets conditions: a function of a module, as `FindTransition` is."""


@dataclass(slots=True)
class Write:
    """A write by somebody: one transaction, which is kept, or tried and undone."""

    _revisions: Revisions
    _routing: Routing
    _tried: Shelf[Prepared]
    _actor: Actor
    _confirmed: int | None
    seconds: int | None
    """In which time somebody has to confirm it, or else it is rolled back."""
    message: str
    """What they say about it."""
    is_tried: bool
    """Whether nothing of it is kept."""
    touched: Collection[tuple[str, str]] = ()
    """What it changed, by kind and name, once it is done."""

    def change(
        self,
        apply: Callable[[Session], T],
        telling: Telling = USUAL,
        *,
        compares: bool = False,
    ) -> Outcome[T]:
        """Do it, or try it. Raises what `Revisions.change` does."""
        if self.is_tried:
            outcome = self._revisions.try_change(apply, actor=self._actor)
            outcome = replace(outcome, confirm_before=self._find_deadline() if outcome.changes else None)
        else:
            outcome = self._revisions.change(
                apply,
                actor=self._actor,
                compares=compares,
                confirmed=self._confirmed,
                message=self.message or telling.message,
                says=telling.says,
                confirming=Confirming(self.seconds, telling.undone),
            )
        self.touched = [(change.kind, change.name) for change in outcome.changes]
        difference = self._routing.with_moves(outcome.difference)
        return replace(outcome, difference=difference, warnings=self._routing.warnings(outcome.changes))

    def _find_deadline(self) -> datetime | None:
        return None if self.seconds is None else datetime.now(UTC) + timedelta(seconds=self.seconds)

    async def answer(
        self,
        turns: OwnTurns,
        plan: PlanOnCondition,
        conditions: Conditions,
        telling: Telling,
        *,
        is_long: bool,
    ) -> Response:
        """Do or try what may change many objects, and answer with what it does.

        What is long is planned in a process apart: only what it comes to is written here. Unless there are
        conditions, it may be kept on another state than that for which it was planned, if it is known what becomes of
        what others changed meanwhile. Where it is not known each time, it is done here, and holds others up.
        """
        for _ in range(_TRIES if is_long else 0):
            answer = await self._answer_apart(turns, plan, conditions, telling)
            if answer is not None:
                return answer
        return await run_in_threadpool(self._answer_here, plan, conditions, telling)

    def _answer_here(self, plan: PlanOnCondition, conditions: Conditions, telling: Telling) -> Response:
        def apply(session: Session) -> None:
            declarations.write(session, plan(session, conditions))

        outcome = self.change(apply, telling, compares=True)
        return outcomes.applied(outcome, {"ETag": whole_tag(outcome.revision, outcome.digest)})

    async def _answer_apart(
        self, turns: OwnTurns, plan: PlanOnCondition, conditions: Conditions, telling: Telling
    ) -> Response | None:
        revisions = self._revisions
        known = revisions.server_places, dict(self._routing.edges), revisions.points
        at = Circumstances(*known, self._actor.is_admin)
        given = plan, telling.says, at
        key = await asyncio.to_thread(_digest, given)
        prepared = None if self.is_tried else await asyncio.to_thread(self._check, self._tried.take(key), conditions)
        if prepared is None:
            prepared = await attempts.prepare(turns.apart, put_ready, conditions, *given)
        summary = prepared.summary
        number, digest = summary.revision, summary.digest
        before = None if summary.is_empty else self._find_deadline()
        if self.is_tried:
            self._tried.put(key, prepared)
        else:
            confirming = Confirming(self.seconds, telling.undone)
            keep = partial(revisions.keep, actor=self._actor, confirmed=self._confirmed, confirming=confirming)
            keep = partial(keep, says=telling.says)
            message = self.message or telling.message
            outcome = await asyncio.to_thread(keep, prepared, message=message, is_exact=conditions.are_given)
            if outcome is None:
                return None
            number, digest, before = outcome.revision, outcome.digest, outcome.confirm_before
            if not outcome.is_as_planned:
                made = partial(_find_made, number=number)
                prepared = await attempts.prepare(
                    turns.further, put_ready, Conditions(None, None), made, telling.says, at
                )
                summary = prepared.summary
        self.touched = summary.parts
        headers = {**summary.headers, **outcomes.standing(number, before), "ETag": whole_tag(number, digest)}
        return Stream(prepared.content, headers, outcomes.opening(number))

    def _check(self, prepared: Prepared | None, conditions: Conditions) -> Prepared | None:
        """Return what was made on the state as it is now. Raises `PreconditionFailed`."""
        if prepared is None:
            return None
        with self._revisions.reading() as session:
            check_whole(session, conditions)
            is_newest = last_revision(session) == (prepared.summary.revision, prepared.summary.digest)
        return prepared if is_newest else None


def _find_made(session: Session, _conditions: Conditions, number: int) -> Transition:
    """Return what a revision did, for who tells of it once it is made."""
    return history.plan_made(session, number)


def _digest(given: tuple[object, ...]) -> bytes:
    return hashlib.blake2b(pickle.dumps(given)).digest()


def put_ready(
    session: Session, conditions: Conditions, plan: PlanOnCondition, says: Summarise, at: Circumstances, path: Path
) -> bytes:
    """Plan a change, put it ready to be kept, and return the answer that tells what it does, without its opening."""
    made = attempts.attempt(session, lambda state: plan(state, conditions), at)
    changes = made.transition.changes
    told = Outcome(None, made.revision, made.digest or "", made.difference, changes, made.warnings)
    attempts.write(session, made, says, outcomes.cautioned(told), path)
    return outcomes.rest(told)


def check_whole(session: Session, conditions: Conditions) -> None:
    """Raise `PreconditionFailed`, with what others did meanwhile, unless the state as a whole is what is demanded."""
    conditions.check_whole(whole_tag(*last_revision(session)), lambda number: _since(session, number))


def _since(session: Session, number: int) -> list[Meanwhile]:
    """Return what was done after a revision, the latest first."""
    made = history.since(session, number, _MOST_TOLD)
    return [Meanwhile(revision.number, revision.time, revision.author, revision.summary) for revision in made]


def read_message(texts: Sequence[str]) -> str:
    """Read the lines of the header `Config-Message`, which are UTF-8 read as Latin-1. Raises `Invalid`."""
    if len(texts) > 1:
        raise _wrong("header.format", Message("this header is given twice"))
    try:
        message = "".join(texts).encode("latin-1").decode("utf-8").strip(" \t")
        if len(message) > MESSAGE_LENGTH:
            raise _wrong(
                "value.long", Message("this is longer than {max_length} characters", max_length=MESSAGE_LENGTH)
            )
        return check_text(message)
    except UnicodeDecodeError:
        raise _wrong("header.format", Message("this header has to be UTF-8")) from None
    except Refusal as error:
        raise _wrong(error.code, error.detail) from None


def _wrong(code: str, detail: str) -> Invalid:
    return Invalid([FieldError(pointer(MESSAGE_HEADER), code, detail, "header")])


def _check_within(text: str) -> str:
    read_within(text)
    return text


WithinText = Annotated[
    str,
    Field(json_schema_extra={"pattern": f"^{DELAY}$", "examples": ["10m"]}),
    AfterValidator(_check_within),
]


MessageHeader = Annotated[
    str | None,
    Header(
        alias=MESSAGE_HEADER,
        json_schema_extra={**TEXT_SCHEMA, "maxLength": MESSAGE_LENGTH},
        description=f"Why you make this change: one line of UTF-8, at most {MESSAGE_LENGTH} characters. "
        "It is kept with the revision.",
    ),
]


async def read_reason(request: Request, _message: MessageHeader = None) -> str:
    """Read why something is done that is no write like the others."""
    return read_message(request.headers.getlist(MESSAGE_HEADER))


ReasonDependency = Annotated[str, Depends(read_reason)]


async def read_write(
    request: Request,
    dry_run: Annotated[
        bool,
        Query(alias="dryRun", description="Run all checks and return what would change, but change nothing."),
    ] = False,
    confirm: Annotated[
        int | None,
        Query(ge=1, le=1_000_000_000, description="Confirm a change that removes a lot, with the number in the 409."),
    ] = None,
    confirm_within: Annotated[
        WithinText | None,
        Query(
            alias=CONFIRM_WITHIN,
            description="Roll the change back unless somebody confirms it in this time: `1s` to `168h`.",
        ),
    ] = None,
    _message: MessageHeader = None,
) -> Write:
    """Read whether a write is kept, what of it is confirmed, and why it is done."""
    request.state.is_tried = dry_run
    message = read_message(request.headers.getlist(MESSAGE_HEADER))
    # Looked up here: each dependency of a dependency costs a write as much as a question to the database.
    plane, actor = control_plane.find(request), request.state.actor
    seconds = None if confirm_within is None else read_within(confirm_within)
    about = confirm, seconds, message
    write = Write(plane.revisions, plane.routing, plane.tried, actor, *about, is_tried=dry_run)
    request.state.write = write
    return write


WriteDependency = Annotated[Write, Depends(read_write)]
