"""Nouns: the kinds of objects that people keep here, and what they have besides their fields. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Final, Self

from provider.errors import FieldError, Invalid, pointer
from provider.messages import Message
from provider.nouns.objects import Object
from provider.nouns.reading import Reading
from provider.nouns.together import both, has, may
from provider.nouns.types import Schema
from provider.values import Refusal

NAME: Final = "name"
LABELS: Final = "labels"
BESIDE: Final = "beside"


def lowered(title: str) -> str:
    """Write a title within a sentence."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


class Noun(Object):
    """A kind of object that people keep here. `name` is the first of its fields."""

    kind: ClassVar[str] = ""
    plural: ClassVar[str] = ""
    """Its section in files, and the last part of its path in REST: the kind with an s, if nothing else is said."""

    is_renamed: ClassVar[bool] = False
    """Whether the name under which one is kept can be another than the one that was typed."""

    within: ClassVar[str] = ""
    """The kind of object to which it belongs, if it does: it goes with that."""

    place: ClassVar[tuple[str, ...]] = ()
    """Where Traefik's document has its objects by name, if it has them."""

    is_listed: ClassVar[bool] = False
    """Whether they stand there in a list: Traefik has no names for them."""

    served: ClassVar[type[Object] | None] = None
    """What Traefik gets of one, where that is not its own fields without the name and the labels."""

    listing: ClassVar[str] = ""
    """What its section in files holds, where that is not what it is `about`."""

    title: ClassVar[str] = ""
    titles: ClassVar[str] = ""
    """One and many, for people: with an s, if nothing else is said."""

    about: ClassVar[str] = ""
    """What it is, in a few words."""

    cascade: ClassVar[str] = "Also remove what uses it."
    """What its removal can take along, if others refer to it."""

    alone: ClassVar[Sequence[str]] = ()
    """The fields that one has only while it has none of the alternatives."""

    texts: ClassVar[Sequence[str]] = ("name",)
    """The fields in which a search looks."""

    name: str
    labels: dict[str, str]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.plural = cls.plural or f"{cls.kind}s"
        cls.titles = cls.titles or f"{cls.title}s"

    @classmethod
    def searched(cls) -> str:
        """Say where a search looks: in its texts, and in the names of objects within its other fields."""
        titles = {each.name: lowered(each.title) for each in cls.fields.values()} | {NAME: NAME}
        places = [f"the {titles[text]}" for text in cls.texts if text in titles]
        if any(any(each.type.kinds()) for each in cls.fields.values() if each.name not in cls.texts):
            places.append("the names of other objects that it uses")
        *others, last = places
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def key(self) -> str:
        """The name under which it is kept, which is `name` for most."""
        return self.name

    def without(self, kind: str, key: str) -> Self | None:  # for who overrides it
        """Return it without its reference to an object, or None if it has to go with that."""
        return None

    @classmethod
    def takes_in(cls) -> bool:
        """Tell whether they are routers: what takes requests, connections or packets in."""
        return cls.place[-1:] == ("routers",)

    @classmethod
    def following(cls, document: Mapping[str, Any], given: Collection[str]) -> Mapping[str, Any]:  # noqa: ARG003
        """Return an object as JSON with what follows from the fields that were given, for who overrides it."""
        return document

    @classmethod
    def split(cls, name: str) -> tuple[str, str]:
        """Return the name of its owner, empty where it has none, and its own, from its name among all of its kind."""
        if not cls.within:
            return "", name
        owner, _slash, own = name.rpartition("/")
        return owner, own

    @classmethod
    @cache
    def alternatives(cls) -> list[str]:
        """Return the fields of which one is given, which is the kind of the object: Traefik's kinds of middlewares."""
        return [key for key, each in cls.fields.items() if each.is_alternative]

    @classmethod
    def exclusive(cls) -> list[str]:
        """Return the flags that at most one object has."""
        return [key for key, each in cls.fields.items() if each.is_exclusive]

    @classmethod
    def needs_kind(cls) -> bool:
        """Tell whether each object has one of the alternatives."""
        return bool(cls.alternatives()) and not cls.alone

    @property
    def chosen(self) -> str | None:
        """Which of the alternatives it has, by the field's key."""
        values = self.__dict__
        return next((key for key in self.alternatives() if values[self.fields[key].name] is not None), None)

    @classmethod
    @cache
    def called(cls) -> str:
        """Return what one is called in a sentence, as a message: `TCP router`."""
        return Message(lowered(cls.title))

    @classmethod
    @cache
    def many(cls) -> str:
        """Return what many are called in a sentence, as a message: `TCP routers`."""
        return Message(lowered(cls.titles))

    @classmethod
    def one(cls) -> str:
        """Return the same with its article: `a TCP router`, and `TLS options` as they are."""
        word = cls.called()
        if cls.title == cls.titles:
            return word
        return f"{'an' if word[:1] in 'aeio' else 'a'} {word}"

    @classmethod
    def grouped_alternatives(cls) -> Sequence[tuple[str, Sequence[str]]]:
        """Return the alternatives in groups, each with its title, a message; an empty one where there is one group."""
        return [("", cls.alternatives())]

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse several of the alternatives, and none of them where one is needed.

        One that is wrong by itself is not among the given, and counts.
        """
        chosen = [key for key in cls.alternatives() if given.get(key, ...) is not None]
        if cls.needs_kind() and not chosen:
            told = {"noun": cls.called(), "kinds": ", ".join(cls.alternatives())}
            yield "", Refusal("kind.none", Message("a {noun} has one of these: {kinds}", **told))
        for key in chosen[1:]:
            detail = Message(
                "a {noun} has one kind, and this one is already {first}: add another {noun}",
                noun=cls.called(),
                first=chosen[0],
            )
            yield key, Refusal("kind.many", detail)

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema: one of the alternatives, or none where one has something else then."""
        kinds = cls.alternatives()
        alone = {key: {"const": each.json(each.default)} for key, each in cls.fields.items() if key in cls.alone}
        chosen = [both(has(**{key: {"type": "object"}}), may(**alone)) for key in kinds]
        if kinds:
            none = [] if cls.needs_kind() else [may(**{key: {"type": "null"} for key in kinds})]
            yield {"oneOf": [*none, *chosen]}

    @classmethod
    def find_key(cls, name: str) -> str | None:
        """Return the name under which one of a name would be kept, or None where none can have that name."""
        return name

    @classmethod
    def read_named(cls, name: str, document: Any, *, place: str = "body") -> Self:
        """Read an object whose name may be left out, since it is known. Raises `Invalid`.

        What is wrong with a name that is left out is wrong in its `place`.
        """
        if not isinstance(document, dict):
            raise Invalid([FieldError("", "type.object", Message("this has to be an object"))])
        is_named = document.get(NAME) is not None
        reading = Reading()
        found = cls.read_into(document if is_named else {**document, NAME: name}, reading)
        wrong = reading.wrong
        if not is_named:
            at_name = pointer(NAME)
            wrong = [
                FieldError(each.pointer, each.code, each.detail, place) if each.pointer == at_name else each
                for each in wrong
            ]
        if wrong:
            raise Invalid(wrong)
        made: Self = found
        if is_named and made.key != cls.find_key(name):
            told = {"name": name, "kind": cls.called()}
            detail = Message(
                "a name cannot be changed: this is {name}, as in the path; add another {kind} instead", **told
            )
            raise Invalid([FieldError(pointer(NAME), "name.immutable", detail)])
        return made
