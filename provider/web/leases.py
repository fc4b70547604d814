"""Ending the leases of held servers: a page that asks whether they are really gone, and then drains them."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from provider.dependencies import ActorDependency, LeasingDependency, RevisionsDependency
from provider.messages import Message
from provider.models import LeaseState
from provider.nouns import Service
from provider.security import needs
from provider.store import nouns, servers
from provider.web import reasons
from provider.web.forms import Form
from provider.web.inputs import SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.notices import Notice, Tone
from provider.web.paths import object_path
from provider.web.reasons import WrongReason
from provider.web.rendering import redirect, render, say

router = APIRouter(
    prefix="/services/{service}/leases/end", include_in_schema=False, dependencies=[Depends(needs.CHANGING_PAGE)]
)

_SERVER: Final = "server"


@router.get("")
def ask_to_end(
    request: Request,
    revisions: RevisionsDependency,
    leasing: LeasingDependency,
    returned: ReturnedDependency,
    service: str,
    server: Annotated[str | None, Query(max_length=63)] = None,
) -> Response:
    """Ask whether the held servers of a service are gone, or one of them."""
    return _ask(request, revisions, leasing, service, {_SERVER: server or "", **returned})


@router.post("")
async def end(
    request: Request,
    revisions: RevisionsDependency,
    leasing: LeasingDependency,
    actor: ActorDependency,
    sent: SentDependency,
    service: str,
) -> Response:
    """Drain them, as somebody has said that they are gone. In the event loop's thread, where leases live."""
    server = sent.get(_SERVER) or None
    try:
        count = await leasing.release(actor, service, server, reasons.read(sent))
    except WrongReason as error:
        return await asyncio.to_thread(_ask, request, revisions, leasing, service, sent, error)
    back = object_path("services", service, *(("servers", server) if server else ()))
    if count == 0:
        detail = Message("Nothing was changed: they send heartbeats again, or are already drained.")
        return redirect(request, back, Notice(detail, Tone.WARNING))
    told = Message("The leases of held servers of {name} have ended: they are drained.", name=service)
    current = revisions.current
    return redirect(request, back, Notice(told, revision=None if current is None else current.revision))


def _ask(
    request: Request,
    revisions: RevisionsDependency,
    leasing: LeasingDependency,
    service: str,
    texts: Texts,
    error: WrongReason | None = None,
) -> Response:
    server = texts.get(_SERVER) or None
    with revisions.reading() as session:
        pool = servers.pool(session, nouns.get(session, Service, service).name)
    found = {each.name: each for each in pool if server in {None, each.name}}
    views = {name: leasing.find(service, name) for name in found}
    held = [name for name, view in views.items() if view is not None and view.state is LeaseState.HELD]
    back = object_path("services", service, *(("servers", server) if server else ()))
    if not held:
        return redirect(request, back, Notice(Message("No server of {name} is held.", name=service), Tone.INFO))
    return render(
        request,
        "services/leases.html",
        status=200 if error is None else 422,
        question=say(request, Message("End the leases of the held servers of {name}?", name=service)),
        consequences=[Message("server {server} at {url}", server=name, url=found[name].url) for name in held],
        action=object_path("services", service, action="leases/end"),
        fields={_SERVER: server or ""},
        label=say(request, Message("Drain")),
        back=back,
        form=Form(reasons.typed(texts), () if error is None else error.fields),
    )
