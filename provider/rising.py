"""Servers that rise to their weights: how far each is after some time, and the weights that edges get meanwhile. Pure.

Each other weight is a document, after which Traefik takes every server for well until its next check: so there are few
steps, and where there is time enough, each is three checks long.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import gcd, lcm
from typing import Final

from provider import configuration, decoding, pools
from provider.nouns import Named, Server
from provider.overlays import Overlay, Replacement
from provider.parts import Part, Parts

MOST_STEPS: Final = 5
"""In so many steps at most a server comes to its weight, the first one being its return."""

_CHECKS: Final = 3
_SHORTEST_SECONDS: Final = 1.0
_HIGHEST: Final = 1000
"""The highest weight of a server."""

_WHOLE: Final = Fraction(1)


def step_seconds(part: Part, rise_seconds: float) -> float:
    """Return how long each step of a pool takes whose servers rise in so many seconds."""
    gap = max(_CHECKS * pools.check_seconds(part), _SHORTEST_SECONDS)
    return rise_seconds / max(min(MOST_STEPS - 1, int(rise_seconds / gap)), 1)


def find_part(elapsed: float, rise_seconds: float, step: float) -> Fraction:
    """Return which part of its weight a server has that began to rise so many seconds ago."""
    steps = round(rise_seconds / step)
    done = max(int(elapsed / step), 0)
    return _WHOLE if done >= steps else Fraction(done + 1, steps + 1)


def is_even(urls: Sequence[str], parts: Mapping[str, Fraction]) -> bool:
    """Tell whether all servers of a pool are at the same part of their weights: they get what they always do."""
    return len({parts.get(url, _WHOLE) for url in urls}) < 2  # nothing to tell apart


def weigh(servers: Sequence[Server], parts: Mapping[str, Fraction]) -> list[Server]:
    """Return servers with weights that are whole numbers and stand to each other as parts of their own do."""
    found = [server.weight * parts.get(server.url, _WHOLE) for server in servers]
    times = lcm(*(weight.denominator for weight in found))
    whole = [int(weight * times) for weight in found]
    whole = [weight // gcd(*whole) for weight in whole]
    over = Fraction(max(whole), _HIGHEST)
    if over > 1:
        whole = [max(round(weight / over), 1) for weight in whole]
    return [server.copy(weight=weight) for server, weight in zip(servers, whole, strict=True)]


def lay_over(parts: Parts, rising: Mapping[str, Mapping[str, Fraction]]) -> Overlay:
    """Return what is laid over parts for servers that rise: the part of its weight of each, by service and URL."""
    found: dict[Named, Replacement] = {}
    for name, at in rising.items():
        key = pools.place(parts, name)
        part = parts.find(key)
        if part is None:
            continue
        pool, servers = decoding.read_pool(part)
        if pool.composition is None and not is_even([server.url for server in servers], at):
            by = replace(part, content=configuration.pool_part(pool, weigh(servers, at)).content)
            found[key] = Replacement(part, by)
    return found
