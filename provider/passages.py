"""Passages: what requests pass between a router and its service, its middlewares one after another. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from provider.messages import Message
from provider.nouns import Middleware
from provider.nouns.common import MIDDLEWARE

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
    middleware: Middleware | None = None

    @property
    def is_elsewhere(self) -> bool:
        """Whether another provider has it, so that nothing is known of it."""
        return self.middleware is None


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
        words = Message("unknown: it is not kept here") if found is None else found.does()
        yield Stop(name, words, chains[-1] if chains else None, found)
