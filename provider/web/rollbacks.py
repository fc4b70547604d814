"""Going back to a revision: its plan is shown first, and then exactly that is done."""

from functools import partial

from fastapi import Request, Response

from provider.messages import Message
from provider.store import history
from provider.web import proposals
from provider.web.inputs import SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.proposals import Proposal, ProposingDependency

router = proposals.router_of("rollback")


@router.get("")
def show_plan(request: Request, proposing: ProposingDependency, returned: ReturnedDependency, number: str) -> Response:
    """Show what going back to a revision would do."""
    return proposing.show(_propose(number, returned or dict(request.query_params)), returned)


@router.post("")
async def roll_back(proposing: ProposingDependency, sent: SentDependency, number: str) -> Response:
    """Go back to a revision, if the state is still the one for which the plan was shown."""
    return await proposing.do(_propose(number, sent), sent)


def _propose(number: str, texts: Texts) -> Proposal:
    wanted, named = proposals.read_subject(number, texts)
    return Proposal(
        wanted,
        named,
        "rollback",
        partial(history.plan_back, number=wanted, named=named),
        history.telling_back(str(wanted), named),
        Message("Restored from revision {number}. This is the current state.", number=wanted),
    )
