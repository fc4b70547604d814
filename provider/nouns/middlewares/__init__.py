"""The kinds of middlewares, each declared once: a class in any module here is a kind. Pure."""

from typing import ClassVar, Final

from provider.nouns.objects import Nested, Object, camel
from provider.nouns.types import Type


class Kind(Object):
    """A kind of middleware. Its class has Traefik's name: `StripPrefix` is `stripPrefix`."""

    is_sparse = True

    title: ClassVar[str] = ""
    about: ClassVar[str] = ""
    """What it does, in a sentence."""

    since: ClassVar[str] = "3.0"
    """The first version of Traefik that knows it."""

    @classmethod
    def type(cls) -> Type:
        """Return the type of what is set of it."""
        return Nested(cls)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        KINDS[camel(cls.__name__[:1].lower() + cls.__name__[1:])] = cls


KINDS: Final[dict[str, type[Kind]]] = {}
"""All kinds by Traefik's names."""
