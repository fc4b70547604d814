"""Passages: what requests pass between a router and its service, its middlewares one after another. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from provider import rules
from provider.messages import Message
from provider.nouns import Middleware, Noun
from provider.nouns.common import MIDDLEWARE
from provider.nouns.middlewares.underway import Fate, StopEffect, Underway, depends
from provider.rules.paths import read_path
from provider.rules.requests import cleaned_path

MOST: Final = 100
"""How many middlewares of a passage are looked at: chains of chains can have more than anybody reads."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A middleware that requests pass: its name, and what it does, in words.

    `chain` is the one of which it is a member, where it is not the router's own. `middleware` is None for one that
    is not kept here.
    """

    name: str
    words: str
    chain: str | None = None
    middleware: Noun | None = None

    @property
    def is_elsewhere(self) -> bool:
        """Whether another provider has it, so that nothing is known of it."""
        return self.middleware is None

    @property
    def page(self) -> tuple[str, str] | None:
        """The kind, in the plural, and the name of what has a page here. What this service itself adds has none."""
        return None if self.middleware is None or "." in self.name else (self.middleware.plural, self.name)


@dataclass(frozen=True, slots=True)
class Encounter:
    """What a stop did to a request."""

    stop: Stop
    effect: StopEffect


@dataclass(frozen=True, slots=True)
class Passage:
    """What became of a request on its way through some stops: a step for each that it came to."""

    steps: Sequence[Encounter]
    request: Underway
    """As it was after the last one."""

    @property
    def end(self) -> Encounter | None:
        """The step at which it ends before it comes to a server, if it does."""
        return self.steps[-1] if self.steps and self.steps[-1].effect.fate is Fate.ENDS else None

    @property
    def target(self) -> str | None:
        """The path and the query for which a server is asked, if one is."""
        return None if self.end is not None else self.request.target


def follow(request: Underway, passed: Iterable[Stop]) -> Passage:
    """Lead a request through stops, up to the one that answers it."""
    steps: list[Encounter] = []
    for stop in passed:
        steps.append(Encounter(stop, _meet(stop, request)))
        request = steps[-1].effect.request
        if steps[-1].effect.fate is Fate.ENDS:
            break
    return Passage(steps, request)


def _meet(stop: Stop, request: Underway) -> StopEffect:
    if not isinstance(stop.middleware, Middleware):
        return depends(request, Message("what it does, which is unknown here"))
    return stop.middleware.meet(request)


def begin(
    url: str, method: str = "GET", headers: Sequence[tuple[str, str]] = (), client: str | None = None
) -> Underway:
    """Return the request that a client sends, as Traefik's entry point hands it on. Raises `BadRequest`."""
    host, target, is_secure = rules.sent(url, headers)
    seen = rules.received(host, target, method, headers, client, secure=is_secure)
    path, _mark, query = target.partition("?")
    scheme = "https" if is_secure else "http"
    return Underway(method, scheme, host, read_path(cleaned_path(path)), query, seen.headers, seen.client)


def stops(names: Sequence[str], known: Mapping[str, Middleware]) -> list[Stop]:
    """Return what requests pass, in order, the members of chains in the place of these. At most `MOST` are looked at.

    `known` are the middlewares by name, with those of chains.
    """
    return list(islice(_follow(names, known, ()), MOST))


def _follow(names: Sequence[str], known: Mapping[str, Middleware], chains: tuple[str, ...]) -> Iterator[Stop]:
    for name in names:
        found = None if MIDDLEWARE.leads_elsewhere(name) else known.get(MIDDLEWARE.name_of(name))
        if found is not None and found.members and name not in chains:
            yield from _follow(found.members, known, (*chains, name))
            continue
        words = Message("unknown, because it is not managed here") if found is None else found.does()
        yield Stop(name, words, chains[-1] if chains else None, found)
