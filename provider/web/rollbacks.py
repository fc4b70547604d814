"""Going back to a revision: its plan is shown first, and then exactly that is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic_core import PydanticCustomError
from sqlmodel import Session

from provider.dependencies import ActorDependency, RevisionsDependency, RoutingDependency
from provider.differences import Difference
from provider.errors import Brake, FieldError
from provider.messages import Message
from provider.models import MESSAGE_LENGTH, Revision
from provider.revisions import Revisions, last_revision
from provider.routing import Routing
from provider.security import needs
from provider.store import history
from provider.store import revisions as stored
from provider.store.history import Named, Placed
from provider.tags import find_revision, whole_tag
from provider.values import check_text
from provider.web import brakes, changes
from provider.web.changes import ObjectChange
from provider.web.edits import TAG
from provider.web.forms import Form
from provider.web.inputs import SentDependency, Texts
from provider.web.notices import Notice, Tone
from provider.web.rendering import redirect, render

router = APIRouter(
    prefix="/revisions/{number}/rollback", include_in_schema=False, dependencies=[Depends(needs.CHANGING_PAGE)]
)

_KIND: Final = "kind"
_NAME: Final = "name"
_MESSAGE: Final = "message"
_OBJECTS_SHOWN: Final = 50
_MOST_TOLD: Final = 20

Kind = Annotated[Placed | None, Query()]
Name = Annotated[str | None, Query(max_length=400)]


@dataclass(frozen=True, slots=True)
class Plan:
    """What going back does: to a revision, with all or with one object. `tag` is that of the state that it is for."""

    number: int
    named: Named | None
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


class _Late(Exception):
    """The state is not the one for which the plan was made: these revisions came since."""

    def __init__(self, since: Sequence[Revision]) -> None:
        super().__init__()
        self.since = since


@router.get("")
def show_plan(
    request: Request,
    revisions: RevisionsDependency,
    routing: RoutingDependency,
    number: str,
    kind: Kind = None,
    name: Name = None,
) -> Response:
    """Show what going back to a revision would do."""
    plan = _read(revisions, routing, stored.read_number(number), history.read_named(kind, name))
    return _show(request, plan, Form({_MESSAGE: ""}))


@router.post("")
def roll_back(
    request: Request,
    revisions: RevisionsDependency,
    routing: RoutingDependency,
    actor: ActorDependency,
    sent: SentDependency,
    number: str,
) -> Response:
    """Go back to a revision, if the state is still the one for which the plan was shown."""
    wanted, named = stored.read_number(number), _read_named(sent)
    message, wrong = _read_message(sent)

    def apply(session: Session) -> None:
        if whole_tag(*last_revision(session)) != sent.get(TAG, ""):
            seen = find_revision(sent.get(TAG, ""))
            raise _Late([] if seen is None else history.since(session, seen, _MOST_TOLD))
        history.roll_back(session, wanted, named)

    if wrong:
        return _show(request, _read(revisions, routing, wanted, named), Form(sent, wrong), status=422)
    told = message or history.say_back(number, named)
    try:
        done = revisions.change(
            apply, actor=actor, confirmed=brakes.read(sent), message=told, says=history.saying_back(number, named)
        )
    except _Late as late:
        return _show(request, _read(revisions, routing, wanted, named), Form(sent), late.since, status=412)
    except Brake as error:
        asked = brakes.form(sent, error.number)
        form = Form({**sent, **asked.values}, asked.errors)
        return _show(request, _read(revisions, routing, wanted, named), form, status=409)
    notice = Notice(Message("Brought back from revision {number}: this is the state now.", number=wanted), Tone.GOOD)
    return redirect(request, f"/revisions/{done.revision}", notice)


def _read(revisions: Revisions, routing: Routing, number: int, named: Named | None) -> Plan:
    """Make the plan. Raises `NotFound`, and `Invalid` and `InUse` where that state would not hold now."""
    outcome = revisions.try_change(partial(history.roll_back, number=number, named=named))
    found = outcome.difference or Difference()
    conflicts = [finding.detail for finding in routing.warnings(outcome.changes)[:_MOST_TOLD]]
    objects = [changes.shown(change) for change in found.changes[:_OBJECTS_SHOWN]]
    return Plan(number, named, whole_tag(outcome.revision, outcome.digest), found, objects, conflicts)


def _show(
    request: Request, plan: Plan, form: Form, since: Sequence[Revision] | None = None, status: int = 200
) -> Response:
    told = (
        None
        if since is None
        else [(each.number, each.author, changes.summary(each.words, each.summary)) for each in since]
    )
    return render(
        request, "revisions/rollback.html", status=status, plan=plan, form=form, since=told, longest=MESSAGE_LENGTH
    )


def _read_named(sent: Texts) -> Named | None:
    kinds: dict[str, Placed] = {"domain": "domain", "service": "service", "server": "server", "router": "router"}
    return history.read_named(kinds.get(sent.get(_KIND, "")), sent.get(_NAME))


def _read_message(sent: Texts) -> tuple[str, list[FieldError]]:
    """Return why, as it was typed, and what is wrong with that."""
    message = sent.get(_MESSAGE, "").strip()
    try:
        check_text(message)
    except PydanticCustomError as error:
        detail = (error.context or {}).get("detail", error.message())
        return message, [FieldError(f"/{_MESSAGE}", error.type, detail)]
    if len(message) > MESSAGE_LENGTH:
        detail = Message("this is longer than {max_length} characters", max_length=MESSAGE_LENGTH)
        return message, [FieldError(f"/{_MESSAGE}", "value.long", detail)]
    return message, []
