"""Confirming a change that would be rolled back: a button in the bar that every page has while something is pending."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from provider.dependencies import ActorDependency, ConfirmationsDependency
from provider.errors import NotPending
from provider.messages import Message
from provider.security import needs
from provider.store import revisions as stored
from provider.web import paths
from provider.web.inputs import SentDependency
from provider.web.notices import Notice, Tone
from provider.web.rendering import redirect

_BACK: Final = "next"

router = APIRouter(prefix="/revisions", include_in_schema=False, dependencies=[Depends(needs.CHANGING_PAGE)])


@router.post("/{number}/confirm")
def confirm(
    request: Request,
    confirmations: ConfirmationsDependency,
    actor: ActorDependency,
    sent: SentDependency,
    number: str,
) -> Response:
    """Keep a change for good, and lead back to the page with the button."""
    wanted = stored.read_number(number)
    notice = Notice(Message("Revision {number} stays.", number=wanted))
    try:
        confirmations.confirm(wanted, actor)
    except NotPending as error:
        notice = Notice(error.detail, Tone.WARNING)
    return redirect(request, paths.local(sent.get(_BACK, f"/revisions/{wanted}")), notice)
