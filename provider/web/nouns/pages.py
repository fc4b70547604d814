"""The pages of a noun: the list, the form for a new object, and of each its page, its form and its removal."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator

from provider.database.sessions import Session
from provider.dependencies import RevisionsDependency
from provider.messages import Message
from provider.noun_paths import noun_of, part_for
from provider.nouns import NOUNS, Noun, within
from provider.revisions import Revisions
from provider.security import needs
from provider.store import nouns as store
from provider.store import tags
from provider.store.records import Order
from provider.values import check_label, read_label
from provider.web import lists, revision_rows
from provider.web.forms import Form
from provider.web.inputs import Texts
from provider.web.kept import ReturnedDependency
from provider.web.lists import PartDependency, PartRequest
from provider.web.notices import Notice
from provider.web.nouns import edits, facts, forms, removals
from provider.web.nouns.edits import DO
from provider.web.nouns.places import KIND, Entry, Place
from provider.web.nouns.removals import RemovalPage
from provider.web.nouns.views import View
from provider.web.paths import NEW
from provider.web.rendering import render
from provider.web.scenes import Sight, SightDependency
from provider.web.writing import PageWriteDependency, done

_CHANGING: Final = [Depends(needs.CHANGING_PAGE)]
_MORE: Final = "more"
"""What the button sends that wants one more row in a list, and nothing kept yet."""

LabelQuery = Annotated[
    str | None, Query(alias="label", max_length=127), AfterValidator(lambda text: text and check_label(text))
]


Views = Mapping[str, View]
"""What pages show of each noun beside its declaration, by its kind."""


async def find_place(request: Request) -> Place:
    """Return which objects the path of a page is about."""
    noun = noun_of(request)
    return Place(noun, request.path_params[noun.within] if noun.within else None)


PlaceDependency = Annotated[Place, Depends(find_place)]


def routes(views: Views) -> Iterator[APIRouter]:
    """Make the routes of all pages. Nouns share what all have: FastAPI keeps a lot for each route."""
    for above in dict.fromkeys(view.noun.within for view in views.values()):
        router = _router_at(above, part_for(within(above)))
        if not above:
            _add_list(router, views)
        _add_new(router, views)
        _add_show(router, views)
        _add_edit(router, views)
        _add_remove(router, views)
        yield router
    for view in views.values():
        router = _router_at(view.noun.within, view.noun.plural)
        view.extend(router)
        yield router


def _router_at(above: str, plural: str) -> APIRouter:
    prefix = f"/{NOUNS[above].plural}/{{{above}}}/{plural}" if above else f"/{plural}"
    return APIRouter(prefix=prefix, include_in_schema=False, dependencies=[Depends(needs.PAGE)])


def _add_list(router: APIRouter, views: Views) -> None:
    @router.get("")
    def list_all(
        request: Request,
        revisions: RevisionsDependency,
        sight: SightDependency,
        wanted: PartDependency,
        place: PlaceDependency,
        label: LabelQuery = None,
    ) -> Response:
        noun, view = place.noun, views[place.noun.kind]
        with revisions.reading() as session:
            found = _find(session, noun, wanted, label)
            part = wanted.part(found, lambda item: item.key)
            if lists.wants_names(request):
                return lists.names(item.name for item in part.rows)
            values = view.listed(session, sight, part.rows)
        shown = {item.key: item.chosen for item in part.rows}
        return render(
            request,
            view.list_template,
            noun=noun,
            place=place,
            part=part,
            label=label,
            columns=facts.listed(noun),
            fact=facts.fact,
            kinds={key: noun.fields[kind] for key, kind in shown.items() if kind is not None},
            **values,
        )


def _find(session: Session, noun: type[Noun], wanted: PartRequest, label: str | None) -> list[Noun]:
    labels = [read_label(label)] if label else []
    return list(
        store.page(session, noun, limit=wanted.limit, after=wanted.after, q=wanted.q, labels=labels, order=Order())
    )


def _add_new(router: APIRouter, views: Views) -> None:
    @router.get(f"/{NEW}", dependencies=_CHANGING)
    def new(
        request: Request, revisions: RevisionsDependency, returned: ReturnedDependency, place: PlaceDependency
    ) -> Response:
        """Show the form for a new object, with what its address proposes; or its kinds, where it has some."""
        noun, view = place.noun, views[place.noun.kind]
        with revisions.reading() as session:
            first = view.first(session, place)
        kind = _read_kind(noun, {**request.query_params, **returned})
        if noun.needs_kind() and kind is None:
            return forms.choose(request, place)
        entry = Entry(place, is_new=True, kind=kind)
        texts = {**entry.first(), **first, **forms.given(entry, request.query_params)}
        return forms.show(request, revisions, view, entry, edits.fresh(entry, texts, returned), None)

    @router.post(f"/{NEW}")
    def add(request: Request, write: PageWriteDependency, place: PlaceDependency) -> Response:
        noun, view = place.noun, views[place.noun.kind]
        kind = _read_kind(noun, write.sent)
        if noun.needs_kind() and kind is None:
            return forms.choose(request, place)
        entry = Entry(place, is_new=True, kind=kind)
        if write.sent.get(DO) == _MORE:
            return forms.show(request, write.revisions, view, entry, edits.kept(entry, write.sent), None)
        try:
            outcome = edits.create(write, entry)
        except edits.EditRefused as refused:
            return forms.show(request, write.revisions, view, entry, refused.sheet, None)
        item = outcome.result
        return done(request, view.next_path(place, item), Notice(view.added(place, item)), outcome)


def _read_kind(noun: type[Noun], texts: Any) -> str | None:
    kind = texts.get(KIND)
    return kind if kind in noun.alternatives() else None


def show(
    request: Request,
    revisions: Revisions,
    view: View,
    sight: Sight,
    place: Place,
    name: str,
    typed: Texts,
    *,
    status: int = 200,
    **more: Any,
) -> Response:
    """Show an object, with what was typed into its page, and values of its template that somebody knows already."""
    with revisions.reading() as session:
        item = place.get(session, name)
        values = {**view.shown(session, sight, place, item, typed), **more}
        belonging = view.belonging(session, item)
        history = revision_rows.history_of(session, view.noun.kind, place.named(item.key))
    kind = item.chosen
    return render(
        request,
        view.show_template,
        status=status,
        **{
            "noun": view.noun,
            "place": place,
            "owner": NOUNS[view.noun.within] if view.noun.within else None,
            "item": item,
            "kind": None if kind is None else view.noun.fields[kind],
            "facts": facts.facts(item),
            "belonging": belonging,
            "history": history,
            "form": Form(typed),
            **values,
        },
    )


def _add_show(router: APIRouter, views: Views) -> None:
    @router.get("/{name}")
    @router.get("/{name}/")
    def show_one(
        request: Request,
        revisions: RevisionsDependency,
        sight: SightDependency,
        returned: ReturnedDependency,
        place: PlaceDependency,
        name: str,
    ) -> Response:
        return show(request, revisions, views[place.noun.kind], sight, place, name, returned)


def _add_edit(router: APIRouter, views: Views) -> None:
    @router.get("/{name}/edit", dependencies=_CHANGING)
    def edit(
        request: Request,
        revisions: RevisionsDependency,
        returned: ReturnedDependency,
        place: PlaceDependency,
        name: str,
    ) -> Response:
        view = views[place.noun.kind]
        item, entry = _read_entry(revisions, view, place, name)
        with revisions.reading() as session:
            sheet = edits.opened(session, entry, item, returned)
        return forms.show(request, revisions, view, entry, sheet, item)

    @router.post("/{name}/edit")
    def change(request: Request, write: PageWriteDependency, place: PlaceDependency, name: str) -> Response:
        view = views[place.noun.kind]
        item, entry = _read_entry(write.revisions, view, place, name)
        if write.sent.get(DO) == _MORE:
            return forms.show(request, write.revisions, view, entry, edits.kept(entry, write.sent), item)
        try:
            outcome = edits.change(write, entry, name)
        except edits.EditRefused as refused:
            return forms.show(request, write.revisions, view, entry, refused.sheet, item)
        told = Message("{noun} {name} was changed.", noun=Message(place.noun.title), name=item.name)
        return done(request, place.path(item.key), Notice(told), outcome)


def _read_entry(revisions: Revisions, view: View, place: Place, name: str) -> tuple[Noun, Entry]:
    with revisions.reading() as session:
        item = place.get(session, name)
    return item, Entry(place, is_new=False, kind=item.chosen, proposed=view.proposed(item))


def _add_remove(router: APIRouter, views: Views) -> None:
    def describe(session: Session, place: Place, name: str) -> RemovalPage:
        view = views[place.noun.kind]
        item = place.get(session, name)
        back = place.above if place.owner is not None else place.path(item.key)
        action = place.path(item.key, action="remove")
        losses = removals.with_following(session, view.losses(session, place, item), item, place.owner)
        tag = tags.tag_together(session, [item, *(loss.item for loss in losses)])
        return RemovalPage(view.question(place, item), item, action, back, tag, losses)

    @router.get("/{name}/remove", dependencies=_CHANGING)
    def ask_to_remove(
        request: Request,
        revisions: RevisionsDependency,
        returned: ReturnedDependency,
        place: PlaceDependency,
        name: str,
    ) -> Response:
        """Ask whether one object shall go, with what goes too."""
        with revisions.reading() as session:
            removal = describe(session, place, name)
        return removals.ask(request, removal, removals.form_of(returned))

    @router.post("/{name}/remove")
    def remove(request: Request, write: PageWriteDependency, place: PlaceDependency, name: str) -> Response:
        """Remove one object, and what was said to go too."""
        try:
            removal, outcome = removals.remove(
                write,
                lambda session: describe(session, place, name),
                lambda session: place.remove(session, place.get(session, name)),
            )
        except removals.RemovalRefused as refused:
            return removals.ask(request, refused.removal, refused.form, refused.status)
        return done(request, place.above, Notice(views[place.noun.kind].removed(place, removal.item)), outcome)
