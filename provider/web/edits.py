"""Edits of one object by a form: nothing is overwritten that was not seen, and nothing that was typed is lost.

A form carries the entity tag of the object that it shows, and the texts that stood in it. Who sends an old
version gets the other's change beside their own, and chooses.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from sqlmodel import Session

from provider.errors import AlreadyExists, FieldError, Invalid, NotFound, Unverified
from provider.messages import Message
from provider.models import Actor, Kind
from provider.nouns import Noun as NounObject
from provider.revisions import Revisions
from provider.store.records import as_json
from provider.tags import etag
from provider.web import brakes, inputs
from provider.web.forms import Form
from provider.web.inputs import Texts

T = TypeVar("T", bound=NounObject)

TAG: Final = "etag"
SEEN: Final = "seen"
TAKE: Final = "take/"
DO: Final = "do"
"""The fields that a form has besides the object's own: see `macros/edits.html`."""

NOW: Final = "now"
MINE: Final = "mine"

_LONGEST_SEEN: Final = 100_000


@dataclass(frozen=True, slots=True)
class Noun(Generic[T]):
    """What a form needs to know of a kind of objects.

    `key` gives the name by which `find` finds one. `texts` writes an object as the texts of the form's fields;
    `document` reads them back into the JSON form, given the object's JSON as it is (or nothing): it returns the
    members that the form shows, and all others stay.
    """

    kind: Kind
    model: type[T]
    key: Callable[[T], str]
    find: Callable[[Session, str], T | None]
    put: Callable[[Session, T], object]
    texts: Callable[[T], dict[str, str]]
    document: Callable[[Texts, Mapping[str, Any]], dict[str, Any]]

    def get(self, session: Session, name: str) -> T:
        """Return an object. Raises `NotFound`."""
        found = self.find(session, name)
        if found is None:
            raise NotFound(Message("there is no {kind} {name}", kind=self.kind, name=name))
        return found

    def tag(self, item: T) -> str:
        """Return the entity tag of an object: the one that REST gives."""
        return etag(self.kind, as_json(item))

    def read(self, texts: Texts, current: T | None = None) -> T:
        """Read an object from a form's texts. Raises `Invalid`."""
        known = {} if current is None else as_json(current)
        return inputs.parse(self.model, {**known, **self.document(texts, known)})


@dataclass(frozen=True, slots=True)
class Difference:
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
class Sheet:
    """What the page of a form shows: the form, of which version it is, and what somebody else changed."""

    form: Form = field(default_factory=Form)
    tag: str = ""
    seen: str = ""
    differences: Sequence[Difference] = ()
    status: int = 200


