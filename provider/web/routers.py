"""Routers: which requests go to which service, listed, shown, added, edited and removed."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Session

from provider.dependencies import ActorDependency, HealthDependency, RevisionsDependency, RoutingDependency
from provider.messages import Message
from provider.models import Conflict
from provider.nouns import Domain, Router, Service
from provider.observations import show_services
from provider.revisions import Revisions
from provider.security import needs
from provider.store import nouns
from provider.store.records import Order
from provider.typed_hosts import meant
from provider.web import edits, inputs, lists, records, removals
from provider.web.edits import DO, Noun, Sheet
from provider.web.inputs import SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.lists import PartDependency
from provider.web.notices import Notice
from provider.web.observed import ranks_of, rule_of
from provider.web.paths import NEW, object_path
from provider.web.removals import Removal
from provider.web.rendering import redirect, render
from provider.web.scenes import SightDependency

_MOST_WARNED: Final = 20

router = APIRouter(prefix="/routers", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_CHANGING: Final = [Depends(needs.CHANGING_PAGE)]
_MORE: Final = "more"
"""What the button sends that wants one more row for a domain, and nothing kept yet."""

Proposed = Annotated[str, Query(max_length=300)]


def _texts(item: Router) -> dict[str, str]:
    return {
        **inputs.write_rows("domains", item.domains),
        "pathPrefix": item.path_prefix or "",
        "rule": item.rule or "",
        "service": item.service,
        "entryPoints": ", ".join(item.entry_points),
        "priority": "" if item.priority is None else str(item.priority),
        "enabled": inputs.tick(ticked=item.enabled),
    }


def _document(texts: Texts, known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": known.get("name") or texts.get("name", "").strip(),
        "domains": [meant(domain) for domain in inputs.read_rows(texts, "domains")],
        "pathPrefix": texts.get("pathPrefix", "").strip() or None,
        "rule": texts.get("rule", "").strip() or None,
        "service": texts.get("service", "").strip(),
        "entryPoints": [name for name in re.split(r"[\s,]+", texts.get("entryPoints", "")) if name],
        "priority": texts.get("priority", "").strip() or None,
        "enabled": inputs.is_ticked(texts, "enabled"),
    }


_ROUTER: Final = Noun(
    kind="router",
    model=Router,
    key=lambda item: item.name,
    find=lambda session, name: nouns.find(session, Router, name),
    put=nouns.put,
    texts=_texts,
    document=_document,
)


@router.get("")
def list_routers(
    request: Request, revisions: RevisionsDependency, sight: SightDependency, wanted: PartDependency
) -> Response:
    """List the routers by name, with their rules."""
    with revisions.reading() as session:
        found = nouns.page(session, Router, limit=wanted.limit, after=wanted.after, q=wanted.q, order=Order())
    part = wanted.part(found, lambda item: item.name)
    return render(request, "routers/list.html", part=part, rule=rule_of, states=sight.states(part.rows))


@router.get(f"/{NEW}", dependencies=_CHANGING)
def new_router(
    request: Request,
    revisions: RevisionsDependency,
    returned: ReturnedDependency,
    domain: Proposed = "",
    service: Proposed = "",
) -> Response:
    """Show the form for a new router, with the domain or the service from whose page one comes."""
    texts = {
        "name": "",
        **inputs.write_rows("domains", [domain] if domain else []),
        "pathPrefix": "",
        "rule": "",
        "service": service,
        "entryPoints": "web",
        "priority": "",
        "enabled": inputs.TICKED,
    }
    return _show_form(request, revisions, None, edits.fresh(texts, returned))


@router.post(f"/{NEW}")
def add_router(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency
) -> Response:
    """Add a router."""
    if sent.get(DO) == _MORE:
        return _show_form(request, revisions, None, edits.kept(sent))
    try:
        item = edits.create(revisions, actor, _ROUTER, sent)
    except edits.Refused as refused:
        return _show_form(request, revisions, None, refused.sheet)
    return redirect(
        request, object_path("routers", item.name), Notice(Message("Router {name} was added.", name=item.name))
    )


@router.get("/{name}")
@router.get("/{name}/")
def show_router(
    request: Request,
    revisions: RevisionsDependency,
    health: HealthDependency,
    sight: SightDependency,
    routing: RoutingDependency,
    name: str,
) -> Response:
    """Show one router: its rule as Traefik gets it, and where its requests go."""
    with revisions.reading() as session:
        item = _ROUTER.get(session, name)
        [service] = show_services(session, [nouns.get(session, Service, item.service)], health)
        known = [nouns.get(session, Domain, host) for host in item.ascii_domains]
        history = records.history_of(session, "router", item.name)
    state = sight.states([item])[item.name]
    about = routing.about("router", item.name)
    told = [each.detail for each in about if each.conflict is not Conflict.HIDDEN or each.objects[0][1] != item.name]
    return render(
        request,
        "routers/show.html",
        router=item,
        rule=rule_of(item),
        ranks=ranks_of(item),
        domains=known,
        service=service,
        state=state,
        history=history,
        conflicts=told[:_MOST_WARNED],
    )


@router.get("/{name}/edit", dependencies=_CHANGING)
def edit_router(request: Request, revisions: RevisionsDependency, returned: ReturnedDependency, name: str) -> Response:
    """Show the form of one router."""
    with revisions.reading() as session:
        item = _ROUTER.get(session, name)
    return _show_form(request, revisions, name, edits.opened(_ROUTER, item, returned))


@router.post("/{name}/edit")
def change_router(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency, name: str
) -> Response:
    """Change one router."""
    if sent.get(DO) == _MORE:
        return _show_form(request, revisions, name, edits.kept(sent))
    try:
        edits.change(revisions, actor, _ROUTER, name, sent)
    except edits.Refused as refused:
        return _show_form(request, revisions, name, refused.sheet)
    return redirect(request, object_path("routers", name), Notice(Message("Router {name} was changed.", name=name)))


@router.get("/{name}/remove", dependencies=_CHANGING)
def ask_to_remove_router(request: Request, revisions: RevisionsDependency, name: str) -> Response:
    """Ask whether a router shall go."""
    with revisions.reading() as session:
        removal = _removal(session, name)
    return _ask(request, removal, name)


@router.post("/{name}/remove")
def remove_router(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency, name: str
) -> Response:
    """Remove a router."""
    try:
        removals.remove(
            revisions,
            actor,
            sent,
            lambda session: _removal(session, name),
            lambda session: nouns.remove(session, Router, name),
        )
    except removals.Refused as refused:
        return _ask(request, refused.removal, name, again=True)
    return redirect(request, "/routers", Notice(Message("Router {name} was removed.", name=name)))


def _removal(session: Session, name: str) -> Removal:
    return Removal(Message("Remove the router {name}?", name=name), _ROUTER.get(session, name))


def _ask(request: Request, removal: Removal, name: str, *, again: bool = False) -> Response:
    action = object_path("routers", name, action="remove")
    return removals.ask(request, removal, action, object_path("routers", name), again=again)


def _show_form(request: Request, revisions: Revisions, name: str | None, sheet: Sheet) -> Response:
    """Show the form, with some of the domains and services that there are to choose from, and an empty row."""
    form, count = inputs.with_rows(sheet.form, "domains")
    with revisions.reading() as session:
        proposed = [domain.name for domain in nouns.page(session, Domain, limit=lists.LENGTH, order=Order())]
        pools = [service.name for service in nouns.page(session, Service, limit=lists.LENGTH, order=Order())]
    return render(
        request,
        "routers/edit.html",
        status=sheet.status,
        name=name,
        sheet=sheet,
        form=form,
        count=count,
        domains=proposed,
        services=pools,
    )
