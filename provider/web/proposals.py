"""What goes back to an earlier state: its plan is shown first, and then exactly that is done, once it is agreed to."""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from provider import attempts
from provider.attempts import Circumstances, FindTransition
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, RevisionsDependency, RoutingDependency, TurnsDependency
from provider.differences import Difference
from provider.errors import FieldError, Invalid
from provider.messages import Message
from provider.models import Revision
from provider.nouns import NOUNS, Named
from provider.revisions import Outcome
from provider.security import needs
from provider.snapshots import last_revision
from provider.store import declarations, history
from provider.store import revisions as stored
from provider.summaries import Summarise, Telling
from provider.tags import find_revision, whole_tag
from provider.web import brakes, changes, reasons
from provider.web.changes import ObjectChange
from provider.web.forms import Form
from provider.web.inputs import Texts
from provider.web.notices import Notice
from provider.web.nouns.edits import TAG
from provider.web.reasons import WrongReason
from provider.web.rendering import render
from provider.web.writing import PageWrite, done

_KIND: Final = "kind"
_NAME: Final = "name"
_OBJECTS_SHOWN: Final = 50
_MOST_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that leads back from what is: to a revision, or to what was before one; with all or with one object.

    `chosen` is what the form sends along.
    """

    number: int
    named: Named | None
    page: str
    plan: FindTransition
    telling: Telling
    done: str
    chosen: Mapping[str, str] = field(default_factory=dict)

    def write(self, session: Session) -> None:
        """Do it."""
        declarations.write(session, self.plan(session))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a proposal does. `tag` is that of the state that it is for."""

    proposal: Proposal
    tag: str
    difference: Difference
    objects: Sequence[ObjectChange]
    conflicts: Sequence[str]

    @property
    def traffic(self) -> Sequence[str]:
        """How the shares of the servers change, in words."""
        return self.difference.words[len(self.difference.changes) :]

    @property
    def more(self) -> int:
        """How many objects are not shown."""
        return len(self.difference.changes) - len(self.objects)

    @property
    def removed(self) -> int:
        return sum(change.after is None for change in self.difference.changes)


class _TooLate(Exception):
    """The state is not the one for which the plan was made: these revisions came since."""

    def __init__(self, since: Sequence[Revision]) -> None:
        super().__init__()
        self.since = since


