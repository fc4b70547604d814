"""Weights of servers that the strategy of their service does not heed. Pure.

With `p2c`, Traefik picks two servers at random, whatever their weights are (measured on 3.7.15: 22:18 for 3:1).
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from provider.findings import Finding
from provider.inventory import Inventory
from provider.messages import Message
from provider.models import Conflict
from provider.nouns import Named, Noun, Server, Service
from provider.values import Strategy

_MARK: Final = b'"strategy":"p2c"'
_KINDS: Final = frozenset({Service.kind, Server.kind})
_FEW: Final = 100
"""So few services are read one by one: among many, those with the strategy are looked for."""


def find_unheeded(inventory: Inventory, about: Collection[Named] | None = None) -> Iterator[Finding]:
    """Find services whose servers have different weights that do not count: all, or those that some objects are in."""
    owners = {Server.split(name)[0] if kind == Server.kind else name for kind, name in about or () if kind in _KINDS}
    found: Iterable[Noun | None]
    if about is not None and len(owners) < _FEW:
        found = (inventory.find(Service.kind, name) for name in sorted(owners))
    else:
        found = inventory.having(Service.kind, _MARK)
    for item in found:
        is_meant = isinstance(item, Service) and item.strategy is Strategy.P2C
        if item is not None and is_meant and (about is None or item.name in owners):
            weights = {server.weight for server in inventory.taking(item.name)}
            if len(weights) > 1:
                detail = Message(
                    "the strategy p2c ignores weights: the servers of {service} get about the same number of requests",
                    service=item.name,
                )
                yield Finding(Conflict.DOUBTFUL_VALUE, ((Service.kind, item.name),), detail)
