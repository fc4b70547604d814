"""Middlewares: what changes requests and answers on their way, or turns them away."""

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar

from provider.messages import Message
from provider.nouns import middlewares
from provider.nouns.common import labels_field, name_field
from provider.nouns.fields import field
from provider.nouns.middlewares import KINDS, Kind, Purpose
from provider.nouns.middlewares.underway import StopEffect, Underway
from provider.nouns.noun import Noun

for _module in iter_modules(middlewares.__path__):
    import_module(f"{middlewares.__name__}.{_module.name}")


def _parts() -> dict[str, Any]:
    kinds = sorted(KINDS.items())
    return {
        key: field(kind.type(), kind.title, kind.about, default=None, alternative=True, since=kind.since, key=key)
        for key, kind in kinds
    }


class Middleware(Noun, more=_parts()):
    """What changes requests on their way."""

    kind = "middleware"
    place = ("http", "middlewares")
    title = "Middleware"
    about = "what changes requests on their way"
    cascade = "Also remove the routers and chains that use it."
    example: ClassVar = {"name": "strip-api", "labels": {}, "stripPrefix": {"prefixes": ["/api"]}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()

    @classmethod
    def grouped_alternatives(cls) -> Sequence[tuple[str, Sequence[str]]]:
        """Return the kinds by what they are good for."""
        keys = cls.alternatives()
        found = ((purpose, [key for key in keys if KINDS[key].purpose is purpose]) for purpose in Purpose)
        return [(purpose.value, those) for purpose, those in found if those]

    @property
    def members(self) -> Sequence[str]:
        """The middlewares that stand in its place, if it is made of others: their names, in order."""
        part = self.__dict__[self.chosen or ""]
        return part.members if isinstance(part, Kind) else ()

    def meet(self, request: Underway) -> StopEffect:
        """Tell what becomes of a request at it."""
        kind = self.chosen or ""
        return KINDS[kind].met(self.__dict__[kind], request)

    def does(self) -> Message:
        """Say what it does, in a few words and without a period. No secret stands in them."""
        kind = self.chosen or ""
        return KINDS[kind].told(self.__dict__[kind])