@dataclass(frozen=True, slots=True)
class Proposing:
    """Somebody to whom a plan is shown, and who may then have it done."""

    request: Request
    revisions: RevisionsDependency
    routing: RoutingDependency
    actor: ActorDependency
    turns: TurnsDependency

    def show(self, proposal: Proposal, returned: Texts) -> Response:
        """Show what it would do, with what was typed before. Raises what it raises."""
        return self._show(proposal, Form({**reasons.typed({}), **returned}))

    async def do(self, proposal: Proposal, sent: Texts) -> Response:
        """Do it, if the state is still the one for which the plan was shown. Raises what it raises."""
        write = PageWrite(self.revisions, self.routing, self.actor, sent)
        try:
            if self.turns.is_long(0):
                outcome = await self._do_apart(write, proposal)
            else:
                outcome = await run_in_threadpool(write.change, partial(_do, proposal, sent), proposal.telling)
        except _TooLate as late:
            return await run_in_threadpool(self._show, proposal, Form(sent), late.since, status=412)
        except WrongReason as error:
            return await run_in_threadpool(self._show, proposal, Form(sent, error.fields), status=422)
        except brakes.Braked as braked:
            asked = brakes.form(sent, braked.error.number)
            form = Form({**sent, **asked.values}, asked.errors)
            return await run_in_threadpool(self._show, proposal, form, status=409)
        return done(self.request, f"/revisions/{outcome.revision}", Notice(proposal.done), outcome)

    async def _do_apart(self, write: PageWrite, proposal: Proposal) -> Outcome[None]:
        """Plan it in a process apart, so that nobody waits who writes meanwhile, and keep it."""
        await run_in_threadpool(self._check_seen, write.sent)
        revisions = self.revisions
        known = revisions.server_places, dict(self.routing.edges), revisions.points
        at = Circumstances(*known, self.actor.is_admin)
        prepared = await attempts.prepare(self.turns.apart, _put_ready, proposal.plan, proposal.telling.says, at)
        is_seen = whole_tag(prepared.summary.revision, prepared.summary.digest) == write.sent.get(TAG, "")
        outcome = await run_in_threadpool(write.keep, prepared, proposal.telling) if is_seen else None
        if outcome is None:
            await run_in_threadpool(self._check_seen, write.sent)
            raise _TooLate([])
        return replace(outcome, warnings=pickle.loads(prepared.content.whole()))  # noqa: S301  # from a process of ours

    def _check_seen(self, sent: Texts) -> None:
        with self.revisions.reading() as session:
            _check_seen(session, sent)

    def _read(self, proposal: Proposal) -> Plan:
        """Make the plan. Raises `NotFound`, `Forbidden`, and `Invalid` and `InUse` where it would not hold now."""
        outcome = self.revisions.try_change(proposal.write, actor=self.actor)
        found = self.routing.with_moves(outcome.difference) or Difference()
        conflicts = [finding.detail for finding in self.routing.warnings(outcome.changes)[:_MOST_TOLD]]
        objects = [changes.shown(change) for change in found.changes[:_OBJECTS_SHOWN]]
        return Plan(proposal, whole_tag(outcome.revision, outcome.digest), found, objects, conflicts)

    def _show(
        self, proposal: Proposal, form: Form, since: Sequence[Revision] | None = None, status: int = 200
    ) -> Response:
        values = {"plan": self._read(proposal), "form": form, "since": None if since is None else _told(since)}
        return render(self.request, f"revisions/{proposal.page}.html", status=status, **values)


ProposingDependency = Annotated[Proposing, Depends()]


def _do(proposal: Proposal, sent: Texts, session: Session) -> None:
    _check_seen(session, sent)
    proposal.write(session)


def _put_ready(session: Session, plan: FindTransition, says: Summarise, at: Circumstances, path: Path) -> bytes:
    """Plan something, put it ready to be kept, and return the conflicts that it is in."""
    made = attempts.attempt(session, plan, at)
    attempts.write(session, made, says, {}, path)
    return pickle.dumps(list(made.warnings[:_MOST_TOLD]))


def _check_seen(session: Session, sent: Texts) -> None:
    """Raise `_TooLate` if the state is not the one for which the plan was shown."""
    if whole_tag(*last_revision(session)) != sent.get(TAG, ""):
        seen = find_revision(sent.get(TAG, ""))
        raise _TooLate([] if seen is None else history.since(session, seen, _MOST_TOLD))


def _told(since: Sequence[Revision]) -> list[tuple[int, str, list[str]]]:
    return [(each.number, each.author, changes.summary(each.words, each.summary)) for each in since]


def router_of(page: str) -> APIRouter:
    """Return the router of the pages of one kind of proposal, below the revision that it is about."""
    prefix = f"/revisions/{{number}}/{page}"
    return APIRouter(prefix=prefix, include_in_schema=False, dependencies=[Depends(needs.CHANGING_PAGE)])


def read_subject(number: str, texts: Texts) -> tuple[int, Named | None]:
    """Read which revision is meant, and which object, None for all. Raises `Invalid`, and `NotFound`."""
    return stored.read_number(number), _read_named(texts)


def _read_named(sent: Texts) -> Named | None:
    kind = sent.get(_KIND) or None
    if kind is not None and kind not in NOUNS:
        detail = Message("there is no kind {kind}: it is one of {kinds}", kind=kind, kinds=", ".join(NOUNS))
        raise Invalid([FieldError(f"/{_KIND}", "value.choice", detail, "query")])
    return history.read_named(kind, sent.get(_NAME))
