"""The form of a noun's objects as it is shown: what it asks for, with what stands in it and what is proposed."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from provider.nouns import NOUNS, Noun
from provider.nouns.containers import ListOf
from provider.nouns.texts import Reference
from provider.revisions import Revisions
from provider.store import nouns as store
from provider.web import lists
from provider.web.forms import Form
from provider.web.inputs import Texts
from provider.web.nouns import slots, texts
from provider.web.nouns.edits import EditSheet
from provider.web.nouns.places import KIND, Entry, Place
from provider.web.nouns.views import View
from provider.web.rendering import language_of, render


def show(
    request: Request, revisions: Revisions, view: View, entry: Entry, sheet: EditSheet, item: Noun | None
) -> Response:
    """Show the form of an object, or of a new one, where there is none yet."""
    lines = entry.lines(sheet.form.values)
    asked = [slot for line in lines for slot in line]
    refers = {slot.refers for slot in slots.walk(asked) if slot.refers}
    with revisions.reading() as session:
        names = {NOUNS[kind].plural: store.first_names(session, NOUNS[kind], lists.LENGTH) for kind in sorted(refers)}
    # What is wrong with a list as a whole has a place there, too.
    everywhere = dict.fromkeys((name for slot in asked for name in slot.names), "")
    everywhere |= texts.blanks(entry.fields, sheet.form.values)
    declared, told = language_of(request).declared, slots.choice_words(asked)
    return render(
        request,
        view.edit_template,
        status=sheet.status,
        **_about(entry, item),
        sheet=sheet,
        form=Form({**everywhere, **sheet.form.values}, sheet.form.errors),
        lines=lines,
        titles={slot.name: declared(slot.switch or slot.title) for slot in slots.walk(asked) if slot.title},
        words={name: {value: declared(word) for value, word in words.items()} for name, words in told.items()},
        names=names,
        plurals={kind: NOUNS[kind].plural for kind in refers},
    )


def choose(request: Request, place: Place) -> Response:
    """Show the kinds of a noun, to choose the one that a new object shall be of."""
    fields = place.noun.fields
    groups = [(title, [fields[key] for key in keys]) for title, keys in place.noun.grouped_alternatives()]
    return render(request, "nouns/kinds.html", noun=place.noun, place=place, groups=groups, parameter=KIND)


def _about(entry: Entry, item: Noun | None) -> Mapping[str, Any]:
    place = entry.place
    owner = None if place.owner is None else NOUNS[place.noun.within]
    return {
        "noun": place.noun,
        "place": place,
        "item": item,
        "owner": owner,
        "kind": None if entry.kind is None else place.noun.fields[entry.kind],
        "kinds": [place.noun.fields[key] for key in place.noun.alternatives()] if entry.is_new else [],
        "parameter": KIND,
    }


def given(entry: Entry, query: Texts, longest: int = 300) -> Texts:
    """Return what the address of a form proposes: `?service=a` for the field that refers to a service."""
    found = {}
    for each in entry.fields:
        item = each.type.item if isinstance(each.type, ListOf) else each.type
        name = query.get(item.kind, "")[:longest] if isinstance(item, Reference) else ""
        if name:
            found[f"{each.key}/0" if isinstance(each.type, ListOf) else each.key] = name
    return found
