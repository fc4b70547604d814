"""Going back to a revision: its plan is shown first, and then exactly that is done."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from provider.dependencies import ActorDependency, RevisionsDependency, RoutingDependency
from provider.messages import Message
from provider.security import needs
from provider.store import history
from provider.store import revisions as stored
from provider.store.history import Named, Placed
from provider.web import proposals
from provider.web.inputs import SentDependency
from provider.web.kept import ReturnedDependency
from provider.web.proposals import Proposal

router = APIRouter(
    prefix="/revisions/{number}/rollback", include_in_schema=False, dependencies=[Depends(needs.CHANGING_PAGE)]
)

Kind = Annotated[Placed | None, Query()]
Name = Annotated[str | None, Query(max_length=400)]


@router.get("")
def show_plan(
    request: Request,
    revisions: RevisionsDependency,
    routing: RoutingDependency,
    returned: ReturnedDependency,
    number: str,
    kind: Kind = None,
    name: Name = None,
) -> Response:
    """Show what going back to a revision would do."""
    named = proposals.read_named(returned) if returned else history.read_named(kind, name)
    return proposals.show(request, revisions, routing, _propose(number, named), returned)


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
    proposal = _propose(number, proposals.read_named(sent))
    return proposals.do(request, revisions, routing, proposal, actor=actor, sent=sent)


def _propose(number: str, named: Named | None) -> Proposal:
    wanted = stored.read_number(number)
    return Proposal(
        wanted,
        named,
        "rollback",
        partial(history.roll_back, number=wanted, named=named),
        history.saying_back(number, named),
        Message("Brought back from revision {number}: this is the state now.", number=wanted),
        history.say_back(number, named),
    )
