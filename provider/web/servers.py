"""Servers of a service: shown, added, edited, drained, brought back, taken out and removed."""

import string
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from provider.dependencies import ActorDependency, HealthDependency, RevisionsDependency
from provider.errors import FieldError, Invalid, PreconditionFailed
from provider.messages import Message, template
from provider.nouns import Server, Service
from provider.observations import show_servers
from provider.security import needs
from provider.store import nouns, servers
from provider.values import ServerState
from provider.web import brakes, edits, paths, records, removals
from provider.web.edits import TAG, Noun, Sheet
from provider.web.inputs import SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.notices import Notice, Tone
from provider.web.paths import NEW, object_path
from provider.web.removals import Removal
from provider.web.rendering import redirect, render
from provider.web.scenes import SightDependency

router = APIRouter(prefix="/services/{service}/servers", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_CHANGING: Final = [Depends(needs.CHANGING_PAGE)]
_STATE: Final = "state"
_NEXT: Final = "next"

_DONE: Final[Mapping[ServerState, str]] = {
    ServerState.READY: template("Server {name} is active again: each edge that runs this change sends it requests."),
    ServerState.DRAIN: template("Server {name} is drained: each edge that runs this change sends it no new requests."),
    ServerState.MAINT: template(
        "Server {name} is in maintenance: each edge that runs this change sends it no requests."
    ),
}
_DONE_UNHEARD: Final[Mapping[ServerState, str]] = {
    ServerState.READY: template("Server {name} is active again, but no edge polls this service now: {until}"),
    ServerState.DRAIN: template("Server {name} is drained, but no edge polls this service now: {until}"),
    ServerState.MAINT: template("Server {name} is in maintenance, but no edge polls this service now: {until}"),
}


def _texts(server: Server) -> dict[str, str]:
    return {"url": server.url, "weight": str(server.weight), "state": server.state.value}


def _document(texts: Texts, known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": known.get("name") or texts.get("name", "").strip(),
        "url": texts.get("url", "").strip(),
        "weight": texts.get("weight", "").strip(),
        "state": texts.get("state", ""),
    }


def _servers(service: str) -> Noun[Server]:
    """Return what forms need to know of the servers of a service."""
    return Noun(
        kind="server",
        model=Server,
        key=lambda server: server.name,
        find=lambda session, name: _find(session, service, name),
        put=lambda session, server: nouns.put(session, server, service),
        texts=_texts,
        document=_document,
    )


def _find(session: Session, service: str, name: str) -> Server | None:
    nouns.get(session, Service, service)
    return nouns.find(session, Server, name, service)


@router.get(f"/{NEW}", dependencies=_CHANGING)
def new_server(
    request: Request, revisions: RevisionsDependency, returned: ReturnedDependency, service: str
) -> Response:
    """Show the form for a new server of a service."""
    with revisions.reading() as session:
        name = _free_name(servers.pool(session, service))
    texts = {"name": name, "url": "", "weight": "1", "state": ServerState.READY.value}
    return _show_form(request, service, None, edits.fresh(texts, returned))


@router.post(f"/{NEW}")
def add_server(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency, service: str
) -> Response:
    """Add a server to a service."""
    try:
        server = edits.create(revisions, actor, _servers(service), sent)
    except edits.Refused as refused:
        return _show_form(request, service, None, refused.sheet)
    notice = Notice(Message("Server {name} was added to {service}.", name=server.name, service=service))
    return redirect(request, object_path("services", service), notice)


@router.get("/{name}")
@router.get("/{name}/")
def show_server(
    request: Request, revisions: RevisionsDependency, health: HealthDependency, service: str, name: str
) -> Response:
    """Show one server: what is wanted of it, and what is observed."""
    noun = _servers(service)
    with revisions.reading() as session:
        server = noun.get(session, name)
        owner = nouns.get(session, Service, service)
        [shown] = show_servers(session, owner, [server], health)
        count = len(servers.pool(session, service))
        history = records.history_of(session, "server", f"{service}/{name}")
    tag = noun.tag(server)
    return render(request, "servers/show.html", service=owner, server=shown, tag=tag, count=count, history=history)


@router.get("/{name}/edit", dependencies=_CHANGING)
def edit_server(
    request: Request, revisions: RevisionsDependency, returned: ReturnedDependency, service: str, name: str
) -> Response:
    """Show the form of one server."""
    noun = _servers(service)
    with revisions.reading() as session:
        server = noun.get(session, name)
    return _show_form(request, service, name, edits.opened(noun, server, returned))


@router.post("/{name}/edit")
def change_server(
    request: Request,
    revisions: RevisionsDependency,
    actor: ActorDependency,
    sent: SentDependency,
    service: str,
    name: str,
) -> Response:
    """Change one server."""
    try:
        edits.change(revisions, actor, _servers(service), name, sent)
    except edits.Refused as refused:
        return _show_form(request, service, name, refused.sheet)
    notice = Notice(Message("Server {name} was changed.", name=name))
    return redirect(request, object_path("services", service, "servers", name), notice)


@router.post("/{name}/state")
def set_state(
    request: Request,
    revisions: RevisionsDependency,
    actor: ActorDependency,
    sent: SentDependency,
    sight: SightDependency,
    service: str,
    name: str,
) -> Response:
    """Drain a server, bring it back or take it out, if it is still as it was seen; and lead back."""
    state = _read_state(sent)
    noun = _servers(service)

    def apply(session: Session) -> None:
        server = noun.get(session, name)
        if noun.tag(server) != sent.get(TAG):
            raise PreconditionFailed(Message("server {name} has changed since", name=name))
        noun.put(session, server.copy(state=state))

    back = paths.local(sent.get(_NEXT, object_path("services", service)))
    try:
        brakes.change(revisions, actor, sent, apply)
    except PreconditionFailed:
        detail = Message(
            "Server {name} was not changed: somebody else changed it after you opened the page. "
            "Check its current state, then try again.",
            name=name,
        )
        return redirect(request, back, Notice(detail, Tone.WARNING))
    if any(edge.awaited for edge in sight.edges):
        return redirect(request, back, Notice(Message(_DONE[state], name=name)))
    until = Message("until one does, a Traefik sends requests as before.")
    return redirect(request, back, Notice(Message(_DONE_UNHEARD[state], name=name, until=until), Tone.WARNING))


def _read_state(sent: Texts) -> ServerState:
    try:
        return ServerState(sent.get(_STATE, ""))
    except ValueError:
        detail = Message("this has to be one of {choices}", choices=", ".join(ServerState))
        raise Invalid([FieldError(f"/{_STATE}", "value.choice", detail)]) from None


@router.get("/{name}/remove", dependencies=_CHANGING)
def ask_to_remove_server(request: Request, revisions: RevisionsDependency, service: str, name: str) -> Response:
    """Ask whether a server shall go."""
    with revisions.reading() as session:
        removal = _removal(session, service, name)
    return _ask(request, removal, service, name)


@router.post("/{name}/remove")
def remove_server(
    request: Request,
    revisions: RevisionsDependency,
    actor: ActorDependency,
    sent: SentDependency,
    service: str,
    name: str,
) -> Response:
    """Remove a server."""
    try:
        removals.remove(
            revisions,
            actor,
            sent,
            lambda session: _removal(session, service, name),
            lambda session: nouns.remove(session, Server, name, service),
        )
    except removals.Refused as refused:
        return _ask(request, refused.removal, service, name, again=True)
    notice = Notice(Message("Server {name} was removed from {service}.", name=name, service=service))
    return redirect(request, object_path("services", service), notice)


def _removal(session: Session, service: str, name: str) -> Removal:
    question = Message("Remove the server {name} of {service}?", name=name, service=service)
    return Removal(question, _servers(service).get(session, name))


def _ask(request: Request, removal: Removal, service: str, name: str, *, again: bool = False) -> Response:
    action = object_path("services", service, "servers", name, action="remove")
    return removals.ask(request, removal, action, object_path("services", service), again=again)


def _show_form(request: Request, service: str, name: str | None, sheet: Sheet) -> Response:
    return render(
        request, "servers/edit.html", status=sheet.status, service=service, name=name, sheet=sheet, form=sheet.form
    )


def _free_name(pool: Sequence[Server]) -> str:
    """Return a name that no server of a service has yet: a, then b, and so on."""
    taken = {server.name for server in pool}
    return next((letter for letter in string.ascii_lowercase if letter not in taken), "")
