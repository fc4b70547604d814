"""Undoing one revision: what was changed since is asked for, its plan is shown, and then exactly that is done."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from provider.errors import ChangedSince, InUse
from provider.messages import Message
from provider.store import undos
from provider.undoing import ALL, Resolution, chooser
from provider.web import proposals
from provider.web.inputs import TICKED, SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.paths import with_query
from provider.web.proposals import Proposal, ProposingDependency
from provider.web.rendering import render

router = proposals.router_of("undo")

_AT: Final = "at:"
"""Before the pointer of a clash: the name of the field that says what becomes of it."""
_CASCADE: Final = "cascade"


@router.get("")
def show_plan(request: Request, proposing: ProposingDependency, returned: ReturnedDependency, number: str) -> Response:
    """Show what undoing a revision would do, or ask what becomes of what was changed since."""
    proposal = _propose(number, {**request.query_params, **returned})
    try:
        return proposing.show(proposal, returned)
    except (ChangedSince, InUse) as error:
        return _ask(request, proposal, error)


@router.post("")
async def undo(request: Request, proposing: ProposingDependency, sent: SentDependency, number: str) -> Response:
    """Undo a revision, if the state is still the one for which the plan was shown."""
    proposal = _propose(number, sent)
    try:
        return await proposing.do(proposal, sent)
    except (ChangedSince, InUse) as error:
        return await run_in_threadpool(_ask, request, proposal, error)


def _propose(number: str, texts: Texts) -> Proposal:
    wanted, named = proposals.read_subject(number, texts)
    chosen = {
        name: text
        for name, text in texts.items()
        if name == _CASCADE or (name.startswith(_AT) and text in set(Resolution))
    }
    plan = partial(
        undos.plan,
        number=wanted,
        choose=chooser(_places(chosen, Resolution.OLDER), _places(chosen, Resolution.NEWER)),
        named=named,
        cascade=chosen.get(_CASCADE) == TICKED,
    )
    done = Message("Revision {number} is undone. This is the current state.", number=wanted)
    return Proposal(wanted, named, "undo", plan, undos.telling_undone(number, named), done, chosen=chosen)


def _places(chosen: Mapping[str, str], choice: Resolution) -> list[str]:
    return [name.removeprefix(_AT) for name, text in chosen.items() if text == choice]


def _ask(request: Request, proposal: Proposal, error: ChangedSince | InUse) -> Response:
    """Ask for what is needed to go on."""
    named = {} if proposal.named is None else {"kind": proposal.named[0], "name": proposal.named[1]}
    here, given = f"/revisions/{proposal.number}/undo", {**named, **proposal.chosen}
    return render(
        request,
        "revisions/clash.html",
        status=409,
        proposal=proposal,
        given=given,
        clashes=error.fields if isinstance(error, ChangedSince) else (),
        in_use=error.detail if isinstance(error, InUse) else None,
        along=with_query(here, **given | {_CASCADE: TICKED}),
        older=with_query(here, **given | {_AT + ALL: Resolution.OLDER.value}),
        newer=with_query(here, **given | {_AT + ALL: Resolution.NEWER.value}),
    )
