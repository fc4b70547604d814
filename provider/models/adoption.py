"""Adopting: which routers take over from those of other providers, or give back."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from provider.messages import Message, template
from provider.nouns import Object, field
from provider.nouns.containers import ListOf
from provider.nouns.texts import Text
from provider.nouns.together import EMPTY, GIVEN, both, either, has, may
from provider.nouns.types import Flag, Schema
from provider.values import Refusal, check_reference

_NAMES = ListOf(
    Text(check_reference, word="NAME"),
    most=5000,
    duplicate=("adoption.duplicate", template("a router is listed twice")),
)


class HandBackInput(Object):
    """Routers to hand back: the routers of other providers that they stand beside get their requests again."""

    example: ClassVar = {"routers": ["shop", "blog"]}

    routers: list[str] = field(_NAMES, default=[], title="Routers", help="Names of routers.")
    tcp_routers: list[str] = field(_NAMES, default=[], title="TCP routers", help="Names of TCP routers.")
    all: bool = field(
        Flag(), default=False, title="All", help="All that stand beside another router and can be changed like this."
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse what names nobody, or some and all."""
        named = [given.get(key, ...) for key in ("routers", "tcpRouters")]
        if ... in named or given.get("all", ...) is ...:
            return
        if given["all"] is bool(named[0] or named[1]):
            yield "", Refusal("adoption.names", Message("name routers, or choose all"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield either(
            both(has(routers=GIVEN), may(all={"const": False})),
            both(has(tcpRouters=GIVEN), may(all={"const": False})),
            both(has(all={"const": True}), may(routers=EMPTY, tcpRouters=EMPTY)),
        )


class AdoptInput(HandBackInput):
    """Routers to adopt: they take over the requests of the routers of other providers that they stand beside."""

    for_good: bool = field(
        Flag(),
        default=False,
        title="For good",
        help="Once the other routers are gone: turn these into ordinary routers.",
    )
