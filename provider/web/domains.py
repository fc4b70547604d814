"""Domains: the host names that are ours, listed, shown, added, edited and removed."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from provider.dependencies import ActorDependency, RevisionsDependency
from provider.errors import NotFound
from provider.messages import Message
from provider.nouns import Domain
from provider.security import needs
from provider.store import domains, nouns, routers
from provider.store.records import Order
from provider.typed_hosts import meant
from provider.values import Refusal, to_ascii
from provider.web import edits, lists, records, removals
from provider.web.edits import Noun, Sheet
from provider.web.inputs import SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.lists import PartDependency
from provider.web.notices import Notice
from provider.web.observed import rule_of
from provider.web.paths import NEW, object_path
from provider.web.removals import Loss, Removal
from provider.web.rendering import redirect, render
from provider.web.scenes import SightDependency

router = APIRouter(prefix="/domains", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_CHANGING: Final = [Depends(needs.CHANGING_PAGE)]


def _texts(domain: Domain) -> dict[str, str]:
    return {"description": domain.description}


def _document(texts: Texts, known: Mapping[str, Any]) -> dict[str, Any]:
    name = known.get("name") or meant(texts.get("name", ""))
    return {"name": name, "description": texts.get("description", "")}


_DOMAIN: Final = Noun(
    kind="domain",
    model=Domain,
    key=lambda domain: domain.ascii_name,
    find=lambda session, name: nouns.find(session, Domain, name),
    put=nouns.put,
    texts=_texts,
    document=_document,
)


@router.get("")
def list_domains(request: Request, revisions: RevisionsDependency, wanted: PartDependency) -> Response:
    """List the domains by name, with how many routers match each."""
    with revisions.reading() as session:
        found = nouns.page(session, Domain, limit=wanted.limit, after=wanted.after, q=wanted.q, order=Order())
        part = wanted.part(found, lambda domain: domain.ascii_name)
        counts = domains.count_routers(session, [domain.ascii_name for domain in part.rows])
    if lists.wants_names(request):
        return lists.names(domain.name for domain in part.rows)
    return render(request, "domains/list.html", part=part, counts=counts)


@router.get(f"/{NEW}", dependencies=_CHANGING)
def new_domain(request: Request, returned: ReturnedDependency) -> Response:
    """Show the form for a new domain."""
    return _show_form(request, None, edits.fresh({"name": "", "description": ""}, returned))


@router.post(f"/{NEW}")
def add_domain(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency
) -> Response:
    """Add a domain."""
    try:
        domain = edits.create(revisions, actor, _DOMAIN, sent)
    except edits.Refused as refused:
        return _show_form(request, None, refused.sheet)
    notice = Notice(
        Message(
            "Domain {name} was added. Now it needs a router that leads its requests to a service.", name=domain.name
        )
    )
    return redirect(request, object_path("domains", domain.ascii_name), notice)


@router.get("/{name}")
@router.get("/{name}/")
def show_domain(request: Request, revisions: RevisionsDependency, sight: SightDependency, name: str) -> Response:
    """Show one domain, with the routers that match it."""
    with revisions.reading() as session:
        domain = _DOMAIN.get(session, _ascii(name))
        listed = routers.of_domain(session, domain.ascii_name, limit=lists.LENGTH)
        count = domains.count_routers(session, [domain.ascii_name]).get(domain.ascii_name, 0)
        history = records.history_of(session, "domain", domain.ascii_name)
    states = sight.states(listed)
    return render(
        request,
        "domains/show.html",
        domain=domain,
        routers=listed,
        rule=rule_of,
        states=states,
        count=count,
        history=history,
    )


@router.get("/{name}/edit", dependencies=_CHANGING)
def edit_domain(request: Request, revisions: RevisionsDependency, returned: ReturnedDependency, name: str) -> Response:
    """Show the form of one domain."""
    with revisions.reading() as session:
        domain = _DOMAIN.get(session, _ascii(name))
    return _show_form(request, domain, edits.opened(_DOMAIN, domain, returned))


@router.post("/{name}/edit")
def change_domain(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency, name: str
) -> Response:
    """Change one domain."""
    try:
        domain = edits.change(revisions, actor, _DOMAIN, _ascii(name), sent)
    except edits.Refused as refused:
        with revisions.reading() as session:
            domain = _DOMAIN.get(session, _ascii(name))
        return _show_form(request, domain, refused.sheet)
    notice = Notice(Message("Domain {name} was changed.", name=domain.name))
    return redirect(request, object_path("domains", domain.ascii_name), notice)


@router.get("/{name}/remove", dependencies=_CHANGING)
def ask_to_remove_domain(request: Request, revisions: RevisionsDependency, name: str) -> Response:
    """Ask whether a domain shall go, with what goes too."""
    with revisions.reading() as session:
        removal = _removal(session, _ascii(name))
    return _ask(request, removal, name)


@router.post("/{name}/remove")
def remove_domain(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency, name: str
) -> Response:
    """Remove a domain, and what was said to go too."""
    host = _ascii(name)
    try:
        removals.remove(
            revisions,
            actor,
            sent,
            lambda session: _removal(session, host),
            lambda session: nouns.remove(session, Domain, host, cascade=True),
        )
    except removals.Refused as refused:
        return _ask(request, refused.removal, name, again=True)
    return redirect(request, "/domains", Notice(Message("Domain {name} was removed.", name=name)))


def _removal(session: Session, host: str) -> Removal:
    domain = _DOMAIN.get(session, host)
    losses = []
    for each in routers.of_domain(session, host):
        words = Message("router {router}, which has no other domain", router=each.name)
        if each.without("domain", host) is not None:
            words = Message("its place in router {router}, which keeps its other domains", router=each.name)
        losses.append(Loss(words, each))
    return Removal(Message("Remove the domain {name}?", name=domain.name), domain, losses)


def _ask(request: Request, removal: Removal, name: str, *, again: bool = False) -> Response:
    host = _ascii(name)
    back = object_path("domains", host)
    return removals.ask(request, removal, object_path("domains", host, action="remove"), back, again=again)


def _show_form(request: Request, domain: Domain | None, sheet: Sheet) -> Response:
    return render(request, "domains/edit.html", status=sheet.status, domain=domain, sheet=sheet, form=sheet.form)


def _ascii(name: str) -> str:
    """Return a host name as it is stored. Raises `NotFound` for what is none."""
    try:
        return to_ascii(name)
    except Refusal:
        raise NotFound(Message("there is no {kind} {name}", kind="domain", name=name)) from None
