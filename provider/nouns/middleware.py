"""Middlewares: what changes requests and answers on their way, or turns them away."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar

from provider.messages import Message
from provider.nouns import middlewares
from provider.nouns.common import labels_field, name_field
from provider.nouns.middlewares import KINDS, Kind
from provider.nouns.objects import Noun, field
from provider.values import Refusal

for _module in iter_modules(middlewares.__path__):
    import_module(f"{middlewares.__name__}.{_module.name}")


def _parts() -> dict[str, Any]:
    kinds = sorted(KINDS.items())
    return {
        key: field(
            kind.type(), default=None, alternative=True, title=kind.title, help=kind.about, since=kind.since, key=key
        )
        for key, kind in kinds
    }


class Middleware(Noun, more=_parts()):
    """What changes requests on their way."""

    kind = "middleware"
    plural = "middlewares"
    place = ("http", "middlewares")
    title = "Middleware"
    titles = "Middlewares"
    about = "what changes requests on their way"
    cascade = "Also remove the routers and chains that use it."
    said: ClassVar = {
        "oneOf": [{"required": [kind], "properties": {kind: {"type": "object"}}} for kind in sorted(KINDS)]
    }
    example: ClassVar = {"name": "strip-api", "labels": {}, "stripPrefix": {"prefixes": ["/api"]}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse none and several kinds. One that is wrong by itself is not among the given, and counts."""
        chosen = [key for key in cls.fields if key in KINDS and given.get(key, ...) is not None]
        if not chosen:
            told = ", ".join(key for key in cls.fields if key in KINDS)
            yield "", Refusal("kind.none", Message("a middleware has one of these: {kinds}", kinds=told))
        for key in chosen[1:]:
            detail = Message(
                "a middleware has one kind, and this one is {first} already: make another middleware", first=chosen[0]
            )
            yield key, Refusal("kind.many", detail)

    @property
    def chosen(self) -> tuple[str, Kind]:
        """Its kind, by Traefik's name, and what is set of it."""
        values = self.__dict__
        return next((key, found) for key in KINDS if (found := values[self.fields[key].name]) is not None)
