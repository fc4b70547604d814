"""Edits of one object by a form: nothing is overwritten that was not seen, and nothing that was typed is lost.

A form carries the entity tag of the object that it shows, and the texts that stood in it. Who sends an old
version gets the other's change beside their own, and chooses.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from provider.database.sessions import Session
from provider.errors import AlreadyExists, FieldError, Forbidden, Invalid, ProviderError, Unverified
from provider.messages import Message
from provider.nouns import Noun, called
from provider.revisions import Outcome
from provider.store.tags import tag
from provider.web import brakes, reasons
from provider.web.forms import Form, is_secret
from provider.web.inputs import Texts
from provider.web.nouns.places import Entry, Place
from provider.web.nouns.texts import group, said
from provider.web.writing import PageWrite

TAG: Final = "etag"
SEEN: Final = "seen"
TAKE: Final = "take/"
DO: Final = "do"
"""The fields that a form has besides the object's own: see `macros/edits.html`."""

NOW: Final = "now"

_STATUSES: Final[Mapping[type[ProviderError], int]] = {AlreadyExists: 409, Forbidden: 403}
_LONGEST_SEEN: Final = 100_000
_OWN: Final = frozenset({TAG, SEEN, DO, brakes.CONFIRM, *reasons.FIELDS})


@dataclass(frozen=True, slots=True)
class ForeignChange:
    """A field that somebody else changed since a person opened the form.

    `seen` stood there then (None: the form does not say), `now` does, `mine` is what the person sent.
    """

    name: str
    seen: str | None
    now: str
    mine: str

    @property
    def clashes(self) -> bool:
        """Whether both changed it, so that the person has to choose; else what is there now is taken."""
        return self.mine != self.seen


@dataclass(frozen=True, slots=True)
class EditSheet:
    """What the page of a form shows: the form, of which version it is, and what somebody else changed."""

    form: Form = field(default_factory=Form)
    tag: str = ""
    seen: str = ""
    differences: Sequence[ForeignChange] = ()
    status: int = 200


class EditRefused(Exception):
    """A form was not taken. Its `sheet` is to be shown, with what was typed and what to do."""

    def __init__(self, sheet: EditSheet) -> None:
        super().__init__()
        self.sheet = sheet


class Outdated(Exception):
    """The object is not at the version that the form shows."""

    def __init__(self, current: Noun, tag: str) -> None:
        super().__init__()
        self.current = current
        self.tag = tag


def fresh(entry: Entry, texts: Texts, returned: Texts) -> EditSheet:
    """Return the form for a new object, with what stands there at first, or with what was typed before."""
    return kept(entry, returned) if returned else EditSheet(_form(entry, entry.settled(texts), returned))


def opened(session: Session, entry: Entry, item: Noun, returned: Texts) -> EditSheet:
    """Return the form of an object as it is, or with what was typed before, of the version that stood there then."""
    texts = entry.write(item)
    if returned:
        masks = {name: text for name, text in texts.items() if is_secret(name)}  # which are not kept of what was typed
        typed = entry.settled(taken({**masks, **_fields(returned)}, texts, returned))
        return replace(kept(entry, returned), form=_form(entry, typed, returned))
    return EditSheet(_form(entry, texts, returned), tag(session, item), json.dumps(texts))


def kept(entry: Entry, sent: Texts) -> EditSheet:
    """Return a form as it was sent: it is not done yet, and wants one more row."""
    return EditSheet(_form(entry, entry.settled(_fields(sent)), sent), sent.get(TAG, ""), sent.get(SEEN, ""))


def create(write: PageWrite, entry: Entry) -> Outcome[Noun]:
    """Make an object by a form. Raises `EditRefused`."""
    texts, place = entry.settled(_fields(write.sent)), entry.place

    def apply(session: Session) -> Noun:
        if place.find(session, item.key) is not None:
            detail = Message("{kind} {name} already exists", kind=called(place.noun.kind), name=item.key)
            raise AlreadyExists(detail, [FieldError("/name", "name.taken", detail)])
        return place.add(session, item)

    try:
        item = entry.read(texts)
        return write.change(apply)
    except (AlreadyExists, Invalid, Unverified, Forbidden) as error:
        raise EditRefused(_refused(entry, texts, write.sent, error)) from None