class Refused(Exception):
    """A form was not taken. Its `sheet` is to be shown, with what was typed and what to do."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.sheet = sheet


class _Outdated(Exception):
    """The object is not at the version that the form shows."""

    def __init__(self, current: NounObject, texts: Texts) -> None:
        super().__init__()
        self.current = current
        self.texts = texts


def fresh(texts: Texts, returned: Texts) -> Sheet:
    """Return the form for a new object, with what stands there at first, or with what was typed before."""
    return kept(returned) if returned else Sheet(Form(texts))


def opened(noun: Noun[T], item: T, returned: Texts) -> Sheet:
    """Return the form of an object as it is, or with what was typed before, of the version that stood there then."""
    texts = noun.texts(item)
    if returned:
        return replace(kept(returned), form=Form(taken(_fields(returned), texts, returned)))
    return Sheet(Form(texts), noun.tag(item), json.dumps(texts))


def kept(sent: Texts) -> Sheet:
    """Return a form as it was sent: it is not done yet, and wants one more row."""
    return Sheet(Form(_fields(sent)), sent.get(TAG, ""), sent.get(SEEN, ""))


def create(revisions: Revisions, actor: Actor, noun: Noun[T], sent: Texts) -> T:
    """Make an object by a form, and return it. Raises `Refused`."""
    texts = _fields(sent)

    def apply(session: Session) -> T:
        name = noun.key(item)
        if noun.find(session, name) is not None:
            detail = Message("{kind} {name} exists already", kind=noun.kind, name=name)
            raise AlreadyExists(detail, [FieldError("/name", "name.taken", detail)])
        noun.put(session, item)
        return noun.get(session, name)

    try:
        item = noun.read(texts)
        return revisions.change(apply, actor=actor).result
    except AlreadyExists as error:
        raise Refused(Sheet(inputs.refused(texts, error), status=409)) from None
    except (Invalid, Unverified) as error:
        raise Refused(Sheet(inputs.refused(texts, error), status=422)) from None


def change(revisions: Revisions, actor: Actor, noun: Noun[T], name: str, sent: Texts) -> T:
    """Change an object by a form, if it is still as the form shows it, and return it.

    Raises `NotFound`, `Braked`, and `Refused` with what somebody else changed meanwhile, or with what is wrong.
    """
    tag, seen, texts = sent.get(TAG, ""), sent.get(SEEN, ""), _fields(sent)

    def apply(session: Session) -> T:
        nonlocal texts
        current = noun.get(session, name)
        if noun.tag(current) != tag:
            raise _Outdated(current, noun.texts(current))
        texts = taken(texts, noun.texts(current), sent)
        noun.put(session, noun.read(texts, current))
        return noun.get(session, name)

    try:
        return brakes.change(revisions, actor, sent, apply)
    except _Outdated as outdated:
        current: T = outdated.current  # type: ignore[assignment]  # as it was raised above
        texts = taken(texts, outdated.texts, sent)
        differences = compare(_read_seen(seen), outdated.texts, texts)
        texts = merged(texts, outdated.texts, [each.name for each in differences if not each.clashes])
        sheet = Sheet(Form(texts), noun.tag(current), json.dumps(outdated.texts), differences, 412)
        raise Refused(sheet) from None
    except (Invalid, Unverified) as error:
        raise Refused(Sheet(inputs.refused(texts, error), tag, seen, status=422)) from None


def compare(seen: Texts | None, now: Texts, mine: Texts) -> list[Difference]:
    """Return the fields that somebody else changed, and not in the same way as the person did.

    Where it is not known what the person saw (None), whatever differs is for the person to choose.
    """
    current, typed = _grouped(now), _grouped(mine)
    old: Mapping[str, str | None] = dict.fromkeys(current) if seen is None else _grouped(seen)
    absent = {name: "" for name in old if name not in current}
    return [
        Difference(name, old.get(name, ""), text, typed.get(name, ""))
        for name, text in {**current, **absent}.items()
        if text not in {old.get(name, ""), typed.get(name, "")}
    ]


def taken(mine: Texts, now: Texts, sent: Texts) -> dict[str, str]:
    """Return what a form says, with the fields as they are now for which a person chose that."""
    return merged(mine, now, [name.removeprefix(TAKE) for name, choice in sent.items() if _takes_now(name, choice)])


def merged(mine: Texts, now: Texts, names: Sequence[str]) -> dict[str, str]:
    """Return texts with these fields as they are now: those of a list as a whole."""
    return {
        **{name: text for name, text in mine.items() if _group(name) not in names},
        **{name: text for name, text in now.items() if _group(name) in names},
    }


def _takes_now(name: str, choice: str) -> bool:
    return name.startswith(TAKE) and choice == NOW


def _fields(sent: Texts) -> dict[str, str]:
    """Return the fields of the object, without the form's own."""
    return {
        name: text
        for name, text in sent.items()
        if name not in {TAG, SEEN, DO, brakes.CONFIRM} and not name.startswith(TAKE)
    }


def _group(name: str) -> str:
    """Return the field to which a text belongs: a list's rows (`domains/0`) are one field."""
    list_name, _slash, index = name.rpartition("/")
    return list_name if list_name and index.isdecimal() else name


def _grouped(texts: Texts) -> dict[str, str]:
    groups: dict[str, list[str]] = {}
    for name, text in texts.items():
        rows = groups.setdefault(_group(name), [])
        if text:
            rows.append(text)
    return {name: ", ".join(rows) for name, rows in groups.items()}


def _read_seen(text: str) -> Texts | None:
    """Read what stood in a form, or return None for what is nothing that a form of ours sends."""
    try:
        seen = json.loads(text) if len(text) <= _LONGEST_SEEN else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(seen, dict) or not all(isinstance(each, str) for each in seen.values()):
        return None
    return seen
