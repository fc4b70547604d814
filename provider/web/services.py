"""Services: pools of servers, listed, shown with their servers, added, edited and removed."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from provider.dependencies import ActorDependency, HealthDependency, RevisionsDependency
from provider.messages import Message
from provider.nouns import HealthCheck, Service
from provider.observations import show_services
from provider.revisions import Revisions
from provider.security import needs
from provider.store import nouns, routers, servers, services
from provider.store.records import Order
from provider.values import Strategy
from provider.web import edits, inputs, lists, records, removals, weights
from provider.web.edits import DO, Noun, Sheet
from provider.web.inputs import SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.lists import PartDependency
from provider.web.notices import Notice
from provider.web.observed import rule_of
from provider.web.paths import NEW, object_path
from provider.web.removals import Loss, Removal
from provider.web.rendering import redirect, render
from provider.web.scenes import Sight, SightDependency

router = APIRouter(prefix="/services", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

_CHANGING: Final = [Depends(needs.CHANGING_PAGE)]
_SHOW: Final = "show"
"""What the button sends that wants to see the shares of other weights, and nothing kept yet."""


def _texts(service: Service) -> dict[str, str]:
    check, sticky = service.health_check or HealthCheck(), service.sticky
    return {
        "strategy": service.strategy.value,
        "passHostHeader": inputs.tick(ticked=service.pass_host_header),
        "healthCheck": inputs.tick(ticked=service.health_check is not None),
        "healthCheck/path": check.path,
        "healthCheck/interval": check.interval,
        "healthCheck/timeout": check.timeout,
        "sticky": inputs.tick(ticked=sticky is not None),
        "sticky/cookie/name": service.name if sticky is None else sticky.cookie.name,
    }


def _document(texts: Texts, known: Mapping[str, Any]) -> dict[str, Any]:
    check, sticky = known.get("healthCheck") or {}, known.get("sticky") or {}
    checked = {name: texts.get(f"healthCheck/{name}", "").strip() for name in ("path", "interval", "timeout")}
    cookie = {**sticky.get("cookie", {}), "name": texts.get("sticky/cookie/name", "").strip()}
    return {
        "name": known.get("name") or texts.get("name", "").strip(),
        "strategy": texts.get("strategy", ""),
        "passHostHeader": inputs.is_ticked(texts, "passHostHeader"),
        "healthCheck": {**check, **checked} if inputs.is_ticked(texts, "healthCheck") else None,
        "sticky": {**sticky, "cookie": cookie} if inputs.is_ticked(texts, "sticky") else None,
    }


_SERVICE: Final = Noun(
    kind="service",
    model=Service,
    key=lambda service: service.name,
    find=lambda session, name: nouns.find(session, Service, name),
    put=nouns.put,
    texts=_texts,
    document=_document,
)


@router.get("")
def list_services(
    request: Request, revisions: RevisionsDependency, health: HealthDependency, wanted: PartDependency
) -> Response:
    """List the services by name, with how many servers each can rely on."""
    with revisions.reading() as session:
        found = nouns.page(session, Service, limit=wanted.limit, after=wanted.after, q=wanted.q, order=Order())
        part = wanted.part(found, lambda service: service.name)
        if lists.wants_names(request):
            return lists.names(service.name for service in part.rows)
        shown = show_services(session, part.rows, health)
        counts = services.count_routers(session, [service.name for service in part.rows])
    return render(request, "services/list.html", part=part, services=shown, counts=counts)


@router.get(f"/{NEW}", dependencies=_CHANGING)
def new_service(request: Request, returned: ReturnedDependency) -> Response:
    """Show the form for a new service."""
    first = _texts(Service(name="", strategy=Strategy.WRR))
    return _show_form(request, None, edits.fresh({"name": "", **first}, returned))


@router.post(f"/{NEW}")
def add_service(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency
) -> Response:
    """Add a service, which has no servers yet."""
    try:
        service = edits.create(revisions, actor, _SERVICE, sent)
    except edits.Refused as refused:
        return _show_form(request, None, refused.sheet)
    notice = Notice(Message("Service {name} was added. Give it its first server.", name=service.name))
    return redirect(request, object_path("services", service.name), notice)


@router.get("/{name}")
@router.get("/{name}/")
def show_service(
    request: Request,
    revisions: RevisionsDependency,
    health: HealthDependency,
    sight: SightDependency,
    returned: ReturnedDependency,
    name: str,
) -> Response:
    """Show one service, with all of its servers and what they get."""
    with revisions.reading() as session:
        table = weights.read(session, nouns.get(session, Service, name), health, returned)
    return _show(request, revisions, sight, name, table)


@router.post("/{name}")
@router.post("/{name}/")
def set_weights(
    request: Request,
    revisions: RevisionsDependency,
    health: HealthDependency,
    sight: SightDependency,
    actor: ActorDependency,
    sent: SentDependency,
    name: str,
) -> Response:
    """Change the weights of a service's servers, all of them or none; or show what shares they would give."""
    if sent.get(DO) == _SHOW:
        with revisions.reading() as session:
            table = weights.read(session, nouns.get(session, Service, name), health, sent)
        return _show(request, revisions, sight, name, table)
    try:
        weights.change(revisions, actor, name, sent)
    except weights.Refused as refused:
        with revisions.reading() as session:
            table = weights.read(session, nouns.get(session, Service, name), health, sent, refused.errors)
        return _show(request, revisions, sight, name, table, status=refused.status)
    notice = Notice(Message("The weights of {name} were saved.", name=name))
    return redirect(request, object_path("services", name), notice)