def change(write: PageWrite, entry: Entry, name: str) -> Outcome[Noun]:
    """Change an object by a form, if it is still as the form shows it.

    Raises `NotFound`, `Braked`, and `EditRefused` with what somebody else changed meanwhile, or with what is wrong.
    """
    sent, place = write.sent, entry.place
    known, seen, texts = sent.get(TAG, ""), sent.get(SEEN, ""), entry.settled(_fields(sent))

    def apply(session: Session) -> Noun:
        nonlocal texts
        current = place.get(session, name)
        if (found := tag(session, current)) != known:
            raise Outdated(current, found)
        texts = entry.settled(taken(texts, entry.write(current), sent))
        return place.replace(session, current, entry.read(texts, current))

    try:
        return write.change(apply)
    except Outdated as outdated:
        now = entry.write(outdated.current)
        texts = entry.concealed(taken(texts, now, sent))
        differences = compare(_read_seen(seen), now, texts)
        texts = merged(texts, now, [each.name for each in differences if not each.clashes])
        raise EditRefused(
            EditSheet(_form(entry, texts, sent), outdated.tag, json.dumps(now), differences, 412)
        ) from None
    except (Invalid, Unverified, Forbidden) as error:
        raise EditRefused(replace(_refused(entry, texts, sent, error), tag=known, seen=seen)) from None


def change_seen(
    write: PageWrite, place: Place, name: str, changed: Callable[[Noun], Noun], given: Collection[str] = ()
) -> Outcome[None]:
    """Change an object by a button, if it is still as it was seen. `given` are the fields that the button sets.

    Raises `NotFound`, `Braked`, and `Outdated`.
    """

    def apply(session: Session) -> None:
        current = place.get(session, name)
        if (found := tag(session, current)) != write.sent.get(TAG):
            raise Outdated(current, found)
        place.replace(session, current, changed(current), given)

    return write.change(apply)


def _form(entry: Entry, texts: Texts, sent: Texts) -> Form:
    return Form({**entry.concealed(texts), **reasons.typed(sent)})


def _refused(entry: Entry, texts: Texts, sent: Texts, error: ProviderError) -> EditSheet:
    """Return a form again: what was typed, with what is wrong at the field that shows it."""
    wrong = error.fields or [FieldError("", error.code, error.detail)]
    placed = [replace(each, pointer=f"/{found}" if (found := entry.find(each, texts)) else "") for each in wrong]
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 422)
    return EditSheet(replace(_form(entry, texts, sent), errors=placed), status=status)


def compare(seen: Texts | None, now: Texts, mine: Texts) -> list[ForeignChange]:
    """Return the fields that somebody else changed, and not in the same way as the person did.

    Where it is not known what the person saw (None), whatever differs is for the person to choose.
    """
    current, typed = said(now), said(mine)
    old: Mapping[str, str | None] = dict.fromkeys(current) if seen is None else said(seen)
    absent = {name: "" for name in old if name not in current}
    return [
        ForeignChange(name, old.get(name, ""), text, typed.get(name, ""))
        for name, text in {**current, **absent}.items()
        if text not in {old.get(name, ""), typed.get(name, "")}
    ]


def taken(mine: Texts, now: Texts, sent: Texts) -> dict[str, str]:
    """Return what a form says, with the fields as they are now for which a person chose that."""
    return merged(mine, now, [name.removeprefix(TAKE) for name, choice in sent.items() if _takes_now(name, choice)])


def merged(mine: Texts, now: Texts, names: Sequence[str]) -> dict[str, str]:
    """Return texts with these fields as they are now: those of a list as a whole."""
    return {
        **{name: text for name, text in mine.items() if group(name) not in names},
        **{name: text for name, text in now.items() if group(name) in names},
    }


def _takes_now(name: str, choice: str) -> bool:
    return name.startswith(TAKE) and choice == NOW


def _fields(sent: Texts) -> dict[str, str]:
    """Return the fields of the object, without the form's own."""
    return {name: text for name, text in sent.items() if name not in _OWN and not name.startswith(TAKE)}


def _read_seen(text: str) -> Texts | None:
    """Read what stood in a form, or return None for what is nothing that a form of ours sends."""
    try:
        seen = json.loads(text) if len(text) <= _LONGEST_SEEN else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(seen, dict) or not all(isinstance(each, str) for each in seen.values()):
        return None
    return seen
