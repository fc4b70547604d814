"""Exposing an application: one form, which shows while one types what will come of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Request, Response
from markupsafe import Markup

from provider import configuration
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, RevisionsDependency, RoutingDependency
from provider.errors import AlreadyExists, Invalid, ProviderError
from provider.hosts import to_ascii
from provider.listening import Listening
from provider.messages import Message
from provider.models import ExposeInput
from provider.nouns import Domain, Service
from provider.nouns.types import Choice
from provider.revisions import Revisions
from provider.security import needs
from provider.store import applications
from provider.values import OnFailure
from provider.web import drafts, inputs
from provider.web.drafts import DraftRow
from provider.web.drawings import path as drawing
from provider.web.drawings.blocks import Block, group
from provider.web.drawings.scene import Scene
from provider.web.forms import Form
from provider.web.inputs import SentDependency, Texts
from provider.web.kept import ReturnedDependency
from provider.web.notices import Notice
from provider.web.paths import object_path
from provider.web.rendering import is_part, language_of, render
from provider.web.scenes import Sight, SightDependency, scene_of_wanted
from provider.web.writing import PageWrite, done

router = APIRouter(prefix="/expose", include_in_schema=False, dependencies=[Depends(needs.PAGE)])

DO: Final = "do"
"""The field of the buttons: `add` a row, `remove/N` one, `check`, or else expose."""

_FAILURES: Final = {
    "" if word == OnFailure.NONE else word: told
    for word, told in cast("Choice", Service.fields["onFailure"].type).named.items()
}
"""What can be done when a server fails, with its words. At first that is nothing, and no field that is filled."""

_ADD: Final = "add"
_REMOVE: Final = "remove/"
_CHECK: Final = "check"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of a draft, where it is one that can be exposed."""

    name: str
    rule: str
    scene: Scene
    drawing: Markup
    blocks: Sequence[Block]


async def read_draft(sent: SentDependency) -> dict[str, str]:
    return {**drafts.complete(sent), DO: sent.get(DO, "")}


DraftDependency = Annotated[dict[str, str], Depends(read_draft)]


@router.get("")
async def show(request: Request, revisions: RevisionsDependency, returned: ReturnedDependency) -> Response:
    """Show the form, with nothing in it but what was typed before."""
    return _page(request, revisions, Form(drafts.complete(returned)), None)


@router.post("")
def expose(
    request: Request,
    revisions: RevisionsDependency,
    routing: RoutingDependency,
    actor: ActorDependency,
    sight: SightDependency,
    texts: DraftDependency,
) -> Response:
    """Expose an application, and lead to its page; or do with the form what one of its buttons says."""
    wished = texts.pop(DO)
    if wished in {_ADD, _CHECK} or wished.startswith(_REMOVE):
        return _try(request, revisions, sight, texts, wished)
    try:
        wanted = inputs.parse(ExposeInput, drafts.document(texts))
        outcome = PageWrite(revisions, routing, actor, texts).change(
            lambda session: applications.expose(session, _named(session, wanted))
        )
    except (Invalid, AlreadyExists) as error:
        return _page(request, revisions, _refused(texts, error), None, status=422)
    made = outcome.result
    told = Message("{domain} is exposed as {name}.", domain=made.domain.name, name=made.router.name)
    return done(request, object_path("applications", made.router.name), Notice(told), outcome)


@router.post("/check", dependencies=[Depends(needs.OWN_PAGE)])
def check(request: Request, revisions: RevisionsDependency, sight: SightDependency, texts: DraftDependency) -> Response:
    """Tell what is wrong with what was typed so far, and what would come of it. Nothing is changed."""
    return _try(request, revisions, sight, texts, texts.pop(DO))


def _try(request: Request, revisions: Revisions, sight: Sight, texts: dict[str, str], done: str) -> Response:
    if done == _ADD:
        return _rows(request, revisions, drafts.with_row(texts))
    if done.startswith(_REMOVE):
        return _rows(request, revisions, drafts.without_row(texts, done.removeprefix(_REMOVE)))
    form, preview = Form(texts), None
    try:
        preview = _preview(request, revisions, sight, texts)
    except (Invalid, AlreadyExists) as error:
        refused = _refused(texts, error)
        form = Form(texts, drafts.typed(refused.errors, texts))
    if is_part(request):
        return render(request, "exposing/check.html", **_values(revisions, form, preview))
    return _page(request, revisions, form, preview)


def _preview(request: Request, revisions: Revisions, sight: Sight, texts: Texts) -> Preview:
    """Return what would come of a draft. Raises `Invalid` and `AlreadyExists`, as exposing it would."""
    wanted = inputs.parse(ExposeInput, drafts.document(texts))
    with revisions.reading() as session:
        wanted = _named(session, wanted)
        pool = applications.check(session, wanted)
    made, passed = drafts.router_of(wanted), drafts.middlewares_of(wanted)
    scene = scene_of_wanted(made, pool, replace(sight, listening=_with_https(sight.listening, wanted)), passed)
    drawn = drawing.draw(scene, language_of(request), linked=False)
    return Preview(made.name, configuration.rule(made), scene, drawn, group(scene, drawing.MOST_SERVERS))


def _with_https(listening: Listening, wanted: ExposeInput) -> Listening:
    """Return where routers listen once the application is exposed."""
    if wanted.tls is None:
        return listening
    domain = Domain(name=wanted.domain, tls=wanted.tls)
    return replace(listening, secured={**listening.secured, domain.key: domain})


def _named(session: Session, wanted: ExposeInput) -> ExposeInput:
    """Return what is wanted with the default name that is free, where none was given.

    What is exposed already stays as it is: a name more would not help.
    """
    if wanted.name is not None or applications.list_rivals(session, wanted):
        return wanted
    return wanted.copy(name=applications.find_free_name(session, to_ascii(wanted.domain)))


def _find_default_name(revisions: Revisions, texts: Texts) -> str | None:
    """Return the name that the application would get, or None while there is no domain."""
    host = drafts.find_host(texts)
    if host is None:
        return None
    with revisions.reading() as session:
        return applications.find_free_name(session, host)


def _refused(texts: Texts, error: ProviderError) -> Form:
    """Return the form again, with what is wrong at the rows in which it stands."""
    return inputs.refused(texts, ProviderError(error.detail, drafts.at_rows(error.fields, texts)))


def _rows(request: Request, revisions: Revisions, texts: dict[str, str]) -> Response:
    if is_part(request):
        return render(request, "exposing/rows.html", **_values(revisions, Form(texts), None))
    return _page(request, revisions, Form(texts), None)


def _page(request: Request, revisions: Revisions, form: Form, preview: Preview | None, status: int = 200) -> Response:
    return render(request, "expose.html", status=status, **_values(revisions, form, preview))


def _values(revisions: Revisions, form: Form, preview: Preview | None) -> dict[str, Any]:
    rows: Sequence[DraftRow] = drafts.rows(form.values)
    return {
        "form": form,
        "rows": rows,
        "failures": _FAILURES,
        "on_failure": Service.fields["onFailure"],
        "preview": preview,
        "default_name": _find_default_name(revisions, form.values),
        "is_begun": any(form.value(name).strip() for name in ("domain", f"servers/{rows[0].index}/url")),
    }
