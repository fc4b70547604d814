"""Where the objects of a noun are, and how a form writes and reads one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from provider.database.sessions import Session
from provider.errors import FieldError, NotFound
from provider.messages import Message
from provider.nouns import NOUNS, Field, Noun, called
from provider.store import draining, writes
from provider.store import nouns as store
from provider.web import forms
from provider.web.inputs import Texts, parse
from provider.web.nouns import slots, texts
from provider.web.nouns.slots import FormSlot
from provider.web.paths import object_path

KIND: Final = "kind"
"""The field that says of which kind a new object is, where a noun has some."""


@dataclass(frozen=True, slots=True)
class Place:
    """The objects of a noun: all, or those that belong to one object, the `owner`."""

    noun: type[Noun]
    owner: str | None = None

    @property
    def above(self) -> str:
        """The path of the page on which they are listed."""
        return f"/{self.noun.plural}" if self.owner is None else object_path(NOUNS[self.noun.within].plural, self.owner)

    def path(self, key: str = "", action: str = "") -> str:
        """Return the path of one, or of what one does with it; without a key, of what one does with all."""
        parts = [] if self.owner is None else [NOUNS[self.noun.within].plural, self.owner]
        return object_path(*parts, self.noun.plural, *([key] if key else []), action=action)

    def named(self, key: str) -> str:
        """Return the name of one among all of its kind."""
        return key if self.owner is None else f"{self.owner}/{key}"

    def find(self, session: Session, name: str) -> Noun | None:
        """Find one by its name, however that is written."""
        key = self.noun.find_key(name)
        return None if key is None else store.find(session, self.noun, key, self.owner)

    def get(self, session: Session, name: str) -> Noun:
        """Return one. Raises `NotFound`, also for what it belongs to."""
        key = self.noun.find_key(name)
        if key is None:
            raise NotFound(Message("there is no {kind} {name}", kind=called(self.noun.kind), name=name))
        found: Noun = store.get(session, self.noun, key, self.owner)
        return found

    def add(self, session: Session, item: Noun) -> Noun:
        """Create one, which is not there yet, and return it as it is kept."""
        return self._put(session, None, item, ())

    def replace(self, session: Session, before: Noun, item: Noun, given: Collection[str] = ()) -> Noun:
        """Replace one that was found, and return it as it is kept. `given`: fields that an action of its own set."""
        return self._put(session, before, item, given)

    def _put(self, session: Session, before: Noun | None, item: Noun, given: Collection[str]) -> Noun:
        settled = draining.settled(session, before, item, self.owner, given, datetime.now(UTC))
        return writes.replace(session, before, settled, self.owner)

    def remove(self, session: Session, item: Noun) -> None:
        """Remove one that was found, with what refers to it."""
        writes.discard(session, item, self.owner, cascade=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """A form for one object of a place, new or as it is.

    `kind` says of which of the alternatives, where there are some; `proposed` what stands in fields that are off.
    """

    place: Place
    is_new: bool
    kind: str | None = None
    proposed: Texts = field(default_factory=dict)
    fields: Sequence[Field] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", slots.asked(self.place.noun, self.kind, is_new=self.is_new))

    def write(self, item: Noun) -> dict[str, str]:
        """Write an object as the texts of the form."""
        return {**texts.write(self.fields, self._shown(item)), **self.proposed}

    def first(self) -> dict[str, str]:
        """Return the texts that stand in the form of a new object at first."""
        return texts.write(self.fields, {})

    def settled(self, sent: Texts) -> dict[str, str]:
        """Return what was sent as far as the form has it, with the rows of lists in order."""
        return texts.settled(self.fields, sent)

    def read(self, sent: Texts, current: Noun | None = None) -> Noun:
        """Read an object from the texts of the form; what the form does not show stays. Raises `Invalid`."""
        known = {} if current is None else self._shown(current)
        reader = texts.Reader(sent)
        given = reader.read(self.fields, known)
        reader.check()
        return parse(self.place.noun, self.place.noun.following({**known, **given}, given))

    def _shown(self, item: Noun) -> Mapping[str, Any]:
        return self.place.noun.masked(item.json())

    def concealed(self, sent: Texts) -> dict[str, str]:
        """Return what was sent without the secrets in it: what was typed is not sent back, a mask is."""
        asked = (slot for line in self.lines(sent) for slot in line)
        hidden = {
            slot.name
            for slot in slots.walk(asked)
            if slot.secret is not None and (text := sent.get(slot.name)) and slot.secret.masked(text) != text
        }
        return {name: "" if name in hidden else text for name, text in forms.concealed(sent).items()}

    def find(self, error: FieldError, sent: Texts) -> str:
        """Return the name of the field that shows what is wrong; empty for what none shows."""
        return texts.place(self.fields, error.pointer, sent)

    def lines(self, sent: Texts) -> list[list[FormSlot]]:
        """Return what the form asks for, line by line."""
        return slots.lines(self.fields, self.place.noun.layout, sent)
