"""The kinds of middlewares, each declared once: a class in any module here is a kind. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar, Final

from provider.messages import Message, template
from provider.nouns.fields import camel
from provider.nouns.middlewares.underway import Fate, StopEffect, Underway
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.types import Type


class Purpose(StrEnum):
    """What a kind is good for. The values are titles, in the order in which people are shown them."""

    REDIRECT = template("Redirect visitors")
    ACCESS = template("Restrict access")
    PATH = template("Change the path")
    ANSWER = template("Headers and responses")
    LIMIT = template("Limit requests")
    FAILURE = template("When something fails")
    OTHER = template("Other")


class Kind(Object):
    """A kind of middleware. Its class has Traefik's name: `StripPrefix` is `stripPrefix`."""

    is_sparse = True

    title: ClassVar[str] = ""
    about: ClassVar[str] = ""
    """What it does, in a sentence."""

    fate: ClassVar[Fate] = Fate.PASSES
    """What becomes of requests that pass it, where that is the same for all."""

    purpose: ClassVar[Purpose] = Purpose.OTHER
    """Among which others people find it."""

    since: ClassVar[str] = "3.0"
    """The first version of Traefik that knows it."""

    @classmethod
    def type(cls) -> Type:
        """Return the type of what is set of it."""
        return Nested(cls)

    @property
    def members(self) -> Sequence[str]:
        """The middlewares that stand in its place, if it is made of others: their names, in order."""
        return ()

    @classmethod
    def told(cls, value: Any) -> Message:
        """Say what one does, in a few words, from what is set of it (see `type`)."""
        said: Message = value.does()
        return said

    def does(self) -> Message:
        """Say what it does, in a few words and without a period. No secret stands in them."""
        return Message(self.title)

    @classmethod
    def met(cls, value: Any, request: Underway) -> StopEffect:
        """Tell what becomes of a request at one, from what is set of it (see `type`)."""
        effect: StopEffect = value.meet(request)
        return effect

    def meet(self, request: Underway) -> StopEffect:
        """Tell what becomes of a request at it."""
        return StopEffect(self.fate, self.does(), request)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        KINDS[camel(cls.__name__[:1].lower() + cls.__name__[1:])] = cls


KINDS: Final[dict[str, type[Kind]]] = {}
"""All kinds by Traefik's names."""
