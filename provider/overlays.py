"""What one edge gets in another form than is desired: parts replaced, or left out. Pure.

An overlay is laid over the desired parts. It speaks of a part only while that has the form of which the
overlay was made: once its object changes, the new form is what the edge gets.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from provider.configuration import Part, Parts

Key = tuple[str, str]
"""A kind, `service` or `router`, and a name: services sort after routers, and are tried before them."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands in for a part while it is `of`: `by`, or nothing where that is None.

    `routers` are the forms in which routers lead elsewhere that would lead to this part, which is left out.
    """

    of: Part
    by: Part | None
    routers: tuple[tuple[str, Part], ...] = ()


Overlay = Mapping[Key, Replacement]


def find(parts: Parts, key: Key) -> Part | None:
    """Find a part."""
    kind, name = key
    return (parts.routers if kind == "router" else parts.services).parts.get(name)


def lay(overlay: Overlay, parts: Parts) -> Parts:
    """Return the parts with an overlay laid over them. No router is left that leads to nothing."""
    routers: dict[str, Part | None] = {}
    services: dict[str, Part | None] = {}
    others: dict[str, Part] = {}
    for key, replacement in overlay.items():
        if find(parts, key) == replacement.of:
            (routers if key[0] == "router" else services)[key[1]] = replacement.by
            others.update(replacement.routers)
    if not routers and not services:
        return parts
    laid = parts.replaced(routers, services)
    there = laid.services.parts.keys()
    if not laid.routers.needs - there:
        return laid
    lost: dict[str, Part | None] = {}
    for name, part in laid.routers.parts.items():
        if part.needs is not None and part.needs not in there:
            other = others.get(name)
            lost[name] = other if other is not None and other.needs in there else None
    return laid.replaced(lost, {})
