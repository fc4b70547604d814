"""The routers that may take the same requests as some that change, before and after: of many, few. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from provider.declarations import Declaration
from provider.hosts import to_ascii
from provider.listening import Listening
from provider.models import Change
from provider.nouns import Router
from provider.ranking import Routes
from provider.routes import read_routes
from provider.rules import hosts
from provider.traffic import COMPARED

_MOST: Final = 2_000
"""Of how many routers, and of how many changes, the rules are read at most; among more, nothing is told."""

Concerns = Callable[[str | None, Sequence[str]], bool]
"""Tells whether a router with a rule, or of domains, may match what is asked about."""


def around(routes: Routes, changes: Sequence[Change], listening: Listening) -> tuple[Routes, Routes]:
    """Return all routers before and after changes of routers, of `routes`, which are as they were or as they are now.

    Of the changes only those are made, or taken back, that are about the same requests as the first few. `listening`
    tells where routers listen, before as after: what a change of a domain's TLS does is told of that.
    """
    compared = changes[:COMPARED]
    concerns = _concerns((_read(side) for change in compared for side in (change.before, change.after)), listening)
    near = [change for change in changes if any(_is_near(side, concerns) for side in (change.before, change.after))]
    if len(near) > _MOST:
        return Routes(()), Routes(())
    before, after = (
        routes.replaced({name: () if router is None else read_routes(router, listening) for name, router in sides})
        for sides in (
            [(change.name, _read(change.before)) for change in near],
            [(change.name, _read(change.after)) for change in near],
        )
    )
    return before, after


def between(
    changed: Sequence[str], before: tuple[Declaration, Listening], after: tuple[Declaration, Listening]
) -> tuple[Routes, Routes]:
    """Return the routers of two states that are about the same requests as the first few of those that changed.

    Each state comes with what tells where its routers listen.
    """
    if not changed:
        return Routes(()), Routes(())
    sides = [(state.routers, listening) for state, listening in (before, after)]
    concerns = _concerns((side.get(name) for name in changed[:COMPARED] for side, _listening in sides), Listening())
    near = [
        ([each for each in side.values() if concerns(each.rule, each.domains)], listening) for side, listening in sides
    ]
    if max(len(found) for found, _listening in near) > _MOST:
        return Routes(()), Routes(())
    first, second = (Routes(route for each in found for route in read_routes(each, where)) for found, where in near)
    return first, second


def _concerns(routers: Iterable[Router | None], listening: Listening) -> Concerns:
    """Return what tells which routers may match a request that one of these does."""
    routes = chain.from_iterable(read_routes(router, listening) for router in routers if router is not None)
    keys = [hosts.keys(route.rule.condition) for route in routes]
    asked = set(chain.from_iterable(each or () for each in keys))
    exact = {key for key in asked if not key.startswith("*")}
    # A domain is under one of these where it is a wildcard for a host that is asked about, or one of such hosts.
    above = {f"*.{key.partition('.')[2]}" for key in exact}
    under = {key[2:] for key in asked if key.startswith("*")}

    def concerns(rule: str | None, domains: Collection[str]) -> bool:
        if rule is not None or not domains or None in keys:
            return True
        labels = map(to_ascii, domains)
        return any(label in exact or label in above or label.partition(".")[2] in under for label in labels)

    return concerns


def _is_near(side: Mapping[str, Any] | None, concerns: Concerns) -> bool:
    return side is not None and concerns(side["rule"], side["domains"])


def _read(side: Mapping[str, Any] | None) -> Router | None:
    return None if side is None else Router.read(side)