@router.get("/{name}/edit", dependencies=_CHANGING)
def edit_service(request: Request, revisions: RevisionsDependency, returned: ReturnedDependency, name: str) -> Response:
    """Show the form of one service."""
    with revisions.reading() as session:
        service = _SERVICE.get(session, name)
    return _show_form(request, name, edits.opened(_SERVICE, service, returned))


@router.post("/{name}/edit")
def change_service(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency, name: str
) -> Response:
    """Change one service."""
    try:
        edits.change(revisions, actor, _SERVICE, name, sent)
    except edits.Refused as refused:
        return _show_form(request, name, refused.sheet)
    return redirect(request, object_path("services", name), Notice(Message("Service {name} was changed.", name=name)))


@router.get("/{name}/remove", dependencies=_CHANGING)
def ask_to_remove_service(request: Request, revisions: RevisionsDependency, name: str) -> Response:
    """Ask whether a service shall go, with what goes too."""
    with revisions.reading() as session:
        removal = _removal(session, name)
    return _ask(request, removal, name)


@router.post("/{name}/remove")
def remove_service(
    request: Request, revisions: RevisionsDependency, actor: ActorDependency, sent: SentDependency, name: str
) -> Response:
    """Remove a service with its servers, and the routers that were said to go too."""
    try:
        removals.remove(
            revisions,
            actor,
            sent,
            lambda session: _removal(session, name),
            lambda session: nouns.remove(session, Service, name, cascade=True),
        )
    except removals.Refused as refused:
        return _ask(request, refused.removal, name, again=True)
    return redirect(request, "/services", Notice(Message("Service {name} was removed.", name=name)))


def _removal(session: Session, name: str) -> Removal:
    service = _SERVICE.get(session, name)
    losses = [
        Loss(Message("router {router}, which leads to it", router=each.name), each)
        for each in routers.of_service(session, name)
    ]
    losses += [
        Loss(Message("server {server} at {url}", server=each.name, url=each.url), each)
        for each in servers.pool(session, name)
    ]
    return Removal(Message("Remove the service {name}?", name=name), service, losses)


def _ask(request: Request, removal: Removal, name: str, *, again: bool = False) -> Response:
    action = object_path("services", name, action="remove")
    return removals.ask(request, removal, action, object_path("services", name), again=again)


def _show(
    request: Request,
    revisions: Revisions,
    sight: Sight,
    name: str,
    table: weights.Table,
    *,
    status: int = 200,
) -> Response:
    with revisions.reading() as session:
        [service] = show_services(session, [nouns.get(session, Service, name)], sight.health)
        listed = routers.of_service(session, name, limit=lists.LENGTH)
        count = services.count_routers(session, [name]).get(name, 0)
        history = records.history_of(session, "service", name)
    states = sight.states(listed)
    taking = [each for each in listed if each.enabled and not states[each.name].is_out]
    return render(
        request,
        "services/show.html",
        status=status,
        service=service,
        table=table,
        form=table.form,
        routers=listed,
        rule=rule_of,
        states=states,
        is_reached=bool(taking) or count > len(listed),
        count=count,
        history=history,
    )


def _show_form(request: Request, name: str | None, sheet: Sheet) -> Response:
    return render(request, "services/edit.html", status=sheet.status, name=name, sheet=sheet, form=sheet.form)
